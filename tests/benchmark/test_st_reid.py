"""Histograms of time between cameras, and what they add to appearance."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reidtrack.benchmark.distance import FeatureDistances
from reidtrack.benchmark.st_reid import JointDistances, SpaceTime, sequence_offsets, times_of
from reidtrack.datasets.record import Sample


def ints(*values: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.array(values, np.int64)


def literal(person: Any, camera: Any, time: Any, bin_frames: int, sigma: float, a: int, b: int, apart: int) -> float:
    """p(k | a, b): counts per bin under a Gaussian window, one pair of images and one bin at a time."""
    k = (apart + bin_frames // 2) // bin_frames
    bins = range(-((max(time) - min(time)) // bin_frames + 1), (max(time) - min(time)) // bin_frames + 2)
    counts = dict.fromkeys(bins, 0)
    for i in range(len(person)):
        for j in range(len(person)):
            if person[i] == person[j] and camera[i] == a and camera[j] == b:
                counts[(time[j] - time[i] + bin_frames // 2) // bin_frames] += 1
    cut = int(3 * sigma + 0.5)
    window = {x: np.exp(-(x**2) / (2 * sigma**2)) for x in range(-cut, cut + 1)}
    smooth = {at: sum(counts.get(at - x, 0) * w for x, w in window.items()) for at in bins}
    return float(smooth[k] / sum(smooth.values()))


def test_agrees_with_the_literal_reading() -> None:
    rng = np.random.default_rng(0)
    person, camera, time = rng.integers(0, 8, 60), rng.integers(1, 4, 60), rng.integers(0, 3000, 60)
    learned = SpaceTime(person, camera, time, bin_frames=100, sigma_bins=4.0)
    for a, b in ((1, 2), (2, 1), (3, 1)):
        for apart in (-1450, -51, -50, 0, 49, 50, 700):
            found = learned.probability(ints(a), ints(0), ints(b), ints(apart))
            assert found == pytest.approx(literal(person, camera, time, 100, 4.0, a, b, apart), rel=1e-4, abs=1e-9)


def test_each_pair_of_cameras_sums_to_one_and_mirrors() -> None:
    rng = np.random.default_rng(1)
    learned = SpaceTime(rng.integers(0, 5, 40), rng.integers(1, 4, 40), rng.integers(0, 900, 40), sigma_bins=2.0)
    total = learned.density.sum(axis=2)
    assert total == pytest.approx(1 - np.eye(3), abs=1e-5)
    assert learned.pairs.tolist() == learned.pairs.T.tolist()


@pytest.mark.parametrize(
    ("camera_a", "camera_b", "apart", "expected"),
    [
        pytest.param(1, 2, 300, 1.0, id="as learned"),
        pytest.param(2, 1, -300, 1.0, id="the other way round"),
        pytest.param(1, 2, 349, 1.0, id="still in the bin"),
        pytest.param(1, 2, 350, 0.0, id="in the next"),
        pytest.param(1, 2, -300, 0.0, id="against the direction"),
        pytest.param(1, 1, 0, 0.0, id="one camera"),
        pytest.param(1, 2, 10**7, 0.0, id="longer than learned"),
        pytest.param(1, 9, 300, 0.0, id="a camera not learned"),
        pytest.param(1, 3, 300, 0.0, id="a pair nobody crossed"),
    ],
)
def test_probability(camera_a: int, camera_b: int, apart: int, expected: float) -> None:
    learned = SpaceTime(ints(7, 7, 8), ints(1, 2, 3), ints(100, 400, 0), sigma_bins=0)
    assert learned.probability(ints(camera_a), ints(50), ints(camera_b), ints(50 + apart)).tolist() == [expected]


def test_nothing_learned_gives_nothing() -> None:
    learned = SpaceTime(ints(1, 2), ints(1, 2), ints(0, 10))
    assert learned.pairs.sum() == 0
    assert learned.probability(ints(1), ints(0), ints(2), ints(10)).tolist() == [0.0]


def test_joint_distance_is_the_papers() -> None:
    features = np.array([[1, 0], [0.6, 0.8]], np.float32)
    learned = SpaceTime(ints(1, 1), ints(1, 2), ints(0, 100), sigma_bins=0)
    joint = JointDistances(FeatureDistances(features), learned, ints(1, 2), ints(0, 100))
    expected = 1 - 1 / (1 + np.exp(-5 * 0.6)) / (1 + 2 * np.exp(-5 * 1.0))
    assert joint.block(slice(0, 1), slice(1, 2)) == pytest.approx(expected, abs=1e-6)
    assert joint.pairs(ints(0), ints(1)) == pytest.approx(expected, abs=1e-6)
    same_camera = 1 - 1 / (1 + np.exp(-5 * 1.0)) / 3
    assert joint.block(slice(0, 1), slice(0, 1)) == pytest.approx(same_camera, abs=1e-6)


def sample(camera: int, sequence: int | None, frame: int | None) -> Sample:
    return Sample(Path("x.jpg"), 1, camera, sequence, frame)


def test_sequences_of_a_camera_follow_one_another() -> None:
    samples = [sample(1, 1, 40), sample(1, 2, 5), sample(2, 2, 7), sample(1, 1, 100), sample(1, 3, 1), sample(1, 2, 50)]
    assert times_of(samples, sequence_offsets(samples)).tolist() == [40, 105, 7, 100, 151, 150]


def test_without_sequences_frames_are_the_clock() -> None:
    samples = [sample(1, None, 40), sample(2, None, 7)]
    assert times_of(samples, sequence_offsets(samples)).tolist() == [40, 7]


def test_names_without_frames() -> None:
    with pytest.raises(ValueError, match="no frame"):
        times_of([sample(1, None, None)], sequence_offsets([sample(1, None, None)]))


@pytest.mark.shared
def test_the_lists_of_market1501(shared: Path) -> None:
    """At full scale: learned from 12,936 names, true pairs of the test lists are far likelier than others."""

    def read(name: str) -> list[Sample]:
        with gzip.open(shared / f"data/market1501-lists/{name}.txt.gz", "rt") as file:
            found = [re.match(r"(-?\d+)_c(\d)s(\d)_(\d+)_", Path(line).name) for line in file.read().split()]
        numbers = [tuple(int(value) for value in m.groups()) for m in found if m is not None]
        return [Sample(Path("x"), *row) for row in numbers]

    train, gallery, query = read("train"), read("gallery"), read("probe")
    assert (len(train), len(gallery), len(query)) == (12936, 19732, 3368)
    clock = sequence_offsets(train + gallery + query)
    person, camera = (np.array([getattr(s, key) for s in train], np.int64) for key in ("person_id", "camera_id"))
    learned = SpaceTime(person, camera, times_of(train, clock))
    seen = np.zeros((person.max() + 1, 7), np.int64)
    np.add.at(seen, (person, camera), 1)
    assert learned.pairs.sum() == (seen.sum(axis=1) ** 2).sum() - (seen**2).sum()
    people = np.array([s.person_id for s in gallery], np.int64)
    cameras, times = np.array([s.camera_id for s in gallery], np.int64), times_of(gallery, clock)
    true, false = [], []
    for one in query[::20]:
        likely = learned.probability(ints(one.camera_id), times_of([one], clock), cameras, times)
        other = cameras != one.camera_id
        true.append(likely[other & (people == one.person_id)])
        false.append(likely[other & (people > 0) & (people != one.person_id)])
    assert np.concatenate(true).mean() > 5 * np.concatenate(false).mean()
