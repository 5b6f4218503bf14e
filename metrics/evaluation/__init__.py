"""Evaluation of stored predictions: reading, statistics and reports.

Needs NumPy, scikit-learn and matplotlib, but neither PyTorch nor OpenMMLab.
"""
