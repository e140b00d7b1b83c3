"""What corrections mean for tracklets, and which cannot all be true."""

from __future__ import annotations

import pytest
from associate.people_data import directions, tracklet

from reidtrack.corrections.constraints import Constraints, constrain, pairs_of
from reidtrack.corrections.cut import cut
from reidtrack.corrections.parse import parse
from reidtrack.errors import ConfigError
from reidtrack.types import Identity, Tracklet

PERSON = directions(8, seed=1)


def visits() -> list[Tracklet]:
    """Two side by side in `hall` from 0 s to 4.9 s and one from 10 s; two in `door`, 20 s and 30 s."""
    places = [("hall", 1, 0), ("hall", 2, 0), ("hall", 3, 100), ("door", 1, 200), ("door", 2, 300)]
    return [tracklet(camera, number, PERSON[0], first) for camera, number, first in places]


def constrained(text: str, tracklets: list[Tracklet] | None = None) -> Constraints:
    corrections = parse(text, "c.yaml")
    return constrain(cut(tracklets or visits(), corrections), corrections)


def test_nothing_said() -> None:
    assert constrained("") == Constraints()


def test_merge_and_apart_and_what_they_teach() -> None:
    found = constrained("- merge: [hall 1, hall 3, door 1]\n- apart: [hall 2, [door 1, door 2]]")
    a, b, c, d, e = (t.key for t in visits())
    assert set(found.must_link) == {(a, c), (a, d), (c, d)}
    assert set(found.cannot_link) == {(b, d), (b, e)}
    same = {(a, c, True, 1 / 3), (a, d, True, 1 / 3), (c, d, True, 1 / 3)}
    assert set(found.feedback) == same | {(b, d, False, 0.5), (b, e, False, 0.5)}


def test_lock_keeps_all_others_out_and_teaches_who_is_in() -> None:
    found = constrained("- lock: [hall 1, door 1]\n- ignore: door 2")
    assert set(found.must_link) == {(("hall", 1), ("door", 1))}
    assert set(found.cannot_link) == {(("hall", 1), ("hall", 2)), (("hall", 1), ("hall", 3))}
    assert found.feedback == ((("hall", 1), ("door", 1), True, 1.0),)
    assert found.ignored == {("door", 2)}


def test_names_are_people() -> None:
    text = (
        "- {name: Anna, tracklet: hall 1}\n- {name: Ben, tracklet: hall 2}\n- {name: Anna, tracklet: [door 1, hall 3]}"
    )
    found = constrained(text)
    assert found.names == {("hall", 1): "Anna", ("door", 1): "Anna", ("hall", 3): "Anna", ("hall", 2): "Ben"}
    assert (("hall", 1), ("door", 1)) in found.must_link
    assert found.cannot_link == ((("hall", 1), ("hall", 2)),)
    people = [Identity(1, (visits()[0],), PERSON[0].astype("f4")), Identity(2, (visits()[4],), PERSON[0].astype("f4"))]
    assert [who.name for who in found.named(people)] == ["Anna", None]


def test_a_cut_has_the_person_before_it_and_the_one_behind() -> None:
    corrections = parse("- {split: hall 3, at_s: 12}\n- {split: hall 3, at_s: 13.05}\n- ignore: hall 3@12.5", "c.yaml")
    parts = cut(visits(), corrections)
    first, second, third = (t for t in parts if (t.camera, t.logged_id) == ("hall", 3))
    assert [(t.track_id, t.split_from) for t in (first, second, third)] == [(3, None), (4, 3), (5, 3)]
    assert (first.last_time_s, second.first_time_s, second.last_time_s, third.first_time_s) == (11.9, 12, 13, 13.1)
    whole = visits()[2]
    assert sum(len(t) for t in (first, second, third)) == len(whole)
    assert sum(len(t.features) for t in (first, second, third)) == len(whole.features)
    assert all(set(t.feature_frame) <= set(t.frame) for t in (first, second, third))
    found = constrain(parts, corrections)
    assert found.ignored == {("hall", 4)}
    assert found.cannot_link == ()  # of both cuts one side is nobody
    assert constrain(parts, parse("- {split: hall 3, at_s: 12}", "c.yaml")).cannot_link == ((("hall", 3), ("hall", 4)),)


def test_what_is_ignored_contradicts_nothing() -> None:
    found = constrained("- merge: [hall 1, hall 2]\n- ignore: hall 2\n- {name: Anna, tracklet: hall 2}")
    assert found.must_link == ()
    assert found.names == {}


def test_pairs_of_tracks_that_come_later() -> None:
    text = "- merge: [hall 1, door 2, hall 3@2]\n- lock: hall 9\n- ignore: yard 4\n- merge: [yard 4, hall 1]\n"
    said = parse(text + "- apart: [hall 1, [yard 4, yard 5]]", "c.yaml")
    assert pairs_of(said) == ([(("hall", 1), ("door", 2))], [(("hall", 1), ("yard", 5))])
    with pytest.raises(ConfigError, match=r"c\.yaml:5: hall 1 and door 2 cannot be two people.*line 1 makes them one"):
        pairs_of(parse(text + "- apart: [hall 1, door 2]", "c.yaml"))


