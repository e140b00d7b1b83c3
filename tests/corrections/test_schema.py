"""The file of corrections: what is understood, what is refused in one line, and edits that leave the rest alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.corrections.edit import HEADER, append, remove
from reidtrack.corrections.parse import parse
from reidtrack.corrections.schema import (
    Apart,
    Ignore,
    Lock,
    Merge,
    Name,
    Split,
    TrackletRef,
)
from reidtrack.errors import ConfigError

HALL = TrackletRef(camera="hall", track_id=3)
DOOR = TrackletRef(camera="front door", track_id=7, time_s=14.2)

WHOLE = """\
# who is who
- merge: [hall 3, front door 7@14.2]   # one
- apart: [hall 3, [front door 7@14.2, hall 4]]

- split: hall 3
  at_s: 12.5
# the boss
- {name: Anna, tracklet: hall 3}
- lock: [hall 3, {camera: front door, track_id: 7, time_s: 14.2}]
- ignore: hall 3
"""


def test_everything_that_can_be_said() -> None:
    found = parse(WHOLE, "c.yaml")
    assert [c.entry for c in found.entries] == [
        Merge(merge=(HALL, DOOR)),
        Apart(apart=((HALL,), (DOOR, TrackletRef(camera="hall", track_id=4)))),
        Split(split=HALL, at_s=12.5),
        Name(name="Anna", tracklet=(HALL,)),
        Lock(lock=(HALL, DOOR)),
        Ignore(ignore=(HALL,)),
    ]
    assert [(c.line, c.last_line) for c in found.entries] == [(2, 2), (3, 3), (5, 6), (8, 8), (9, 9), (10, 10)]


@pytest.mark.parametrize("text", ["", "\n", "# nothing yet\n", "---\n", "[]\n"])
def test_a_file_that_says_nothing(text: str) -> None:
    assert parse(text, "c.yaml").entries == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("- merge: [a 1, a 2", "c.yaml:1: is not valid YAML", id="no YAML"),
        pytest.param("- name: 2024-13-45", "c.yaml: is not valid YAML", id="no date"),
        pytest.param("merge: [a 1, a 2]", "c.yaml: is not a list", id="no list"),
        pytest.param("- a 1", "c.yaml:1: 'a 1' is no correction", id="no mapping"),
        pytest.param("- merg: [a 1, a 2]", "c.yaml:1: unknown correction 'merg'; did you mean 'merge'?", id="verb"),
        pytest.param("- delete: a 1", "known are merge, apart, split, lock, name, ignore", id="another verb"),
        pytest.param("- merge: [3, 7]", "`reidtrack merge DIR 3 7` writes such lines", id="numbers of identities"),
        pytest.param("- merge: [hall, door]", "merge: got 'hall' (expected a tracklet, CAMERA TRACK", id="cameras"),
        pytest.param("- merge: [a 1]", "merge has 1 of them (expected a list of 2 or more)", id="one alone"),
        pytest.param("- apart: a 1", "apart: got 'a 1' (expected a list)", id="one side, bare"),
        pytest.param("- apart: [a 1]", "apart has 1 of them (expected a list of 2 or more)", id="one side"),
        pytest.param("- ignore: []", "ignore has 0 of them (expected a list of 1 or more)", id="nobody"),
        pytest.param("- split: a 1", "c.yaml:1: split lacks 'at_s' (expected split and at_s)", id="no time"),
        pytest.param("- {split: a 1, at: 3}", "unknown key 'at' in split; did you mean 'at_s'?", id="key"),
        pytest.param("- {split: a 1, at_s: noon}", "at_s: got 'noon' (expected a valid number", id="no number"),
        pytest.param("- {split: a 1@2, at_s: 3}", "CAMERA TRACK without a time; at_s says when", id="two times"),
        pytest.param("- name: Anna", "name lacks 'tracklet' (expected name and tracklet)", id="a name of nobody"),
        pytest.param("- {name: '7', tracklet: a 1}", "a name of letters", id="a number for a name"),
        pytest.param("- {name: ' ', tracklet: a 1}", "a name of letters", id="an empty name"),
        pytest.param("- {name: yes, tracklet: a 1}", "name: got True", id="a name that YAML reads as another thing"),
        pytest.param("- merge: [a 1, a 0]", "got '0'", id="track 0"),
        pytest.param("- merge: [{camera: a, track: 1}, a 2]", "did you mean 'track_id'?", id="key of a tracklet"),
        pytest.param("- merge: [a 1, a 2]\n  ignore: a 3", "give each correction a dash of its own", id="two verbs"),
        pytest.param("- merge: [a 1, a 2]\n  merge: [a 3, a 4]", "c.yaml:2: 'merge' stands twice", id="twice"),
        pytest.param(f"- ignore: a{' ' * 50_000}x", "16,384 letters", id="50,000 spaces"),
        pytest.param(f"- ignore: a{' ' * 16_000}x", "ignore: got", id="16,000 spaces"),
        pytest.param(f"- ignore: a 1{'@' * 16_000}", "ignore: got", id="many times"),
        pytest.param(f"- ignore: a {'1' * 5000}", "ignore", id="a number of 5,000 digits"),
        pytest.param("- ignore: ''", "ignore: got ''", id="nothing"),
        pytest.param("- {split: a 1, at_s: .inf}", "at_s: got inf", id="a time without end"),
        pytest.param("- {split: a 1, at_s: .nan}", "at_s: got nan", id="no time"),
        pytest.param(f"- ignore: a 1@{'9' * 400}", "a finite number", id="a time of 400 digits"),
        pytest.param("- ignore: a ²", "got 'a ²'", id="a superscript"),
        pytest.param("- ignore: a 1\n\n# and\n- ignore: a", "c.yaml:4: ignore: got 'a'", id="the line is told"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text, "c.yaml")
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="no file"),
        pytest.param(WHOLE, id="comments and all"),
        pytest.param(WHOLE.rstrip("\n"), id="no newline at the end"),
        pytest.param("  - ignore: hall 9\n  # end\n", id="indented"),
        pytest.param("-\n  ignore: hall 9\n", id="a dash on a line of its own"),
        pytest.param("---\n# mine\n", id="comments alone"),
    ],
)
def test_added_and_taken_back(text: str) -> None:
    called = Name(name="Ann: 'x' #", tracklet=(HALL,))
    entries = [Merge(merge=(HALL, DOOR)), Apart(apart=((HALL,), (DOOR, HALL))), called]
    longer = append(text, [(entry, "why") for entry in entries], "c.yaml")
    assert longer.startswith(text or HEADER)
    found = parse(longer, "c.yaml")
    assert [c.entry for c in found.entries[-3:]] == entries
    without = remove(longer, found.entries[-3:])
    assert without.rstrip("\n") == (text or HEADER).rstrip("\n")


def test_each_can_be_taken_back_alone() -> None:
    found = parse(WHOLE, "c.yaml")
    for gone in found.entries:
        text = remove(WHOLE, [gone])
        assert [c.entry for c in parse(text, "c.yaml").entries] == [c.entry for c in found.entries if c is not gone]
        assert "# who is who" in text
        assert "# the boss" in text


@pytest.mark.parametrize("text", ["[{ignore: a 1}]\n", "- ignore: a 1\n...\n"])
def test_a_file_that_cannot_be_added_to(text: str) -> None:
    with pytest.raises(ConfigError, match=r"c\.yaml: cannot be added to"):
        append(text, [(Ignore(ignore=(HALL,)), "")], "c.yaml")


names = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)


@settings(max_examples=50, deadline=None)
@given(camera=names, track=st.integers(1, 10**6), time=st.none() | st.integers(-(10**7), 10**7), called=names)
def test_any_camera_and_any_name_are_read_back(camera: str, track: int, time: int | None, called: str) -> None:
    place = TrackletRef(camera=camera, track_id=track, time_s=None if time is None else time / 100)
    if called.isdigit():
        called += "x"
    entries = [Ignore(ignore=(place,)), Name(name=called, tracklet=(place,)), Lock(lock=(place, HALL))]
    found = parse(append("", [(entry, "") for entry in entries], "c.yaml"), "c.yaml")
    assert [c.entry for c in found.entries] == entries
