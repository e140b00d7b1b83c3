from __future__ import annotations

import numpy as np
import pytest

from reidtrack.associate import lookalikes as module
from reidtrack.associate.appearance import unit
from reidtrack.associate.lookalikes import _nearest, lookalikes

BASES = np.eye(64)


def people(*spread_of: tuple[int, int, float]) -> tuple[np.ndarray, np.ndarray]:
    """Labels and appearances of people: number of tracklets, the base they look like, noise."""
    rng = np.random.default_rng(0)
    label = np.concatenate([np.full(count, c) for c, (count, _, _) in enumerate(spread_of)])
    rows = [BASES[base] + noise * rng.normal(size=(count, 64)) for count, base, noise in spread_of]
    return label.astype(np.int64), unit(np.concatenate(rows))


def beside(label: np.ndarray) -> np.ndarray:
    """Every pair of tracklets of two people."""
    first, second = np.triu_indices(len(label), 1)
    apart = label[first] != label[second]
    return np.stack([first[apart], second[apart]], axis=1)


@pytest.mark.parametrize(
    ("spread_of", "expected"),
    [
        pytest.param([(4, 0, 0.1), (4, 0, 0.1)], [(0, 1)], id="one outfit"),
        pytest.param([(4, 0, 0.1), (4, 1, 0.1)], [], id="two outfits"),
        pytest.param([(4, 0, 0.1), (4, 1, 0.1), (4, 0, 0.1)], [(0, 2)], id="two of three"),
        pytest.param([(1, 0, 0.1), (1, 0, 0.1)], [], id="one tracklet each: no pairs of their own"),
        pytest.param([(3, 0, 0.1), (1, 0, 0.1)], [], id="three pairs are too few"),
        pytest.param([(3, 0, 0.1), (2, 0, 0.1)], [(0, 1)], id="four are enough"),
        pytest.param([(4, 0, 0.0), (4, 0, 0.3)], [], id="spread differently"),
    ],
)
def test_who_looks_alike(spread_of: list[tuple[int, int, float]], expected: list[tuple[int, int]]) -> None:
    label, appearance = people(*spread_of)
    assert lookalikes(label, appearance, beside(label)) == expected
    assert lookalikes(label, appearance, np.zeros((0, 2), np.int64)) == []


@pytest.mark.parametrize(("same", "expected"), [(0.0, []), (0.5, [(0, 1)]), (1e-6, [])])
def test_who_has_too_few_tracklets_is_judged_by_what_is_usual(same: float, expected: list[tuple[int, int]]) -> None:
    label, appearance = people((1, 0, 0.05), (1, 0, 0.05))
    assert lookalikes(label, appearance, beside(label), same) == expected


def test_tracklets_of_which_nothing_is_known_do_not_count() -> None:
    label, appearance = people((4, 0, 0.1), (4, 0, 0.1))
    appearance[label == 1] = 0
    assert lookalikes(label, appearance, beside(label)) == []
    assert lookalikes(np.zeros(0, np.int64), np.zeros((0, 64)), np.zeros((0, 2), np.int64)) == []


@pytest.mark.parametrize(("count", "told"), [(10, 45), (11, 55), (30, 300)], ids=["ten", "eleven", "a team"])
def test_in_a_crowd_each_is_compared_with_the_nearest(count: int, told: int) -> None:
    label, appearance = people(*[(4, 0, 0.1)] * count)
    found = lookalikes(label, appearance, beside(label))
    assert found == sorted(set(found))
    assert len(found) <= told
    assert {person for pair in found for person in pair} == set(range(count))


@pytest.mark.parametrize("block", [1, 7, 512])
@pytest.mark.parametrize(("count", "share"), [(2, 1.0), (11, 1.0), (40, 0.1), (40, 0.6), (40, 1.0)])
def test_the_nearest_are_those_that_sorting_finds_also_where_many_are_equally_near(
    monkeypatch: pytest.MonkeyPatch, count: int, share: float, block: int
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    rng = np.random.default_rng(count)
    pairs = np.stack(np.triu_indices(count, 1), axis=1)
    pairs = pairs[rng.random(len(pairs)) < share]
    means = rng.integers(-1, 2, (count, 3)).astype(np.float64)  # whole numbers: equal distances, exactly
    chosen = set()
    for one in range(count):
        own = [k for k, pair in enumerate(pairs.tolist()) if one in pair]
        own.sort(key=lambda k: (-float(means[pairs[k, 0]] @ means[pairs[k, 1]]), pairs[k, 0] != one, k))
        chosen |= set(own[:10])
    assert _nearest(pairs[:, 0], pairs[:, 1], means).tolist() == sorted(chosen)
