"""A first number for a track between two clusterings: the person whom it costs least to add it to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from reidtrack.associate.appearance import mean_appearances, tracklet_weights
from reidtrack.associate.clustering.cluster_model import PldaClusterModel
from reidtrack.associate.clustering.problem import PairCosts
from reidtrack.associate.grouping import Grouping
from reidtrack.associate.live.parts import Part
from reidtrack.associate.live.register import Register
from reidtrack.types import DoubleArray, IntArray


class QuickLook:
    """What the last clustering knew, for who comes before the next: appearance alone, against each person's sum.

    Args:
        found: The last clustering.
        owner: What each of its tracklets is: a part, or a prototype of the person of that number.
    """

    def __init__(self, found: Grouping, owner: Sequence[Part | int]) -> None:
        self._owner, self._weight = list(owner), found.recording.weight
        self._costs = PairCosts.of_appearance(found.appearance, found.recording.camera, *found.calibration.thresholds)
        self._model = PldaClusterModel.of_threshold(found.calibration.threshold)
        self._known = np.flatnonzero(found.appearance.any(axis=1)).tolist()
        self._camera = {name: i for i, name in enumerate(found.recording.names)}
        self._bias = dict(zip(found.recording.names, found.recording.bias.vector, strict=True))
        self._centre, self._dim = found.recording.bias.centre, found.appearance.shape[1]

    def nearest(self, part: Part, register: Register) -> int | None:
        """Number of the person whom a part is rather than somebody new, who did not stand beside it; else None."""
        rows = self._known
        numbers = [self._number(self._owner[i]) for i in rows]
        people = sorted({n for n in numbers if n in register.people and not register.clash(part, n)})
        vector = self._vector(part)
        if vector is None or not people:
            return None
        index = {number: k for k, number in enumerate(people)}
        chosen = np.array([i for i, n in zip(rows, numbers, strict=True) if n in index], np.int64)
        of = np.array([index[n] for n in numbers if n in index], np.int64)
        cost = self._cost_to_add(vector, float(tracklet_weights([part.tracklet])[0]), chosen, of, len(people))
        best = int(cost.argmin())
        return people[best] if cost[best] < 0 else None

    @staticmethod
    def _number(one: Part | int) -> int:
        return one if isinstance(one, int) else one.number or 0

    def _vector(self, part: Part) -> DoubleArray | None:
        """The part as the clustering would see it, (E,); None where nothing is known of it."""
        if not part.features or part.tracklet.features.shape[1] != self._dim:
            return None
        bias = self._bias.get(part.camera, self._centre)
        one_hot = np.zeros(len(self._camera))
        if part.camera in self._camera:
            one_hot[self._camera[part.camera]] = 1.0
        return np.concatenate([mean_appearances([part.tracklet], lambda _: bias)[0], one_hot])

    def _cost_to_add(
        self, vector: DoubleArray, weight: float, rows: IntArray, of: IntArray, people: int
    ) -> DoubleArray:
        """What each of some people (P,) costs more with a part, less what it costs alone; see `ClusterCosts`.

        Args:
            vector: (E,) of the part.
            weight: How much it counts.
            rows: (R,) tracklets of these people.
            of: (R,) index of each one's person.
            people: P.
        """
        vectors, metric, each = self._costs.vectors[rows], self._costs.metric, self._weight[rows]
        offset = self._model.break_even - self._costs.base
        total = np.asarray(np.bincount(of, each, people), np.float64)
        sums = np.zeros((people, vectors.shape[1]))
        np.add.at(sums, of, each[:, None] * vectors)
        beyond = each**2 * (1 - offset - vectors**2 @ metric)
        sq_norm: DoubleArray = total**2 * offset + sums**2 @ metric + np.bincount(of, beyond, people)
        product = weight * (total * offset + sums @ (metric * vector))
        both = self._model.cost(total + weight, sq_norm + weight**2 + 2 * product)
        alone = self._model.cost(np.array([weight]), np.array([weight**2]))
        found: DoubleArray = both - self._model.cost(total, sq_norm) - alone
        return found


def give_at_once(quick: QuickLook, register: Register, waiting: Iterable[int], now_s: float) -> None:
    """Give a number to parts that wait for one, by serial, without a clustering."""
    for serial in sorted(waiting):
        part = register.parts[serial]
        number = quick.nearest(part, register)
        register.give(part, register.new_person(part).number if number is None else number, now_s)
