"""Evaluation of stored predictions: reading, statistics and reports.

Needs NumPy, scikit-learn, pycocotools and matplotlib, but neither PyTorch nor
OpenMMLab.
"""
