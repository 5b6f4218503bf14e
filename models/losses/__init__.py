"""Losses: rotation consistency, soft-target trust, SimCC pose."""
