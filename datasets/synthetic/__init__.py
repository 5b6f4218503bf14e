"""Synthetic persons with exact COCO keypoints, reproducible by seed."""

from .drawing import SyntheticImage, draw_scene
from .generate import DatasetReport, make_dataset
from .preview import preview_sheet

__all__ = [
    'DatasetReport',
    'SyntheticImage',
    'draw_scene',
    'make_dataset',
    'preview_sheet',
]
