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
from self_verify_pose.engine.hooks.trust_panel import TrustPanelHook

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
    figures = []
    loader = types.SimpleNamespace(dataset=Data())
    return types.SimpleNamespace(
        _train_loop=loop or Loop(),
        epoch=3,
        val_dataloader=loader,
        test_dataloader=loader,
        figures=figures,
        visualizer=types.SimpleNamespace(
            add_image=lambda name, image, step: figures.append(
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
    """Hand over the files of the images instead of a figure."""
    monkeypatch.setattr(
        trust_panel,
        'draw_validation_panel',
        lambda poses, links: [Path(pose.image_path).stem for pose in poses],
    )


def validate(hook, runner, batches, mode='val'):
    getattr(hook, f'before_{mode}_epoch')(runner)
    for i, batch in enumerate(batches):
        getattr(hook, f'after_{mode}_iter')(runner, i, {}, batch)
    getattr(hook, f'after_{mode}_epoch')(runner, {})


def test_the_same_persons_are_drawn_in_any_order(sample, undrawn):
    samples = [sample(100 + i) for i in range(10)]
    hook, runner = TrustPanelHook(num=4), make_runner()
    validate(hook, runner, [samples[:6], samples[6:]])
    validate(hook, runner, [[s] for s in reversed(samples)])
    persons = ['100', '103', '106', '109']
    assert runner.figures == [('trust_panel', persons, 3)] * 2


def test_the_panel_is_an_image_of_the_selected_persons(sample):
    runner = make_runner()
    validate(
        TrustPanelHook(num=2), runner, [[sample(100 + i) for i in range(10)]]
    )
    ((name, image, step),) = runner.figures
    assert (name, step) == ('trust_panel', 3)
    assert image.dtype == np.uint8
    color = np.random.default_rng(109).integers(0, 255, 3)
    assert (image[..., ::-1] == color).all(-1).any()


def test_only_selected_persons_are_stored(sample):
    hook, runner = TrustPanelHook(num=2), make_runner()
    hook.before_val_epoch(runner)
    hook.after_val_iter(runner, 0, {}, [sample(100 + i) for i in range(10)])
    assert sorted(hook._poses) == [100, 109]


def test_all_persons_of_a_small_data_set_are_selected(sample):
    hook, runner = TrustPanelHook(num=99), make_runner()
    hook.before_val_epoch(runner)
    assert hook._ids == list(range(100, 110))


def test_no_person_gives_no_figure(sample):
    runner = make_runner()
    validate(TrustPanelHook(num=0), runner, [[sample(100)]])
    assert not runner.figures


def test_without_trust_the_figure_has_another_name(sample, undrawn):
    runner = make_runner()
    samples = [sample(100 + i, trust=False) for i in range(10)]
    validate(TrustPanelHook(num=2), runner, [samples])
    assert runner.figures == [('score_panel', ['100', '109'], 3)]


def test_a_test_leaves_a_panel_without_building_the_training(sample, undrawn):
    runner = make_runner(loop={'type': 'EpochBasedTrainLoop'})
    runner.epoch = None  # the runner would build the training to tell it
    samples = [sample(100 + i) for i in range(10)]
    validate(TrustPanelHook(num=2), runner, [samples], mode='test')
    assert runner.figures[0][2] == 0


def test_training_draws_nothing():
    hook, runner = TrustPanelHook(), make_runner()
    hook.before_train_epoch(runner)
    hook.after_train_iter(runner, 0, {}, {'loss': 0.0})
    hook.after_train_epoch(runner)
    assert runner.figures == []


def one_process(rank, folder, samples):
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2
    )
    runner = make_runner()
    validate(TrustPanelHook(num=4), runner, [samples[rank::2]])
    (Path(folder) / f'rank{rank}.json').write_text(json.dumps(runner.figures))
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
    with pytest.raises(ValueError, match='found -1; give a number of persons'):
        TrustPanelHook(num=-1)


@pytest.mark.parametrize('size', [(1, 1), (1, 40), (60, 1)])
def test_images_of_one_pixel_are_drawn(sample, size):
    made = sample(100)
    cv2.imwrite(made.img_path, np.full((*size, 3), 9, np.uint8))
    runner = make_runner()
    validate(TrustPanelHook(num=1), runner, [[made]])
    assert len(runner.figures) == 1


def test_a_figure_that_cannot_be_drawn_is_left_out(sample):
    made, runner, warnings = sample(100), make_runner(), []
    Path(made.img_path).unlink()
    runner.logger = types.SimpleNamespace(warning=warnings.append)
    validate(TrustPanelHook(num=1), runner, [[made]])
    assert runner.figures == []
    assert 'No panel of trust after this val: FileNotFound' in warnings[0]
