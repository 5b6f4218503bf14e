# Weights & Biases, on where USE_WANDB=1; project, name and mode are read by
# wandb itself from WANDB_PROJECT, WANDB_NAME and WANDB_MODE.
_base_ = ['./rtmpose_s_coco.py']

vis_backends = [dict(type='LocalVisBackend')]
if '{{$USE_WANDB:0}}' == '1':
    vis_backends.append(dict(type='WandbVisBackend'))
visualizer = dict(vis_backends=vis_backends)
