"""Two in one outfit who cross again and again before two overlapping cameras for a minute."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from spacetime.site_data import FPS, SIZE, SOUTH, TALL_M, WEST, Camera, _pixels

from reidtrack.associate.associate import Association, associate
from reidtrack.spacetime.evidence import SpaceTime
from reidtrack.spacetime.learned_site import KnownSite
from reidtrack.types import DoubleArray, Tracklet

_DIM, _FRAMES = 256, 600


class Twins(NamedTuple):
    """Tracklets, and which of the two each shows."""

    tracklets: list[Tracklet]
    who: dict[tuple[str, int], int]

    def score(self, found: Association) -> float:
        """Share of boxes under the naming that fits best, one person of those found for each."""
        table = np.zeros((2, max(2, len(found.identities))))
        for i, identity in enumerate(found.identities):
            for t in identity:
                table[self.who[t.camera, t.logged_id], i] += len(t)
        best = max(table[0, i] + table[1, j] for i in range(table.shape[1]) for j in range(table.shape[1]) if i != j)
        return float(best / table.sum())


def twins(seed: int, alike: float) -> Twins:
    """Two who walk back and forth; whoever is hidden behind the other one is lost, and found as somebody new.

    Args:
        seed: Of ways, noise and crops.
        alike: Share of what tells people apart that both have in common; 1 is all of it.
    """
    rng = np.random.default_rng(seed)

    def part(size: float, *count: int) -> DoubleArray:
        return rng.normal(size=(*count, _DIM)) * np.sqrt(size / _DIM)

    time_s, (turn, other), (period, second) = np.arange(_FRAMES) / FPS, rng.uniform(0, 6, 2), rng.uniform(9, 13, 2)
    ways = [
        np.stack([3 * np.sin(6.28 * time_s / period + turn), 1.2 * np.cos(6.28 * time_s / (1.3 * period))], axis=1),
        np.stack([-3 * np.sin(6.28 * time_s / second + other), 1.5 * np.sin(6.28 * time_s / (0.8 * second))], axis=1),
    ]
    mean, outfit = part(0.2), part(0.42)
    looks = [mean + np.sqrt(alike) * outfit + np.sqrt(1 - alike) * part(0.42) for _ in ways]
    found = Twins([], {})
    for view in (SOUTH, WEST):
        bias, seen = part(0.06), [_boxes(view, way, rng) for way in ways]
        for k, (box, depth) in enumerate(seen):
            front, nearer = seen[1 - k]
            visible = ~((_covered(box, front) > 0.5) & (depth > nearer))
            edges = np.flatnonzero(np.diff(np.concatenate([[0], visible.astype(int), [0]])))
            for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
                if end - first < 5:
                    continue
                crops = max(1, (end - first) // 5)
                rows = looks[k] + bias + part(0.1) + part(0.24, crops)
                rows /= np.linalg.norm(rows, axis=1, keepdims=True)
                frame = np.arange(first, end)
                picked = frame[np.linspace(0, len(frame) - 1, crops).astype(int)]
                key = (view.name, len(found.who) + 1)
                found.tracklets.append(
                    Tracklet(
                        *key, frame, frame / FPS, box[first:end].astype(np.float32), np.ones(len(frame), np.float32),
                        rows.astype(np.float32), picked, np.full(crops, 0.9, np.float32),
                    )
                )  # fmt: skip
                found.who[key] = k
    return found


def _boxes(view: Camera, way: DoubleArray, rng: np.random.Generator) -> tuple[DoubleArray, DoubleArray]:
    """Boxes (T, 4) of somebody on a way (T, 2), and how deep in the picture (T,)."""
    ground = np.concatenate([way, np.zeros((len(way), 1)), np.ones((len(way), 1))], axis=1)
    foot, head = (_pixels(view, ground + np.array([0, 0, z, 0])) for z in (0.0, TALL_M))
    foot[:, :2] += rng.normal(size=(len(foot), 2))
    half = (foot[:, 1] - head[:, 1]) / 5
    return np.stack([foot[:, 0] - half, head[:, 1], foot[:, 0] + half, foot[:, 1]], axis=1), foot[:, 2]


def _covered(box: DoubleArray, front: DoubleArray) -> DoubleArray:
    """Share (T,) of each box that the other covers."""
    sides = np.maximum(np.minimum(box[:, 2:], front[:, 2:]) - np.maximum(box[:, :2], front[:, :2]), 0)
    share: DoubleArray = sides.prod(axis=1) / (box[:, 2:] - box[:, :2]).prod(axis=1)
    return share


def together(drawn: Twins, plan: bool) -> Association:
    """With a plan that is known, or without."""
    homographies = {view.name: view.to_plan for view in (SOUTH, WEST)} if plan else {}
    site = KnownSite({"south": SIZE, "west": SIZE}, homographies, 1.0 if plan else None)
    return associate(drawn.tracklets, evidence=[SpaceTime(site)])


@pytest.mark.parametrize("plan", [True, False], ids=["plan", "no plan"])
@pytest.mark.parametrize("alike", [0.5, 0.8])
def test_two_who_look_much_alike_are_two(alike: float, plan: bool) -> None:
    for seed in range(2):
        drawn = twins(seed, alike)
        found = together(drawn, plan)
        assert len(found.identities) == 2
        assert drawn.score(found) > 0.97


@pytest.mark.parametrize("plan", [True, False], ids=["plan", "no plan"])
def test_whom_looks_cannot_tell_apart_are_two_and_it_is_said(plan: bool) -> None:
    for seed in (0, 1, 6):
        drawn = twins(seed, 1.0)
        found = together(drawn, plan)
        assert len(found.identities) == 2
        assert found.lookalikes == [(1, 2)]
        if plan:  # places tell them apart
            assert drawn.score(found) > 0.99


def test_places_alone_tell_how_two_pictures_lie_to_each_other() -> None:
    """Looks are sure of no link there."""
    evidence = SpaceTime(KnownSite({"south": SIZE, "west": SIZE}, {}, None))
    drawn = twins(2, 1.0)
    found = associate(drawn.tracklets, evidence=[evidence])
    assert evidence.learned is not None
    (relation,) = evidence.learned.relations.values()
    assert relation.fits
    assert relation.fit_m < 0.2
    assert drawn.score(found) > 0.99


@pytest.mark.parametrize("seed", range(3))
def test_no_relation_is_made_up_of_people_in_two_places(seed: int) -> None:
    """Both see two people in one outfit, but not the same ones."""
    one, other = twins(seed, 1.0).tracklets, twins(seed + 10, 1.0).tracklets
    mixed = [t for t in one if t.camera == "south"] + [t for t in other if t.camera == "west"]
    evidence = SpaceTime(KnownSite({"south": SIZE, "west": SIZE}, {}, None))
    associate(mixed, evidence=[evidence])
    assert evidence.learned is not None
    assert not evidence.learned.relations


def test_nothing_is_said_of_people_who_look_different() -> None:
    assert not any(together(twins(seed, 0.0), True).lookalikes for seed in range(2))
