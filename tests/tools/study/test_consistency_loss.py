import pytest
import torch

from self_verify_pose.output_files import reserved
from self_verify_pose.tools.study.consistency_loss import (
    main,
    parse_arguments,
    table,
    training_key,
)
from self_verify_pose.tools.study.image_sets import find_set


@pytest.fixture(scope='module')
def arguments(tmp_path_factory, synthetic_coco, tiny_files):
    config, checkpoint = tiny_files
    out = tmp_path_factory.mktemp('consistency') / 'out'
    given = [
        *('--config', config, '--checkpoint', checkpoint),
        *('--train', synthetic_coco, '--eval', synthetic_coco),
        *('--epochs', 1, '--seeds', 1, '--workers', 0, '--out', out),
    ]
    return [*map(str, given)], out


def test_a_pose_network_is_trained_and_evaluated(
    arguments, tiny_files, capsys
):
    given, out = arguments
    assert main([*given, '--trainings', 'robust']) == 0
    written = (out / 'consistency_loss.md').read_text()
    assert written in capsys.readouterr().out
    assert [r for r in written.splitlines() if r.startswith('| robust | ')]
    (made,) = out.glob('*/robust_0/epoch_1.pth')
    first, trained = (
        torch.load(path, weights_only=True)['state_dict']
        for path in (tiny_files[1], made)
    )
    assert any(not torch.equal(first[name], trained[name]) for name in trained)
    assert not any(name.startswith('trust_head') for name in trained)


def test_other_persons_are_another_training(arguments, synthetic_coco):
    train = [find_set(synthetic_coco, 'train')]
    given = parse_arguments(arguments[0])
    fewer = parse_arguments([*arguments[0], '--persons', '3'])
    assert training_key(given, train) != training_key(fewer, train)
    assert training_key(given, train) == training_key(given, train)


def test_two_jobs_do_not_share_a_folder(arguments, capsys):
    given, out = arguments
    with reserved(out):
        assert main([*given, '--trainings', 'robust']) == 2
    assert f'{out}: expected a folder that no' in capsys.readouterr().err


def test_images_that_are_trained_on_are_not_evaluated(
    arguments, tmp_path, synthetic_coco, capsys
):
    given, _ = arguments
    (tmp_path / 'annotations').mkdir()
    name = 'annotations/person_keypoints_{}2017.json'
    (tmp_path / name.format('val')).symlink_to(
        synthetic_coco / name.format('train')
    )
    (tmp_path / 'val2017').symlink_to(synthetic_coco / 'train2017')
    assert main([*given, '--eval', str(tmp_path)]) == 2
    assert '--eval: expected images' in capsys.readouterr().err


def test_the_difference_is_that_to_the_first_row():
    def seed(precision):
        return {
            'coco/AP': precision,
            'score/PosRate': 0.5,
            'score/AUROC': 0.8,
        }

    rows = table(
        {
            'baseline': [seed(0.1), seed(0.2)],
            'robust': [seed(0.3), seed(0.2)],
        }
    )
    assert rows[2] == (
        '| baseline | 0.100, 0.200 | 0.150 | +0.000 | 0.500 | 0.800 |'
    )
    assert rows[3] == (
        '| robust | 0.300, 0.200 | 0.250 | +0.100 | 0.500 | 0.800 |'
    )
    assert all(row.count('|') == 7 for row in rows)
