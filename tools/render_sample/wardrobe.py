"""What there is to wear, and bodies drawn to wear it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tools.render_sample.looks import Bottom, Colour, Look, Top

_DENIM, _BLACK, _WHITE, _SAND = (0.03, 0.055, 0.13), (0.014, 0.014, 0.016), (0.74, 0.73, 0.70), (0.31, 0.25, 0.16)
_CHARCOAL, _GREY, _LEATHER = (0.045, 0.047, 0.055), (0.22, 0.23, 0.25), (0.10, 0.05, 0.03)
_SKINS: tuple[Colour, ...] = (
    (0.60, 0.40, 0.30), (0.55, 0.34, 0.24), (0.50, 0.31, 0.21), (0.32, 0.18, 0.11), (0.18, 0.09, 0.055),
)  # fmt: skip
_HAIRS: tuple[Colour, ...] = (
    (0.012, 0.010, 0.009), (0.05, 0.03, 0.018), (0.13, 0.07, 0.035), (0.30, 0.17, 0.07),
)  # fmt: skip
_GREY_HAIR = (0.34, 0.33, 0.32)

PAIR_IN_RED = (
    Look(Top((0.50, 0.02, 0.025), hood=True, thick_m=0.02), Bottom(_DENIM), shoes=_WHITE, backpack=_BLACK),
    Look(Top((0.34, 0.03, 0.04), thick_m=0.024, collar=True), Bottom(_BLACK), shoes=_LEATHER, cap=_CHARCOAL),
)
PAIR_IN_DARK = (
    Look(Top(_CHARCOAL, hem_m=0.86, thick_m=0.022, collar=True, under=(0.72, 0.74, 0.78)), Bottom(_CHARCOAL),
         shoes=_BLACK, hair=_GREY_HAIR),
    Look(Top(_CHARCOAL, hood=True, thick_m=0.024), Bottom(_DENIM), shoes=_WHITE),
)  # fmt: skip
RUNNING = Look(Top((0.02, 0.22, 0.10), sleeve="short"), Bottom(_BLACK, "shorts"), shoes=(0.7, 0.35, 0.05))
WARDROBE = (
    Look(Top((0.62, 0.42, 0.05), hem_m=0.62, flare=0.10, thick_m=0.026, collar=True, under=_WHITE),
         Bottom(_BLACK, loose_m=0.0), shoes=_LEATHER, feminine=True, hairstyle="bun"),
    Look(Top((0.04, 0.17, 0.38), hood=True, thick_m=0.018), Bottom(_GREY, loose_m=0.004),
         shoes=(0.7, 0.15, 0.25), feminine=True, hairstyle="tail", backpack=(0.45, 0.22, 0.02)),
    Look(Top(_WHITE, sleeve="short", thick_m=0.010, hem_m=0.98), Bottom(_BLACK, "skirt", hem_m=0.50),
         shoes=_BLACK, feminine=True, hairstyle="long", bag=(0.28, 0.12, 0.05)),
    Look(Top(_WHITE, (0.02, 0.05, 0.20), "stripes", sleeve="short"), Bottom(_SAND, "shorts"), shoes=_BLACK),
    Look(Top((0.03, 0.12, 0.05), (0.24, 0.32, 0.15), "check", collar=True), Bottom(_SAND),
         shoes=_LEATHER, cap=(0.03, 0.03, 0.035)),
    Look(Top((0.20, 0.06, 0.26), _WHITE, "print"), Bottom(_DENIM), shoes=_GREY),
    Look(Top((0.06, 0.26, 0.30), (0.55, 0.53, 0.48), "block", thick_m=0.022), Bottom((0.09, 0.07, 0.05)),
         shoes=_WHITE, backpack=(0.10, 0.11, 0.07)),
)  # fmt: skip
"""Clothes that nobody could confuse."""


def embody(outfit: Look, rng: np.random.Generator, *, keep_hair: bool = False) -> Look:
    """An outfit on a body drawn for it, its top a little lighter or darker."""
    skin = _SKINS[rng.integers(len(_SKINS))]
    hair = _HAIRS[rng.integers(len(_HAIRS))]
    height_m = rng.uniform(1.60, 1.72) if outfit.feminine else rng.uniform(1.71, 1.88)
    girth, shade = rng.uniform(0.94, 1.14), rng.uniform(0.88, 1.14)
    red, green, blue = (min(0.8, part * shade) for part in outfit.top.colour)
    return replace(
        outfit,
        top=replace(outfit.top, colour=(red, green, blue)),
        skin=skin,
        hair=outfit.hair if keep_hair else hair,
        height_m=height_m,
        girth=girth,
    )
