"""The trained rows of a comparison."""

import copy
import dataclasses
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from self_verify_pose.metrics.evaluation.evaluation_input import Floats
from self_verify_pose.models.heads.trust_head import TrustHead
from self_verify_pose.tools.benchmark.timing import Plan, alternate
from self_verify_pose.tools.study.baselines import (
    LEARNERS,
    Learned,
    describe_joints,
    fit_learner,
)
from self_verify_pose.tools.study.experiment import TrustExperiment
from self_verify_pose.tools.study.extraction import (
    Tensors,
    load_or_make,
)
from self_verify_pose.tools.study.free_scores import (
    CALIBRATION,
    POSES,
    TRAINING,
)
from self_verify_pose.tools.study.head_variants import (
    HeadVariant,
)
from self_verify_pose.tools.study.held_out import HeldOut
from self_verify_pose.tools.study.image_sets import (
    read_content,
    short_hash,
)
from self_verify_pose.tools.study.train_heads import (
    Select,
    predict,
    train_head,
)
from self_verify_pose.tools.study.variants import (
    HEADS,
    TEACHER_HEADS,
    make_ablations,
)

# the columns that learners need of each view
_VIEW_COLUMNS = ('features', 'raw_score', 'correct', 'has_label')
# arguments of the trust head that the layout of the features gives
_FROM_NETWORK = (
    *('type', 'levels', 'in_channels', 'num_keypoints', 'num_scalars'),
)


class Trained(NamedTuple):
    """A trained row.

    Args:
        predict: For each seed a function from what ``extract_regimes`` found
            of a set to ``(N, K)`` scores.
        verify: The same with verification by other views; none of a learner.
        labels: Labels that it uses.
        shares: Shares of the residual that each seed keeps, of each data
            set or of all; none of a learner without one.
    """

    predict: list[Callable[[Tensors], Floats]]
    verify: list[Callable[[Tensors], Floats]]
    labels: str
    shares: list[list[float]]


def train_row(
    experiment: TrustExperiment,
    name: str,
    variant: HeadVariant,
    labels: str,
    train: Sequence[Tensors],
    held_out: Sequence[HeldOut],
) -> Trained:
    """Train a head with each seed, or read them from disk.

    Args:
        experiment: The experiment.
        name: Name of the row.
        variant: The head.
        labels: Labels that it uses.
        train: Features of each training set.
        held_out: The held-out persons of each seed.

    Returns:
        The row.
    """
    heads = [
        train_variant(experiment, name, variant, train, held)
        for held in held_out
    ]

    def predictor(
        head: TrustHead, select: Select, verify: bool
    ) -> Callable[[Tensors], Floats]:
        return lambda columns: predict(
            head,
            columns['features'],
            select,
            experiment.layout,
            columns['mass'].mean(1) if verify else None,
        )

    return Trained(
        [predictor(*one, False) for one in heads],
        [predictor(*one, True) for one in heads],
        labels,
        [head.anchor.share.tolist() for head, _ in heads],
    )


def train_variant(
    experiment: TrustExperiment,
    name: str,
    variant: HeadVariant,
    train: Sequence[Tensors],
    held_out: HeldOut,
) -> tuple[TrustHead, Select]:
    """Train a head, or read it from disk.

    Args:
        experiment: The experiment.
        name: Name of the row.
        variant: The head.
        train: Features of each training set.
        held_out: The held-out persons.

    Returns:
        The head, and what reduces packed features to its own.
    """

    def select(rows: Tensor) -> Tensor:
        return variant.select(rows, experiment.layout)

    held_out = dataclasses.replace(held_out, largest=variant.largest)

    def make() -> Tensors:
        begin = time.perf_counter()
        targets = [variant.make_targets(one) for one in train]
        epochs = experiment.args.head_epochs
        _, kept = train_head(head, targets, held_out, select, epochs)
        seconds = time.perf_counter() - begin
        experiment.console.print(
            f'{name}, seed {held_out.seed}: trained in {seconds:.0f} s, '
            f'{", ".join(map(str, kept.shares))} of the residual kept'
        )
        return head.state_dict()

    torch.manual_seed(held_out.seed)
    own = {
        key: value
        for key, value in experiment.config.model.trust_head.items()
        if key not in _FROM_NETWORK
    }
    head = variant.build(experiment.layout, own)
    file = f'{name.replace(" ", "_")}_{held_out.seed}.pth'
    path = (
        experiment.folder / f'heads_{_training_key(experiment, train)}' / file
    )
    head.load_state_dict(load_or_make(path, make))
    return head.eval(), select


