import json
import warnings
from pathlib import Path

import cv2
import mmcv
import numpy as np
import pytest
import torch
from mmdet.registry import MODELS as DETECTORS
from mmdet.structures import DetDataSample
from mmengine.model import BaseModel
from mmengine.structures import InstanceData
from mmpose.apis import MMPoseInferencer

from self_verify_pose.apis import (
    TrustInferencer,
    inference_trust,
    init_trust_model,
)
from self_verify_pose.constants import ACCEPTED, TRUST

# x0, y0, x1, y1, score, category: two persons, one of them twice, a dog,
# a box without area, and one that is hardly a person
FOUND = [
    [20, 30, 180, 250, 0.9, 0],
    [22, 30, 182, 250, 0.8, 0],
    [200, 20, 300, 200, 0.7, 0],
    [200, 20, 300, 200, 0.9, 16],
    [50, 50, 50, 90, 0.9, 0],
    [10, 10, 60, 60, 0.1, 0],
]
PERSONS = [FOUND[0][:4], FOUND[2][:4]]


@DETECTORS.register_module()
class FixedDetector(BaseModel):
    """Finds the same boxes in every image that is not black."""

    def forward(self, inputs, data_samples=None, mode='predict'):
        results = []
        for image in inputs:
            rows = FOUND if image.max() > 0 else []
            boxes = torch.tensor(rows, dtype=torch.float32).reshape(-1, 6)
            found = InstanceData(
                bboxes=boxes[:, :4],
                scores=boxes[:, 4],
                labels=boxes[:, 5].long(),
            )
            results.append(DetDataSample(pred_instances=found))
        return results


@pytest.fixture(scope='module')
def detector(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp('detector') / 'fixed.py'
    path.write_text(
        "default_scope = 'mmdet'\n"
        "model = dict(type='FixedDetector')\n"
        "visualizer = dict(type='DetLocalVisualizer')\n"
        "test_dataloader = dict(dataset=dict(type='CocoDataset', pipeline=[\n"
        "    dict(type='LoadImageFromFile'),\n"
        "    dict(type='PackDetInputs', meta_keys=('ori_shape',)),\n"
        ']))\n'
    )
    return str(path)


@pytest.fixture(scope='module')
def inferencer(tiny_files):
    return TrustInferencer(*tiny_files, device='cpu', det_model='whole_image')


@pytest.fixture(scope='module')
def detecting(tiny_files, detector):
    with warnings.catch_warnings():  # the detector has no weights
        warnings.simplefilter('ignore')
        return TrustInferencer(
            *tiny_files, device='cpu', det_model=detector, det_cat_ids=0
        )


def predicted(inferencer, inputs, **options):
    return [
        persons
        for result in inferencer(inputs, **options)
        for persons in result['predictions']
    ]


@pytest.fixture(scope='module')
def expected(tiny_files, photo):
    model = init_trust_model(*tiny_files, 'cpu')
    samples = inference_trust(model, photo, PERSONS)
    return [sample.pred_instances for sample in samples]


def test_an_image_gets_trust_in_dicts_json_and_picture(
    inferencer, tiny_files, photo, tmp_path
):
    options = {'out_dir': str(tmp_path / 'ours'), 'kpt_thr': 0.0}
    ((person,),) = predicted(inferencer, str(photo), **options)
    model = init_trust_model(*tiny_files, 'cpu')
    (sample,) = inference_trust(model, photo)
    for name in ('keypoints', 'keypoint_scores', TRUST):
        np.testing.assert_allclose(
            person[name], sample.pred_instances[name][0], rtol=1e-4
        )
    written = tmp_path / 'ours' / 'predictions' / 'photo.json'
    (read,) = json.loads(written.read_text())
    assert read[TRUST] == person[TRUST]
    # all else is what MMPose's inferencer gives
    plain = MMPoseInferencer(
        *map(str, tiny_files), device='cpu', det_model='whole_image'
    )
    options['out_dir'] = str(tmp_path / 'plain')
    ((other,),) = predicted(plain, str(photo), **options)
    assert {**other, TRUST: person[TRUST]} == person
    ours, drawn = (
        cv2.imread(str(tmp_path / name / 'visualizations' / 'photo.jpg'))
        for name in ('ours', 'plain')
    )
    # the config names the visualizer, so MMPose's draws the same
    np.testing.assert_array_equal(ours, drawn)


def test_samples_are_returned(inferencer, photo, tmp_path):
    (sample,) = predicted(
        inferencer, str(photo), return_datasamples=True, out_dir=str(tmp_path)
    )
    assert sample.pred_instances[TRUST].shape == (1, 17)
    written = json.loads((tmp_path / 'predictions/photo.json').read_text())
    assert len(written[0][TRUST]) == 17  # MMPose's cannot write its samples


def test_a_folder_and_arrays_are_predicted(inferencer, photo, tmp_path):
    image = cv2.imread(str(photo))
    for name in ('b.png', 'a.jpg'):
        cv2.imwrite(str(tmp_path / name), image)
    (tmp_path / 'notes').write_text('no image, and no suffix')
    found = predicted(inferencer, tmp_path, pred_out_dir=str(tmp_path))
    assert len(found) == 2
    assert (tmp_path / 'a.json').exists() and (tmp_path / 'b.json').exists()
    arrays = predicted(inferencer, [image, image])
    assert [len(persons[0][TRUST]) for persons in arrays] == [17, 17]
    np.testing.assert_allclose(found[1][0][TRUST], arrays[0][0][TRUST])


def test_no_file_replaces_that_of_another_image(inferencer, photo, tmp_path):
    image = cv2.imread(str(photo))
    for name in ('a.jpg', 'a.png', 'b.jpg', 'more/a.jpg'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), image)
    predicted(inferencer, tmp_path, out_dir=str(tmp_path / 'out'))
    written = sorted(p.name for p in (tmp_path / 'out').rglob('*.*'))
    assert written == [
        *('a.jpg', 'a.jpg.json', 'a.png', 'a.png.json'),
        *('b.jpg', 'b.json'),
    ]
    twice = [str(tmp_path / 'a.jpg'), str(tmp_path / 'more/a.jpg')]
    assert len(predicted(inferencer, twice)) == 2
    for options in ({'pred_out_dir': 'out'}, {'vis_out_dir': 'out'}):
        with pytest.raises(ValueError, match=r'found a\.jpg 2 times'):
            predicted(inferencer, twice, **options)


