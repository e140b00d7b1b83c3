"""What other thresholds would do."""

from __future__ import annotations

import numpy as np
import pytest
from associate.people_data import directions, owners, tracklet

from reidtrack.associate.associate import associate
from reidtrack.associate.sweep import OtherClustering, change, steps_for
from reidtrack.types import Identity, Tracklet

PERSON = directions(12, seed=1)
STEPS = (-0.6, -0.2, 0.0, 0.2)


def people() -> list[Tracklet]:
    """Four who are seen by both cameras, one of them much changed."""
    changed = 0.7 * PERSON[3] + np.sqrt(1 - 0.7**2) * PERSON[8]
    looks = [PERSON[0], PERSON[1], PERSON[2], changed]
    tracklets = [tracklet("a", i + 1, PERSON[i], 0) for i in range(4)]
    return tracklets + [tracklet("b", i + 1, looks[i], 20) for i in range(4)]


def test_nothing_is_tried_unless_asked_for() -> None:
    assert not associate(people()).others


def test_the_same_threshold_gives_the_same_people() -> None:
    found = associate(people(), threshold=0.7, steps=[0.0])
    (same,) = found.others
    told = change(found.identities, same)
    assert (told.threshold, told.identities) == (0.7, len(found.identities))
    assert told.joined == []
    assert told.parted == []


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.9])
def test_it_is_what_that_threshold_would_have_given(threshold: float) -> None:
    found = associate(people(), threshold=0.6, steps=[threshold - 0.6])
    (other,) = found.others
    wanted = owners(associate(people(), threshold=threshold).identities)
    pairs = [(a, b) for a in wanted for b in wanted]
    assert [other.label[a] == other.label[b] for a, b in pairs] == [wanted[a] == wanted[b] for a, b in pairs]


def test_thresholds_out_of_reason_are_left_out() -> None:
    found = associate(people(), threshold=0.6, steps=[-0.7, 0.1, 2.0])
    assert [other.threshold for other in found.others] == [0.7]


def test_who_is_joined_and_who_parted() -> None:
    tracklets = {(t.camera, t.track_id): t for t in people()}
    none = np.zeros(0, np.float32)

    def person(number: int, *keys: tuple[str, int]) -> Identity:
        return Identity(number, tuple(tracklets[key] for key in keys), none)

    result = [
        person(1, ("a", 1), ("b", 1)),
        person(2, ("a", 2), ("b", 2), ("a", 3)),
        person(3, ("b", 3)),
        person(4, ("a", 4)),
    ]
    label = {
        ("a", 1): 0, ("b", 1): 0, ("b", 3): 0, ("a", 4): 0,
        ("a", 2): 1, ("b", 2): 1, ("a", 3): 2, ("b", 4): 3,
    }  # fmt: skip
    told = change(result, OtherClustering(0.8, label))
    assert told.joined == [(1, 3), (1, 4)]
    assert told.parted == [("a", 3)]
    assert told.identities == 4


def test_a_user_s_word_holds_at_every_threshold() -> None:
    one, other = ("a", 1), ("b", 2)
    found = associate(people(), must_link=[(one, other)], cannot_link=[(("a", 3), ("b", 3))], steps=STEPS)
    assert len(found.others) >= 2
    for tried in found.others:
        assert tried.label[one] == tried.label[other]
        assert tried.label["a", 3] != tried.label["b", 3]


@pytest.mark.parametrize(("tracklets", "steps"), [(0, 10), (300, 10), (301, 4), (3000, 4), (3001, 0)])
def test_many_tracklets_are_tried_less(tracklets: int, steps: int) -> None:
    assert len(steps_for(tracklets)) == steps
