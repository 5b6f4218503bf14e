from self_verify_pose.tools.benchmark import metrics


def test_time_and_memory_of_the_metric(context):
    time, memory = metrics.measure(context)
    assert 0 < time.value < 10
    assert memory.passed
    assert (time.threshold, memory.threshold) == (1.0, 50.0)
    assert '6,352 persons' in time.name
