"""Pictures are decoded, cut, turned, and encoded without anything but their pixels."""

import io
import struct
import zlib

import pytest
from PIL import Image

from app.uploads import TooManyPixels, UnreadableImage, encode_avatar
from app.uploads.images import AVATAR_SIZE, MAX_PIXELS
from tests.support.pictures import BLUE, RED, is_near, opened, picture

SIZE = (AVATAR_SIZE, AVATAR_SIZE)
TOP, BOTTOM = (128, 20), (128, 235)


def encode(content: bytes) -> bytes:
    return encode_avatar(io.BytesIO(content))


def animation(kind: str) -> bytes:
    first, second = Image.new("RGB", (64, 64), RED), Image.new("RGB", (64, 64), BLUE)
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=[second], duration=100)
    return file.getvalue()


def png_of(width: int, height: int) -> bytes:
    """Return a PNG of a hundred bytes that claims to have this size."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 100)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_picture_becomes_a_square_webp(kind: str) -> None:
    avatar = opened(encode(picture(kind)))

    assert (avatar.format, avatar.size, avatar.mode) == ("WEBP", SIZE, "RGB")
    assert is_near(avatar.getpixel(TOP), RED)
    assert is_near(avatar.getpixel(BOTTOM), BLUE)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_animation_becomes_its_first_picture(kind: str) -> None:
    avatar = opened(encode(animation(kind)))

    assert getattr(avatar, "n_frames", 1) == 1
    assert is_near(avatar.getpixel(TOP), RED)


def test_photo_is_turned_and_loses_its_metadata() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright: turn by a quarter
    exif.get_ifd(0x8825)[2] = (52.0, 31.0, 12.0)  # GPS
    exif[0x010F] = "SecretCamera"
    photo = picture(exif=exif, comment=b"SecretComment")
    assert b"SecretCamera" in photo
    assert b"SecretComment" in photo

    content = encode(photo)
    avatar = opened(content)

    assert not avatar.getexif()
    assert avatar.info.keys().isdisjoint({"exif", "xmp", "icc_profile", "comment"})
    assert b"Secret" not in content
    assert is_near(avatar.getpixel((235, 128)), RED)  # the top is on the right
    assert is_near(avatar.getpixel((20, 128)), BLUE)


def test_transparency_is_kept() -> None:
    file = io.BytesIO()
    Image.new("P", (50, 50), 0).save(file, "PNG", transparency=0)

    avatar = opened(encode(file.getvalue()))

    assert avatar.mode == "RGBA"
    assert avatar.getpixel(TOP)[3] == 0  # type: ignore[index]  # a tuple


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "I;16"])
def test_other_colors_are_converted(mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (40, 40)).save(file, "JPEG" if mode == "CMYK" else "PNG")

    assert opened(encode(file.getvalue())).size == SIZE


def test_only_the_picture_of_a_polyglot_is_kept() -> None:
    script = b"<html><script>alert(document.domain)</script>PK\x03\x04"

    assert b"script" not in encode(picture() + script)
    assert b"script" not in encode(picture(comment=script))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<html>",
        b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        picture()[:700],
        picture("PNG")[:200],
        picture("WEBP")[:90],
        picture("BMP"),
        png_of(0, 5),
        png_of(200, 200),
        b"\xff\xd8\xff" + bytes(range(256)) * 4,
    ],
    ids=lambda content: f"{content[:4]!r} {len(content)}",
)
def test_what_is_no_whole_picture_is_rejected(content: bytes) -> None:
    with pytest.raises(UnreadableImage):
        encode(content)


@pytest.mark.parametrize("size", [(50_000, 50_000), (10_000, 10_000), (MAX_PIXELS + 1, 1)])
def test_picture_that_would_fill_the_memory_is_not_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(TooManyPixels):
        encode(png_of(*size))
