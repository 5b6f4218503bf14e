"""Let MMEngine write its checkpoints whole or not at all."""

from mmengine.fileio import LocalBackend, register_backend

from ..output_files import replacing


@register_backend('local', force=True, prefixes='')
class WholeFilesBackend(LocalBackend):
    """MMEngine's backend of local files, which it would write in place.

    A checkpoint is saved again after a validation with a new best score. If
    the process is killed then, the one of before is still there.
    """

    def put(self, obj: bytes, filepath: str) -> None:
        """Write a file.

        Args:
            obj: Its content.
            filepath: Its path; folders are made as needed.

        Raises:
            OutputError: If it cannot be written; an old file is kept.
        """
        with replacing(filepath) as file:
            file.write(obj)