def test_a_video_is_predicted(inferencer, clip, tmp_path):
    found = predicted(inferencer, str(clip), out_dir=str(tmp_path))
    frames = json.loads((tmp_path / 'predictions' / 'clip.json').read_text())
    assert [frame['frame_id'] for frame in frames] == [0, 1, 2]
    for frame, persons in zip(frames, found, strict=True):
        assert frame['instances'][0][TRUST] == persons[0][TRUST]
    video = mmcv.VideoReader(str(tmp_path / 'visualizations' / 'clip.avi'))
    assert video.frame_cnt == 3


def test_boxes_come_from_the_detector(detecting, photo, expected, tmp_path):
    (persons,) = predicted(
        detecting, str(photo), out_dir=str(tmp_path), draw_bbox=True
    )
    assert len(persons) == 2
    for person, sample in zip(persons, expected, strict=True):
        np.testing.assert_allclose(person[TRUST], sample[TRUST][0], rtol=1e-4)
    assert [p['bbox'][0] for p in persons] == PERSONS
    scores = [float(person['bbox_score']) for person in persons]
    assert scores == pytest.approx([0.9, 0.7])
    (fewer,) = predicted(detecting, str(photo), bbox_thr=0.8)
    assert len(fewer) == 1


def test_nobody_is_predicted_where_nobody_is_found(detecting, tmp_path):
    black = tmp_path / 'black.png'
    cv2.imwrite(str(black), np.zeros((60, 80, 3), np.uint8))
    options = {'out_dir': str(tmp_path / 'out'), 'draw_bbox': True}
    assert predicted(detecting, str(black), **options) == [[]]
    out = tmp_path / 'out'
    assert json.loads((out / 'predictions/black.json').read_text()) == []
    drawn = cv2.imread(str(out / 'visualizations' / 'black.png'))
    assert drawn.shape == (60, 80, 3)
    (sample,) = predicted(detecting, str(black), return_datasamples=True)
    assert sample.pred_instances[TRUST].shape == (0, 17)


