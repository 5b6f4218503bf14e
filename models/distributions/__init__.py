"""Distributions of keypoints that a pose head predicts (pure torch)."""
