from self_verify_pose.tools.benchmark import predictions


def test_prediction_is_compared_without_and_with_flip_test(context):
    results = list(predictions.measure(context))
    assert [result.threshold for result in results] == [1.03, 1.03]
    assert all(result.value > 0 for result in results)
    assert [result.name for result in results] == [
        'predict with trust, no flip test',
        'predict with trust, flip test',
    ]
