"""A grouping whose groups know what they cost while tracklets move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np

from reidtrack.associate.clustering.adjacency import Adjacency
from reidtrack.associate.clustering.problem import Nodes
from reidtrack.types import DoubleArray, IntArray


class Crowd:
    """The mass, the summed vectors and the squared length of each group, kept up to date.

    Args:
        label: (N,) group of each tracklet, from 0.
        nodes: N tracklets.

    Attributes:
        label: As it is now.
    """

    def __init__(self, label: IntArray, nodes: Nodes) -> None:
        self.label = label.copy()
        self._nodes, self._model = nodes, nodes.model
        self._vectors, self._metric = nodes.costs.vectors, nodes.costs.metric
        self._offset = nodes.model.gate - nodes.costs.base
        self._extra = None
        if nodes.costs.extra is not None:
            extra = nodes.costs.extra.times(nodes.mass)
            self._extra = Adjacency.of(len(label), extra.pairs, extra.value)
        groups = nodes.contracted(label)
        count, room = len(groups), len(groups) + 16
        self._mass, self._square, self._cost = (np.zeros(room) for _ in range(3))
        self._sum, self._size = np.zeros((room, self._vectors.shape[1])), np.zeros(room, np.int64)
        self._mass[:count], self._square[:count] = groups.mass, groups.square
        self._sum[:count] = groups.mass[:, None] * groups.costs.vectors
        self._cost[:count] = self._model.cost(groups.mass, groups.square)
        self._size[:count] = np.bincount(label, minlength=count)
        self._free = list(range(room - 1, count - 1, -1))
        self._alone = self._model.cost(nodes.mass, nodes.square)
        self._saved: dict[int, tuple[float, float, float, int, DoubleArray]] | None = None
        self._moved: list[tuple[int, int]] = []

    def alone(self, i: int) -> float:
        """What `i` costs in a group of its own."""
        return float(self._alone[i])

    def entering(self, i: int, groups: IntArray) -> DoubleArray:
        """By how much some groups, none of them its own, cost more with `i`."""
        mass = self._mass[groups] + self._nodes.mass[i]
        square = self._square[groups] + self._nodes.square[i] + 2 * self._alike(i, groups)
        found: DoubleArray = self._model.cost(mass, square) - self._cost[groups]
        return found

    def leaving(self, i: int) -> float:
        """By how much the group of `i` costs less without it."""
        return float(self._cost[self.label[i]] - self._without(i)[2])

    def instead(self, i: int, k: int) -> float:
        """By how much the group of `k`, once that has left it, costs more with `i`, which is in another."""
        group = np.array([self.label[k]])
        mass, square, cost = self._without(k)
        weight = self._nodes.mass[i] * self._nodes.mass[k]
        both = weight * (self._offset + float((self._metric * self._vectors[i]) @ self._vectors[k]))
        if self._extra is not None:
            both -= float(self._extra.values(i)[self._extra.neighbours(i) == k].sum())
        square += self._nodes.square[i] + 2 * (float(self._alike(i, group)[0]) - both)
        return float(self._model.cost(np.array([mass + self._nodes.mass[i]]), np.array([square]))[0]) - cost

    def move(self, i: int, group: int) -> float:
        """Put `i` into another group, or alone into an empty one (-1); by how much the total rises."""
        own = int(self.label[i])
        group = self._empty() if group < 0 else group
        if group == own:
            return 0.0
        self._keep(i, own, group)
        before = self._cost[own] + self._cost[group]
        mass, weight = self._nodes.mass[i], self._nodes.square[i]
        square = self._square[group] + weight + 2 * self._alike(i, np.array([group]))[0]
        left_mass, left_square, left_cost = self._without(i)
        self._set(own, -1, left_mass, left_square, left_cost, -mass * self._vectors[i])
        total = self._mass[group] + mass
        cost = float(self._model.cost(np.array([total]), np.array([square]))[0])
        self._set(group, 1, total, square, cost, mass * self._vectors[i])
        self.label[i] = group
        return float(self._cost[own] + self._cost[group] - before)

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Whatever is moved within is moved back to the last digit."""
        self._saved, self._moved = {}, []
        free, room = self._free.copy(), len(self._mass)
        try:
            yield
        finally:
            for i, group in reversed(self._moved):
                self.label[i] = group
            for group, (mass, square, cost, size, total) in self._saved.items():
                self._mass[group], self._square[group], self._cost[group] = mass, square, cost
                self._size[group], self._sum[group] = size, total
            self._free, self._saved = [*range(len(self._mass) - 1, room - 1, -1), *free], None

    def release(self, groups: Iterable[int]) -> None:
        """Let the numbers of those of some groups that are empty be given again."""
        for group in sorted(groups):
            if not self._size[group]:
                self._sum[group] = 0
                self._free.append(group)

    def _alike(self, i: int, groups: IntArray) -> DoubleArray:
        """Inner products of what `i` looks like with the sums of some groups, itself counted where it is in."""
        mass = self._nodes.mass[i]
        found: DoubleArray = self._offset * mass * self._mass[groups]
        found += mass * (self._sum[groups] @ (self._metric * self._vectors[i]))
        if self._extra is not None:
            found -= (groups[:, None] == self.label[self._extra.neighbours(i)]) @ self._extra.values(i)
        return found

    def _without(self, i: int) -> tuple[float, float, float]:
        """Mass, squared length and cost of the group of `i` without it."""
        own = int(self.label[i])
        if self._size[own] == 1:
            return 0.0, 0.0, 0.0
        mass, vector = self._nodes.mass[i], self._vectors[i]
        itself = mass**2 * (self._offset + float((self._metric * vector) @ vector))
        alike = float(self._alike(i, np.array([own]))[0]) - itself
        left, square = self._mass[own] - mass, self._square[own] - self._nodes.square[i] - 2 * alike
        return left, square, float(self._model.cost(np.array([left]), np.array([square]))[0])

    def _set(self, group: int, more: int, mass: float, square: float, cost: float, added: DoubleArray) -> None:
        self._mass[group], self._square[group], self._cost[group] = mass, square, cost
        self._size[group] += more
        self._sum[group] += added

    def _keep(self, i: int, *groups: int) -> None:
        """Note what a trial changes."""
        if self._saved is None:
            return
        self._moved.append((i, int(self.label[i])))
        for group in groups:
            if group not in self._saved:
                state = float(self._mass[group]), float(self._square[group]), float(self._cost[group])
                self._saved[group] = (*state, int(self._size[group]), self._sum[group].copy())

    def _empty(self) -> int:
        """The number of an empty group."""
        if not self._free:
            old, more = len(self._mass), max(16, len(self._mass) // 8)
            self._mass, self._square, self._cost = (
                np.concatenate([column, np.zeros(more)]) for column in (self._mass, self._square, self._cost)
            )
            self._sum = np.concatenate([self._sum, np.zeros((more, self._sum.shape[1]))])
            self._size = np.concatenate([self._size, np.zeros(more, np.int64)])
            self._free = list(range(old + more - 1, old - 1, -1))
        return self._free.pop()