def _training_key(
    experiment: TrustExperiment, train: Sequence[Tensors]
) -> str:
    """Short name of everything that a head is trained with."""
    args = experiment.args
    persons = [len(one['ids']) for one in train]
    options = (args.hard_views, args.seed, args.head_epochs, persons)
    return short_hash(
        *(read_content(one).key for one in experiment.train),
        *map(str, options),
    )


def fit_learners(
    experiment: TrustExperiment,
    train: Sequence[Tensors],
    held_out: Sequence[HeldOut],
) -> dict[str, Trained]:
    """Fit classical learners on labels with each seed.

    Args:
        experiment: The experiment.
        train: Features of each training set.
        held_out: The held-out persons of each seed, which are left out.

    Returns:
        The rows by name.
    """

    def describe(rows: Tensor, raw: Tensor) -> NDArray[np.float32]:
        return describe_joints(rows, raw.to(rows.dtype), experiment.layout)

    def predictor(learned: Learned) -> Callable[[Tensors], Floats]:
        return lambda columns: learned(
            describe(columns['features'], columns['raw_score'])
        )

    views = [
        {name: one[name].flatten(0, 1) for name in _VIEW_COLUMNS}
        for one in train
    ]
    inputs = np.concatenate(
        [describe(one['features'], one['raw_score']) for one in views]
    )
    correct, has_label = (
        np.concatenate([one[name].numpy() for one in views])
        for name in ('correct', 'has_label')
    )
    rows = {name: Trained([], [], TRAINING, []) for name in LEARNERS}
    for held in held_out:
        used = np.concatenate(
            [
                np.repeat(~out, one['correct'].shape[1])
                for out, one in zip(held.persons, train, strict=True)
            ]
        )
        for name, row in rows.items():
            learned = fit_learner(
                name, inputs[used], correct[used], has_label[used], held.seed
            )
            row.predict.append(predictor(learned))
    return rows


def head_cost(
    experiment: TrustExperiment, head: TrustHead, select: Select, rows: Tensor
) -> dict[str, float]:
    """Measure the size of a head and its share of the inference time.

    Args:
        experiment: The experiment.
        head: The head.
        select: Reduces packed features to those of the head.
        rows: ``(N, D)`` packed features.

    Returns:
        ``parameters`` and ``share_of_time``.
    """
    device = torch.device(experiment.args.device)
    width, height = experiment.model.reader.input_size
    crops = torch.rand(32, 3, height, width, device=device)
    sizes = torch.full((32,), 200.0, device=device)
    domain = experiment.layout.domain_features(rows[:32]).to(device)
    rows = select(rows[:32]).to(device)
    head = copy.deepcopy(head).to(device)
    with torch.no_grad():
        timed = alternate(
            lambda: head.forward_packed(rows, domain),
            lambda: experiment.model.pose_output(crops, sizes),
            Plan(repeats=8, warmup=1),
            device,
        ).details()
    both = timed['seconds'] + timed['baseline seconds']
    return {
        'parameters': sum(p.numel() for p in head.parameters()),
        'share_of_time': timed['seconds'] / both,
    }


def train_all(
    experiment: TrustExperiment, train: Sequence[Tensors]
) -> tuple[dict[str, Trained], list[str]]:
    """Train every row with every seed.

    Args:
        experiment: The experiment.
        train: Features of each training set.

    Returns:
        The rows by name, and the names of those that the pose network lacks
        an ingredient of, or no teacher gives targets for.
    """
    held_out = {
        labels: [
            HeldOut.choose(train, experiment.layout, labels, seed)
            for seed in experiment.seeds
        ]
        for labels in (False, True)
    }
    variants: dict[str, HeadVariant | None] = dict(HEADS)
    if 'free_trust' not in train[0]:
        variants |= dict.fromkeys(TEACHER_HEADS)
    if experiment.args.ablations:
        variants |= make_ablations(experiment.layout)
    rows = dict(fit_learners(experiment, train, held_out[True]))
    for name, variant in variants.items():
        if variant is None:
            continue
        labels = POSES if name in TEACHER_HEADS else CALIBRATION
        rows[name] = train_row(
            experiment,
            name,
            variant,
            TRAINING if variant.labels else labels,
            train,
            held_out[variant.labels],
        )
    return rows, [name for name, variant in variants.items() if not variant]
