"""Who of a gallery is who."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.gallery.recognise import (
    LEAST_THRESHOLD,
    ExpectedDistances,
    Match,
    Shortlist,
    match_probabilities,
    recognise,
    stranger_threshold,
)


def short(distance: list[list[float]], length: int = 8) -> Shortlist:
    """People numbered from 1, offered in two blocks."""
    table = np.array(distance, np.float64)
    found = Shortlist(len(table), length)
    for part in np.array_split(np.arange(table.shape[1]), 2):
        found.offer(part + 1, table[:, part])
    return found


FAR = np.inf


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        pytest.param([[]], [None], id="nobody is known"),
        pytest.param([[0.2, 0.9]], [1], id="alike"),
        pytest.param([[0.5, 0.9]], [1], id="at the threshold"),
        pytest.param([[0.51, 0.9]], [None], id="above it"),
        pytest.param([[0.3, 0.39]], [None], id="too little lead"),
        pytest.param([[0.3, 0.41]], [1], id="lead enough"),
        pytest.param([[0.2]], [1], id="nobody else is there"),
        pytest.param([[0.4, 0.9], [0.2, 0.9]], [None, 1], id="two are not one person: the nearer is"),
        pytest.param([[0.2, 0.45], [0.3, 0.9]], [1, None], id="the least total never takes who is taken"),
        pytest.param([[0.1, 0.9, 0.9], [0.9, 0.2, 0.9], [0.9, 0.9, 0.9]], [1, 2, None], id="several"),
        pytest.param([[FAR, FAR]], [None], id="nothing known of oneself"),
    ],
)
def test_who_is_known(distance: list[list[float]], expected: list[int | None]) -> None:
    assert [match.person for match in recognise(short(distance), 0.5, 0.1)] == expected


def test_what_is_told() -> None:
    known, new, nobody = (
        *recognise(short([[0.2, 0.7, 0.4], [0.9, 0.8, 0.85]]), 0.5, 0.1),
        recognise(short([[]]), 0.5, 0)[0],
    )
    assert known == Match(1, 1, 0.2, pytest.approx(0.2))
    assert new == Match(None, 2, 0.8, pytest.approx(0.05))
    assert nobody == Match(None, None, None, np.inf)


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        pytest.param([[]], [1.0], id="nobody is known"),
        pytest.param([[0.5]], [0.5, 0.5], id="at the threshold"),
        pytest.param([[0.3, 0.3]], [0.4955, 0.4955, 0.0091], id="two alike"),
        pytest.param([[0.2, 0.3]], [0.8787, 0.1189, 0.0022], id="a lead"),
        pytest.param([[FAR, FAR]], [0, 0, 1], id="nothing known of oneself"),
    ],
)
def test_how_sure(distance: list[list[float]], expected: list[float]) -> None:
    assert match_probabilities(short(distance), 0.5, 20.0).tolist()[0] == pytest.approx(expected, abs=1e-3)


def test_two_entries_of_one_person_are_no_rivals() -> None:
    distance = [[0.2, 0.25, 0.9]]
    assert recognise(short(distance), 0.5, 0.1)[0].person is None
    assert recognise(short(distance), 0.5, 0.1, lambda a, b: {a, b} == {1, 2})[0].person == 1


def test_a_short_list_holds_the_nearest_of_all_blocks() -> None:
    rng = np.random.default_rng(0)
    distance = rng.random((5, 40))
    found = Shortlist(5, 6)
    for part in np.array_split(np.arange(40), 7):
        found.offer(part, distance[:, part])
    order = np.argsort(distance, axis=1)[:, :6]
    assert found.person.tolist() == order.tolist()
    np.testing.assert_allclose(found.distance, np.take_along_axis(distance, order, axis=1))


def test_many_give_what_one_assignment_gives() -> None:
    rng = np.random.default_rng(1)
    truth = rng.permutation(60)[:40]
    distance = rng.uniform(0.6, 1.3, (40, 60))
    distance[np.arange(40), truth] = rng.uniform(0.1, 0.4, 40)
    assert [m.person for m in recognise(short(distance.tolist()), 0.5, 0.1)] == (truth + 1).tolist()


EXPECTED = ExpectedDistances(1.0, 0.1, 6.0)


@pytest.mark.parametrize(
    ("people", "strangers", "expected"),
    [
        pytest.param(1, 0.5, 1.0, id="half of all, among one"),
        pytest.param(10, 0.05, 1 - 0.1 * 2.5758, id="one in two hundred"),
        pytest.param(100_000, 0.05, 1 - 0.1 * 4.8916, id="very many"),
    ],
)
def test_the_threshold_falls_with_the_number_of_people(people: int, strangers: float, expected: float) -> None:
    distance = np.random.default_rng(0).normal(1, 0.1, 200_000)
    distance[:4000] = 0.2  # true matches: they do not reach the upper half
    assert stranger_threshold(distance, people, strangers, EXPECTED) == pytest.approx(expected, abs=0.02)


def test_the_least_threshold() -> None:
    distance = np.random.default_rng(0).normal(0.5, 0.3, 999)
    assert stranger_threshold(distance, 1000, 0.05, EXPECTED) == LEAST_THRESHOLD


@pytest.mark.parametrize(
    ("distance", "expected"),
    [
        pytest.param([], 1 - 0.1 * 1.6449, id="none: what is expected"),
        pytest.param([0.6] * 6, 0.8 - 0.05 * 1.6449, id="as many as it is worth: half-way"),
        pytest.param([0.6] * 6000, 0.6, id="very many: what was seen"),
    ],
)
def test_the_first_threshold_is_what_comes_with_the_network(distance: list[float], expected: float) -> None:
    """The first person of a gallery is not recognised at any distance."""
    assert stranger_threshold(np.array(distance), 1, 0.05, EXPECTED) == pytest.approx(expected, abs=0.01)
