"""What a person looks like: build, skin, hair, clothes and what is carried. Colours are linear RGB, 0 to 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Colour = tuple[float, float, float]
Pattern = Literal["plain", "stripes", "check", "block", "print"]


@dataclass(frozen=True, slots=True)
class Top:
    """A garment of the upper body.

    Attributes:
        colour: Main colour.
        second: Colour of the pattern.
        pattern: plain; stripes and check; block: other shoulders; print: a spot on the chest.
        sleeve: Length of the sleeves.
        hem_m: Height of its lower edge on a body of 1.75 m; a coat's is low.
        thick_m: How far the cloth stands off the body.
        flare: Widening towards a low hem.
        hood: Whether a hood hangs at the neck.
        collar: Whether it has a standing collar.
        under: Colour seen in the open front; None where it is closed.
    """

    colour: Colour
    second: Colour = (0.7, 0.7, 0.68)
    pattern: Pattern = "plain"
    sleeve: Literal["long", "short"] = "long"
    hem_m: float = 0.93
    thick_m: float = 0.016
    flare: float = 0.05
    hood: bool = False
    collar: bool = False
    under: Colour | None = None


@dataclass(frozen=True, slots=True)
class Bottom:
    """A garment of the legs; `hem_m` is the height of a skirt's lower edge, `loose_m` the width of trousers."""

    colour: Colour
    kind: Literal["trousers", "shorts", "skirt"] = "trousers"
    loose_m: float = 0.008
    hem_m: float = 0.52


@dataclass(frozen=True, slots=True)
class Look:
    """Everything that is seen of a person at rest."""

    top: Top
    bottom: Bottom
    shoes: Colour
    skin: Colour = (0.55, 0.34, 0.24)
    hair: Colour = (0.012, 0.010, 0.009)
    hairstyle: Literal["short", "long", "bun", "tail", "bald"] = "short"
    height_m: float = 1.75
    girth: float = 1.0
    feminine: bool = False
    cap: Colour | None = None
    backpack: Colour | None = None
    bag: Colour | None = None
