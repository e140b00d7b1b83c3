"""Association of a recording: who is joined, who is kept apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from associate.people_data import DIM, chained, directions, owners, tracklet
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.associate.associate import associate

PERSON = directions(12, seed=1)
BLUE = 1.5 * directions(12, seed=2)[0]


def test_nobody() -> None:
    assert associate([]).identities == []


def test_one_person_in_two_cameras_among_others() -> None:
    tracklets = [tracklet("a", i + 1, PERSON[i], 0) for i in range(4)]
    tracklets += [tracklet("b", i + 1, PERSON[i], 20, cast=BLUE) for i in range(4)]
    who = owners(associate(tracklets).identities)
    assert len(set(who.values())) == 4
    assert all(who["a", i] == who["b", i] for i in range(1, 5))


def test_a_camera_with_a_colour_cast_needs_it_removed() -> None:
    """With the cast left in, everybody in the blue camera looks alike and far from the other camera."""
    tracklets = [tracklet("a", i + 1, PERSON[i], 0) for i in range(5)]
    tracklets += [tracklet("b", i + 1, PERSON[i], 0, cast=3 * BLUE) for i in range(5)]
    raw = np.stack([t.features.mean(axis=0) for t in tracklets])
    raw /= np.linalg.norm(raw, axis=1, keepdims=True)
    assert (1 - raw[:5] @ raw[5:].T).min() > 0.5
    who = owners(associate(tracklets).identities)
    assert all(who["a", i] == who["b", i] for i in range(1, 6))


def test_reentry_and_fragments_of_one_camera_are_joined() -> None:
    tracklets = [tracklet("a", 1, PERSON[0], 0), tracklet("a", 2, PERSON[1], 0), tracklet("a", 3, PERSON[2], 0)]
    tracklets += [tracklet("a", 4, PERSON[0], 100), tracklet("a", 5, PERSON[0], 200, length=10, features=2)]
    who = owners(associate(tracklets).identities)
    assert who["a", 1] == who["a", 4] == who["a", 5]
    assert len(set(who.values())) == 3


def test_people_seen_together_in_one_camera_are_never_one() -> None:
    """Identical twins side by side."""
    tracklets = [tracklet("a", 1, PERSON[0], 0), tracklet("a", 2, PERSON[0], 49), tracklet("a", 3, PERSON[1], 0)]
    who = owners(associate(tracklets).identities)
    assert who["a", 1] != who["a", 2]


def test_links_agree_over_three_cameras() -> None:
    """The twins stand side by side in `a`; what joins `b` and `c` must not join the twins by a detour."""
    twin = PERSON[0] + 0.15 * PERSON[5]
    tracklets = [tracklet("a", 1, PERSON[0], 0), tracklet("a", 2, twin, 0)]
    tracklets += [tracklet("b", 1, PERSON[0], 100), tracklet("c", 1, twin, 200), tracklet("c", 2, PERSON[0], 200)]
    tracklets += [tracklet(camera, 9, PERSON[3], 0) for camera in "abc"]
    who = owners(associate(tracklets).identities)
    assert who["a", 1] == who["b", 1] == who["c", 2]
    assert who["a", 2] == who["c", 1] != who["a", 1]
    assert who["a", 9] == who["b", 9] == who["c", 9]


def test_strangers_stay_unlinked() -> None:
    tracklets = [tracklet("a", i + 1, PERSON[i], 0) for i in range(5)]
    tracklets += [tracklet("b", i + 1, PERSON[i + 5], 0) for i in range(5)]
    assert len(associate(tracklets).identities) == 10


def test_a_tracklet_without_features_is_a_person_of_its_own() -> None:
    tracklets = [tracklet("a", 1, PERSON[0], 0), tracklet("a", 2, PERSON[0], 100), tracklet("a", 3, PERSON[1], 200)]
    tracklets.append(tracklet("b", 1, PERSON[0], 0, features=0))
    who = owners(associate(tracklets).identities)
    assert list(who.values()).count(who["b", 1]) == 1


@pytest.mark.parametrize(
    ("threshold", "people"),
    [
        pytest.param(0.0, 8, id="nothing is alike enough"),
        pytest.param(0.7, 4, id="persons"),
    ],
)
def test_a_given_threshold_is_used(threshold: float, people: int) -> None:
    tracklets = [tracklet(camera, i + 1, PERSON[i], 0) for camera in "ab" for i in range(4)]
    result = associate(tracklets, threshold=threshold)
    assert len(result.identities) == people
    assert result.threshold == threshold


def test_identities_are_numbered_by_first_appearance_and_explained() -> None:
    tracklets = [tracklet("b", 7, PERSON[1], 5), tracklet("a", 3, PERSON[0], 0), tracklet("a", 4, PERSON[2], 1)]
    tracklets += [tracklet("b", 8, PERSON[0], 80), tracklet("b", 9, PERSON[2], 90)]
    identities = associate(tracklets).identities
    assert [identity.id for identity in identities] == [1, 2, 3]
    first = identities[0]
    assert [t.key for t in first] == [("a", 3), ("b", 8)]
    (link,) = first.links
    assert (link.a, link.b) == (("b", 8), ("a", 3))
    assert 0 <= link.distance < 0.6
    assert link.margin > 0.2
    assert first.cameras == ("a", "b")


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(8)))
def test_the_order_of_tracklets_does_not_matter(order: list[int]) -> None:
    tracklets = [tracklet(camera, i + 1, PERSON[i], 10 * i) for camera in "ab" for i in range(4)]
    expected = owners(associate(tracklets).identities)
    assert owners(associate([tracklets[i] for i in order]).identities) == expected


def switched(first: np.ndarray, then: np.ndarray) -> list[object]:
    """A track that goes over from one person to another in its middle, among three others."""
    whole = chained(tracklet("a", 1, first, 0, 40), tracklet("a", 1, then, 40, 60))
    return [whole, *(tracklet("a", i, PERSON[i], 0, 100) for i in range(2, 5))]


def test_a_track_that_went_over_to_somebody_else_is_split_there() -> None:
    tracklets = [*switched(PERSON[0], PERSON[1]), tracklet("b", 1, PERSON[0], 0), tracklet("b", 2, PERSON[1], 0)]
    identities = associate(tracklets).identities
    who = owners(identities)
    assert who["a", 1] == who["b", 1]
    assert who["a", 5] == who["b", 2]  # the part cut off has the next free track id
    parts = {t.key: t for identity in identities for t in identity}
    assert parts["a", 5].split_from == 1
    assert abs(int(parts["a", 5].frame[0]) - 40) <= 4
    assert len(parts["a", 1]) + len(parts["a", 5]) == 100
    assert set(parts["a", 1].feature_frame) | set(parts["a", 5].feature_frame) == set(tracklets[0].feature_frame)


def test_a_track_of_one_person_stays_whole() -> None:
    tracklets = switched(PERSON[0], PERSON[0] + 0.4 * PERSON[7])
    assert len(associate(tracklets).identities) == 4


def test_split_can_be_switched_off() -> None:
    assert len(associate(switched(PERSON[0], PERSON[1]), split_threshold=2.0).identities) == 4


def test_the_threshold_is_stricter_among_more_people() -> None:
    rng = np.random.default_rng(0)
    looks = rng.normal(size=(60, DIM)) + 2 * rng.normal(size=DIM)

    def found(count: int) -> float:
        tracklets = [tracklet(camera, i + 1, looks[i], 0) for camera, i in itertools.product("ab", range(count))]
        return associate(tracklets).threshold

    assert found(60) < found(10)


def test_late_evidence_moves_a_tracklet() -> None:
    """Somebody who looked most like one person is another one's, once that one has been seen better."""
    first, second = PERSON[0], PERSON[1]
    between = tracklet("b", 1, 0.75 * first + 0.66 * second, 100)
    early = [tracklet("a", 1, first, 0, 500), between]
    late = [*early, tracklet("a", 2, 0.4 * first + 0.92 * second, 300)]
    before, after = (owners(associate(tracklets, threshold=0.6, shrink=1e9).identities) for tracklets in (early, late))
    assert before["a", 1] == before["b", 1]
    assert after["a", 1] != after["b", 1] == after["a", 2]


def test_people_who_leave_and_return_keep_their_identity_over_three_cameras() -> None:
    """Visits by turns, none of them at the same time; every camera is seen twice."""
    visits = [
        (camera, i, 120 * (3 * turn + place)) for turn in (0, 1) for place, camera in enumerate("abc") for i in range(5)
    ]
    tracklets = [tracklet(camera, 10 * k + i, PERSON[i], first) for k, (camera, i, first) in enumerate(visits)]
    identities = associate(tracklets).identities
    assert len(identities) == 5
    for identity in identities:
        assert len({t.track_id % 10 for t in identity}) == 1
        assert len(identity.tracklets) == 6
        assert identity.cameras == ("a", "b", "c")
