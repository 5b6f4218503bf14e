"""The parts of tools/compare_trust.py."""
