"""Surfaces of simple solids, from which bodies, clothes and street furniture are put together. Metres."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
Ring = tuple[ArrayLike, ArrayLike, ArrayLike]
"""Centre and two half axes, each (3,)."""


@dataclass(frozen=True, eq=False, slots=True)
class Surface:
    """A closed surface: vertices (N, 3) and faces, each the indices of its corners."""

    vertices: Points
    faces: list[tuple[int, ...]]


def loft(rings: Sequence[Ring], sides: int = 20, roundness: float = 2.0) -> Surface:
    """Join rings one above the other and close both ends.

    Args:
        rings: From one end to the other.
        sides: Corners of each ring.
        roundness: Exponent of the superellipse: 2 is an ellipse, more is squarer.
    """
    angle = np.linspace(0, 2 * np.pi, sides, endpoint=False)
    cos, sin = (np.sign(f) * np.abs(f) ** (2 / roundness) for f in (np.cos(angle), np.sin(angle)))
    vertices = np.concatenate(
        [np.asarray(c) + np.outer(cos, np.asarray(u)) + np.outer(sin, np.asarray(v)) for c, u, v in rings]
    )
    faces: list[tuple[int, ...]] = []
    for ring in range(len(rings) - 1):
        low, high = ring * sides, (ring + 1) * sides
        faces += [(low + j, low + (j + 1) % sides, high + (j + 1) % sides, high + j) for j in range(sides)]
    last = (len(rings) - 1) * sides
    faces += [tuple(range(sides - 1, -1, -1)), tuple(range(last, last + sides))]
    return Surface(vertices, faces)


def limb(
    start: ArrayLike, end: ArrayLike, profile: Iterable[tuple[float, float]], depth: float = 1.0, sides: int = 16
) -> Surface:
    """A round rod from `start` to `end`.

    Args:
        start: (3,).
        end: (3,).
        profile: Pairs of a place along the rod (0 start, 1 end) and the radius there.
        depth: Radius front to back over radius left to right.
        sides: Corners of each ring.
    """
    a = np.asarray(start, float)
    along = np.asarray(end, float) - a
    axis = along / np.linalg.norm(along)
    forward = np.array([0.0, 1.0, 0.0]) - axis * axis[1]
    forward /= np.linalg.norm(forward)
    side = np.cross(axis, forward)
    return loft([(a + along * t, side * r, forward * r * depth) for t, r in profile], sides)


def ellipsoid(centre: ArrayLike, radii: ArrayLike, sides: int = 20) -> Surface:
    """An ellipsoid with its axes along x, y and z."""
    c, r = np.asarray(centre, float), np.asarray(radii, float)
    height = np.sin(np.linspace(-0.97, 0.97, sides // 2 + 3) * math.pi / 2)
    return loft([_level(c, r, z, math.sqrt(1 - z * z)) for z in height], sides)


def rounded_box(centre: ArrayLike, half: ArrayLike) -> Surface:
    """A box with soft edges; `half` are its half sides."""
    c, h = np.asarray(centre, float), np.asarray(half, float)
    levels = [(-1, 0.6), (-0.97, 0.88), (-0.85, 1), (0, 1), (0.85, 1), (0.97, 0.88), (1, 0.6)]
    return loft([_level(c, h, z, width) for z, width in levels], 32, roundness=4)


def block(low: ArrayLike, high: ArrayLike) -> Surface:
    """A box with sharp edges between two opposite corners."""
    a, b = np.asarray(low, float), np.asarray(high, float)
    corners = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
    faces: list[tuple[int, ...]] = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return Surface(a + (b - a) * corners, faces)


def strap(points: Sequence[ArrayLike], radius: float) -> list[Surface]:
    """A cord through `points`, as rods that overlap at the joints."""
    return [limb(a, b, [(-0.08, radius), (1.08, radius)]) for a, b in pairwise(points)]


def join(surfaces: Iterable[Surface]) -> Surface:
    """Several surfaces as one; they may pass through each other."""
    vertices: list[Points] = []
    faces: list[tuple[int, ...]] = []
    start = 0
    for surface in surfaces:
        vertices.append(surface.vertices)
        faces += [tuple(i + start for i in face) for face in surface.faces]
        start += len(surface.vertices)
    return Surface(np.concatenate(vertices), faces)


def _level(centre: Points, radii: Points, z: float, width: float) -> Ring:
    return (centre + np.array([0, 0, radii[2] * z]), (radii[0] * width, 0, 0), (0, radii[1] * width, 0))
