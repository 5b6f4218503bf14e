"""Judge predictions that were written to a file (NumPy, no OpenMMLab)."""
