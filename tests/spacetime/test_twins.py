"""Two in one outfit who cross again and again before two overlapping cameras for a minute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from spacetime.site_data import FPS, SIZE, SOUTH, TALL_M, WEST, Camera, _pixels

from reidtrack.associate.associate import Association, associate
from reidtrack.spacetime.evidence import SpaceTime
from reidtrack.spacetime.learned_site import KnownSite
from reidtrack.types import DoubleArray, Tracklet

_DIM, _FRAMES = 256, 600


class Twins(NamedTuple):
    """Tracklets, and which person each shows."""

    tracklets: list[Tracklet]
    who: dict[tuple[str, int], int]

    def score(self, found: Association) -> float:
        """Share of boxes under the naming that fits best, one person of those found for each."""
        table = np.zeros((max(self.who.values()) + 1, len(found.identities)))
        for i, identity in enumerate(found.identities):
            for t in identity:
                table[self.who[t.camera, t.logged_id], i] += len(t)
        return float(table[linear_sum_assignment(-table)].sum() / table.sum())


def twins(seed: int, alike: float, outfits: Sequence[int] = (0, 0), views: Sequence[Camera] = (SOUTH, WEST)) -> Twins:
    """People who walk back and forth; whoever is hidden behind another one is lost, and found as somebody new.

    Args:
        seed: Of ways, noise and crops.
        alike: Share of what tells people apart that those in one outfit have in common; 1 is all of it.
        outfits: Which outfit each person wears.
        views: The cameras.
    """
    rng = np.random.default_rng(seed)

    def part(size: float, *count: int) -> DoubleArray:
        return rng.normal(size=(*count, _DIM)) * np.sqrt(size / _DIM)

    time_s, turn, period = np.arange(_FRAMES) / FPS, rng.uniform(0, 6, len(outfits)), rng.uniform(9, 13, len(outfits))
    ways = [_way(k, 6.28 * time_s / period[k], turn[k]) for k in range(len(outfits))]
    mean, worn = part(0.2), [part(0.42) for _ in set(outfits)]
    looks = [mean + np.sqrt(alike) * worn[k] + np.sqrt(1 - alike) * part(0.42) for k in outfits]
    found = Twins([], {})
    for view in views:
        bias, seen = part(0.06), [_boxes(view, way, rng) for way in ways]
        for k, (box, depth) in enumerate(seen):
            visible = np.ones(_FRAMES, np.bool_)
            for front, nearer in (seen[j] for j in range(len(seen)) if j != k):
                visible &= ~((_covered(box, front) > 0.5) & (depth > nearer))
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


def _way(number: int, angle: DoubleArray, turn: float) -> DoubleArray:
    """Places (T, 2), metres, of one of those who walk back and forth, each along a line of his own."""
    across, wide = 3 * np.sin(angle + turn), (1.2, 1.5, 1.8, 0.9)[number % 4]
    along = np.sin(angle / 0.8) if number % 2 else np.cos(angle / 1.3)
    return np.stack([-across if number % 2 else across, wide * along + (0, 0, 0.8, -0.8)[number % 4]], axis=1)


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
def test_whom_looks_cannot_tell_apart_are_told_by_place_and_continuity_and_it_is_said(plan: bool) -> None:
    for seed in (0, 1, 4):
        drawn = twins(seed, 1.0)
        found = together(drawn, plan)
        assert len(found.identities) == 2
        assert found.lookalikes == [(1, 2)]
        assert drawn.score(found) > 0.99


def test_in_one_camera_continuity_alone_tells() -> None:
    for seed in (3, 4):  # places of two cameras told nothing there
        drawn = twins(seed, 1.0, views=(SOUTH,))
        found = together(drawn, plan=False)
        assert len(found.identities) == 2
        assert found.lookalikes == [(1, 2)]
        assert drawn.score(found) > 0.99


def test_two_others_beside_them_change_nothing() -> None:
    drawn = twins(1, 1.0, outfits=(0, 0, 1, 2))
    found = together(drawn, plan=False)
    assert len(found.identities) == 4
    assert len(found.lookalikes) == 1
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
