"""Data sets, transforms, synthetic data and trust caches."""
