"""One person alone, two, one in two cameras, one who comes back, nobody: with priors of the network and without."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from associate.people_data import chained, owners

from reidtrack.associate.associate import associate, cut_switched
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior, Variances
from reidtrack.types import DoubleArray, Tracklet

DIM = 256
SIZES = Variances(0.42, 0.14, 0.24, 0.04)
MEAN = np.sqrt(0.2) * np.eye(DIM)[0]
PRIOR = AppearancePrior(MEAN, SIZES)
PRIORS = [pytest.param(PRIOR, id="of this network"), pytest.param(GENERIC, id="of networks in general")]
SEEDS = range(8)


class Draw:
    """Tracklets drawn from what the prior says embeddings are made of."""

    def __init__(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._person = [self._part(SIZES.person) for _ in range(12)]
        self._camera: dict[str, DoubleArray] = {}
        self._count = 0

    def _part(self, size: float, *count: int) -> DoubleArray:
        return self._rng.normal(size=(*count, DIM)) * np.sqrt(size / DIM)

    def tracklet(self, camera: str, person: int, first_s: float, seconds: float = 5.0) -> Tracklet:
        """Somebody for some seconds, two crops in each."""
        self._count += 1
        if camera not in self._camera:
            self._camera[camera] = self._part(SIZES.camera)
        frame = np.arange(round(10 * first_s), round(10 * (first_s + seconds)))
        crops = max(1, round(2 * seconds))
        look = MEAN + self._camera[camera] + self._person[person] + self._part(SIZES.tracklet)
        rows = look + self._part(SIZES.crop, crops)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        picked = frame[np.linspace(0, len(frame) - 1, crops).astype(int)]
        box = np.tile(np.array([10, 10, 40, 90], np.float32), (len(frame), 1))
        return Tracklet(
            camera,
            self._count,
            frame,
            frame / 10,
            box,
            np.ones(len(frame), np.float32),
            rows.astype(np.float32),
            picked,
            np.full(crops, 0.9, np.float32),
        )


SCENES: dict[str, list[tuple[str, int, float]]] = {
    "nobody": [],
    "one": [("a", 0, 0)],
    "one who comes back": [("a", 0, 0), ("a", 0, 20)],
    "one who comes back three times": [("a", 0, 0), ("a", 0, 20), ("a", 0, 40), ("a", 0, 60)],
    "one in two cameras": [("a", 0, 0), ("b", 0, 20)],
    "one in three cameras, twice": [(c, 0, 20 * i) for i, c in enumerate("abcabc")],
    "two together": [("a", 0, 0), ("a", 1, 1)],
    "two in two cameras": [("a", 0, 0), ("b", 1, 20)],
    "two by turns": [("a", 0, 0), ("a", 1, 20), ("a", 0, 40), ("a", 1, 60)],
    "two in both cameras": [("a", 0, 0), ("a", 1, 1), ("b", 0, 20), ("b", 1, 21)],
    "three, one of them in both cameras": [("a", 0, 0), ("a", 1, 20), ("b", 2, 40), ("b", 0, 60)],
}
"""Camera, person and beginning of each tracklet."""


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("scene", SCENES)
def test_few_people_are_as_many_as_there_are(scene: str, prior: AppearancePrior) -> None:
    """In seven of eight draws: nothing is known of them but a handful of crops."""
    wrong = 0
    for seed in SEEDS:
        draw = Draw(seed)
        tracklets = [draw.tracklet(*stay) for stay in SCENES[scene]]
        who = owners(associate(tracklets, prior=prior).identities)
        true = [person for _, person, _ in SCENES[scene]]
        found = [who[t.key] for t in tracklets]
        wrong += any(
            (a == b) != (c == d) for a, c in zip(true, found, strict=True) for b, d in zip(true, found, strict=True)
        )
    assert wrong <= 1


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0, 5.0, 20.0, 60.0])
def test_one_alone_is_never_cut(seconds: float, prior: AppearancePrior) -> None:
    for seed in SEEDS:
        alone = Draw(seed).tracklet("a", 0, 0, seconds)
        assert len(associate([alone], prior=prior).identities) == 1


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("others", [0, 1, 3, 6])
def test_a_tracker_that_changes_over_is_still_found_out(others: int, prior: AppearancePrior) -> None:
    """Alone in the recording, too, and whatever is known of the network; for half a second it saw nobody."""
    wrong = 0
    for seed in SEEDS:
        draw = Draw(seed)
        joined = chained(draw.tracklet("a", 0, 0), draw.tracklet("a", 1, 5.5))
        beside = [draw.tracklet("a", i + 2, 20.0 * (i + 1)) for i in range(others)]
        wrong += len(cut_switched([joined, *beside], split_threshold=0.85, prior=prior)) != 2 + others
    assert wrong <= 1


@pytest.mark.parametrize("prior", PRIORS)
def test_nobody_is_cut_without_occasion(prior: AppearancePrior) -> None:
    draw = Draw(0)
    joined = chained(draw.tracklet("a", 0, 0), draw.tracklet("a", 1, 5))
    assert len(cut_switched([joined], split_threshold=0.85, prior=prior)) == 1


def lone(path: Path) -> Tracklet:
    """A real tracklet of somebody who walks alone."""
    with np.load(path) as data:
        feature = data["features"].astype(np.float32)
        feature /= np.linalg.norm(feature, axis=1, keepdims=True)
        columns = [data[name] for name in ("frame", "time_s", "xyxy", "score")]
        quality = data["feature_quality"]
        return Tracklet(str(data["camera"]), int(data["track_id"]), *columns, feature, data["feature_frame"], quality)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["lone_person_a", "lone_person_b"])
def test_one_man_in_a_corridor_is_one_at_every_length(name: str, shared: Path) -> None:
    whole = lone(shared / "cases/features" / f"{name}.npz")
    for end_s in np.arange(1.0, whole.last_time_s + 0.5, 0.25):
        seen = whole.time_s <= end_s
        part = whole.part(seen, whole.feature_frame <= whole.frame[seen][-1])
        assert len(associate([part]).identities) == 1, end_s


@pytest.mark.shared
@pytest.mark.parametrize("name", ["lone_person_a", "lone_person_b"])
@pytest.mark.parametrize("camera", [pytest.param(None, id="comes back"), pytest.param("other", id="in two cameras")])
def test_one_man_who_was_lost_between_is_one(name: str, camera: str | None, shared: Path) -> None:
    whole = lone(shared / "cases/features" / f"{name}.npz")
    middle = whole.frame[len(whole) // 2]
    first = whole.part(whole.frame < middle, whole.feature_frame < middle)
    second = whole.part(whole.frame >= middle, whole.feature_frame >= middle)
    second = replace(second, track_id=whole.track_id + 1, camera=camera or whole.camera)
    assert len(associate([first, second]).identities) == 1


@pytest.mark.shared
@pytest.mark.parametrize("times", [2, 3, 4])
@pytest.mark.parametrize("cameras", ["a", "ab", "abc"])
@pytest.mark.parametrize("name", ["lone_person_a", "lone_person_b"])
def test_one_man_who_comes_again_and_again_is_one(name: str, cameras: str, times: int, shared: Path) -> None:
    whole = lone(shared / "cases/features" / f"{name}.npz")
    visits = [
        replace(whole, camera=cameras[k % len(cameras)], track_id=k + 1, time_s=whole.time_s + 30 * k, frame=whole.frame
                + 900 * k, feature_frame=whole.feature_frame + 900 * k)
        for k in range(times)
    ]  # fmt: skip
    assert len(associate(visits).identities) == 1


@pytest.mark.shared
@pytest.mark.parametrize("seconds", [1.0, 2.0, 3.0, 4.5])
def test_two_who_stand_side_by_side_are_two_at_every_length(seconds: float, shared: Path) -> None:
    found = []
    for i, name in enumerate(("lone_person_a", "lone_person_b")):
        whole = lone(shared / "cases/features" / f"{name}.npz")
        seen = whole.time_s <= seconds
        part = whole.part(seen, whole.feature_frame <= whole.frame[seen][-1])
        found.append(replace(part, camera="a", track_id=i + 1))
    assert len(associate(found).identities) == 2
