"""Batches: who is in them, whence, and that they come back after a restart."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.datasets.sampler import (
    EpochSampler,
    balanced_epoch,
    balanced_weights,
    pk_camera_epoch,
    pk_epoch,
    shuffle_epoch,
)
from reidtrack.errors import UsageError

PERSON = np.repeat(np.arange(6), [1, 2, 5, 8, 8, 12])
CAMERA = np.arange(len(PERSON)) % 3


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_shuffling_takes_every_image_once_but_for_the_rest() -> None:
    batches = shuffle_epoch(PERSON, rng(), batch=7)
    assert batches.shape == (5, 7)
    assert len(set(batches.ravel().tolist())) == 35


@settings(max_examples=40, deadline=None)
@given(
    counts=st.lists(st.integers(1, 9), min_size=3, max_size=12),
    people=st.integers(1, 3),
    images=st.integers(1, 5),
    seed=st.integers(0, 99),
    cameras=st.booleans(),
)
def test_pk_batches_hold_p_persons_with_k_images(counts, people, images, seed, cameras) -> None:
    person = np.repeat(np.arange(len(counts)), counts)
    camera = rng(seed).integers(0, 3, len(person))
    if cameras:
        batches = pk_camera_epoch(person, camera, rng(seed), people=people, images=images)
    else:
        batches = pk_epoch(person, rng(seed), people=people, images=images)
    assert batches.shape[1] == people * images
    assert len(batches) >= 1
    for batch in batches:
        groups = person[batch].reshape(people, images)
        assert (groups == groups[:, :1]).all()
        assert len(set(groups[:, 0])) == people
    rows, times = np.unique(batches, return_counts=True)
    repeated = {int(p) for p in person[rows[times > 1]]}
    assert all(counts[p] < images for p in repeated)  # only who has too few images is seen twice


def test_groups_are_spread_over_cameras() -> None:
    person, camera = np.zeros(40, int), np.repeat([0, 1], [36, 4])
    person = np.concatenate([person, np.ones(40, int)])
    camera = np.concatenate([camera, np.repeat([0, 1], [20, 20])])
    mixed = {"aware": 0.0, "blind": 0.0}
    for seed in range(20):
        for name, batches in (
            ("aware", pk_camera_epoch(person, camera, rng(seed), people=2, images=4)),
            ("blind", pk_epoch(person, rng(seed), people=2, images=4)),
        ):
            groups = camera[batches].reshape(-1, 4)
            mixed[name] += (groups.min(axis=1) != groups.max(axis=1)).mean() / 20
    assert mixed["aware"] > mixed["blind"]
    balanced = camera[pk_camera_epoch(person, camera, rng(), people=2, images=4)].reshape(-1, 4)
    own = person[pk_camera_epoch(person, camera, rng(), people=2, images=4)].reshape(-1, 4)[:, 0] == 1
    assert (balanced[own].sum(axis=1) >= 1).all()
    assert (balanced[own].sum(axis=1) <= 3).all()  # twenty each: no group of four by one camera


def test_too_few_persons() -> None:
    with pytest.raises(UsageError, match=r"6 persons in training.*at least 7"):
        pk_epoch(PERSON, rng(), people=7, images=2)


@pytest.mark.parametrize(
    ("power", "expected"),
    [
        pytest.param(0.0, [0.2] * 5, id="0: images alike"),
        pytest.param(1.0, [0.125, 0.125, 0.25, 0.25, 0.25], id="1: persons, then cameras alike"),
    ],
)
def test_balanced_weights(power: float, expected: list[float]) -> None:
    person, camera = np.array([0, 0, 0, 1, 1]), np.array([4, 4, 5, 4, 4])
    weights = balanced_weights(person, camera, power)
    assert weights == pytest.approx(expected)


def test_balanced_epochs_draw_rare_persons_as_often() -> None:
    person, camera = np.repeat([0, 1], [5, 95]), np.zeros(100, int)
    drawn = np.concatenate([person[balanced_epoch(person, camera, rng(s), batch=10).ravel()] for s in range(20)])
    assert (drawn == 0).mean() == pytest.approx(0.5, abs=0.04)


def draw(generator: np.random.Generator):
    return pk_camera_epoch(PERSON, CAMERA, generator, people=3, images=2)


@pytest.mark.parametrize("taken", [0, 1, 3, 40], ids=["at the start", "inside", "later", "epochs later"])
def test_a_stored_state_goes_on_with_the_next_batch(taken: int) -> None:
    sampler = EpochSampler(draw, seed=7)
    for _ in range(taken):
        next(sampler)
    state = json.loads(json.dumps(sampler.state()))
    ahead = [next(sampler).tolist() for _ in range(12)]
    other = EpochSampler(draw, seed=99)
    other.restore(state)
    assert [next(other).tolist() for _ in range(12)] == ahead
    assert other.epoch == sampler.epoch


def test_an_epoch_without_a_batch() -> None:
    with pytest.raises(UsageError, match="too few training images for one batch"):
        EpochSampler(lambda g: shuffle_epoch(PERSON, g, batch=100), seed=0)
