"""Commands, environment variables and set-up.

The run scripts, started from any directory. Variables are checked before
work starts; one that is empty counts as not set.
"""

from row import Row

NUMBER = 'a whole number above 0'
ROWS = (
    *(
        Row(
            f'{name}={value}',
            f'`{name}={value}`',
            f'refused: {name}: expected {expected}, found {value!r}; correct '
            'it, or unset it for the default',
        )
        for name, value, expected in (
            ('GPUS', '0', NUMBER),
            ('GPUS', 'abc', NUMBER),
            ('GPUS', '-1', NUMBER),
            ('GPUS', '1.5', NUMBER),
            ('MAX_SAMPLES', 'abc', NUMBER),
            ('MAX_SAMPLES', '1.5', NUMBER),
            ('MAX_SAMPLES', '-1', NUMBER),
            ('MAX_SAMPLES', '0', NUMBER),
            ('FEATURES', 'yes', '0 or 1'),
            ('FORCE_CACHE', '2', '0 or 1'),
            ('SYNTHETIC', 'true', '0 or 1'),
            ('USE_WANDB', 'on', '0 or 1'),
            ('USE_TENSORBOARD', 'True', '0 or 1'),
            ('TEACHER', 'magic', 'free or fk'),
        )
    ),
    Row(
        'a path with quotes and backslashes',
        '`COCO_ROOT` with spaces, both quotes, `$` and a backslash',
        'scripts and configs get the path as it is',
    ),
    Row(
        'an empty variable',
        '`COCO_ROOT=` and `MAX_SAMPLES=`',
        'the default: `data/coco/`, and all persons',
    ),
    Row(
        'a wrong variable in a script',
        '`GPUS=0 bash run_train_selfverify.sh`',
        'refused: GPUS: expected a whole number above 0',
    ),
    Row(
        'no COCO where COCO_ROOT says',
        'a training with `COCO_ROOT=/nowhere`',
        'refused: expected a folder in COCO_ROOT, found none at /nowhere; '
        'correct it, or unset it and set SYNTHETIC=1',
    ),
    Row(
        'a test without COCO',
        'neither `COCO_ROOT` nor `data/coco`',
        'refused: expected COCO in data/coco/ … found neither; set COCO_ROOT, '
        'or SYNTHETIC=1',
    ),
    Row(
        'an offline training without COCO',
        'neither `COCO_ROOT` nor `data/coco`',
        'refused: expected COCO in data/coco/ … found neither; set COCO_ROOT, '
        'or SYNTHETIC=1',
    ),
    Row(
        'COCO_ROOT and SYNTHETIC=1',
        'both at once',
        'refused: expected either COCO_ROOT or SYNTHETIC=1, found both',
    ),
    Row(
        'a training without COCO',
        '`run_train_selfverify.sh` alone',
        'the quick profile on synthetic images, which the result names',
    ),
    Row(
        'no pose checkpoint',
        '`run_offline_cached_trusthead.sh` without its checkpoint',
        'refused: expected a trained pose checkpoint, found nothing at '
        'checkpoints/rtmpose-s_simcc-coco_256x192.pth … mim download mmpose '
        '--config rtmpose-s_8xb256-420e_coco-256x192 --dest checkpoints',
    ),
    Row(
        'a test of nothing',
        '`run_test_selfverify.sh nowhere.pth`',
        'refused: expected a checkpoint or a work directory, found nothing at '
        'nowhere.pth; correct the path',
    ),
    Row(
        'a work directory without checkpoints',
        '`run_test_selfverify.sh FOLDER`',
        'refused: expected best_*.pth or latest.pth in … found neither',
    ),
    Row(
        'a file as work directory',
        '`WORK_DIR=FILE`',
        'refused: expected a folder that can be written in WORK_DIR, found '
        'FILE; give another one',
    ),
    Row(
        'TERM to a script',
        'while it trains',
        'script, training and loaders end within 5 seconds, code 143; the '
        'last line is the command that continues',
    ),
    Row(
        'Ctrl-C',
        'INT to a script, while it trains',
        'the same with code 130; no traceback',
    ),
    Row('HUP to a script', 'while it trains', 'the same with code 129'),
    Row(
        'a job that ignores TERM',
        'TERM to a script',
        'the job is ended by force after 4 seconds',
    ),
    Row(
        'several processes that are stopped',
        'TERM to a script, `GPUS=2`',
        'the workers of torchrun, which lead groups of their own, end, too; '
        'no traceback',
    ),
    Row(
        'a stopped training with a checkpoint',
        'TERM to a script',
        'the command that continues ends in `--resume`',
    ),
    Row(
        'an old checkpoint in the work directory',
        'TERM to a script before its own first checkpoint',
        'the command that continues has no `--resume`',
    ),
    Row(
        'a training that fails',
        'exit code 7 of a job',
        'the script ends with the code of the job, and does nothing more',
    ),
    Row(
        'an interrupted warm-up',
        'the quick profile is started again',
        'the warm-up goes on from its last checkpoint',
    ),
    Row(
        'a set-up that is stopped',
        'TERM during a step',
        'the step and all its processes end at once; the next set-up says '
        'that the last one was interrupted, and begins again',
    ),
    Row(
        'a Python that does not run',
        '`PYTHON=/nowhere/python`',
        "refused: expected PYTHON to be a Python, but '/nowhere/python' does "
        'not run',
    ),
    Row(
        'a frozen network without weights',
        '`model.full_param_train=False` without `load_from`',
        'refused: load_from: expected the weights of a trained pose network '
        'with model.full_param_train=False, found none',
    ),
    Row(
        'float16 on a CPU',
        '`optim_wrapper.type=AmpOptimWrapper`',
        'refused: optim_wrapper.type: expected a GPU for AmpOptimWrapper '
        '(--amp), found cpu alone; use '
        'optim_wrapper.type=BFloat16OptimWrapper',
    ),
)
