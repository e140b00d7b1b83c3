"""`identities.json` read back, and whom a user means."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidtrack.errors import InputError, UsageError
from reidtrack.runs.identities import find_identity, identity_to_json, read_identities
from reidtrack.types import Identity, Link, Tracklet


def tracklet(camera: str, track_id: int, first: int, split_from: int | None = None) -> Tracklet:
    frame, nothing = np.arange(first, first + 4), np.zeros(0, np.int64)
    boxes, score = np.tile(np.array([[0, 0, 4, 9]], np.float32), (4, 1)), np.ones(4, np.float32)
    features, quality = np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
    made = Tracklet(camera, track_id, frame, frame / 2, boxes, score, features, nothing, quality)
    return made if split_from is None else replace(made, split_from=split_from)


NOBODY = np.zeros(4, np.float32)
LINK = Link(("b", 4), ("a", 1), 0.25, 0.5, {"overlap": 0.125}, 0.9)
PEOPLE = [
    Identity(1, (tracklet("a", 1, 0), tracklet("b", 4, 2)), NOBODY, (LINK,), name="Anna"),
    Identity(2, (tracklet("a", 3, 8, split_from=1),), NOBODY),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "identities.json"
    file.write_text(json.dumps([identity_to_json(identity) for identity in PEOPLE]))
    return file


def test_what_was_written_is_read(path: Path) -> None:
    anna, other = read_identities(path)
    assert (anna.id, anna.name, anna.cameras) == (1, "Anna", ("a", "b"))
    first, second = anna.tracklets
    assert first.key == ("a", 1)
    assert first.link is None
    assert second.link is not None
    assert (second.link.key, second.link.distance, second.link.terms) == (("a", 1), 0.25, {"overlap": 0.125})
    assert [(t.track_id, t.logged_id, t.first_frame, t.last_frame) for t in other.tracklets] == [(3, 1, 8, 11)]
    assert [str(ref) for ref in (*anna.refs, *other.refs)] == ["a 1@0.75", "b 4", "a 1@4.75"]


@pytest.mark.parametrize(
    ("probability", "expected"), [pytest.param(0.9, 0.9, id="calibrated"), pytest.param(None, -0.25, id="not")]
)
def test_how_sure_a_link_is(path: Path, probability: float | None, expected: float) -> None:
    link = replace(LINK, probability=probability)
    path.write_text(json.dumps([identity_to_json(replace(PEOPLE[0], links=(link,)))]))
    found = read_identities(path)[0].tracklets[1].link
    assert found is not None
    assert found.sureness == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(None, id="no file"),
        pytest.param("[", id="no JSON"),
        pytest.param('{"id": 1}', id="no list"),
        pytest.param('[{"id": 1, "cameras": [], "tracklets": [{}]}]', id="a tracklet without its parts"),
        *(
            pytest.param(json.dumps([{"id": 1, "name": name, "cameras": [], "tracklets": []}]), id=f"named {what}")
            for what, name in [
                ("a number", 7),
                ("a list", ["Anna"]),
                ("nothing", ""),
                ("an escape sequence", "\x1b[31mAnna"),
                ("two lines", "Anna\nBen"),
                ("a megabyte", "A" * 1_000_000),
            ]
        ),
    ],
)
def test_what_cannot_be_read_says_what_to_do(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "identities.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=r"identities\.json: (cannot be read|is not JSON); run `reidtrack associate "):
        read_identities(file)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("2", (2, None), id="a number"),
        pytest.param("anna", (1, None), id="a name"),
        pytest.param("b 4", (1, ("b", 4)), id="a tracklet"),
        pytest.param("a 1", (1, ("a", 1)), id="the part that kept its track's id"),
        pytest.param("a 3", (2, ("a", 3)), id="the other part"),
        pytest.param("a 1@4.5", (2, ("a", 3)), id="a track at a time"),
    ],
)
def test_whom_a_word_means(path: Path, word: str, expected: tuple[int, Any]) -> None:
    person, found = find_identity(read_identities(path), word)
    assert (person.id, None if found is None else found.key) == expected


@pytest.mark.parametrize(
    ("word", "said"),
    [
        pytest.param("3", r"there is no person 3 \(expected a number from 1 to 2\)", id="a number"),
        pytest.param("Ana", "there is nobody 'Ana'.*did you mean 'Anna'", id="nearly a name"),
        pytest.param("c 1", "there is no tracklet 'c 1'.*cameras: a, b", id="no camera"),
        pytest.param("a 1@99", "there is no tracklet", id="another time"),
    ],
)
def test_nobody_is_meant(path: Path, word: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        find_identity(read_identities(path), word)
