"""People who look the same: what is known of places decides, and fragments are theirs."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.associate.alike import settle_alike, with_fragments
from reidtrack.associate.clustering.problem import PairCosts
from reidtrack.associate.constraints import PairConstraints
from reidtrack.associate.lookalikes import lookalikes

NONE = np.zeros((0, 2), np.int64)


def drawn(seed: int, count: int, noise: float = 0.4) -> np.ndarray:
    """(count, 64) unit rows of one outfit."""
    rows = np.eye(64)[0] + noise * np.random.default_rng(seed).normal(size=(count, 64)) / 8 * 3
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def settled(label: list[int], places: dict[tuple[int, int], float], begins_s: np.ndarray | None = None) -> list[int]:
    """Two who look the same, each of whose tracklets stands beside the other's at the same place in the list."""
    n = len(label)
    costs = PairCosts.of_appearance(drawn(0, n), np.zeros(n, np.int64), 0.9, 0.8)
    pairs = np.array(list(places), np.int64).reshape(-1, 2)
    costs = costs.with_extra(pairs, -np.array([*places.values()], np.float64) / 20)
    beside = np.array([(i, i + n // 2) for i in range(n // 2)])
    begins_s = np.zeros(n) if begins_s is None else begins_s
    seen_s = np.stack([begins_s, begins_s + 1], axis=1)
    given = PairConstraints(NONE, beside)
    return settle_alike(np.array(label), [(0, 1)], costs, given, np.ones(n), seen_s).tolist()


SAME = {(0, 1): 8.0, (1, 2): 8.0, (3, 4): 8.0, (4, 5): 8.0, (0, 4): -8.0, (1, 5): -8.0}


@pytest.mark.parametrize("start", [[0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 0, 1], [0, 1, 1, 1, 0, 0]])
def test_places_decide(start: list[int]) -> None:
    assert settled(start, SAME) == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("start", [[0, 0, 0, 1, 1, 1], [0, 1, 0, 1, 0, 1]])
@pytest.mark.parametrize("places", [{}, dict.fromkeys(SAME, 0.0)])
def test_where_nothing_is_known_they_stay_who_they_were(start: list[int], places: dict[tuple[int, int], float]) -> None:
    assert settled(start, places) == start


def test_what_happened_long_after_says_nothing() -> None:
    start = [0, 1, 0, 1, 0, 1]
    assert settled(start, SAME, np.tile(np.arange(3) * 10.0, 2)) == start


def test_they_are_never_more_than_before() -> None:
    everybody_apart = {(i, j): -8.0 for i in range(6) for j in range(i + 1, 6)}
    assert max(settled([0, 0, 0, 1, 1, 1], everybody_apart)) == 1


@pytest.mark.parametrize(
    ("crops", "look", "beside", "people"),
    [
        pytest.param(0.1, "alike", [0], 2, id="a fragment beside one of them"),
        pytest.param(0.1, "alike", [], 2, id="a fragment beside nobody"),
        pytest.param(0.1, "alike", [0, 1], 3, id="a fragment beside both"),
        pytest.param(1.0, "alike", [0], 3, id="somebody who was seen in full"),
        pytest.param(0.1, "another", [0], 3, id="a fragment of another look"),
        pytest.param(0.1, "unknown", [0], 3, id="a fragment of no crops"),
    ],
)
def test_fragments_are_of_those_who_are_there(crops: float, look: str, beside: list[int], people: int) -> None:
    last = {"alike": drawn(1, 1), "another": np.eye(64)[-1:], "unknown": np.zeros((1, 64))}[look]
    appearance, label = np.concatenate([drawn(0, 8), last]), np.array([0, 1] * 4 + [2])
    cannot_link = np.array([(0, 1), *((i, 8) for i in beside)])
    weight = np.append(np.ones(8), crops)
    found = with_fragments(label, [(0, 1)], appearance, cannot_link, weight)
    assert found.max() + 1 == people
    assert not (found[cannot_link[:, 0]] == found[cannot_link[:, 1]]).any()


@pytest.mark.parametrize(("same", "told"), [(0.0, 0), (0.1, 0), (0.4, 1)])
def test_those_of_few_tracklets_are_held_against_what_is_usual(same: float, told: int) -> None:
    look = np.array([[1.0, 0, 0], [np.sqrt(1 - 0.75**2), 0.75, 0]])  # 0.34 apart
    assert len(lookalikes(np.array([0, 1]), look, np.array([[0, 1]]), same)) == told
