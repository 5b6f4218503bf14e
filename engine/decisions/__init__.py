"""Decisions from trust: thresholds with a guarantee, and exports."""
