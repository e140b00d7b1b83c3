"""The arithmetic of the benchmark that learns what makes a good crop."""

from __future__ import annotations

import crop_quality
import numpy as np
import pytest
from crop_material import Boxes, Material

from reidtrack.embed.quality import Powers


def material(powers: Powers, level: float = 0.2) -> Material:
    rng = np.random.default_rng(0)
    factors = rng.uniform(0.3, 1, (60, 6))
    group = np.repeat([0, 1, 2], 20)
    distance = level * (1.0 + group) / (factors ** np.array(powers)).prod(axis=1)
    return Material(group, factors, distance)


@pytest.mark.parametrize(
    "powers",
    [
        pytest.param(Powers(0.3, 0.2, 0.1, 1.1, 0.7, 0.4), id="all count"),
        pytest.param(Powers(0, 0, 0, 1.0, 0, 0), id="one counts"),
        pytest.param(Powers(0, 0, 0, 0, 0, 0), id="none counts"),
    ],
)
def test_the_powers_are_found_whatever_the_level_of_a_person(powers: Powers) -> None:
    assert crop_quality.fit([material(powers)]) == pytest.approx(powers, abs=1e-6)


def test_a_factor_that_helps_where_it_should_harm_does_not_count() -> None:
    found = crop_quality.fit([material(Powers(0.5, 0, 0, 0, 0, -0.5))])
    assert found.sharp == 0
    assert found.score == pytest.approx(0.5, abs=0.2)


def test_crops_without_a_distance_and_small_groups_are_left_out() -> None:
    whole = material(Powers(0, 0, 0, 1, 0, 0))
    group, distance = whole.group.copy(), whole.distance.copy()
    group[:9], distance[20:31] = 7, np.nan  # 9 of a group of their own; 9 left of group 1
    assert [own.sum() for own in crop_quality.groups(Material(group, whole.factors, distance))] == [11, 20]


def test_correlation_is_within_a_person_in_a_camera() -> None:
    powers = Powers(0.3, 0.2, 0.1, 1.1, 0.7, 0.4)
    whole = material(powers)
    assert crop_quality.correlation(whole, crop_quality.quality(whole, powers)) == pytest.approx(1)
    assert crop_quality.correlation(whole, np.ones(60)) == 0


def test_the_best_box_of_each_track_in_each_window_is_chosen() -> None:
    time_s = np.array([0.0, 0.2, 0.4, 0.6, 0.0, 0.2])
    track = np.array([1, 1, 1, 1, 2, 2])
    zero = np.zeros(6, np.int64)
    boxes = Boxes(
        zero, np.ones((6, 6)), time_s, ("a",), zero, track, np.arange(6), time_s, zero, np.ones((6, 1)), np.ones(6)
    )
    assert crop_quality.chosen(boxes, np.array([0.1, 0.9, 0.2, 0.1, 0.5, 0.5])) == [1, 3, 4]
