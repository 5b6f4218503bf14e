"""Evaluation of stored predictions (NumPy, no OpenMMLab)."""
