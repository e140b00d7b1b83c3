"""What makes the association fit for many tracklets gives what the matrices of all pairs gave."""

from __future__ import annotations

import numpy as np
import pytest
from associate.people_data import DIM, directions, tracklet
from associate.reference_people import associate_dense, conflicts_dense, cosine_distances_dense

from reidtrack.associate import grouping
from reidtrack.associate import nearest as near_module
from reidtrack.associate.associate import associate
from reidtrack.associate.calibration import sample_pairs as threshold_module
from reidtrack.associate.calibration.sample_pairs import cross_pairs
from reidtrack.associate.constraints import overlapping_pairs
from reidtrack.associate.nearest import near_pairs, nearest_others
from reidtrack.types import Tracklet


def crowd(seed: int, count: int, cameras: int, people: int, noise: float) -> list[Tracklet]:
    """Visits at random times of people who are hard to tell apart."""
    rng = np.random.default_rng(seed)
    looks, casts = rng.normal(size=(people, DIM)) / 8, directions(cameras, seed)
    visits = []
    for i in range(count):
        camera = int(rng.integers(cameras))
        look = looks[rng.integers(people)] + noise * rng.normal(size=DIM) / 8
        length = int(rng.integers(20, 60))
        features = int(rng.integers(1, 8))
        first = int(rng.integers(0, 10 * count))
        visits.append(tracklet("abcdef"[camera], i, look, first, length, features=features, cast=0.5 * casts[camera]))
    return visits


@pytest.mark.parametrize("cameras", [1, 2, 5])
@pytest.mark.parametrize("noise", [0.3, 0.7, 1.2])
def test_people_and_links_are_those_of_the_readable_version(
    cameras: int, noise: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whom looks cannot tell apart is put together anew by who goes on as whom (test_alike): not what is compared here.
    monkeypatch.setattr(grouping, "_lookalikes", lambda *_: [])
    for seed, (count, people) in enumerate([(8, 3), (40, 12), (90, 15)]):
        tracklets = crowd(seed, count, cameras, people, noise)
        found = associate(tracklets)
        expected = associate_dense(tracklets, found.threshold)
        assert [[t.key for t in identity] for identity in found.identities] == [keys for keys, _ in expected]
        for identity, (_, links) in zip(found.identities, expected, strict=True):
            assert [(link.a, link.b) for link in identity.links] == [(link.a, link.b) for link in links]
            for link, wanted in zip(identity.links, links, strict=True):
                assert link.distance == pytest.approx(wanted.distance, abs=1e-12)
                assert link.margin == pytest.approx(wanted.margin, abs=1e-12)


def looks(seed: int, count: int) -> np.ndarray:
    """Unit rows; every seventh is zero."""
    rows = np.random.default_rng(seed).normal(size=(count, 5))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    rows[::7] = 0
    return rows


@pytest.mark.parametrize("count", [0, 1, 8, 50])
@pytest.mark.parametrize("limit", [0.0, 0.4, 2.0])
def test_near_pairs_are_found_in_blocks(count: int, limit: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_module, "_BLOCK", 8)
    look = looks(0, count)
    distance = cosine_distances_dense(look)
    expected = np.argwhere(np.triu(distance <= limit, 1))
    found = near_pairs(look, limit)
    assert (found.pairs == expected).all()
    assert found.distance == pytest.approx(distance[tuple(expected.T)])


@pytest.mark.parametrize("limit", [0.0, 0.4, 2.0])
def test_the_nearest_of_somebody_else_may_lie_beyond_the_near_pairs(
    limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_module, "_BLOCK", 8)
    look = looks(1, 50)
    label = np.arange(50) // 4
    rows = np.flatnonzero(look.any(axis=1))[::2]
    distance = np.where(label[:, None] == label, np.inf, cosine_distances_dense(look))
    who, found = nearest_others(look, label, rows, near_pairs(look, limit))
    assert found == pytest.approx(distance[rows].min(axis=1))
    assert (who == distance[rows].argmin(axis=1)).all()


def test_where_everybody_is_one_nobody_else_is_near() -> None:
    look = np.ones((3, 1))
    who, distance = nearest_others(look, np.zeros(3), np.arange(3), near_pairs(look, 0.5))
    assert (who == -1).all()
    assert np.isinf(distance).all()


@pytest.mark.parametrize("stride", [1, 3])
@pytest.mark.parametrize("seed", range(4))
def test_conflicts_with_gaps(seed: int, stride: int) -> None:
    """Boxes in some frames only: two may be in one camera by turns."""
    rng = np.random.default_rng(seed)
    tracklets = []
    for i in range(40):
        whole = tracklet("ab"[i % 2], i, np.ones(DIM), int(rng.integers(0, 60)), int(rng.integers(1, 30)))
        rows = whole.frame % stride == 0
        if i % 3 == 0:
            rows &= rng.random(len(rows)) < 0.2
        if rows.any():
            tracklets.append(whole.part(rows, slice(0, 0)))
    found = overlapping_pairs(tracklets)
    expected = np.argwhere(np.triu(conflicts_dense(tracklets), 1))
    assert len(found)
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, expected.tolist()))


def test_conflicts_of_nobody() -> None:
    assert overlapping_pairs([]).shape == (0, 2)


def test_the_pairs_of_many_are_all_pairs_but_for_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    look = rng.normal(size=(600, 64)) + 0.3 * rng.normal(size=64)
    look /= np.linalg.norm(look, axis=1, keepdims=True)
    camera, weight = rng.integers(0, 3, 600), rng.uniform(0.3, 1, 600)
    whole = cross_pairs(look, camera, weight)
    taken = np.triu((camera[:, None] != camera) & (weight[:, None] * weight > 0.2), 1)
    assert whole.pairs.tolist() == np.argwhere(taken).tolist()
    assert np.allclose(whole.distance, cosine_distances_dense(look)[taken])
    monkeypatch.setattr(threshold_module, "_MOST_PAIRS", 20_000)
    sampled = cross_pairs(look, camera, weight)
    assert whole.whole
    assert not sampled.whole
    assert 10_000 < len(sampled.distance) < 20_000
    assert np.quantile(sampled.distance, [0.1, 0.5]) == pytest.approx(np.quantile(whole.distance, [0.1, 0.5]), abs=0.02)
    assert sampled.pairs.tolist() == cross_pairs(look, camera, weight).pairs.tolist()


def test_somebody_without_features_gives_shelter_to_nobody() -> None:
    """A tracklet that has to leave its group goes to a group of its own, not to one of whom nothing is known."""
    tracklets = crowd(5, 60, 2, 8, 1.2)
    blank = [tracklet("ab"[i % 2], 100 + i, np.ones(DIM), 300 * i, features=0) for i in range(5)]
    for identity in associate([*blank, *tracklets]).identities:
        assert len(identity.tracklets) == 1 or all(len(t.features) for t in identity)
