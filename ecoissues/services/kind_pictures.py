"""A kind drawn: its states from top to bottom, the steps between them as labels on the lines.

A layered layout (fast-sugiyama) places states and steps as nodes of one graph, so that no label
covers another; steps that lead back are turned round for the layout and drawn dashed. Steps that
keep the state, and those possible from everywhere, would only cover the rest: they are listed.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import fast_sugiyama
from msgspec import Struct

from ecoissues.core.kinds import ANY_STATE, Kind, Step

#: Pixels: room of one letter, height of a line, of a state, and between two layers.
_LETTER: Final = 13
_LINE: Final = 16
_GAP: Final = 126
_LAYER: Final = 60
_MARGIN: Final = 12
#: Letters in a line before a label is broken.
_BREAK: Final = 8

_Node = int | str
_Point = tuple[float, float]


class Box(Struct, frozen=True):
    """A state or a step: its middle, its size, the lines of its label (text, y of its base)."""

    code: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[tuple[str, float], ...]
    phase: str = ""
    sort: str = ""

    @property
    def left(self) -> float:
        """The left edge."""
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        """The upper edge."""
        return self.y - self.height / 2


class Line(Struct, frozen=True):
    """A line as an SVG path; ``arrow``: it ends at a state."""

    path: str
    back: bool
    arrow: bool


class Picture(Struct, frozen=True):
    """A drawn kind: size in pixels, states, steps, lines, and the steps that are listed only."""

    width: int
    height: int
    states: tuple[Box, ...]
    steps: tuple[Box, ...]
    lines: tuple[Line, ...]
    listed: tuple[Step, ...]


def draw(kind: Kind) -> Picture:
    """Draw a kind; its first state is on top. A kind that passed its proof always can be drawn."""
    drawn = [step for step in kind.steps if _is_drawn(step)]
    listed = tuple(
        step for step in kind.steps
        if step.to and step not in drawn and step.effect != "register"
    )  # fmt: skip
    edges: list[tuple[_Node, _Node]] = []
    for step in drawn:
        pairs = [(source, f"step:{step.code}") for source in step.sources if source != step.to]
        pairs.append((f"step:{step.code}", step.to))
        edges += [(b, a) if step.sort == "back" else (a, b) for a, b in pairs]
    places, chains = _lay_out(edges)
    boxes: dict[_Node, Box] = {
        node: _box(kind, str(node), x, y) for node, (x, y) in places.items() if isinstance(node, str)
    }
    back = {f"step:{step.code}" for step in drawn if step.sort == "back"}
    lines = [_line(chain, places, boxes, back) for chain in chains]
    width = max((box.left + box.width for box in boxes.values()), default=0)
    width = max([width, *(x for x, _ in places.values())])
    height = max((box.y + box.height / 2 for box in boxes.values()), default=0)
    return Picture(
        round(width + _MARGIN), round(height + _MARGIN),
        tuple(box for node, box in boxes.items() if not str(node).startswith("step:")),
        tuple(box for node, box in boxes.items() if str(node).startswith("step:")),
        tuple(lines), listed,
    )  # fmt: skip


def _is_drawn(step: Step) -> bool:
    moves = bool(step.to) and bool(set(step.sources) - {step.to})
    return moves and ANY_STATE not in step.sources and step.sort != "end"


def _lay_out(
    edges: list[tuple[_Node, _Node]],
) -> tuple[dict[_Node, _Point], list[list[_Node]]]:
    """Give the place of each node and turning point, and each line as the nodes it passes."""
    places: dict[_Node, _Point] = {}
    chains: list[list[_Node]] = []
    offset = 0.0
    names = dict.fromkeys(node for edge in edges for node in edge)
    number = {node: place for place, node in enumerate(names, 1)}
    name = {place: node for node, place in number.items()}
    found = fast_sugiyama.from_edges(
        [(number[a], number[b]) for a, b in edges], vertex_spacing=_GAP, dummy_vertices=True,
        dummy_size=0.35, crossing_minimization="median",
    )  # fmt: skip
    for positions, width, _, parts in found:
        top = max(y for _, (_, y) in positions)
        left = min(x for _, (x, _) in positions)
        layers = sorted({top - y for _, (_, y) in positions})
        for node, (x, y) in positions:
            place = (
                x - left + offset + _MARGIN + _GAP / 2,
                layers.index(top - y) * _LAYER + _MARGIN + _LAYER / 2,
            )
            places[name.get(int(node), int(node))] = place
        onward: dict[_Node, list[_Node]] = {}
        for one, other in parts or ():
            a, b = (name.get(int(node), int(node)) for node in (one, other))
            onward.setdefault(a, []).append(b)
        for start in [node for node in onward if isinstance(node, str)]:
            for following in onward[start]:
                chain: list[_Node] = [start, following]
                while not isinstance(chain[-1], str):
                    chain.append(onward[chain[-1]][0])
                chains.append(chain)
        offset += width + _GAP
    return places, chains


def _box(kind: Kind, node: str, x: float, y: float) -> Box:
    is_step = node.startswith("step:")
    code = node.removeprefix("step:")
    label = kind.step_by_code[code].zh if is_step else kind.state_by_code[code].zh
    texts = _broken(label)
    letters = max(len(text) for text in texts)
    height = len(texts) * _LINE + (4 if is_step else 12)
    first = y - (len(texts) - 1) * _LINE / 2 + 4.5
    lines = tuple((text, round(first + row * _LINE, 1)) for row, text in enumerate(texts))
    return Box(
        code, round(x, 1), round(y, 1), letters * (_LETTER - is_step) + (6 if is_step else 16),
        height, lines,
        "" if is_step else kind.phase_of(code), kind.step_by_code[code].sort if is_step else "",
    )  # fmt: skip


def _broken(label: str) -> list[str]:
    """Break a label into at most two lines of about the same length."""
    if len(label) <= _BREAK:
        return [label]
    middle = (len(label) + 1) // 2
    return [label[:middle], label[middle:]]


def _line(
    chain: list[_Node], places: dict[_Node, _Point], boxes: dict[_Node, Box], back: set[str]
) -> Line:
    is_back = str(chain[0]) in back or str(chain[-1]) in back
    if is_back:
        chain = chain[::-1]
    points = [places[node] for node in chain]
    down = points[-1][1] > points[0][1]
    ends = (_edge(boxes[chain[0]], down), _edge(boxes[chain[-1]], not down))
    points = [ends[0], *points[1:-1], ends[1]]
    path = f"M{points[0][0]:.0f} {points[0][1]:.0f}"
    for (x1, y1), (x2, y2) in pairwise(points):
        half = (y1 + y2) / 2
        path += f"C{x1:.0f} {half:.0f} {x2:.0f} {half:.0f} {x2:.0f} {y2:.0f}"
    return Line(path, is_back, not str(chain[-1]).startswith("step:"))


def _edge(box: Box, lower: bool) -> _Point:
    return box.x, box.y + (box.height / 2 if lower else -box.height / 2)
