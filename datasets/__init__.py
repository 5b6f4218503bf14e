"""Data sets and drawn data of Self-Verify Pose."""
