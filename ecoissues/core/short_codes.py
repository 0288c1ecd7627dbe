"""Short codes that are printed on paper: eight signs made of a digest, easy to read aloud.

The code is the beginning of the content's digest, so a paper names one content and no other; the
alphabet has no sign that looks like another (no 0/O, 1/I/L, U).
"""

from __future__ import annotations

import re
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 8


def short_code(digest: str) -> str:
    """Give the code of a SHA-256 (hex): ``7K3M-9QXD``; 30^8 of them, about 6.6e11."""
    number, signs = int(digest, 16), []
    for _ in range(_LENGTH):
        number, place = divmod(number, len(ALPHABET))
        signs.append(ALPHABET[place])
    return f"{''.join(signs[:4])}-{''.join(signs[4:])}"


def read_code(text: str) -> str:
    """Bring a code as typed (small letters, blanks, no hyphen) to its form; else as it stands."""
    bare = re.sub(r"[\s\-—－]", "", text).upper()
    return f"{bare[:4]}-{bare[4:]}" if len(bare) == _LENGTH else text.strip()[:20]
