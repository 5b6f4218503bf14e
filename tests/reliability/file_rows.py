"""Files that are read and written.

A dump is a pickle, and a pickle can name any function: none of them is run.
Everything written is written aside and then moved to its place.
"""

from row import Row

ROWS = (
    Row(
        'a dump that runs a command',
        'a pickle that names `os.system`',
        'refused: preds.pkl: expected a dump of mim test … it holds '
        'posix.system, not plain values and arrays alone',
    ),
    Row(
        'a dump with Python objects',
        'an array of objects in a pickle',
        'refused: preds.pkl: expected a dump of mim test … it holds an array '
        'of type O8, not plain values and arrays alone',
    ),
    Row(
        'a tensor that runs a command',
        'a torch tensor in a dump whose storage names `os.system`',
        'refused: preds.pkl: expected a dump of mim test',
    ),
    Row(
        'a dump cut off',
        'the first half of a dump',
        'refused: preds.pkl: expected a dump of mim test',
    ),
    Row(
        'a text as the area of a person',
        '`area` is a text in the annotation within a dump',
        'refused: preds.pkl: raw_ann_info of id 500: area: expected a number, '
        'found "big"; correct it',
    ),
    Row(
        'a number for a box',
        'one number as `bboxes` of a sample of a dump',
        "refused: preds.pkl: sample id 500: expected 'bboxes' of one person",
    ),
    Row(
        'a truth value as an id',
        '`id` of a sample of a dump is true',
        'refused: preds.pkl: sample 0: expected an integer or a text in '
        "'id', found True",
    ),
    Row(
        'a cache of another version of zip',
        'one byte of a cache is changed',
        'refused: trust cache: expected a whole .npz, found train.npz, which '
        'cannot be read',
    ),
    Row(
        'a cache cut off',
        'the first half of a cache',
        'refused: trust cache: expected a whole .npz, found train.npz, which '
        'cannot be read',
    ),
    Row(
        'a cache with Python objects',
        'an array of objects in an `.npz`',
        'refused: trust cache: expected a whole .npz, found train.npz, which '
        'cannot be read … pickle',
    ),
    Row(
        'an array as a cache',
        'a file of one array, named `.npz`',
        'refused: trust cache: expected a whole .npz, found train.npz',
    ),
    Row(
        'a cache of other keypoints',
        'the header of a cache has no names of keypoints',
        "refused: trust cache: expected the header field 'keypoint_names' as "
        "list, found 'None' in train.npz; make it again",
    ),
    Row(
        'a cache of another schema',
        'the header of a cache has `schema` 9',
        'refused: trust cache: expected schema 1, found schema 9 in '
        'train.npz; make it again',
    ),
    Row(
        'a cache with a repeated id',
        'two rows of a cache have one id',
        'refused: trust cache: expected every annotation id once, found id',
    ),
    Row(
        'stored features of another cache',
        'the features beside a cache are changed',
        'refused: PSEUDO_TRUST_FEATURES: expected the features that were '
        'stored with the cache',
    ),
    Row(
        'stored features cut off',
        'the first half of stored features',
        'refused: PSEUDO_TRUST_FEATURES: expected stored features, found '
        'train.features.npy, which cannot be read',
    ),
    Row(
        'a checkpoint cut off',
        'the first half of a checkpoint',
        'refused: checkpoint: expected a PyTorch checkpoint, found pose.pth, '
        'which cannot be read',
    ),
    Row(
        'a checkpoint that runs a command',
        'a checkpoint that names `os.system`',
        'refused: checkpoint: expected a PyTorch checkpoint, found pose.pth, '
        'which cannot be read',
    ),
    Row(
        'a log cut off in its last line',
        'a training was killed while it wrote a line of its log',
        'works: the finished lines are read',
    ),
    Row(
        'a corrupted log',
        'a line of `scalars.json` is no JSON',
        'refused: run/vis_data/scalars.json: expected a JSON object in each '
        'line, found something else in line 1',
    ),
    Row(
        'a full disk',
        'no space left while a file is replaced',
        'refused: out.json: expected to write it, found: No space left on '
        'device; free space or give another folder',
    ),
    Row(
        'a limit of file sizes',
        '`ulimit -f` below the size of a report',
        'refused: out.json: expected to write it, found: File too large; '
        'raise the limit',
    ),
    Row(
        'a read-only folder',
        'a folder on a read-only disk as `--out`',
        'refused: report: expected a folder to write to, found: Read-only '
        'file system; give a folder that can be written to',
    ),
    Row(
        'a file in place of a folder',
        'a file as `--out` of an evaluation',
        'refused: report: expected a folder, found the file report; give '
        'another name',
    ),
    Row(
        'a file in the path of a folder',
        '`--out file/report`',
        'refused: file/report: expected a folder, found the file file',
    ),
    Row(
        'a folder in place of a file',
        'a folder as `--out` of a cache',
        'refused: --out: expected no file, found train.npz; use it as it is',
    ),
    Row(
        'a cache that exists',
        '`--out` names a cache, without `--force`',
        'refused: --out: expected no file, found train.npz; use it as it is, '
        'or give --force to replace it',
    ),
    Row(
        'stored features that exist',
        "the features beside `--out` are the user's, without `--force`",
        'refused: --out: expected no file, found train.features.npy',
    ),
    Row(
        'a calibrated checkpoint that exists',
        '`--out` of the calibration names a file',
        'refused: --out: expected no file, found new.pth; give another name',
    ),
    Row(
        'a folder like that of parts',
        'the user has a folder `train.npz.partial`',
        'refused: train.npz.partial: expected the parts of an interrupted '
        'run, or nothing, found a folder with other files; move it',
    ),
    Row(
        'a file like that of parts',
        'the user has a file `train.npz.partial`',
        'refused: train.npz.partial: expected the parts of an interrupted '
        'run, or nothing, found a file; move it',
    ),
    Row(
        'files beside the parts',
        'the user keeps a file among the parts of a cache',
        'works: the file is kept when the parts are removed',
    ),
    Row(
        'two jobs on one cache',
        'a second job with the same `--out`',
        'refused: train.npz.partial: expected a folder that no other job '
        'writes to, found it in use; wait for that job',
    ),
    Row(
        'two jobs on one synthetic data set',
        'a second job with the same `--out`',
        'refused: data: expected a folder that no other job writes to, found '
        'it in use',
    ),
    Row(
        'a synthetic data set among other files',
        'a folder with files of the user as `--out`',
        'refused: data is not empty and was not made by this generator',
    ),
    Row(
        'an error while a report is written',
        'a full disk in the middle of the figures',
        'works: the old report is kept as a whole',
    ),
    Row(
        'a kill while a report is written',
        '`kill -9` at six random moments',
        'works: the summary is missing, or that of all files beside it',
    ),
    Row(
        'files of a killed job',
        'unfinished files that a killed job has left',
        'works: the next job in the folder removes them, and no others',
    ),
)
