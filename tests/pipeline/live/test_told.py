"""What the events of a folder come to: read once, then only what was told since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given as given_by
from hypothesis import settings
from hypothesis import strategies as st

from reidtrack.errors import InputError
from reidtrack.events import Event, IdentityGiven, Merged, Split, Stopped, TrackletEnded, TrackletStarted
from reidtrack.pipeline.live.number_runs import NumberRuns
from reidtrack.pipeline.live.told import Told
from reidtrack.runs.event_log import EventLog

ORIGIN = datetime(2026, 11, 30, 9, tzinfo=UTC)


def given(number: int) -> IdentityGiven:
    return IdentityGiven(time_s=0.0, camera="a", track_id=number, identity=number, provisional=True)


def begun(number: int) -> TrackletStarted:
    return TrackletStarted(time_s=0.0, camera="a", track_id=number)


def ended(number: int) -> TrackletEnded:
    return TrackletEnded(time_s=0.0, camera="a", track_id=number)


def merged(number: int, into: int) -> Merged:
    return Merged(time_s=0.0, from_=number, into=into)


CASES = [
    pytest.param([], 0, 0, [], id="nothing"),
    pytest.param([given(1)], 1, 1, [], id="one"),
    pytest.param([given(3), given(1), given(3)], 2, 3, [], id="one was never told of"),
    pytest.param([given(1), given(2), merged(2, 1)], 1, 2, [], id="merged"),
    pytest.param(
        [given(1), Split(time_s=0.0, from_=1, into=2, tracklets=(("a", 4),)), merged(2, 1)], 1, 2, [], id="split"
    ),
    pytest.param([begun(1), begun(2), ended(1), Stopped(time_s=0.0, reason="asked to")], 0, 0, [("a", 2)], id="tracks"),
]


@pytest.mark.parametrize(("events", "people", "highest", "tracks"), CASES)
@pytest.mark.parametrize("stored_after", [None, 0, 1, 2, 9])
def test_stored_and_read_it_is_what_was_noted(
    tmp_path: Path,
    events: Sequence[Event],
    people: int,
    highest: int,
    tracks: list[tuple[str, int]],
    stored_after: int | None,
) -> None:
    """Wherever it was stored, and also if it knew more than the log held by then."""
    told, path, state = Told(), tmp_path / "events.jsonl", None
    log = EventLog(path, ORIGIN)
    for number, event in enumerate(events):
        if number == stored_after:
            told.note(event)  # told by another thread at this moment
            state = told.array(log.end)
        told.note(event)
        log.append(event)
    if stored_after == 9:
        state = told.array(log.end)
    log.close()
    for found in (told, Told.read(state, path)):
        assert (found.people, found.highest, found.open_tracks()) == (people, highest, tracks)


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with_log = EventLog(path, ORIGIN)
    told = Told()
    for event in (given(1), given(2)):
        told.note(event)
        with_log.append(event)
    state = told.array(with_log.end)
    with_log.append(given(3))
    with_log.close()
    text = path.read_bytes()
    path.write_bytes(b"x" + text[1:])  # which is not looked at
    assert Told.read(dict(state), path).people == 3
    path.write_bytes(text[: len(text) // 3])  # another log by now: what stands, stands
    assert Told.read(dict(state), path).highest == 2


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("dear", id="no json"),
        pytest.param("[]", id="another kind"),
        pytest.param("{}", id="nothing in it"),
        pytest.param(json.dumps({"log_bytes": 9, "highest": 1, "unused": [7], "open": []}), id="impossible"),
        pytest.param(json.dumps({"log_bytes": 9, "highest": 9, "unused": [[1, 4], [3, 5]], "open": []}), id="twice"),
    ],
)
def test_what_cannot_be_read_is_made_anew(tmp_path: Path, text: str) -> None:
    path = tmp_path / "events.jsonl"
    log = EventLog(path, ORIGIN)
    log.append(given(1))
    log.close()
    found = Told.read({"told": np.frombuffer(text.encode(), np.uint8)}, path)
    assert (found.people, found.highest) == (1, 1)


def test_numbers_of_other_folders_take_no_room(tmp_path: Path) -> None:
    """A folder that sees one in a thousand of a site's people remembers its own alone."""
    told = Told()
    for number in range(1000, 1_000_000, 1000):
        told.note(given(number))
    told.note(merged(5000, 4000))
    state = told.array(0)
    assert (told.people, told.highest) == (998, 999_000)
    assert len(state["told"]) < 25_000
    found = Told.read(state, tmp_path / "events.jsonl")
    assert (found.people, found.highest) == (998, 999_000)
    assert [number for number in range(3999, 5002) if found.stands(number)] == [4000]


def test_what_was_stored_before_there_were_runs_is_read(tmp_path: Path) -> None:
    text = json.dumps({"log_bytes": 0, "highest": 6, "unused": [2, 3, 5], "open": []})
    found = Told.read({"told": np.frombuffer(text.encode(), np.uint8)}, tmp_path / "events.jsonl")
    assert [number for number in range(9) if found.stands(number)] == [1, 4, 6]


@settings(max_examples=50, deadline=None)
@given_by(st.lists(st.tuples(st.booleans(), st.integers(1, 30)), max_size=60))
def test_runs_are_a_set(steps: list[tuple[bool, int]]) -> None:
    runs, expected = NumberRuns(), set[int]()
    for adds, number in steps:
        if adds and number not in expected:
            runs.add(number, number)
            expected.add(number)
        elif not adds:
            runs.discard(number)
            expected.discard(number)
    assert {number for number in range(32) if number in runs} == expected
    assert len(runs) == len(expected)
    assert NumberRuns(runs.runs()).runs() == runs.runs()  # in order, and none touches another


@pytest.mark.parametrize("number", [10**12, 0, -1])
def test_a_number_that_cannot_be_is_an_error(tmp_path: Path, number: int) -> None:
    path = tmp_path / "events.jsonl"
    log = EventLog(path, ORIGIN)
    log.append(given(number))
    log.close()
    with pytest.raises(InputError, match="another kind"):
        Told.read(None, path)
