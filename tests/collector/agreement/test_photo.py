"""A photo of a phone: only a whole JPEG is taken, and nothing of its maker stays in it."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from collector.agreement.photo import MAX_BYTES, SCANS_MAX, cleaned
from collector.agreement.rules import RefusedError


def jpeg(size: tuple[int, int] = (64, 48), mode: str = "RGB", **more: object) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x010F] = "Maker of the phone"
    exif.get_ifd(0x8825)[2] = (0.0, 30.0, 12.0)
    Image.linear_gradient("L").resize(size).convert(mode).save(out, "JPEG", exif=exif, comment=b"<script>evil()</script>", **more)
    return out.getvalue()


@pytest.mark.parametrize("photo", [jpeg(), jpeg(mode="L"), jpeg(progressive=True), jpeg(restart_marker_blocks=1)])
def test_the_picture_stays_and_what_tells_of_its_maker_goes(photo: bytes) -> None:
    clean = cleaned(photo)
    assert b"Maker of the phone" in photo
    assert b"Maker" not in clean
    assert b"Exif" not in clean
    assert b"script" not in clean
    before, after = (Image.open(io.BytesIO(one)) for one in (photo, clean))
    assert before.tobytes() == after.tobytes()
    assert cleaned(clean) == clean


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>evil()</script></html>",
        b"\xff\xd8\xff" + b"<script>evil()</script>",
        b"\xff\xd8\xff\xd9",
        jpeg()[:-2],
        jpeg()[: len(jpeg()) // 2] + b"\xff\xd9",
        jpeg() + b"PK\x03\x04 a second file behind it",
        jpeg() + b"PK\x03\x04\xff\xd9",
        jpeg() + jpeg(),
        jpeg()[2:],
        b"GIF89a" + jpeg(),
        jpeg((4200, 8)),
        jpeg() + b"x" * MAX_BYTES,
        jpeg(progressive=True)[:-2] + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" * SCANS_MAX + b"\xff\xd9",
    ],
    ids=range(14),
)
def test_what_is_no_photo_is_refused(content: bytes) -> None:
    with pytest.raises(RefusedError, match="photo"):
        cleaned(content)


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=4))
def test_any_bytes_give_a_photo_or_a_refusal(at: int, put: bytes) -> None:
    photo = jpeg()
    with contextlib.suppress(RefusedError):
        assert cleaned(photo[:at] + put + photo[at + len(put) :]).startswith(b"\xff\xd8")
