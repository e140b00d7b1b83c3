"""Telling one person's distances from two people's without labels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reidtrack.associate.calibration.mixture import ALIKE, CENTRES, EDGES, SPREAD, Belief, Counts, Mixture, fit
from reidtrack.types import DoubleArray

NOTHING = np.zeros(len(CENTRES))


def counted(unknown: DoubleArray, same: DoubleArray = NOTHING, different: DoubleArray = NOTHING) -> Counts:
    return Counts(unknown, same, different)


def drawn(true: Mixture, count: int, seed: int = 0) -> tuple[DoubleArray, DoubleArray]:
    """Distances of `count` pairs, and whether each is one person's."""
    rng = np.random.default_rng(seed)
    one = rng.random(count) < true.share
    below = rng.random(count) < 0.5
    away = np.abs(rng.normal(size=count)) * true.beyond * np.where(below, -ALIKE, 1.0)
    return np.clip(np.where(one, rng.normal(true.same, SPREAD, count), true.other + away), 0, 2), one


def histogram(distance: DoubleArray) -> DoubleArray:
    return np.histogram(distance, EDGES)[0].astype(np.float64)


@pytest.mark.parametrize(
    ("true", "count", "near"),
    [
        pytest.param(Mixture(0.35, 0.1, 1.05, 0.15), 300, 0.06, id="a small recording"),
        pytest.param(Mixture(0.6, 0.1, 1.06, 0.1), 300, 0.06, id="a weak network"),
        pytest.param(Mixture(0.45, 0.01, 1.0, 0.15), 100_000, 0.03, id="many people"),
    ],
)
def test_what_was_drawn_is_found(true: Mixture, count: int, near: float) -> None:
    distance, _ = drawn(true, count)
    found = fit(counted(histogram(distance)), Mixture(), Belief())
    assert found.same == pytest.approx(true.same, abs=near)
    assert found.other == pytest.approx(true.other, abs=near)
    assert found.share == pytest.approx(true.share, rel=0.4)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
def test_odds_are_those_of_what_was_drawn(share: float) -> None:
    """Of pairs to which p is given, a share of p is one person's: within 0.05 in every tenth that has 500 pairs."""
    distance, one = drawn(Mixture(0.45, share, 1.05, 0.12), 200_000)
    found = fit(counted(histogram(distance)), Mixture(), Belief())
    probability = 1 / (1 + np.exp(-found.log_odds(distance)))
    for low in np.arange(0, 1, 0.1):
        rows = (probability >= low) & (probability < low + 0.1)
        if rows.sum() >= 500:
            assert probability[rows].mean() == pytest.approx(one[rows].mean(), abs=0.05)


def test_the_logistic_curve_is_that_of_the_odds_where_it_matters() -> None:
    mixture = Mixture()
    slope, midpoint = mixture.logistic()
    at = np.linspace(0.2, 1.0, 81)
    curve, odds = (1 / (1 + np.exp(-z)) for z in (slope * (midpoint - at), mixture.log_odds(at)))
    assert np.abs(curve - odds).max() < 0.08


def test_without_pairs_the_prior_holds() -> None:
    found = fit(counted(NOTHING), Mixture(), Belief())
    assert (found.same, found.share, found.other, found.beyond) == pytest.approx((0.48, 0.1, 1.01, 0.12))


def test_what_is_known_counts_for_sure() -> None:
    """Pairs at 0.6 could be either; told that they are one person's, or two people's, the curve goes along."""
    distance, _ = drawn(Mixture(0.35, 0.05, 1.05, 0.15), 300)
    unknown, told = histogram(distance), histogram(np.full(20, 0.6))
    middle = [fit(counts, Mixture(), Belief()).logistic()[1] for counts in (
        counted(unknown, different=told), counted(unknown), counted(unknown, same=told)
    )]  # fmt: skip
    assert middle[0] <= middle[1] < middle[2]


mixtures = st.builds(
    Mixture,
    same=st.floats(0.1, 0.6),
    share=st.floats(1e-4, 0.5),
    other=st.floats(0.9, 1.2),
    beyond=st.floats(0.05, 0.25),
)


@settings(deadline=None)
@given(mixtures)
def test_nothing_rises_with_the_distance_that_must_not(mixture: Mixture) -> None:
    odds = mixture.log_odds(CENTRES)[np.searchsorted(CENTRES, mixture.same) :]
    assert (np.diff(odds) <= 1e-9).all()
    accept, reject = mixture.false_accept(EDGES), mixture.false_reject(EDGES)
    assert (np.diff(accept) >= 0).all()
    assert (np.diff(reject) <= 0).all()
    for rate in (accept, reject):
        assert rate.min() >= 0
        assert rate.max() <= 1
    slope, midpoint = mixture.logistic()
    assert slope > 0
    assert mixture.same <= midpoint <= mixture.other


def test_rates_are_those_of_what_was_drawn() -> None:
    true = Mixture(0.45, 0.5, 1.05, 0.16)
    distance, one = drawn(true, 100_000)
    at = np.array([0.4, 0.6, 0.8, 1.1])
    assert true.false_reject(at) == pytest.approx([(distance[one] > t).mean() for t in at], abs=0.01)
    assert true.false_accept(at) == pytest.approx([(distance[~one] <= t).mean() for t in at], abs=0.01)
