import types

from self_verify_pose.engine.hooks.latest_link import LatestLinkHook


def test_link_follows_the_newest_checkpoint(tmp_path):
    run = types.SimpleNamespace(work_dir=str(tmp_path))
    hook = LatestLinkHook()
    hook.after_train_epoch(run)
    assert not list(tmp_path.iterdir())
    for epoch in (1, 2):
        checkpoint = tmp_path / f'epoch_{epoch}.pth'
        checkpoint.write_text(str(epoch))
        (tmp_path / 'last_checkpoint').write_text(str(checkpoint))
        hook.after_train_epoch(run)
        link = tmp_path / 'latest.pth'
        assert link.read_text() == str(epoch)
        assert str(link.readlink()) == f'epoch_{epoch}.pth'


def test_link_survives_moving_the_folder(tmp_path):
    work = tmp_path / 'one'
    work.mkdir()
    (work / 'epoch_1.pth').write_text('weights')
    (work / 'last_checkpoint').write_text(str(work / 'epoch_1.pth'))
    LatestLinkHook().after_train_epoch(
        types.SimpleNamespace(work_dir=str(work))
    )
    work.rename(tmp_path / 'two')
    assert (tmp_path / 'two' / 'latest.pth').read_text() == 'weights'
