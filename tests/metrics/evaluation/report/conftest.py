import pytest
from evaluation_inputs import make_joints

from self_verify_pose.metrics.evaluation.report.evaluation_report import (
    EvalConfig,
    evaluate_predictions,
)
from self_verify_pose.metrics.evaluation.report.write import write_report


@pytest.fixture(scope='session')
def report():
    """Return results of 40 random persons."""
    return evaluate_predictions(
        make_joints(persons=40), EvalConfig(n_bootstrap=20)
    )


@pytest.fixture(scope='session')
def all_wrong():
    """Return results of persons without a correct joint."""
    return evaluate_predictions(
        make_joints(shift=0.2), EvalConfig(n_bootstrap=5)
    )


@pytest.fixture(scope='session')
def written(report, all_wrong, tmp_path_factory):
    """Return the folder of a report on both."""
    folder = tmp_path_factory.mktemp('report') / 'new' / 'report'
    write_report({'one': report, 'wrong': all_wrong}, folder)
    return folder
