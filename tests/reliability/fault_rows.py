"""Faults of a run.

What fails while a training, a test or a tool is running.

Long jobs are killed (`kill -9`) at random moments by
`KILLS=20 bash tests/run.sh --all tests/reliability/test_kill.py -s`: drawing,
making a cache, training, and training a head on cached labels, with images or
with stored features. Each must leave whole files, continue, and end with the
same ones. Twenty killed runs of each did.

Memory of 500 steps with 20 validations is printed by
`python tests/reliability/soak.py`. One run on a CPU, with a narrow network and
two loader workers: 672 MiB after 150 steps, 681 MiB after 300, 690 MiB after
500; 20 open files and 4 threads from the first validation to the last. Freed
memory is kept on purpose (`KeepMemoryHook`), so that is the largest need so
far. The command also prints what is in use: `soak.py 70 14` ends with
216.9 MiB after 216.8 MiB at its first validation, and with 548,208 objects
after 548,119.
"""

from row import Row

BROKEN = 'refused: image: expected an image at broken.jpg, found '
ROWS = (
    Row(
        'a loss that is NaN',
        'loss_trust is NaN in step 4',
        'refused: train: expected finite losses, found loss_trust=nan … at '
        'step 4, for the samples in non_finite_rank0.json',
    ),
    Row(
        'a loss that is infinite',
        'loss_kpt is infinite in step 4',
        'refused: train: expected finite losses, found loss_kpt=inf … at '
        'step 4, for the samples in non_finite_rank0.json',
    ),
    Row(
        'a pixel that is NaN',
        'a training crop of floats with NaN',
        'refused: train: expected finite pixels … non_finite_rank0.json',
    ),
    Row(
        'a pixel that is infinite in a validation',
        'a validation crop of floats with an infinite value',
        'refused: val: expected finite pixels … non_finite_rank0.json',
    ),
    Row(
        'a weight that is NaN when it is saved',
        'the last step of an epoch has spoilt a weight',
        "refused: train: expected finite weights, found 'weight' … continue "
        'from the last checkpoint with --resume',
    ),
    Row(
        'an image that is missing',
        'a file of the annotations is not there',
        BROKEN + 'no such file',
    ),
    Row(
        'an image that is empty',
        'a file of 0 bytes',
        BROKEN + 'a file that OpenCV cannot read',
    ),
    Row(
        'an image that is none',
        'text in a file named `.jpg`',
        BROKEN + 'a file that OpenCV cannot read',
    ),
    Row(
        'a broken image in a loader worker',
        'the same, read by a worker process',
        BROKEN + 'a file that OpenCV cannot read',
    ),
    Row(
        'an unknown key of the checkpoint hook',
        '`default_hooks.checkpoint.intervall=2`',
        'refused: default_hooks.checkpoint: expected keys of interval, … '
        "found the unknown key 'intervall'",
    ),
)
