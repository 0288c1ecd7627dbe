"""Small pictures of evidence for pages."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

SIDE: Final = 240


def shrink(content: bytes) -> bytes:
    """Give a JPEG of at most 240 pixels a side. In: a picture that ``evidence`` has checked."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.draft("RGB", (SIDE * 2, SIDE * 2))
        small = picture.convert("RGB")
        small.thumbnail((SIDE, SIDE))
        out = io.BytesIO()
        small.save(out, format="JPEG", quality=80)
        return out.getvalue()
