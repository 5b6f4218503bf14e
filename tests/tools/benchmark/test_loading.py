from self_verify_pose.tools.benchmark import loading


def test_loading_and_drawing(context):
    share, workers, drawing = loading.measure(context)
    assert 0 < share.value < 1
    assert workers.value > 0
    assert workers.threshold == 1.0
    assert (drawing.unit, drawing.threshold) == ('images/s', 100.0)
    assert drawing.value > 0
