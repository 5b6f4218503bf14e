"""Choose thresholds of trust that keep a promise; write a certificate.

    python tools/choose_threshold.py scored.json --ann ANN.json \
        --risk .05 --confidence .9 --out certificate.json
    python tools/choose_threshold.py --config CONFIG --checkpoint FILE \
        --ann ANN.json --out certificate.json --store certified.pth
    python tools/choose_threshold.py new.json --check certificate.json

The promise: of the joints whose trust reaches the threshold at most 5 % are
wrong in further images like these, with 90 % confidence. There is a threshold
of all joints together, of each group and of each joint; where the images are
too few, the certificate says so instead. Predictions are a dump of mim test
(.pkl) or results in COCO format, with trust that was fitted to other images;
with --config they are those of a model, and --store keeps the certificate in
a copy of its checkpoint, for inference_trust. --check compares predictions
without labels with the images of a certificate; the exit code is 1 where its
promise does not carry over.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from self_verify_pose.constants import PCK_THRESHOLD, TRUST
from self_verify_pose.engine.decisions.certificate import (
    Certificate,
    load_certificate,
    save_certificate,
)
from self_verify_pose.engine.decisions.certify import (
    Promise,
    certify,
    describe_files,
    read_image_scores,
)
from self_verify_pose.engine.decisions.shift_check import check_shift
from self_verify_pose.engine.evaluation_input import read_evaluation_input
from self_verify_pose.output_files import check_output_file
from self_verify_pose.tools.command_line import (
    add_sample_options,
    make_main,
    make_parser,
)


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = make_parser(__doc__)
    add = parser.add_argument
    add('predictions', type=Path, nargs='?', metavar='PREDICTIONS')
    add('--ann', type=Path, help='COCO annotation file')
    add('--out', type=Path, help='certificate to write')
    add('--risk', type=float, default=0.05, help='(%(default)s)')
    add('--confidence', type=float, default=0.9, help='(%(default)s)')
    add('--score', default=TRUST, help='(%(default)s)')
    add('--dist-thr', type=float, default=PCK_THRESHOLD, help='(%(default)s)')
    add('--seed', type=int, default=0, help='(%(default)s)')
    add('--allow-partial', action='store_true')
    add('--check', type=Path, metavar='CERTIFICATE')
    add('--config', type=Path)
    add('--checkpoint', type=Path)
    add('--images', type=Path, help='of --ann (images/ beside it)')
    add('--store', type=Path, help='checkpoint to make')
    add_sample_options(parser)
    args = parser.parse_args(argv)
    model = args.config and args.checkpoint and args.ann
    if not (model or args.predictions) or (model and args.predictions):
        parser.error(
            'expected PREDICTIONS, or --config, --checkpoint and --ann '
            'without them; give one of both'
        )
    if args.store and not model:
        parser.error('--store: expected --config and --checkpoint with it')
    if bool(args.out) == bool(args.check) or (model and args.check):
        parser.error('expected either --out, or PREDICTIONS and --check')
    return args


def _check(args: argparse.Namespace) -> bool:
    certificate = load_certificate(args.check)
    means = read_image_scores(args.predictions, certificate.score)
    found = check_shift(means, certificate.expected_scores, args.seed)
    print(found.describe())
    return found.differs


def _choose(args: argparse.Namespace) -> Certificate:
    promise = Promise(args.risk, args.confidence, args.dist_thr, args.score)
    promise.check()
    for path in filter(None, (args.out, args.store)):
        check_output_file(path)
    if args.config:
        from self_verify_pose.engine.certification import certify_model

        return certify_model(
            *(args.config, args.checkpoint, args.ann, args.images, promise),
            *(args.store, args.max_samples, args.batch_size, args.workers),
            args.seed,
        )
    predictions = read_evaluation_input(
        args.predictions, args.ann, args.allow_partial
    )
    files = {'predictions': args.predictions, 'ann': args.ann}
    data = describe_files(**{k: path for k, path in files.items() if path})
    means = read_image_scores(args.predictions, args.score)
    print(*predictions.notes, sep='\n')
    return certify(predictions, promise, means, data, args.seed)


def _run(args: argparse.Namespace) -> int:
    if args.check:
        return int(_check(args))  # 1 where the images differ
    certificate = _choose(args)
    print(certificate.promise)
    for name, one in certificate.lines():
        shown = one.reason
        if one.threshold is not None:
            shown = f'{one.threshold:.3f}  keeps {one.kept:.1%}'
        print(f'{name:24} {shown}  ({one.joints} joints, {one.images} images)')
    save_certificate(certificate, args.out)
    print(args.out)
    return 0


main = make_main(__file__, _parse, _run)

if __name__ == '__main__':
    sys.exit(main())
