import json
import multiprocessing
import types
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch.distributed
from mmengine.runner import BaseLoop
from mmengine.structures import InstanceData
from mmpose.structures import PoseDataSample

from self_verify_pose.engine.hooks import trust_panel
from self_verify_pose.engine.hooks.trust_panel import (
    PanelEntry,
    TrustPanelHook,
    draw_panel,
)

LINKS = [(0, 1), (1, 2)]


class Data:
    """A data set of ten persons with ids 100 to 109."""

    metainfo = types.MappingProxyType({'skeleton_links': LINKS})

    def __len__(self):
        return 10

    def get_data_info(self, place):
        return {'id': 100 + place}


class Loop(BaseLoop):
    epoch = 3

    def __init__(self):
        pass

    def run(self):
        pass


def make_runner(loop=None):
    pictures = []
    loader = types.SimpleNamespace(dataset=Data())
    return types.SimpleNamespace(
        _train_loop=loop or Loop(),
        epoch=3,
        val_dataloader=loader,
        test_dataloader=loader,
        pictures=pictures,
        visualizer=types.SimpleNamespace(
            add_image=lambda name, image, step: pictures.append(
                (name, image, step)
            )
        ),
    )


@pytest.fixture
def sample(tmp_path):
    """Make a sample of three joints; all persons look different."""

    def make(number, trust=True):
        path = tmp_path / f'{number}.png'
        color = np.random.default_rng(number).integers(0, 255, 3)
        cv2.imwrite(str(path), np.full((60, 40, 3), color, np.uint8))
        points = np.array([[[5.0, 5.0], [20.0, 30.0], [30.0, 50.0]]])
        made = PoseDataSample(metainfo={'id': number, 'img_path': str(path)})
        made.gt_instances = InstanceData(
            bboxes=np.array([[0.0, 0.0, 40.0, 60.0]]),
            keypoints=points,
            keypoints_visible=np.array([[1.0, 1.0, 0.0]]),
        )
        # in units of person size, 60 pixels: right, wrong, wrong
        found = points + np.array([[2.9, 0], [3.1, 0], [9, 0]])
        made.pred_instances = InstanceData(
            keypoints=found, keypoint_scores=np.array([[0.2, 1.2, 0.5]])
        )
        if trust:
            made.pred_instances.keypoint_trust = np.array([[0.9, 0.1, 0.5]])
        return made

    return make


@pytest.fixture
def undrawn(monkeypatch):
    """Hand over the files of the images instead of a picture."""
    monkeypatch.setattr(
        trust_panel,
        'draw_panel',
        lambda persons, links: [Path(p.image_path).stem for p in persons],
    )


def validate(hook, runner, batches, mode='val'):
    getattr(hook, f'before_{mode}_epoch')(runner)
    for i, batch in enumerate(batches):
        getattr(hook, f'after_{mode}_iter')(runner, i, {}, batch)
    getattr(hook, f'after_{mode}_epoch')(runner, {})


def test_labeled_joints_beyond_the_threshold_are_wrong(sample):
    person = PanelEntry.from_sample(sample(100))
    assert person.wrong.tolist() == [False, True, False]
    assert person.num_labeled == 2
    assert list(person.scores) == ['keypoint_trust', 'keypoint_scores']
    assert person.scores['keypoint_trust'].tolist() == [0.9, 0.1, 0.5]
    stacked = sample(101)
    seen = stacked.gt_instances.keypoints_visible
    stacked.gt_instances.keypoints_visible = np.stack([seen, 1 + 0 * seen], -1)
    again = PanelEntry.from_sample(stacked)
    assert again.wrong.tolist() == person.wrong.tolist()


def test_the_same_persons_are_drawn_in_any_order(sample, undrawn):
    samples = [sample(100 + i) for i in range(10)]
    hook, runner = TrustPanelHook(num=4), make_runner()
    validate(hook, runner, [samples[:6], samples[6:]])
    validate(hook, runner, [[s] for s in reversed(samples)])
    persons = ['100', '103', '106', '109']
    assert runner.pictures == [('trust_panel', persons, 3)] * 2


def test_every_person_and_score_has_its_place_in_the_picture(sample):
    persons = [PanelEntry.from_sample(sample(100 + i)) for i in range(2)]
    picture = draw_panel(persons, LINKS)
    assert picture.dtype == np.uint8
    for person in persons:
        (color,) = np.unique(
            cv2.imread(person.image_path).reshape(-1, 3), axis=0
        )
        rows, columns = np.nonzero((picture[..., ::-1] == color).all(-1))
        # trust above, raw score below, one column
        assert rows.min() < 0.2 * len(picture)
        assert rows.max() > 0.8 * len(picture)
        assert np.ptp(columns) < 0.5 * picture.shape[1]
    alone = draw_panel(
        [PanelEntry.from_sample(sample(100, trust=False))], LINKS
    )
    assert len(alone) < 0.6 * len(picture)
    assert alone.shape[1] < picture.shape[1]


def test_no_more_than_the_few_are_kept(sample):
    hook, runner = TrustPanelHook(num=2), make_runner()
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0, {}, [sample(100 + i) for i in range(10)])
    assert sorted(hook._seen) == [100, 109]


def test_a_small_data_set_is_drawn_whole(sample):
    hook, runner = TrustPanelHook(num=99), make_runner()
    hook.before_val_epoch(runner)
    assert hook._chosen == list(range(100, 110))


def test_without_trust_the_picture_has_another_name(sample, undrawn):
    runner = make_runner()
    samples = [sample(100 + i, trust=False) for i in range(10)]
    validate(TrustPanelHook(num=2), runner, [samples])
    assert runner.pictures == [('score_panel', ['100', '109'], 3)]


def test_a_test_leaves_a_panel_without_building_the_training(sample, undrawn):
    runner = make_runner(loop={'type': 'EpochBasedTrainLoop'})
    runner.epoch = None  # the runner would build the training to tell it
    samples = [sample(100 + i) for i in range(10)]
    validate(TrustPanelHook(num=2), runner, [samples], mode='test')
    assert runner.pictures[0][2] == 0


def test_training_draws_nothing():
    hook, runner = TrustPanelHook(), make_runner()
    hook.before_train_epoch(runner)
    hook.after_train_iter(runner, 0, {}, {'loss': 0.0})
    hook.after_train_epoch(runner)
    assert runner.pictures == []


def one_process(rank, folder, samples):
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2
    )
    runner = make_runner()
    validate(TrustPanelHook(num=4), runner, [samples[rank::2]])
    (Path(folder) / f'rank{rank}.json').write_text(json.dumps(runner.pictures))
    torch.distributed.destroy_process_group()


def test_several_processes_draw_one_panel(sample, tmp_path, undrawn):
    samples = [sample(100 + i) for i in range(10)]
    fork = multiprocessing.get_context('fork')
    workers = [
        fork.Process(target=one_process, args=(rank, str(tmp_path), samples))
        for rank in range(2)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
        assert worker.exitcode == 0
    first, second = (
        json.loads((tmp_path / f'rank{rank}.json').read_text())
        for rank in range(2)
    )
    assert first == [['trust_panel', ['100', '103', '106', '109'], 3]]
    assert second == []


def test_a_panel_of_nobody_is_refused():
    with pytest.raises(ValueError, match='trust_panel=None'):
        TrustPanelHook(num=0)