def test_given_boxes_replace_the_detector(detecting, photo, expected):
    boxes = [PERSONS[:1], []]
    first, second = predicted(detecting, [str(photo)] * 2, bboxes=boxes)
    assert second == []
    np.testing.assert_allclose(
        first[0][TRUST], expected[0][TRUST][0], rtol=1e-4
    )


def test_the_certificate_of_the_checkpoint_is_applied(tiny_files, photo):
    one = TrustInferencer(*tiny_files, device='cpu', det_model='whole_image')

    class Certificate:
        score = TRUST

        @staticmethod
        def accept(trust):
            return trust >= np.median(trust)

    one.inferencer.model.trust_certificate = Certificate()
    ((person,),) = predicted(one, str(photo))
    accepted = np.array(person[TRUST]) >= np.median(person[TRUST])
    assert person[ACCEPTED] == accepted.tolist()


def test_a_config_without_the_inferencers_keys_works(tiny_files, photo):
    from mmengine.config import Config

    config = Config.fromfile(tiny_files[0])
    for name in ('data_mode', 'dataset_type', 'visualizer'):
        config.pop(name, None)
    one = TrustInferencer(config, tiny_files[1], det_model='whole_image')
    ((person,),) = predicted(one, str(photo), return_vis=True)
    assert len(person[TRUST]) == 17


def broken(tmp_path: Path, name: str) -> Path:
    path = tmp_path / name
    path.write_text('neither an image nor a video')
    return path


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('nowhere.jpg', 'found nothing at'),
        ('broken.jpg', 'which OpenCV cannot read'),
        ('broken.mp4', 'which OpenCV cannot read'),
        ('empty', 'expected a folder of images, found none in'),
    ],
)
def test_wrong_inputs_are_named(inferencer, tmp_path, name, message):
    path = tmp_path / name
    if name == 'empty':
        path.mkdir()
    elif name != 'nowhere.jpg':
        broken(tmp_path, name)
    with pytest.raises((OSError, ValueError), match=message) as error:
        predicted(inferencer, str(path))
    assert str(path) in str(error.value)


def test_an_image_cut_short_is_named(inferencer, photo, tmp_path):
    path = tmp_path / 'short.png'
    cv2.imwrite(str(path), cv2.imread(str(photo)))
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ValueError, match=r'short\.png, which OpenCV cannot'):
        predicted(inferencer, str(path))


def test_wrong_arguments_are_named(
    inferencer, tiny_files, detector, photo, tmp_path
):
    config, checkpoint = tiny_files
    unreadable = tmp_path / 'unreadable.py'
    unreadable.write_text('model = dict(')
    for message, arguments in (
        (
            r"unreadable\.py, which cannot be read \('\(' was never closed",
            {'pose2d': unreadable},
        ),
        ('pose2d_weights: expected a checkpoint', {'pose2d_weights': None}),
        ('found none.py; correct', {'pose2d': 'none.py'}),
        # a row of the tables, on a network that has no config here
        (
            'lists with a config, found trust-mixture_simplepose',
            {'pose2d': 'trust-mixture_simplepose'},
        ),
        (
            "expected model.type='SelfVerifyTopdown', found 'TopdownPose",
            {'pose2d': 'baseline_rtmpose_s_1x32g_coco-256x192'},
        ),
        ('nothing at none.pth', {'pose2d_weights': 'none.pth'}),
        ('det_cat_ids: expected the category', {'det_model': detector}),
    ):
        given = {'pose2d': config, 'pose2d_weights': checkpoint, **arguments}
        with pytest.raises((OSError, ValueError), match=message):
            TrustInferencer(**given)
    with pytest.raises(ValueError, match='bboxes: expected a list of boxes'):
        predicted(inferencer, [str(photo)], bboxes=[[], []])
    with pytest.raises(ValueError, match='skeleton_style: expected'):
        predicted(
            inferencer, str(photo), skeleton_style='openpose', return_vis=True
        )
