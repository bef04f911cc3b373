"""Decode pictures from users, and encode them again, without metadata.

What is stored is never what was sent: only the pixels of the first frame are kept, so no file
that is also a page, a script or an archive, and no place where a photo was taken.
"""

import io
from threading import Lock
from typing import IO

from PIL import Image, ImageOps, WebPImagePlugin  # noqa: F401 - the plugin registers WebP
from PIL.JpegImagePlugin import JpegImageFile

from . import TooManyPixels, UnreadableImage

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
# So that no picture takes more than 200 MB. A JPEG is decoded at a fraction of its size.
MAX_PIXELS = 12_000_000
MAX_JPEG_PIXELS = 40_000_000
AVATAR_SIZE = 256  # pixels: twice the size of the largest on a page, for sharp displays
QUALITY = 85
ORIENTATION = 0x0112  # of EXIF

_one_at_a_time = Lock()  # so that many uploads do not take all the memory


def encode_avatar(file: IO[bytes]) -> bytes:
    """Return the middle of the picture in `file` as a square WebP image.

    Raise UnreadableImage or TooManyPixels.
    """
    with _one_at_a_time:
        try:
            return _encode(file)
        except (TooManyPixels, Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise TooManyPixels from None
        except Exception as error:
            # The decoders raise SyntaxError, struct.error, zlib.error, OSError and others.
            raise UnreadableImage from error


def _encode(file: IO[bytes]) -> bytes:
    with Image.open(file, formats=FORMATS) as image:
        is_jpeg = isinstance(image, JpegImageFile)
        if image.width * image.height > (MAX_JPEG_PIXELS if is_jpeg else MAX_PIXELS):
            raise TooManyPixels
        image.draft("RGB", (2 * AVATAR_SIZE, 2 * AVATAR_SIZE))  # JPEG
        orientation = image.getexif().get(ORIENTATION)
        mode = "RGBA" if image.has_transparency_data else "RGB"
        pixels = image if image.mode == mode else image.convert(mode)
        side = min(pixels.size)
        left, top = (pixels.width - side) / 2, (pixels.height - side) / 2
        box = (left, top, left + side, top + side)
        square = pixels.resize((AVATAR_SIZE, AVATAR_SIZE), box=box, reducing_gap=2)
    clean = Image.frombytes(mode, square.size, square.tobytes())
    if orientation:
        clean.getexif()[ORIENTATION] = orientation
        ImageOps.exif_transpose(clean, in_place=True)
    output = io.BytesIO()
    clean.save(output, "WEBP", quality=QUALITY)
    return output.getvalue()
