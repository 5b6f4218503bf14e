"""Registered transforms."""
