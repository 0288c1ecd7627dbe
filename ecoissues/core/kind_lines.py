"""Where in a TOML text a key stands: maps key paths to line numbers, for messages to authors.

``tomllib`` gives values without positions. This scanner reads only the shape (headers, keys,
arrays, inline tables, strings) of a text that ``tomllib`` has accepted.
"""

from __future__ import annotations

import re
from bisect import bisect_right

#: Path of a key: names and, inside arrays, indexes; ("steps", 3, "roles", 0).
KeyPath = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r]|#[^\n]*)*")
_BLANK_LINES = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}\n#]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)


class LineMap:
    """Lines of the keys of one text; ``find`` answers for any path, the nearest known one."""

    def __init__(self, text: str) -> None:
        self._lines = _Scanner(text).scan()

    def find(self, path: KeyPath) -> int:
        """Give the line (from 1) of a path, or of the closest thing that encloses it."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return line
        return 1


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self.lines: dict[KeyPath, int] = {}
        self.counts: dict[KeyPath, int] = {}

    def scan(self) -> dict[KeyPath, int]:
        """Read the whole text; a text that is not TOML gives what was understood so far."""
        table: KeyPath = ()
        self._skip(_BLANK_LINES)
        while self.at < len(self.text):
            before = self.at
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK_LINES)
            if self.at == before:
                break
        return self.lines

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _record(self, path: KeyPath) -> None:
        self.lines.setdefault(path, bisect_right(self.starts, self.at))

    def _key(self) -> tuple[str, ...]:
        """Read a key, dotted or quoted."""
        parts: list[str] = []
        while match := (_STRING if self._peek() in "\"'" else _BARE_KEY).match(self.text, self.at):
            self.at = match.end()
            found = match.group()
            parts.append(found.strip("\"'") if found[0] in "\"'" else found)
            self._skip(_BLANK)
            if self._peek() != ".":
                break
            self.at += 1
            self._skip(_BLANK)
        return tuple(parts)

    def _header(self) -> KeyPath:
        """Read ``[a.b]`` or ``[[a.b]]`` and give the path its keys belong to."""
        begin = self.at
        many = self.text.startswith("[[", self.at)
        self.at += 2 if many else 1
        self._skip(_BLANK)
        path: KeyPath = ()
        parts = self._key()
        for depth, part in enumerate(parts, start=1):
            path += (part,)
            if many and depth == len(parts):
                self.counts[path] = self.counts.get(path, -1) + 1
            if path in self.counts:
                path += (self.counts[path],)
        after, self.at = self.at, begin
        for length in range(1, len(path) + 1):
            self._record(path[:length])
        self.at = after
        while self._peek() == "]":
            self.at += 1
        return path

    def _pair(self, table: KeyPath) -> None:
        begin = self.at
        path = table + self._key()
        after, self.at = self.at, begin
        for length in range(len(table) + 1, len(path) + 1):
            self._record(path[:length])
        self.at = after
        self._skip(_BLANK)
        if self._peek() == "=":
            self.at += 1
            self._skip(_BLANK)
            self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._record(path)
        opening = self._peek()
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            match = _STRING.match(self.text, self.at) or _BARE_VALUE.match(self.text, self.at)
            self.at = match.end() if match else len(self.text)

    def _array(self, path: KeyPath) -> None:
        self.at += 1
        index = 0
        while self.at < len(self.text):
            self._skip(_BLANK_LINES)
            if self._peek() == "]":
                self.at += 1
                return
            before = self.at
            self._value((*path, index))
            index += 1
            self._skip(_BLANK_LINES)
            if self._peek() == ",":
                self.at += 1
            if self.at == before:
                return

    def _inline_table(self, path: KeyPath) -> None:
        self.at += 1
        while self.at < len(self.text):
            before = self.at
            self._skip(_BLANK_LINES)
            if self._peek() == "}":
                self.at += 1
                return
            self._pair(path)
            self._skip(_BLANK_LINES)
            if self._peek() == ",":
                self.at += 1
            if self.at == before:
                return
