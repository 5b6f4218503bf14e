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
