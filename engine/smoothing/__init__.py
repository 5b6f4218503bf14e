"""Smoothing of the poses of a video by trust."""

from .association import link_persons
from .whittaker import smooth_poses, smooth_video

__all__ = ['link_persons', 'smooth_poses', 'smooth_video']
