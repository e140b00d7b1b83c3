"""How two pictures lie to each other, from the feet of people both show."""

from __future__ import annotations

import numpy as np
import pytest
from spacetime.site_data import SIZE, SOUTH, WEST, Camera, crowd

from reidtrack.geometry import project
from reidtrack.spacetime.clocks import solve_clocks
from reidtrack.spacetime.ground import Closeness
from reidtrack.spacetime.view_homography import LEAST_LINKS, estimate_homography, homography_scores
from reidtrack.types import Tracklet

SIZES = (SIZE, SIZE)
TRUE = np.linalg.inv(WEST.to_plan) @ SOUTH.to_plan
PLACES = np.array([[-2.0, -1.0], [0.0, 1.0], [2.0, 0.0], [1.0, -2.0]])


def links(
    count: int, late_s: float = 0.0, views: tuple[Camera, Camera] = (SOUTH, WEST)
) -> list[tuple[Tracklet, Tracklet]]:
    by_key = {t.key: t for t in crowd(views, count, late_s={views[1].name: late_s})}
    people = sorted({person for _, person in by_key})
    names = views[0].name, views[1].name
    pairs = [tuple(by_key.get((name, person)) for name in names) for person in people]
    return [(a, b) for a, b in pairs if a is not None and b is not None]


def error_px(homography: np.ndarray) -> float:
    pixels = project(np.linalg.inv(SOUTH.to_plan), PLACES)
    return float(np.abs(project(homography, pixels) - project(TRUE, pixels)).max())


def test_it_is_found() -> None:
    found = estimate_homography(links(14), SIZES)
    assert found.fits
    assert found.fit_px < 5
    assert found.fit_m < 0.15
    assert found.inliers > 0.9
    assert error_px(found.homography) < 5
    assert all(error_px(other) < 8 for other in found.without if other is not None)


def test_wrong_links_do_not_bend_it() -> None:
    right = links(16)
    wrong = [(right[k][0], right[k - 1][1]) for k in range(len(right))][:6]
    found = estimate_homography(right[6:] + wrong, SIZES)
    assert error_px(found.homography) < 8


def test_a_relation_that_is_none_does_not_fit() -> None:
    pairs = links(14)
    mixed = [(a, pairs[(k + 5) % len(pairs)][1]) for k, (a, _) in enumerate(pairs)]
    found = estimate_homography(mixed, SIZES)
    assert found is None or not found.fits


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_links_are_no_evidence(count: int) -> None:
    found = estimate_homography(links(14)[:count], SIZES)
    assert found is None
    assert count < LEAST_LINKS


def test_people_who_walk_one_line_are_no_evidence() -> None:
    one = links(14)[:1] * 6
    found = estimate_homography(one, SIZES)
    assert found is None or not found.fits or found.fit_px < 5  # a line tells nothing about what lies beside it


@pytest.mark.parametrize("late_s", [0.0, 3.4, -7.0])
def test_clock_and_relation_are_found_together(late_s: float) -> None:
    scores = homography_scores(links(14, late_s), SIZES, Closeness())
    clocks = solve_clocks(2, {(0, 1): scores})
    assert clocks[1].offset_s - clocks[0].offset_s == pytest.approx(late_s, abs=0.2)


def test_strangers_tie_no_clocks() -> None:
    pairs = links(14)
    mixed = [(a, pairs[(k + 5) % len(pairs)][1]) for k, (a, _) in enumerate(pairs)]
    clocks = solve_clocks(2, {(0, 1): homography_scores(mixed, SIZES, Closeness())})
    assert all(clock.uncertainty_s is None for clock in clocks)
