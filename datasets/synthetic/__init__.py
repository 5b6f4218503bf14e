"""Drawn people with exact COCO keypoints, made from a seed."""

from .drawing import Drawing, draw_scene
from .generate import DatasetReport, make_dataset
from .preview import contact_sheet

__all__ = [
    'DatasetReport',
    'Drawing',
    'contact_sheet',
    'draw_scene',
    'make_dataset',
]
