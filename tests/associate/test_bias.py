"""What cameras do to all embeddings, told from the people they saw."""

from __future__ import annotations

import numpy as np
import pytest
from associate.people_data import DIM, directions

from reidtrack.associate.appearance import unit
from reidtrack.associate.bias import CameraBias, camera_biases, expected_distances
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior, Variances
from reidtrack.associate.same_camera import SameCameraMatches, both_ways
from reidtrack.types import DoubleArray, IntArray

BASIS = directions(DIM, 5)
MEAN = 0.5 * BASIS[0]
PRIOR = AppearancePrior(MEAN, Variances(0.4, 0.15, 0.2, 0.1))


def people(count: int, *, times: int = 1, shift: DoubleArray | None = None, seed: int = 0) -> DoubleArray:
    """Mean embeddings (count * times, DIM) of people who come so many times."""
    rng = np.random.default_rng(seed)
    look = np.repeat(rng.normal(size=(count, DIM)) * np.sqrt(0.5 / DIM), times, axis=0)
    noise = rng.normal(size=look.shape) * np.sqrt(0.1 / DIM)
    return unit(MEAN + look + noise + (0 if shift is None else shift))


def camera(*counts: int) -> IntArray:
    return np.repeat(np.arange(len(counts)), counts)


def test_of_nobody_nothing_is_known() -> None:
    found = CameraBias.of(np.zeros((0, DIM)), camera(0), np.zeros(0), PRIOR)
    assert found.vector.shape == (0, DIM)
    blank = CameraBias.of(np.zeros((2, DIM)), camera(1, 1), np.zeros(2), PRIOR)
    assert not blank.vector.any()


def test_one_person_hardly_moves_it_however_often_he_comes() -> None:
    """People count, not tracklets."""
    for times in (1, 3, 30):
        rows = people(1, times=times)
        found = camera_biases(rows, camera(times), np.ones(times), PRIOR)[0]
        assert np.linalg.norm(found - MEAN) < 0.3 * np.linalg.norm(rows.mean(axis=0) - MEAN)


def test_who_is_seen_together_is_not_one_however_alike() -> None:
    rows = people(1, times=6)
    together = np.array([(i, j) for i in range(6) for j in range(i)])
    one = CameraBias.of(rows, camera(6), np.ones(6), PRIOR)
    six = CameraBias.of(rows, camera(6), np.ones(6), PRIOR, None, together)
    assert one.people[0] == pytest.approx(1, abs=0.1)
    assert six.people[0] == pytest.approx(6)


@pytest.mark.parametrize(
    "prior", [pytest.param(PRIOR, id="of this network"), pytest.param(GENERIC, id="of networks in general")]
)
def test_of_many_people_it_is_their_mean(prior: AppearancePrior) -> None:
    shift = 0.4 * BASIS[1]
    rows = np.concatenate([people(200, shift=shift), people(200, seed=1)])
    found = camera_biases(rows, camera(200, 200), np.ones(400), prior)
    for c, mean in enumerate((rows[:200].mean(axis=0), rows[200:].mean(axis=0))):
        assert np.linalg.norm(found[c] - mean) < 0.1


def test_a_given_shrink_counts_in_place_of_the_prior() -> None:
    rows = people(4)
    plain = camera_biases(rows, camera(4), np.ones(4), PRIOR, 1e-9)
    np.testing.assert_allclose(plain[0], rows.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(camera_biases(rows, camera(4), np.ones(4), PRIOR, 1e9)[0], MEAN, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_without_somebody_it_is_what_the_others_make_of_it(count: int) -> None:
    rows = people(count, seed=3)
    found = CameraBias.of(rows, camera(count), np.ones(count), PRIOR, 3.0)
    others = camera_biases(rows[1:], camera(count - 1), np.ones(count - 1), PRIOR, 3.0)
    expected = others[0] if count > 1 else MEAN
    left = found.without(0)
    assert np.linalg.norm(left - expected) < 0.15 * np.linalg.norm(found.vector[0] - expected) + 1e-9


@pytest.mark.parametrize("count", [2, 5, 40])
def test_what_removal_does_to_distances_is_foreseen(count: int) -> None:
    """The fewer people, the farther they are driven apart; at least a third of that, and not more."""
    other, foreseen = [], []
    for seed in range(12):
        rng = np.random.default_rng([seed, count])
        look = rng.normal(size=(count, DIM)) * np.sqrt(0.5 / DIM)
        rows = unit(MEAN + np.tile(look, (2, 1)) + rng.normal(size=(2 * count, DIM)) * np.sqrt(0.15 / DIM))
        bias = CameraBias.of(rows, camera(count, count), np.ones(2 * count), PRIOR)
        left = unit(rows - bias.vector[camera(count, count)])
        distance = 1 - left[:count] @ left[count:].T
        other += distance[~np.eye(count, dtype=bool)].tolist()
        foreseen.append(expected_distances(bias, AppearancePrior(MEAN, PRIOR.variances, PRIOR.distances)))
    moved = float(np.mean(foreseen, axis=0)[1]) - PRIOR.distances.other
    assert 0.3 * (np.mean(other) - 1) - 0.02 < moved < np.mean(other) - 1 + 0.02


@pytest.mark.parametrize("count", [20, 600, 1500])
def test_strangers_count_as_themselves_however_many_there_are(count: int) -> None:
    """Beyond a certain number a sample stands for all: who is in it counts no more than who is not."""
    rows = people(count) - MEAN
    found = SameCameraMatches.of(rows, camera(count), np.ones(count), PRIOR, np.zeros((0, 2), np.int64))
    sampled = found.tracklets_of_person[:: 1 + (count - 1) // 500]
    rest = np.setdiff1d(np.arange(count), np.arange(count)[:: 1 + (count - 1) // 500])
    assert (found.tracklets_of_person >= 1).all()
    if len(rest):
        assert sampled.mean() == pytest.approx(found.tracklets_of_person[rest].mean(), rel=0.1)


def test_nothing_shrunk_is_the_plain_means() -> None:
    rows = people(6)
    found = camera_biases(rows, camera(4, 2), np.ones(6), PRIOR, 0.0)
    np.testing.assert_allclose(found, [rows[:4].mean(axis=0), rows[4:].mean(axis=0)], atol=1e-4)


def test_who_was_seen_together_is_two_people_whatever_they_look_like_in_whatever_order_pairs_come() -> None:
    rng = np.random.default_rng(0)
    cameras = rng.integers(0, 3, 30)
    pairs = rng.permutation([(a, b) for a in range(30) for b in range(a + 1, 30) if rng.random() < 0.3])
    rows = np.tile(np.eye(4)[0], (30, 1)) + 0.01 * rng.normal(size=(30, 4))
    found = SameCameraMatches.of(rows, cameras, np.ones(30), PRIOR, both_ways(pairs, cameras, np.ones(30)))
    apart = {frozenset(pair) for pair in pairs.tolist()}
    for members, same in found.blocks:
        for i, a in enumerate(members.tolist()):
            for k, b in enumerate(members.tolist()):
                assert (same[i, k] == 0) == (frozenset((a, b)) in apart)
