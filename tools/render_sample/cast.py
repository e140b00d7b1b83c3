"""Who walks where in the scene of a seed.

The parts are fixed: who goes to the alley, who comes from there, who leaves and returns, who looks like whom. The seed
draws builds, faces, clothes and the exact ways, and ways on which people would touch are drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.render_sample.gaits import Gait
from tools.render_sample.looks import Look
from tools.render_sample.paths import Motion, Route, avoids, clear_of, move
from tools.render_sample.place import OBSTACLES
from tools.render_sample.wardrobe import PAIR_IN_DARK, PAIR_IN_RED, RUNNING, WARDROBE, embody

_APART_M, _OFF_OBSTACLES_M = 0.75, 0.35
_TRIES = 400

_WALK, _PHONE = Gait(), Gait(phone=True, lean=0.07, arm_swing=0.6)
_JOG = Gait(arm_swing=0.9, arm_gap=0.2, lean=0.14, elbow=1.4)
_STROLL, _BRISK = Gait(arm_swing=0.6, sway=1.3, lean=0.03), Gait(arm_swing=1.25, lean=0.08, sway=0.8)
_BROAD = Gait(arm_gap=0.24, sway=1.4)


@dataclass(frozen=True, slots=True)
class _Part:
    """One part in the scene; `beside` is the offset from the part before, whose route it shares."""

    route: Route
    gait: Gait
    beside: tuple[float, float] | None = None


_COMPANIONS = Route(((6.6, 7.0), (2.2, 4.4), (-1.2, 2.2), (-2.8, -0.8), (-3.2, -5.0)), 1.2)
_PARTS = (
    # To the alley.
    _Part(Route(((3.0, 1.6), (6.5, 3.3), (11.0, 5.0), (17.0, 5.1), (23.5, 5.0)), 1.45), _BRISK),
    _Part(Route(((-6.0, 5.8), (-1.5, 3.0), (5.0, 3.0), (11.0, 4.0), (20.0, 4.15)), 2.6), _JOG),
    # From the alley to the plaza.
    _Part(Route(((19.6, 3.1), (11.0, 2.9), (5.0, 1.8), (-3.0, 2.9)), 1.35), _WALK),
    _Part(Route(((23.9, 3.2), (17.0, 3.0), (11.0, 3.0), (5.5, 4.2), (0.0, 3.8)), 1.6), _BRISK),
    # Leaves to the west and returns.
    _Part(
        Route(((-6.4, 3.0), (-9.5, 2.4), (-12.0, 2.0), (-12.0, 0.6), (-9.0, 0.4), (-2.0, 0.4), (4.0, -0.2)), 1.4), _WALK
    ),
    # Two who look alike and cross.
    _Part(Route(((-7.6, 4.6), (-2.5, 2.6), (2.0, 0.6), (5.5, -1.5)), 1.25), _STROLL),
    _Part(Route(((4.2, -0.6), (0.8, 2.2), (-3.5, 4.6), (-11.0, 5.2)), 1.15), _WALK),
    # Two side by side.
    _Part(_COMPANIONS, _WALK),
    _Part(_COMPANIONS, _BROAD, (0.8, -0.4)),
    # Stands with a phone, then goes to the alley.
    _Part(Route(((7.6, 5.9), (9.4, 5.5), (11.0, 5.2), (20.0, 5.0)), 1.5, 3.4), _PHONE),
)


def cast(rng: np.random.Generator) -> list[tuple[Look, Gait]]:
    """Looks and gaits in the order of the parts, identity 1 first."""
    red = [embody(outfit, rng) for outfit in PAIR_IN_RED]
    dark = [embody(outfit, rng, keep_hair=True) for outfit in PAIR_IN_DARK]
    free = [embody(WARDROBE[i], rng) for i in rng.permutation(len(WARDROBE))]
    jogger = embody(RUNNING, rng)
    looks = [red[0], jogger, free[0], red[1], free[1], dark[0], dark[1], free[2], free[3], free[4]]
    return [(look, part.gait) for look, part in zip(looks, _PARTS, strict=True)]


def motions(looks: list[Look], time_s: np.ndarray, rng: np.random.Generator) -> list[Motion]:
    """A motion for each part; nobody touches anybody or anything.

    Raises:
        RuntimeError: If no such ways are found.
    """
    for _ in range(_TRIES):
        made = _draw(looks, time_s, rng)
        if made is not None:
            return made
    raise RuntimeError("no ways found on which people keep apart; try another seed")


def _draw(looks: list[Look], time_s: np.ndarray, rng: np.random.Generator) -> list[Motion] | None:
    made: list[Motion] = []
    route = _PARTS[0].route
    for look, part in zip(looks, _PARTS, strict=True):
        for _ in range(1 if part.beside else 40):
            route = route.beside(*part.beside) if part.beside else part.route.vary(rng)
            motion = move(route, look.height_m, float(rng.uniform(0, 2 * np.pi)), time_s)
            apart = clear_of(motion.place_m, [other.place_m for other in made], _APART_M)
            if apart and avoids(motion.place_m, OBSTACLES, _OFF_OBSTACLES_M):
                made.append(motion)
                break
        else:
            return None
    return made
