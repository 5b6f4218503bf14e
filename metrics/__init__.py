"""Metrics of Self-Verify Pose."""
