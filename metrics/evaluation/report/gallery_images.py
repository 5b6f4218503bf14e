"""Pictures of persons for the gallery of a page."""

import base64
import io
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

from ....coco_annotations import read_annotation_file
from ....coco_fields import check_image_folder, one_line
from ..evaluation_input import Floats

_HEIGHT = 200  # of a picture, in pixels
_MARGIN = 0.15  # around the box, of its longer side
_QUALITY = 60


class ImageFolder(NamedTuple):
    """Images that predictions were made for.

    Args:
        folder: Their folder.
        names: Their file names by id.
    """

    folder: Path
    names: Mapping[Any, str]

    @classmethod
    def read(cls, folder: Path, ann: Path | None) -> 'ImageFolder':
        """Read the names of images from an annotation file.

        Args:
            folder: Folder of the images.
            ann: Annotation file in COCO format.

        Returns:
            The images.

        Raises:
            FileNotFoundError: If the folder is missing.
            ValueError: If there is no annotation file.
        """
        if ann is None:
            raise ValueError(
                '--images: expected --ann, which names the images, found '
                'none; give the annotation file'
            )
        check_image_folder(folder)
        images = read_annotation_file(ann)['images']
        names = {one['id']: one.get('file_name', '') for one in images}
        return cls(folder, names)

    def check(self, image_ids: Iterable[Any]) -> None:
        """Raise unless every image can be read.

        Args:
            image_ids: Ids of the images.

        Raises:
            ValueError: If images are missing or cannot be read; the message
                counts them and names the first.
        """
        ids = list(dict.fromkeys(image_ids))
        with ThreadPoolExecutor() as pool:
            errors = list(pool.map(self._error, ids))
        broken = [n for n, error in enumerate(errors) if error is not None]
        if broken:
            raise ValueError(
                f'--images: expected the {len(ids)} images of the '
                f'predictions, found {len(broken)} that cannot be read, first '
                f'{self._path(ids[broken[0]])} '
                f'({errors[broken[0]]}); correct the folder or the files'
            )

    def _path(self, image_id: Any) -> Path:
        return self.folder / self.names.get(image_id, str(image_id))

    def _error(self, image_id: Any) -> str | None:
        """Why an image cannot be read; None if it can."""
        try:
            with Image.open(self._path(image_id)) as image:
                # a JPEG at an eighth of its size, which is faster
                image.draft('RGB', (image.width // 8, image.height // 8))
                image.load()
        except (
            OSError,
            ValueError,
            SyntaxError,
            Image.DecompressionBombError,
        ) as error:
            missing = isinstance(error, FileNotFoundError)
            return 'no such file' if missing else one_line(error)
        return None

    def crop(self, image_id: Any, box: Floats) -> dict[str, Any]:
        """Cut a person out of an image, as a small JPEG.

        Args:
            image_id: Id of the image.
            box: ``(4,)`` box x0, y0, x1, y1 in pixels.

        Returns:
            ``source``, a data URI; ``x``, ``y``, ``width`` and ``height`` of
            what it shows, in pixels of the image.
        """
        margin = _MARGIN * max(box[2:] - box[:2])
        x0, y0 = (int(value - margin) for value in box[:2])
        x1, y1 = (int(value + margin) + 1 for value in box[2:])
        with Image.open(self._path(image_id)) as image:
            part = image.convert('RGB').crop((x0, y0, x1, y1))
        part.thumbnail((3 * _HEIGHT, _HEIGHT))
        data = io.BytesIO()
        part.save(data, 'JPEG', quality=_QUALITY)
        text = base64.b64encode(data.getvalue()).decode()
        return {
            'source': f'data:image/jpeg;base64,{text}',
            **{'x': x0, 'y': y0, 'width': x1 - x0, 'height': y1 - y0},
        }
