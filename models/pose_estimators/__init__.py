"""Pose estimators that verify themselves."""
