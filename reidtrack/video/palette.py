"""One colour per identity, the same on every camera."""

from __future__ import annotations

from typing import TypeAlias

Colour: TypeAlias = tuple[int, int, int]
"""Blue, green, red, 0..255."""

UNDECIDED: Colour = (170, 170, 170)

# Eight chosen by eye, then each as far in CIELAB as possible from all before it and from the greys of asphalt and
# concrete, among colours of lightness 50 to 90 and chroma 36 to 92. Any two of the first 24 are more than 25 apart.
_PALETTE = bytes.fromhex(
    "2f9bff ff8a1f 2ecc71 ff4fa3 ffd83d 9b6bff 22d3d3 ff4b4b 787d1e fab9ff aaf537 b46946 d2eb96 d21ec3 37875f af5f82 "
    "ffc37d 009bc8 8c69be 5aa000 ffa5a5 00ffd2 b98700 ff87fa 50ff6e e65a73 87d2a5 0f78ff bed246 f54b00 ff0069 aab9ff "
    "be50a5 a5f57d 78af5a ff875a e1eb00 5578b4 ff8cc3 b95f0a"
)

COLOURS = len(_PALETTE) // 3


def colour_of(identity: int) -> Colour:
    """Colour of an identity, counted from 1; they repeat after forty. Below 1, undecided: grey."""
    if identity < 1:
        return UNDECIDED
    place = (identity - 1) % COLOURS
    red, green, blue = _PALETTE[3 * place : 3 * place + 3]
    return blue, green, red


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever has the higher contrast (WCAG 2) on `colour`."""
    blue, green, red = ((c / 255) ** 2.2 for c in colour)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return (0, 0, 0) if (luminance + 0.05) ** 2 > 0.05 * 1.05 else (255, 255, 255)
