"""Pictures, made for the tests."""

import io
from typing import Any

from PIL import Image

RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(kind: str = "JPEG", size: tuple[int, int] = (300, 200), **options: Any) -> bytes:
    """Return a file whose upper half is red, and whose lower half is blue."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0], size[1] // 2))
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def opened(content: bytes) -> Image.Image:
    """Return the decoded picture."""
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def is_near(color: Any, expected: tuple[int, int, int]) -> bool:
    """Return True if a color is the `expected` one, apart from the loss of compression."""
    return all(abs(a - b) < 30 for a, b in zip(color[:3], expected, strict=True))
