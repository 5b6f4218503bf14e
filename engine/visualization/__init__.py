"""Visualization of poses, colored by trust."""
