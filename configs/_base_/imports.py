# Modules that register the parts of this package.
custom_imports = dict(
    imports=[
        'self_verify_pose.compat',  # first: fixes for what the others import
        'self_verify_pose.datasets.coco',
        'self_verify_pose.datasets.transforms.load_pseudo_trust',
        'self_verify_pose.datasets.trust_cache.features',
        'self_verify_pose.metrics.joint_trust_metric',
        'self_verify_pose.models.heads.trust_head',
        'self_verify_pose.models.pose_estimators.selfverify_topdown',
        'self_verify_pose.models.pose_estimators.stored_features',
        'self_verify_pose.engine.hooks.channels_last',
        'self_verify_pose.engine.hooks.compile_backbone',
        'self_verify_pose.engine.hooks.keep_memory',
        'self_verify_pose.engine.hooks.latest_link',
        'self_verify_pose.engine.hooks.log_test',
        'self_verify_pose.engine.hooks.preflight',
        'self_verify_pose.engine.hooks.trust_cache_check',
        'self_verify_pose.engine.hooks.trust_panel',
        'self_verify_pose.engine.optim_wrapper',
    ],
    allow_failed_imports=False,
)
