# Plain RTMPose-S on COCO: the baseline of every comparison.
_base_ = ['./_base_/monitoring.py']
