"""Models of Self-Verify Pose (import the sub-packages that you need)."""
