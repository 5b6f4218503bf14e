"""Comparison of everything that could tell correct from wrong keypoints."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from self_verify_pose.metrics.evaluation.evaluation_input import (
    EvaluationInput,
)
from self_verify_pose.metrics.evaluation.report.tables import markdown_table
from self_verify_pose.metrics.json_values import to_json_values
from self_verify_pose.output_files import (
    replacing_together,
    reserved,
    write_json,
    write_text,
)
from self_verify_pose.tools.study.baselines import LEARNERS
from self_verify_pose.tools.study.experiment import TrustExperiment
from self_verify_pose.tools.study.extract_regimes import FLIP_TEST, REGIMES
from self_verify_pose.tools.study.extraction import Tensors, evaluation_input
from self_verify_pose.tools.study.free_scores import (
    Score,
    passes_of_views,
)
from self_verify_pose.tools.study.held_out import HeldOut
from self_verify_pose.tools.study.image_sets import ImageSet
from self_verify_pose.tools.study.row_evaluation import (
    Calibrate,
    Labels,
    Row,
    calibrate,
    choose_rivals,
    evaluate_rows,
)
from self_verify_pose.tools.study.tables import (
    check_table,
    checks_of,
    pose_accuracy,
    score_table,
)
from self_verify_pose.tools.study.trained_rows import (
    Trained,
    head_cost,
    train_all,
    train_variant,
)
from self_verify_pose.tools.study.variants import (
    FULL,
    HEADS,
    VERIFIED_HEADS,
    make_ablations,
)

VERIFIED = ', verified'  # ends the names of rows with verification


class Protocol(NamedTuple):
    """What the calibration set decides, in one regime.

    Args:
        regime: The regime.
        calibrations: Maps of each row to probabilities, for each run.
        rivals: The best free score for each number of extra passes.
        left_out: Rows that the pose network has nothing for.
    """

    regime: str
    calibrations: dict[str, tuple[Calibrate | None, ...]]
    rivals: dict[int, str]
    left_out: list[str]

    def sentence(self) -> str:
        """Name the best free scores.

        Returns:
            One sentence.
        """
        found = '; '.join(
            f'{name} ({passes} extra passes)'
            for passes, name in self.rivals.items()
        )
        return f'Best free, by AUROC on the calibration set: {found}.'


def all_scores(
    experiment: TrustExperiment,
    trained: Mapping[str, Trained],
    columns: Tensors,
    regime: str,
) -> dict[str, Score | None]:
    """Return every row of a table.

    Args:
        experiment: The experiment.
        trained: The trained rows.
        columns: What ``extract_regimes`` found of a set, in the regime.
        regime: The regime.

    Returns:
        The scores by name; None where there are none.
    """
    scores = experiment.free_scores(columns, regime)
    for name, row in trained.items():
        runs = tuple(run(columns) for run in row.predict)
        scores[name] = Score(runs, row.labels, is_trained=True)
    for name in (one for one in VERIFIED_HEADS if one in trained):
        head = scores[name]
        assert head is not None
        verified = tuple(run(columns) for run in trained[name].verify)
        scores[f'{name}{VERIFIED}'] = head._replace(
            runs=verified, passes=passes_of_views(regime)
        )
    return scores


def make_protocol(
    experiment: TrustExperiment,
    trained: Mapping[str, Trained],
    columns: Tensors,
    regime: str,
) -> Protocol:
    """Calibrate every row, and choose the best free scores.

    Args:
        experiment: The experiment.
        trained: The trained rows.
        columns: What ``extract_regimes`` found of the calibration set.
        regime: The regime.

    Returns:
        The decisions.
    """
    found = all_scores(experiment, trained, columns, regime)
    scores = {name: score for name, score in found.items() if score}
    raw = scores[experiment.raw_title].runs[0]
    joints = evaluation_input(columns, {experiment.raw_title: raw})
    labels = Labels(joints.truth.labeled, joints.correct())
    return Protocol(
        regime,
        {
            name: tuple(calibrate(run, labels) for run in score.runs)
            for name, score in scores.items()
        },
        choose_rivals(scores, labels),
        [name for name, score in found.items() if score is None],
    )


def evaluate_rows_of(
    experiment: TrustExperiment,
    columns: Tensors,
    trained: Mapping[str, Trained],
    protocol: Protocol,
) -> tuple[EvaluationInput, dict[str, Score], dict[str, Row]]:
    """Evaluate all rows on one set, in one regime.

    Args:
        experiment: The experiment.
        columns: What ``extract_regimes`` found of the set, in the regime.
        trained: The trained rows.
        protocol: What the calibration set decided.

    Returns:
        The keypoints beside the truth, the rows, and what is found of each.
    """
    found = all_scores(experiment, trained, columns, protocol.regime)
    scores = {name: score for name, score in found.items() if score}
    raw = scores[experiment.raw_title].runs[0]
    joints = evaluation_input(columns, {experiment.raw_title: raw})
    rows = evaluate_rows(
        joints,
        scores,
        protocol.calibrations,
        protocol.rivals,
        experiment.args.bootstrap,
        experiment.args.seed,
    )
    return joints, scores, rows


def report_set(
    experiment: TrustExperiment,
    images: ImageSet,
    columns: Tensors,
    trained: Mapping[str, Trained],
    protocol: Protocol,
) -> tuple[list[str], dict[str, Any]]:
    """Evaluate all rows on one set, in one regime.

    Args:
        experiment: The experiment.
        images: The set.
        columns: What ``extract_regimes`` found of it, in the regime.
        trained: The trained rows.
        protocol: What the calibration set decided.

    Returns:
        The paragraphs of the report, and the values for the JSON file.
    """
    args = experiment.args
    joints, scores, rows = evaluate_rows_of(
        experiment, columns, trained, protocol
    )
    raw = scores[experiment.raw_title].runs[0]
    sigmas = (experiment.model.metainfo or {}).get('sigmas')
    pose = pose_accuracy(images, joints, raw, sigmas)
    ablations = make_ablations(experiment.layout)
    verified = [f'{name}{VERIFIED}' for name in VERIFIED_HEADS]
    heads = [*HEADS, *ablations, *verified]
    heads = [name for name in heads if name in scores]
    groups = {
        'trust heads': heads,
        'learners': [name for name in LEARNERS if name in scores],
    }
    checks = checks_of(rows, {k: v for k, v in groups.items() if v})
    accuracy = ', '.join(f'{k} {v:.3f}' for k, v in pose.items())
    labeled = joints.truth.labeled
    text = [
        f'## {images.name}, {protocol.regime}',
        f'{labeled.any(1).sum()} persons, {labeled.sum()} labeled joints; '
        f'pose: {accuracy}. {protocol.sentence()} In brackets: 95 % of '
        f'{args.bootstrap} draws of images.',
        score_table(
            rows, {k: v for k, v in scores.items() if k not in ablations}
        ),
        check_table(checks),
    ]
    if args.ablations:
        text += [
            'The head on true correctness, each ingredient out:',
            score_table(
                rows, {k: scores[k] for k in (FULL, *ablations) if k in scores}
            ),
        ]
    return text, {'pose': pose, 'checks': checks, 'scores': rows}


def compare(args: argparse.Namespace, console: Console) -> str:
    """Run the comparison and write ``results.md`` and ``results.json``.

    Args:
        args: The command line of ``compare_trust.py``.
        console: Output for progress.

    Returns:
        The report in Markdown.

    Raises:
        OutputError: If another job writes to the same folder.
    """
    with reserved(args.out):
        return _compare(TrustExperiment(args, console))


def _compare(experiment: TrustExperiment) -> str:
    args = experiment.args
    train = experiment.training_features()
    calib = experiment.test_features(experiment.calib)
    trained, untrained = train_all(experiment, train)
    protocols = {
        regime: make_protocol(experiment, trained, calib[regime], regime)
        for regime in REGIMES
    }
    left_out = protocols[FLIP_TEST].left_out + untrained
    held = HeldOut.choose(train, experiment.layout, True, args.seed)
    head, select = train_variant(experiment, FULL, HEADS[FULL], train, held)
    cost = head_cost(experiment, head, select, train[0]['features'][:, 0])
    text = _introduction(experiment, trained, left_out, cost)
    results: dict[str, Any] = {
        'checkpoint': experiment.checkpoint,
        'config': str(args.config),
        'head': cost,
        'left_out': left_out,
        'unseen_images': experiment.compared,
        'shares': {name: row.shares for name, row in trained.items()},
        'best_free': {name: one.rivals for name, one in protocols.items()},
        'sets': {},
    }
    for images in experiment.eval:
        columns = experiment.test_features([images])
        values = results['sets'][images.name] = {}
        for regime, protocol in protocols.items():
            paragraphs, values[regime] = report_set(
                experiment, images, columns[regime], trained, protocol
            )
            text += paragraphs
    report = '\n\n'.join(text) + '\n'
    names = ['results.md', 'results.json']
    with replacing_together(args.out, names) as new:
        write_text(new / names[0], report)
        write_json(new / names[1], to_json_values(results))
    return report


def _introduction(
    experiment: TrustExperiment,
    trained: Mapping[str, Trained],
    left_out: Sequence[str],
    cost: Mapping[str, float],
) -> list[str]:
    """Paragraphs about what was done."""
    args, compared = experiment.args, experiment.compared
    checkpoint = Path(experiment.checkpoint).name
    text = [
        '# Trust compared',
        f'Pose network: `{checkpoint}`. Heads: {cost["parameters"]:,} '
        f'parameters, {cost["share_of_time"]:.1%} of the inference time.',
        f'Every trained row is trained {args.seeds} times; tables give means, '
        'and the smallest and the largest gain. A fifth of the training '
        'images is held out, by image: it chooses the epoch and the share of '
        'the residual that is kept. Every row gets the same calibration '
        '(Platt) on the calibration set, which names the best free score, '
        'too; extra passes are beside those of the regime. Labels: those '
        'that a row uses for anything.',
        f'Unseen: {compared["--calib"]} images of --calib and '
        f'{compared["--eval"]} of --eval were compared by content with those '
        'that something is fitted to; none is among them. What the pose '
        'network was trained on before is not known here.',
    ]
    if left_out:
        text.append(
            'Left out, because this pose network has nothing for them: '
            f'{len(left_out)} rows ({"; ".join(left_out)}).'
        )
    shares = [
        [name, ', '.join(map(_percentages, row.shares))]
        for name, row in trained.items()
        if row.shares
    ]
    title = 'residual kept, by seed (of each training set)'
    return [*text, markdown_table(['head', title], shares)]


def _percentages(shares: Sequence[float]) -> str:
    return ' / '.join(f'{share:.0%}' for share in shares)