def test_a_part_that_association_cut_off_is_named_by_a_time() -> None:
    tracklets = visits()
    part = tracklets[2].part(tracklets[2].frame >= 130, tracklets[2].feature_frame >= 130)
    first = tracklets[2].part(tracklets[2].frame < 130, tracklets[2].feature_frame < 130)
    tracklets[2:3] = [first, Tracklet(**{**fields(part), "track_id": 4, "split_from": 3})]
    assert constrained("- ignore: hall 3@14", tracklets).ignored == {("hall", 4)}
    assert constrained("- ignore: hall 3", tracklets).ignored == {("hall", 3)}
    with pytest.raises(ConfigError, match=r"hall 4 is a part of a track.*expected 'hall 3@14'"):
        constrained("- ignore: hall 4", tracklets)


def fields(of: Tracklet) -> dict[str, object]:
    return {name: getattr(of, name) for name in Tracklet.__slots__}


TWO = "- merge: [hall 1, door 1]\n- merge: [door 1, door 2]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("- merge: [hall 1, hall 9]", "c.yaml:1: there is no tracklet hall 9 (expected hall 1 to 3)",
                     id="track"),
        pytest.param("- lock: lobby 1", "c.yaml:1: there is no camera 'lobby' (expected one of door, hall)",
                     id="camera"),
        pytest.param("- {split: hall 8, at_s: 1}", "c.yaml:1: there is no tracklet hall 8", id="track of a split"),
        pytest.param("- {split: hall 3, at_s: 10}", "cannot be split at 10 s (expected a time after 10 and up to 14.9",
                     id="the first moment"),
        pytest.param("- {split: hall 3, at_s: 15}", "cannot be split at 15 s", id="a time after the end"),
        pytest.param("- ignore: hall 3@9.9", "hall 3@9.9 is not in sight then (expected a time from 10 to 14.9 s)",
                     id="time outside"),
        pytest.param("- merge: [hall 1, hall 2]", "hall 1 and hall 2 cannot be one person: both are in sight at 0 s",
                     id="side by side"),
        pytest.param("- merge: [hall 1, door 1]\n- merge: [hall 2, door 1]",
                     "c.yaml:2: hall 1 and hall 2 cannot be one person: both are in sight at 0 s (expected tracklets "
                     "that are never in sight together); see also line 1", id="side by side by a detour"),
        pytest.param(TWO + "- apart: [hall 1, door 2]", "c.yaml:3: hall 1 and door 2 cannot be two people (expected "
                     "corrections that can all be true); lines 1, 2 make them one; delete one of the lines",
                     id="apart"),
        pytest.param("- apart: [hall 1, door 2]\n" + TWO, "c.yaml:3: hall 1 and door 2 cannot be one person (expected "
                     "corrections that can all be true); line 1 makes them two (see also line 2)", id="apart before"),
        pytest.param("- lock: [hall 1, door 1]\n- merge: [door 1, door 2]", "c.yaml:2: hall 1 and door 2 cannot be one "
                     "person (expected corrections that can all be true); line 1 makes them two", id="into a lock"),
        pytest.param("- merge: [door 1, door 2]\n- lock: [hall 1, door 1]", "c.yaml:2: hall 1 and door 2 cannot be two",
                     id="a lock that leaves one out"),
        pytest.param("- lock: [hall 1, door 1]\n- lock: [door 1, door 2]", "c.yaml:2", id="two locks"),
        pytest.param("- {name: Anna, tracklet: hall 1}\n- {name: Ben, tracklet: hall 1}",
                     "hall 1 is called 'Anna' already", id="two names"),
        pytest.param("- {name: Anna, tracklet: hall 1}\n- {name: Ben, tracklet: door 1}\n- merge: [hall 1, door 1]",
                     "c.yaml:3: hall 1 and door 1 cannot be one person", id="two names of one person"),
        pytest.param("- {name: Anna, tracklet: hall 1}\n- {name: Anna, tracklet: hall 2}", "both are in sight at 0 s",
                     id="one name for two people"),
        pytest.param("- apart: [hall 1, hall 1]", "hall 1 stands on both sides", id="apart from itself"),
        pytest.param("- {split: hall 3, at_s: 12}\n- merge: [hall 3@11, hall 3@13]", "c.yaml:2: hall 3 and hall 3@13.5 "
                     "cannot be one person (expected corrections that can all be true); line 1 makes them two",
                     id="a cut"),
    ],
)  # fmt: skip
def test_what_cannot_be(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        constrained(text)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert caught.value.exit_code == 2
