"""Logs of runs, as mmengine writes them."""

import json

NAMES = ('AUROC', 'AUPR', 'AUPR_error', 'ECE', 'ECE_mass', 'Brier')
NAMES += ('Acc@0.5', 'PosRate', 'AURC', 'AUGRC')


def validation(step, trust, score):
    """Return the record of a validation with one value for each scorer."""
    values = {'coco/AP': 0.1 * step, 'step': step}
    for name in NAMES:
        values[f'trust/{name}'] = trust
        values[f'score/{name}'] = score
    return values


def write_log(folder, stamp, *records):
    """Write the scalars of the run that started at a time."""
    log = folder / stamp / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('\n'.join(map(json.dumps, records)) + '\n')
