from self_verify_pose.metrics.evaluation.report.markdown import summary
from self_verify_pose.metrics.evaluation.report.tables import (
    difference_table,
    format_estimate,
    scorer_table,
)


def test_the_report_says_what_was_report(report, written):
    text = (written / 'report.md').read_text()
    assert 'off by at most 0.05 of the longer side' in text
    assert '## Overview' in text
    assert scorer_table(report.evaluation) in text
    assert difference_table(report.evaluation) in text
    for title in ('joint', 'person size', 'label', 'kind of error'):
        assert f'### By {title}' in text
    assert '**better**' in text
    trust = report.strata['joint']
    values = {n: s.auroc['keypoint_trust'].value for n, s in trust.items()}
    assert (
        format_estimate(
            trust[min(values, key=values.get)].auroc['keypoint_trust']
        )
        in text
    )


def test_the_summary_compares_trust_with_the_raw_score(report):
    gain = report.evaluation.differences['keypoint_trust']['AUROC']
    assert gain.low > 0
    lines = summary(report).splitlines()
    assert lines[0].startswith('- Lowest risk: **trust**, AURC ')
    assert '**better**' in lines[1]
    assert f'{gain.value:+.3f}' in lines[1]


def test_the_summary_of_one_class_has_no_verdict(all_wrong):
    assert '**no clear difference**' in summary(all_wrong)
    assert 'by joint' not in summary(all_wrong)
