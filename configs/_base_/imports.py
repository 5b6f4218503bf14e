_base_ = []

# mmengine takes a config for its other kind if an import stands above _base_
from self_verify_pose.console import report_in_one_line  # noqa: E402

# also for wrong environment variables, which other parts read
report_in_one_line()

# The module that registers the parts of this package; a config with
# components of its own repeats it and adds their modules.
trust_imports = dict(
    imports=['self_verify_pose.engine.registration'],
    allow_failed_imports=False,
)
