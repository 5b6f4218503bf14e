import torch
from helpers import BASELINE, ROOT, load_config, load_tool

TOOL = load_tool('prepare_test')


def prepare(capsys, *arguments):
    assert TOOL.main([*map(str, arguments)]) == 0
    return capsys.readouterr().out.splitlines()


def test_a_work_directory_gives_its_checkpoint_and_the_trained_model(
    tmp_path, capsys
):
    work = tmp_path / 'work'
    work.mkdir()
    torch.save({'state_dict': {}}, work / 'latest.pth')
    config = ROOT / BASELINE
    # without the training's copy the config itself is tested
    given = [config, work, '--out', tmp_path / 'out']
    assert prepare(capsys, *given) == [str(work / 'latest.pth'), str(config)]
    trained = load_config(BASELINE)
    trained.model.head.final_layer_kernel_size = 9
    trained.dump(work / config.name)
    checkpoint, combined = prepare(capsys, *given)
    assert checkpoint == str(work / 'latest.pth')
    assert combined == str(tmp_path / 'out' / config.name)
    assert load_config(combined).model.head.final_layer_kernel_size == 9
    given[1] = work / 'latest.pth'
    assert prepare(capsys, *given) == [checkpoint, combined]


def test_a_folder_without_checkpoints_is_refused(tmp_path, capsys):
    given = [ROOT / BASELINE, tmp_path, '--out', tmp_path / 'out']
    assert TOOL.main([*map(str, given)]) == 2
    assert 'expected best_*.pth or latest.pth' in capsys.readouterr().err
