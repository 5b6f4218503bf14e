# The module that registers the parts of this package; a config with
# components of its own repeats it and adds their modules.
trust_imports = dict(
    imports=['self_verify_pose.engine.registration'],
    allow_failed_imports=False,
)
