"""Who walks where in the scene of a seed.

The parts are fixed: who goes to the alley, who comes from there, who leaves and returns, who looks like whom. The seed
draws builds, faces, clothes and the exact ways, and ways on which people would touch are drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tools.render_sample.gaits import Gait
from tools.render_sample.looks import Bottom, Colour, Look, Top
from tools.render_sample.paths import Motion, Route, avoids, clear_of, move
from tools.render_sample.place import OBSTACLES

_APART_M, _OFF_OBSTACLES_M = 0.75, 0.35
_TRIES = 400

_WALK, _PHONE = Gait(), Gait(phone=True, lean=0.07, arm_swing=0.6)
_JOG = Gait(arm_swing=0.9, arm_gap=0.2, lean=0.14, elbow=1.4)
_STROLL, _BRISK = Gait(arm_swing=0.6, sway=1.3, lean=0.03), Gait(arm_swing=1.25, lean=0.08, sway=0.8)
_BROAD = Gait(arm_gap=0.24, sway=1.4)

_DENIM, _BLACK, _WHITE, _SAND = (0.03, 0.055, 0.13), (0.014, 0.014, 0.016), (0.74, 0.73, 0.70), (0.31, 0.25, 0.16)
_CHARCOAL, _GREY, _LEATHER = (0.045, 0.047, 0.055), (0.22, 0.23, 0.25), (0.10, 0.05, 0.03)


@dataclass(frozen=True, slots=True)
class _Part:
    """One part in the scene; `beside` is the offset from the part before, whose route it shares."""

    route: Route
    gait: Gait
    beside: tuple[float, float] | None = None


_COMPANIONS = Route(((6.6, 7.0), (2.2, 4.4), (-1.2, 2.2), (-2.8, -0.8), (-3.2, -5.0)), 1.2)
_PARTS = (
    # To the alley, seen by all three cameras.
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

_SKINS: tuple[Colour, ...] = (
    (0.60, 0.40, 0.30), (0.55, 0.34, 0.24), (0.50, 0.31, 0.21), (0.32, 0.18, 0.11), (0.18, 0.09, 0.055),
)  # fmt: skip
_HAIRS: tuple[Colour, ...] = (
    (0.012, 0.010, 0.009), (0.05, 0.03, 0.018), (0.13, 0.07, 0.035), (0.30, 0.17, 0.07), (0.34, 0.33, 0.32),
)  # fmt: skip

_RED = Top((0.50, 0.02, 0.025), hood=True, thick_m=0.02)
_SUIT = Top(_CHARCOAL, hem_m=0.86, thick_m=0.022, collar=True, under=(0.72, 0.74, 0.78))
# Look-alikes: those who pass each other in the alley, and those who cross on the plaza.
_PAIR_IN_RED = (
    (_RED, Bottom(_DENIM), {"shoes": _WHITE, "backpack": _BLACK}),
    (Top((0.34, 0.03, 0.04), thick_m=0.024, collar=True), Bottom(_BLACK), {"shoes": _LEATHER, "cap": _CHARCOAL}),
)
_PAIR_IN_DARK = (
    (_SUIT, Bottom(_CHARCOAL), {"shoes": _BLACK, "hair": _HAIRS[4]}),
    (Top(_CHARCOAL, hood=True, thick_m=0.024), Bottom(_DENIM), {"shoes": _WHITE, "hair": _HAIRS[0]}),
)
_WARDROBE = (
    (Top((0.02, 0.22, 0.10), sleeve="short"), Bottom(_BLACK, "shorts"), {"shoes": (0.7, 0.35, 0.05)}),
    (Top((0.62, 0.42, 0.05), hem_m=0.62, flare=0.10, thick_m=0.026, collar=True, under=_WHITE),
     Bottom(_BLACK, loose_m=0.0), {"shoes": _LEATHER, "feminine": True, "hairstyle": "bun"}),
    (Top((0.04, 0.17, 0.38), hood=True, thick_m=0.018), Bottom(_GREY, loose_m=0.004),
     {"shoes": (0.7, 0.15, 0.25), "feminine": True, "hairstyle": "tail", "backpack": (0.45, 0.22, 0.02)}),
    (Top(_WHITE, sleeve="short", thick_m=0.010, hem_m=0.98), Bottom(_BLACK, "skirt", hem_m=0.50),
     {"shoes": _BLACK, "feminine": True, "hairstyle": "long", "bag": (0.28, 0.12, 0.05)}),
    (Top(_WHITE, (0.02, 0.05, 0.20), "stripes", sleeve="short"), Bottom(_SAND, "shorts"), {"shoes": _BLACK}),
    (Top((0.03, 0.12, 0.05), (0.24, 0.32, 0.15), "check", collar=True), Bottom(_SAND),
     {"shoes": _LEATHER, "cap": (0.03, 0.03, 0.035)}),
    (Top((0.20, 0.06, 0.26), _WHITE, "print"), Bottom(_DENIM), {"shoes": _GREY}),
    (Top((0.06, 0.26, 0.30), (0.55, 0.53, 0.48), "block", thick_m=0.022), Bottom((0.09, 0.07, 0.05)),
     {"shoes": _WHITE, "backpack": (0.10, 0.11, 0.07)}),
)  # fmt: skip


def cast(rng: np.random.Generator) -> list[tuple[Look, Gait]]:
    """Looks and gaits in the order of the parts, identity 1 first."""
    red, dark = ([_outfit(entry, rng) for entry in pair] for pair in (_PAIR_IN_RED, _PAIR_IN_DARK))
    free = [_outfit(_WARDROBE[i], rng) for i in rng.permutation(np.arange(1, len(_WARDROBE)))]
    jogger = _outfit(_WARDROBE[0], rng)
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
            apart = clear_of(motion.place_m, [m.place_m for m in (made[:-1] if part.beside else made)], _APART_M)
            if apart and avoids(motion.place_m, OBSTACLES, _OFF_OBSTACLES_M):
                made.append(motion)
                break
        else:
            return None
    return made


def _outfit(entry: tuple[Top, Bottom, dict[str, object]], rng: np.random.Generator) -> Look:
    """An outfit on a body drawn for it, its colours a little lighter or darker."""
    top, bottom, rest = entry
    feminine = bool(rest.get("feminine", False))
    drawn: dict[str, object] = {
        "skin": _SKINS[rng.integers(len(_SKINS))],
        "hair": _HAIRS[rng.integers(len(_HAIRS) - 1)],
        "height_m": float(rng.uniform(1.60, 1.72) if feminine else rng.uniform(1.71, 1.88)),
        "girth": float(rng.uniform(0.94, 1.14)),
    }
    shade = float(rng.uniform(0.88, 1.14))
    top = replace(top, colour=tuple(min(0.8, c * shade) for c in top.colour))
    return Look(top=top, bottom=bottom, **(drawn | rest))  # type: ignore[arg-type]
