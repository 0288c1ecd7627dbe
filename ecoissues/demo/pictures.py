"""The few files the demonstration names again and again: drawn pictures and a one-page document."""

from __future__ import annotations

import io
from random import Random
from typing import Final

from PIL import Image, ImageDraw

from ecoissues.services.evidence import Prepared, prepare
from ecoissues.services.site import Site

_SIZE: Final = (640, 420)
_SKY, _GROUND, _LINE = (214, 226, 235), (150, 160, 140), (70, 80, 90)
_DIRT, _GREEN, _WALL = (110, 92, 74), (96, 150, 92), (190, 186, 178)
#: Stage -> (name shown, how many different ones).
_SETS: Final = {"before": ("整改前", 3), "after": ("整改后", 3)}


def files_of(site: Site, seed: int) -> dict[str, list[Prepared]]:
    """Make and store the files, through the same check as any upload; gives them by stage."""
    draw = Random(seed)  # noqa: S311 - the same pictures each time, no secret
    found: dict[str, list[Prepared]] = {}
    for stage, (name, count) in _SETS.items():
        found[stage] = [
            prepare(site, f"演示{name}{number}.jpg", stage, _picture(draw, stage))
            for number in range(1, count + 1)
        ]
    found["document"] = [prepare(site, "演示佐证材料.pdf", "document", _document())]
    return found


def _picture(draw: Random, stage: str) -> bytes:
    """Draw a yard with a wall: heaps lie about before, plants stand there after."""
    picture = Image.new("RGB", _SIZE, _SKY)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 250, *_SIZE), fill=_GROUND)
    left = draw.randint(40, 200)
    pen.rectangle((left, 130, left + 300, 260), fill=_WALL, outline=_LINE, width=3)
    for place in range(7):
        x, width = 60 + place * 80 + draw.randint(-15, 15), draw.randint(40, 90)
        if stage == "before":
            height = draw.randint(20, 60)
            pen.polygon([(x, 360), (x + width, 360), (x + width // 2, 360 - height)], fill=_DIRT)
        else:
            pen.rectangle((x + 8, 330, x + 14, 360), fill=_DIRT)
            pen.ellipse((x - 8, 290, x + 30, 335), fill=_GREEN)
    pen.text((16, 392), f"DEMO  {stage}", fill=_LINE)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=80)
    return out.getvalue()


def _document() -> bytes:
    """Write a PDF of one page by hand; a library for one page would be one more to install."""
    text = b"BT /F1 20 Tf 72 760 Td (Demonstration document) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, start,
    )  # fmt: skip
    return bytes(out)
