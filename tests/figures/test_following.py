"""What one more event posts is the difference of the whole function, however it is found."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ecoissues.core.events import Event, live
from ecoissues.core.life import Life, fold
from ecoissues.figures.following import Following, following_change, follows_on
from ecoissues.figures.standing import difference, standing_rows
from tests.examples import examples
from tests.figures.world import LISTS, clock, event, small_tree

TREE, IDS = small_tree(), {LISTS[0]: 1, LISTS[1]: 2}
BEGIN = date(2024, 1, 30)
PHASES = ("open", "phase_closed", "completed", "closed", "reviewed", "void")

parties = st.lists(
    st.sampled_from(["N1", "N2", "N1T", "S1", "WATER", "CITY"]), min_size=1, max_size=3, unique=True
).map(lambda codes: [[code, "joint" if place else "lead"] for place, code in enumerate(codes)])
some_clock = st.builds(
    lambda op, due, slot: clock(op, BEGIN + timedelta(due), slot, "closed", "reported"),
    st.sampled_from(["set", "reset", "extend", "suspend", "resume"]),
    st.integers(-3, 20),
    st.sampled_from(["report", "finish", "wait"]),
)
def own_standing(phase: str) -> dict[str, str]:
    return {"list": LISTS[1], "state": f"there-{phase}", "phase": phase}


facts = st.fixed_dictionaries(
    {},
    optional={
        "parties": parties,
        "types": st.lists(st.sampled_from(["water", "air"]), max_size=2, unique=True),
        "weight": st.sampled_from(["key", "normal"]),
        "verdict": st.sampled_from(["substantiated", "unsubstantiated"]),
        "marks": st.lists(st.sampled_from(["reported", "replied"]), max_size=2, unique=True),
        "clocks": st.dictionaries(st.sampled_from(["report", "finish"]), some_clock, max_size=2),
        "placed": st.just(LISTS[1]),
        "unplaced": st.just(LISTS[1]),
        "placement": st.sampled_from(PHASES[:-1]).map(own_standing),
    },
)
#: (days after the one before or back, phase or None: it stays, facts)
steps = st.lists(
    st.tuples(st.integers(-2, 4), st.sampled_from([None, *PHASES]), facts), min_size=1, max_size=8
)


def written(drawn: list[tuple[int, str | None, dict[str, Any]]]) -> list[Event]:
    events: list[Event] = []
    day, state, phase = BEGIN, "", "open"
    for seq, (after, moved, more) in enumerate(drawn, 1):
        day = max(BEGIN, day + timedelta(after)) if events else BEGIN
        target = f"{moved or phase}-{seq}" if moved or not events else state
        phase = moved or phase
        events.append(event(seq, day, state, target, phase, **more))
        state = target
    return events


@given(steps)
@examples(400)
def test_it_is_the_difference_of_the_whole_function(
    drawn: list[tuple[int, str | None, dict[str, Any]]],
) -> None:
    events, where = written(drawn), (TREE, IDS, LISTS[0])
    walk = Following(Life(), *where)
    for known in range(len(events)):
        before, now = events[:known], events[known]
        life = fold(before)
        if not follows_on(life, now):
            walk = Following(fold(live(events[: known + 1])), *where)
            continue
        found = dict(following_change(life, before, now, *where))
        # What one walk sees after an event is what stands before the next.
        assert dict(walk.change(before, now)) == found
        whole = events[: known + 1]
        assert found == dict(
            difference(
                standing_rows(live(before), TREE, IDS, LISTS[0]),
                standing_rows(live(whole), TREE, IDS, LISTS[0]),
            )
        )
        again = fold(whole)
        assert (life.state, life.phase, life.seq) == (again.state, again.phase, again.seq)
        assert life.clocks.keys() == again.clocks.keys()
        assert {code: (own.state, own.phase) for code, own in life.placements.items()} == {
            code: (own.state, own.phase) for code, own in again.placements.items()
        }


def test_an_earlier_day_or_a_correction_takes_the_definition() -> None:
    first = event(1, BEGIN, "", "registered", "open")
    life = fold([first])
    assert follows_on(life, event(2, BEGIN, "registered", "closed", "closed"))
    assert not follows_on(life, event(2, BEGIN - timedelta(1), "registered", "closed", "closed"))
    assert not follows_on(life, event(2, BEGIN, "registered", "registered", "open", "strike"))
