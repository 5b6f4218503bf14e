"""Pictures of persons for the gallery of a page."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, UnidentifiedImageError

from ....coco_annotations import read_annotation_file
from ....coco_fields import check_image_folder
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

    def crop(self, image_id: Any, box: Floats) -> dict[str, Any]:
        """Cut a person out of an image, as a small JPEG.

        Args:
            image_id: Id of the image.
            box: ``(4,)`` box x0, y0, x1, y1 in pixels.

        Returns:
            ``source``, a data URI; ``x``, ``y``, ``width`` and ``height`` of
            what it shows, in pixels of the image.

        Raises:
            ValueError: If the image is missing or cannot be read.
        """
        path = self.folder / self.names.get(image_id, str(image_id))
        margin = _MARGIN * max(box[2:] - box[:2])
        x0, y0 = (int(value - margin) for value in box[:2])
        x1, y1 = (int(value + margin) + 1 for value in box[2:])
        try:
            with Image.open(path) as image:
                part = image.convert('RGB').crop((x0, y0, x1, y1))
        except (OSError, UnidentifiedImageError) as error:
            raise ValueError(
                f'--images: expected an image, found {path}, which cannot be '
                'read; correct the folder or the file'
            ) from error
        part.thumbnail((3 * _HEIGHT, _HEIGHT))
        data = io.BytesIO()
        part.save(data, 'JPEG', quality=_QUALITY)
        text = base64.b64encode(data.getvalue()).decode()
        return {
            'source': f'data:image/jpeg;base64,{text}',
            **{'x': x0, 'y': y0, 'width': x1 - x0, 'height': y1 - y0},
        }
