"""Whatever is said holds in the result, unless it contradicts itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from associate.people_data import directions, owners, tracklet
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.associate.associate import associate
from reidtrack.associate.evidence import PairTerms
from reidtrack.corrections.apply import Corrected, correct
from reidtrack.corrections.parse import parse
from reidtrack.errors import ConfigError
from reidtrack.types import Identity, Tracklet

PERSON = directions(8, seed=3)
SETTINGS = {"threshold": None, "same_camera_threshold": None, "split_threshold": 0.85, "shrink": 2.0}
VISITS = [(camera, number) for camera in "ab" for number in range(1, 5)]


def visits() -> list[Tracklet]:
    """Four people in two cameras: two side by side at first, the others one after the other."""
    start = {1: 0, 2: 20, 3: 80, 4: 140}
    return [tracklet(c, i, PERSON[i], start[i] + 300 * (c == "b")) for c, i in VISITS]


def settle(text: str, tracklets: Sequence[Tracklet]) -> tuple[list[Identity], Corrected]:
    corrected = correct(tracklets, SETTINGS, parse(text, "c.yaml"))
    return corrected.named(associate(corrected.tracklets, **corrected.settings).identities), corrected


def test_nothing_said_changes_nothing() -> None:
    tracklets = visits()
    corrected = correct(tracklets, SETTINGS, parse("", "c.yaml"))
    assert corrected.tracklets is tracklets
    assert corrected.settings is SETTINGS


def test_what_nobody_would_have_linked_is_merged_and_the_rest_follows() -> None:
    who = owners(settle("- merge: [a 1, b 3]", visits())[0])
    assert who["a", 1] == who["b", 3]
    assert who["a", 2] == who["b", 2]
    assert who["a", 4] == who["b", 4]


def test_what_would_have_been_linked_is_kept_apart() -> None:
    who = owners(settle("- apart: [a 1, b 1]", visits())[0])
    assert who["a", 1] != who["b", 1]


def test_a_lock_keeps_others_out() -> None:
    who = owners(settle("- lock: a 1", visits())[0])
    assert list(who.values()).count(who["a", 1]) == 1


def test_who_is_ignored_is_nobody() -> None:
    who = owners(settle("- ignore: [a 1, b 2]", visits())[0])
    assert set(who) == set(VISITS) - {("a", 1), ("b", 2)}


def test_a_name_stays_with_its_tracklet() -> None:
    text = "- {name: Anna, tracklet: b 4}"
    for more in ("", "\n- ignore: [a 1, a 2, b 1]", "\n- apart: [a 4, b 4]"):
        people = settle(text + more, visits())[0]
        assert {t.key for who in people if who.name == "Anna" for t in who} >= {("b", 4)}
        assert sum(who.name is not None for who in people) == 1


def test_a_persons_word_counts_more_than_any_evidence() -> None:
    """Space and time that rule out what is merged, and are sure of what is parted."""

    def contrary(tracklets: Sequence[Tracklet], *_: object) -> PairTerms:
        row = {t.key: i for i, t in enumerate(tracklets)}
        pairs = np.array([sorted((row["a", 1], row["b", 3])), sorted((row["a", 2], row["b", 2]))])
        return PairTerms(pairs, np.array([-np.inf, 30.0]))

    said = parse("- merge: [a 1, b 3]\n- apart: [a 2, b 2]", "c.yaml")
    corrected = correct(visits(), SETTINGS, said)
    who = owners(associate(corrected.tracklets, **corrected.settings, evidence=[contrary]).identities)
    assert who["a", 1] == who["b", 3]
    assert who["a", 2] != who["b", 2]


def test_a_name_changes_nothing_else() -> None:
    tracklets = visits()
    plain = associate(tracklets, **SETTINGS)
    people, corrected = settle("- {name: Anna, tracklet: b 4}\n- {name: Anna, tracklet: b 4}", tracklets)
    assert owners(people) == owners(plain.identities)
    assert associate(corrected.tracklets, **corrected.settings).threshold == plain.threshold


def test_a_track_that_association_cuts_too_keeps_its_corrections() -> None:
    """The switch at 4 s is found by looks; the parts are called by times, before and after other cuts are made."""
    before, after = tracklet("a", 1, PERSON[0], 0, 40), tracklet("a", 1, PERSON[1], 40, 60)
    columns = ("frame", "time_s", "xyxy", "score", "features", "feature_frame", "feature_quality")
    both = {name: _joined(before, after, name) for name in columns}
    tracklets = [Tracklet("a", 1, **both), *(tracklet("a", i, PERSON[i], 0, 100) for i in range(2, 5))]
    tracklets += [tracklet("b", 1, PERSON[1], 0), tracklet("b", 2, PERSON[5], 200)]
    people, _ = settle("- {name: Anna, tracklet: a 1@8}", tracklets)
    (anna,) = (who for who in people if who.name == "Anna")
    assert {t.logged_id for t in anna if t.camera == "a"} == {1}
    assert all(t.first_time_s > 3 for t in anna if t.camera == "a")
    text = (
        "- {split: a 2, at_s: 5}\n- {name: Anna, tracklet: a 1@8}\n- {split: a 1, at_s: 8.5}\n- merge: [a 1@8.6, b 2]"
    )
    people, _ = settle(text, tracklets)
    who = {(t.camera, t.logged_id, round(t.first_time_s)): i.id for i in people for t in i}
    parts = sorted(start for camera, track, start in who if (camera, track) == ("a", 1))
    assert len(parts) == 3
    assert who["b", 2, 20] == who["a", 1, parts[-1]] != who["a", 1, parts[1]]
    keys = [t.key for i in people for t in i]
    assert len(keys) == len(set(keys))


def _joined(a: Tracklet, b: Tracklet, column: str) -> object:
    return np.concatenate([getattr(a, column), getattr(b, column)])


@pytest.mark.parametrize("seed", range(3))
def test_each_contradiction_teaches_the_threshold(seed: int) -> None:
    """What should not have been joined lowers it, what should have been raises it; what agrees hardly moves it."""
    rng = np.random.default_rng(seed)
    looks = PERSON + 0.12 * rng.normal(size=PERSON.shape)
    tracklets = [tracklet("a", i + 1, looks[i], 0, noise=0.1) for i in range(6)]
    tracklets += [tracklet("b", i + 1, looks[i] + 0.1 * rng.normal(size=looks[i].shape), 20) for i in range(6)]

    def found(text: str) -> float:
        corrected = correct(tracklets, SETTINGS, parse(text, "c.yaml"))
        return associate(corrected.tracklets, **corrected.settings).threshold

    before = found("")
    assert found("- merge: [a 1, b 2]") > before
    assert found("- merge: [a 1, b 2]\n- merge: [a 3, b 4]") > found("- merge: [a 1, b 2]")
    assert found("- apart: [a 1, b 1]") < before
    assert found("- merge: [a 1, b 1]") == pytest.approx(before, abs=0.01)
    corrected = correct(tracklets, {**SETTINGS, "threshold": 0.5}, parse("- merge: [a 1, b 2]", "c.yaml"))
    assert associate(corrected.tracklets, **corrected.settings).threshold == 0.5


places = st.sampled_from([f"{camera} {number}" for camera, number in VISITS])
pairs = st.lists(places, min_size=2, max_size=3, unique=True).map(", ".join)
entries = st.one_of(
    pairs.map("- merge: [{}]".format),
    pairs.map("- apart: [{}]".format),
    st.lists(places, min_size=1, max_size=2, unique=True).map(", ".join).map("- lock: [{}]".format),
    places.map("- ignore: {}".format),
    st.tuples(st.sampled_from(["Anna", "Ben"]), places).map(lambda p: f"- {{name: {p[0]}, tracklet: {p[1]}}}"),
    st.tuples(places, st.integers(1, 48)).map(lambda p: f"- {{split: {p[0]}, at_s: {_start_s(p[0]) + p[1] / 10}}}"),
)


def _start_s(place: str) -> float:
    return next(t.first_time_s for t in visits() if f"{t.camera} {t.track_id}" == place)


@settings(max_examples=100, deadline=None)
@given(st.lists(entries, min_size=1, max_size=5))
def test_what_is_said_holds(said: list[str]) -> None:
    try:
        people, corrected = settle("\n".join(said), visits())
    except ConfigError as error:
        assert "c.yaml:" in str(error)
        return
    who, found = owners(people), corrected.constraints
    assert all(who[a] == who[b] for a, b in found.must_link)
    assert all(who[a] != who[b] for a, b in found.cannot_link)
    assert not found.ignored & set(who)
    names = {i.id: i.name for i in people}
    assert all(names[who[key]] == name for key, name in found.names.items())
    boxes = [(t.camera, frame) for t in visits() for frame in t.frame.tolist()]
    assert sum(len(t) for i in people for t in i) <= len(boxes)
    for identity in people:
        for a, b in itertools.combinations(identity, 2):
            assert a.camera != b.camera or not set(a.frame) & set(b.frame)


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(8)), st.lists(entries, min_size=1, max_size=3))
def test_the_order_of_tracklets_does_not_matter(order: list[int], said: list[str]) -> None:
    tracklets = visits()
    try:
        expected = owners(settle("\n".join(said), tracklets)[0])
    except ConfigError:
        with pytest.raises(ConfigError):
            settle("\n".join(said), [tracklets[i] for i in order])
        return
    assert owners(settle("\n".join(said), [tracklets[i] for i in order])[0]) == expected
