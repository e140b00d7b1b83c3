"""What places say about pairs of tracklets."""

from __future__ import annotations

import numpy as np
import pytest
from spacetime.site_data import SIZE, SOUTH, WEST, Camera, crowd, looks, seen, walk

from reidtrack.spacetime.ground import CameraGround, Closeness, Displacement, facing, ground_path
from reidtrack.spacetime.plan import LEAST, MOST, fit_closeness, gap_terms, meeting_terms, meetings

LOOK = looks(1)[0]
CAMERA = np.array([0, 1])


def path(view: Camera, way: np.ndarray):
    return ground_path(seen(view, 1, way, LOOK), CameraGround(facing(view.to_plan, np.array([[320, 479.0]])), SIZE))


def meet(first: np.ndarray, second: np.ndarray):
    found = list(meetings([path(SOUTH, first), path(WEST, second)], CAMERA))
    return meeting_terms(found, Closeness())


@pytest.mark.parametrize(
    ("away_m", "seconds", "low", "high"),
    [
        pytest.param(0, 4, 3, MOST, id="the same place"),
        pytest.param(1.5, 4, LEAST, 0, id="beside each other"),
        pytest.param(3, 4, -np.inf, -np.inf, id="elsewhere"),
        pytest.param(3, 1, -6, -1, id="elsewhere for a moment"),
        pytest.param(0, 1, 2.5, MOST, id="the same place for a moment"),
    ],
)
def test_places_at_the_same_time(away_m: float, seconds: float, low: float, high: float) -> None:
    terms = meet(walk((-1, 0), (1, 0), 0, seconds), walk((-1, away_m), (1, away_m), 0, seconds))
    assert terms.pairs.tolist() == [[0, 1]]
    assert low <= terms.log_odds.item() <= high
    assert terms.values["ground_m"].item() == pytest.approx(away_m, abs=0.05)


def test_only_two_cameras_at_one_time_meet() -> None:
    a, b = walk((-1, 0), (1, 0), 0, 3), walk((-1, 0), (1, 0), 10, 13)
    assert not len(meet(a, b).pairs)
    assert not list(meetings([path(SOUTH, a), path(SOUTH, a)], np.array([0, 0])))
    assert not list(meetings([path(SOUTH, a), None], CAMERA))
    assert meeting_terms([], Closeness()).pairs.shape == (0, 2)


def test_somebody_who_was_switched_on_the_way_is_neither() -> None:
    half = np.concatenate([walk((-1, 0), (0, 0), 0, 2), walk((0, 3), (1, 3), 2.1, 4)])
    odds = meet(walk((-1, 0), (1, 0), 0, 4), half).log_odds.item()
    assert LEAST < odds < 2


@pytest.mark.parametrize(
    ("start", "end", "gap_s", "low", "high"),
    [
        pytest.param((2, 0), (4, 0), 1, 0.5, 2, id="goes on as before"),
        pytest.param((-2, 3), (-4, 3), 1, -1, 0, id="somewhere else, the other way"),
        pytest.param((9, 3), (11, 3), 0.3, -np.inf, -np.inf, id="nobody runs so fast"),
        pytest.param((9, 3), (11, 3), 60, 0, 0, id="a minute later anything goes"),
    ],
)
def test_places_one_after_the_other(
    start: tuple[float, float], end: tuple[float, float], gap_s: float, low: float, high: float
) -> None:
    first = path(SOUTH, walk((-1, 0), (1, 0), 0, 2))
    second = path(SOUTH, walk(start, end, 2 + gap_s, 4 + gap_s)) if start[0] < 9 else far(start, 2 + gap_s)
    terms = gap_terms([first, second], Closeness())
    odds = terms.log_odds.item() if len(terms.pairs) else 0.0
    assert low <= odds <= high


def far(start: tuple[float, float], begins_s: float):
    """Farther than the view reaches: a path drawn by hand."""
    base = path(SOUTH, walk((-1, 0), (1, 0), begins_s, begins_s + 2))
    moved = base.position + np.array(start) + [1, 0]
    return type(base)(base.first, moved, base.covariance, base.unit_m, base.known)


def test_gaps_need_two_paths() -> None:
    assert not len(gap_terms([], Closeness()).pairs)
    assert not len(gap_terms([path(SOUTH, walk((-1, 0), (1, 0), 0, 2)), None], Closeness()).pairs)


def displacement(metres: float) -> Displacement:
    return Displacement(np.full((20, 2), metres / np.sqrt(2)), np.tile([0.01, 0, 0, 0.01], (20, 1)))


def test_closeness_is_learned_and_few_links_change_it_little() -> None:
    assert fit_closeness([], []) == Closeness()
    few = fit_closeness([displacement(0.6)], [displacement(8)])
    many = fit_closeness([displacement(0.6)] * 50, [displacement(8)] * 50)
    assert 1 < few.scale < many.scale
    assert Closeness().reach_m < few.reach_m < many.reach_m


def test_links_of_a_crowd_are_told_from_strangers() -> None:
    tracklets = crowd([SOUTH, WEST], 15)
    grounds = {v.name: CameraGround(facing(v.to_plan, np.array([[320, 479.0]])), SIZE) for v in (SOUTH, WEST)}
    camera = np.array([t.camera == "west" for t in tracklets]).astype(np.int64)
    found = list(meetings([ground_path(t, grounds[t.camera]) for t in tracklets], camera))
    terms = meeting_terms(found, Closeness())
    same = np.array([tracklets[i].track_id == tracklets[j].track_id for i, j in terms.pairs])
    assert same.sum() >= 10
    assert (terms.log_odds[same] > 1).all()
    assert (terms.log_odds[~same] < 0).mean() > 0.9
