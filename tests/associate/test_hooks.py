"""Evidence beside looks, and a user's word, in the association of a recording."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from associate.people_data import directions, owners, tracklet

from reidtrack.associate.associate import associate
from reidtrack.associate.evidence import Evidence, PairTerms
from reidtrack.types import DoubleArray, Identity, IntArray, Tracklet, TrackletKey

PERSON = directions(12, seed=1)


def people() -> list[Tracklet]:
    """Four people, each in both cameras; one more in `b` of whom nothing is known."""
    seen = [tracklet(camera, i + 1, PERSON[i], 10 * i) for camera in "ab" for i in range(4)]
    return [*seen, tracklet("b", 9, PERSON[5], 300, features=0)]


def saying(*said: tuple[TrackletKey, TrackletKey, float]) -> Evidence:
    """Evidence about some pairs."""

    def judge(tracklets: Sequence[Tracklet], label: IntArray, look: DoubleArray) -> PairTerms:
        place = {t.key: i for i, t in enumerate(tracklets)}
        assert len(label) == len(look) == len(tracklets)
        pairs = np.array([sorted((place[a], place[b])) for a, b, _ in said])
        value = np.array([odds for _, _, odds in said])
        return PairTerms(pairs, value, {"travel_s": np.arange(len(said), dtype=np.float64)})

    return judge


def test_evidence_is_shown_who_was_put_together_by_looks() -> None:
    shown: list[IntArray] = []

    def judge(tracklets: Sequence[Tracklet], label: IntArray, look: DoubleArray) -> PairTerms:
        shown.append(label)
        assert [t.first_time_s for t in tracklets] == sorted(t.first_time_s for t in tracklets)
        return PairTerms.none()

    identities = associate(people(), evidence=[judge]).identities
    assert len(set(shown[0].tolist())) == len(identities) == 5


@pytest.mark.parametrize(
    ("odds", "one"),
    [
        pytest.param(-np.inf, False, id="impossible"),
        pytest.param(-40.0, False, id="speaks more against them than looks for them"),
        pytest.param(-0.1, True, id="little"),
    ],
)
def test_evidence_against_two_who_look_alike(odds: float, one: bool) -> None:
    who = owners(associate(people(), evidence=[saying((("a", 1), ("b", 1), odds))]).identities)
    assert (who["a", 1] == who["b", 1]) == one
    assert who["a", 2] == who["b", 2]


def test_evidence_for_somebody_of_whom_no_looks_are_known() -> None:
    identities = associate(people(), evidence=[saying((("a", 3), ("b", 9), 25.0))]).identities
    who = owners(identities)
    assert who["a", 3] == who["b", 9] == who["b", 3]
    link = next(link for identity in identities for link in identity.links if link.a == ("b", 9))
    assert link.b == ("a", 3)
    assert link.terms == {"travel_s": 0.0, "log_odds": 25.0}


def test_links_name_who_else_looks_alike() -> None:
    tracklets = [*people(), tracklet("a", 20, PERSON[0] + 0.9 * PERSON[1], 200)]
    identities = associate(tracklets, threshold=0.3).identities
    link = next(link for identity in identities for link in identity.links if link.a == ("b", 1))
    assert (link.b, link.runner_up) == (("a", 1), ("a", 20))
    assert link.terms == {}


def test_a_lone_person_has_no_runner_up() -> None:
    (identity,) = associate([tracklet("a", 1, PERSON[0], 0), tracklet("b", 1, PERSON[0], 0)], threshold=2.0).identities
    assert identity.links[0].runner_up is None
    assert np.isinf(identity.links[0].margin)


def test_two_who_are_said_to_be_one_are_one() -> None:
    who = owners(associate(people(), must_link=[(("a", 1), ("b", 4)), (("b", 4), ("b", 9))]).identities)
    assert who["a", 1] == who["b", 4] == who["b", 9]


def test_a_user_is_believed_before_evidence() -> None:
    pair = (("a", 1), ("b", 1))
    who = owners(associate(people(), must_link=[pair], evidence=[saying((*pair, -np.inf))]).identities)
    assert who["a", 1] == who["b", 1]


def test_two_who_are_said_to_be_two_are_two() -> None:
    who = owners(associate(people(), cannot_link=[(("b", 2), ("a", 2))]).identities)
    assert who["a", 2] != who["b", 2]
    assert who["a", 1] == who["b", 1]


def test_the_rest_is_settled_around_a_users_word() -> None:
    """Who is told to be somebody else takes those along who were joined to her by looks, where that costs less."""
    tracklets = [*people(), tracklet("b", 11, PERSON[0], 400)]
    who = owners(associate(tracklets, must_link=[(("b", 1), ("a", 4))], cannot_link=[(("a", 1), ("b", 1))]).identities)
    assert who["b", 1] == who["a", 4] != who["a", 1]
    assert who["b", 11] in (who["a", 1], who["b", 1])


def test_parts_of_a_track_go_by_their_own_names() -> None:
    before, after = tracklet("a", 1, PERSON[0], 0, 40), tracklet("a", 1, PERSON[1], 40, 60)
    columns = ("frame", "time_s", "xyxy", "score", "features", "feature_frame", "feature_quality")
    both = {name: np.concatenate([getattr(before, name), getattr(after, name)]) for name in columns}
    others = [tracklet("a", i, PERSON[i], 0, 100) for i in range(2, 5)]
    tracklets = [Tracklet("a", 1, **both), *others, tracklet("b", 1, PERSON[0], 0), tracklet("b", 2, PERSON[1], 0)]
    who = owners(associate(tracklets, cannot_link=[(("a", 5), ("b", 2))], must_link=[(("a", 1), ("b", 2))]).identities)
    assert who["a", 1] == who["b", 2] != who["a", 5]


@pytest.mark.parametrize(
    ("together", "apart", "named"),
    [
        pytest.param([(("a", 1), ("b", 1))], [(("b", 1), ("a", 1))], "a 1 and b 1|b 1 and a 1", id="both"),
        pytest.param(
            [(("a", 1), ("b", 4)), (("b", 4), ("b", 9))], [(("a", 1), ("b", 9))], "a 1 and b 9", id="over a third"
        ),
        pytest.param([(("a", 1), ("a", 2))], [], "a 1 and a 2 .* at the same time", id="side by side"),
        pytest.param(
            [(("a", 1), ("b", 4)), (("b", 4), ("a", 2))],
            [],
            "a 1 and a 2 .* at the same time",
            id="side by side, over b",
        ),
        pytest.param([(("a", 1), ("c", 7))], [], "c 7", id="nobody"),
        pytest.param([], [(("a", 1), ("a", 1))], "a 1", id="apart from itself"),
    ],
)
def test_what_cannot_be_is_refused(
    together: list[tuple[TrackletKey, TrackletKey]], apart: list[tuple[TrackletKey, TrackletKey]], named: str
) -> None:
    with pytest.raises(ValueError, match=named):
        associate(people(), must_link=together, cannot_link=apart)


@pytest.mark.parametrize(
    ("said", "odds", "expected"),
    [
        pytest.param((("a", 1), ("b", 1)), None, "appearance", id="they look alike"),
        pytest.param((("a", 1), ("b", 1)), -0.1, "appearance", id="and evidence says little against it"),
        pytest.param((("a", 3), ("b", 9)), 25.0, "evidence", id="nothing is known of the appearance"),
    ],
)
def test_a_link_says_what_decided_it(said: tuple[TrackletKey, TrackletKey], odds: float | None, expected: str) -> None:
    evidence = [] if odds is None else [saying((*said, odds))]
    assert decisions(associate(people(), evidence=evidence).identities)[said[1]] == expected


def test_a_link_that_must_be_says_so_and_no_other() -> None:
    found = decisions(associate(people(), must_link=[(("a", 1), ("b", 4)), (("b", 4), ("b", 9))]).identities)
    assert (found["b", 4], found["b", 9]) == ("must_link", "must_link")
    assert found["b", 2] == found["b", 3] == "appearance"


def decisions(identities: Sequence[Identity]) -> dict[TrackletKey, str]:
    """What decided each tracklet's link."""
    return {link.a: link.decision for identity in identities for link in identity.links}
