# Plain RTMPose-S on COCO: the baseline of every comparison.
_base_ = ['./_base_/rtmpose_s_coco.py']
work_dir = 'work_dirs/self_verify_pose/{{fileBasenameNoExtension}}'
