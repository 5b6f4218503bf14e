"""Heads: trust of every joint."""
