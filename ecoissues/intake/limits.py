"""How large a sheet may be. One place, so that pages can state the limits before an upload."""

from __future__ import annotations

from dataclasses import dataclass, replace

MEBI = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one file; beyond any of them the file is refused, never cut.

    Sizes are bytes, times seconds. ``ratio`` is unpacked over packed and is applied to archive
    parts above ``ratio_from`` bytes only, since small repetitive parts compress well lawfully.
    ``cell_chars`` is what a spreadsheet program itself allows in one cell.
    """

    file_bytes: int = 30 * MEBI
    unpacked_bytes: int = 300 * MEBI
    directory_bytes: int = MEBI
    entries: int = 2_000
    ratio: int = 150
    ratio_from: int = 12 * MEBI
    rows: int = 200_000
    columns: int = 256
    cells: int = 4_000_000
    cell_chars: int = 32_767
    total_chars: int = 120_000_000
    memory_bytes: int = 512 * MEBI
    cpu_seconds: int = 30
    wall_seconds: float = 60.0

    def for_file(self, size: int) -> Limits:
        """Bound the text by the file's size too: a small file that unfolds into millions of
        characters repeats one long text, which no form does."""
        return replace(self, total_chars=min(self.total_chars, 10_000_000 + 16 * size))


#: What a text pasted into a page may hold: a page answers at once, so it is bounded tighter.
PASTED = Limits(file_bytes=4 * MEBI, rows=5_000, wall_seconds=20.0, cpu_seconds=10)
