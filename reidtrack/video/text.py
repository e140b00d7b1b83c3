"""Smooth lettering on pictures. OpenCV's own strokes are coarse, and differ between its versions 4 and 5."""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reidtrack.types import ImageArray
from reidtrack.video.palette import Colour

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont, ImageFont


@lru_cache(maxsize=512)
def render(text: str, height: int) -> ImageArray:
    """Coverage of one line of text, (height, W) uint8, capital letters in its middle."""
    from PIL import Image, ImageDraw

    font = _font(height, plain=text.isascii())
    left, _, right, _ = font.getbbox(text)
    canvas = Image.new("L", (max(1, int(np.ceil(right - left)) + 1), height))
    ImageDraw.Draw(canvas).text((-left, height * 0.82), text, fill=255, font=font, anchor="ls")
    mask = np.asarray(canvas)
    mask.setflags(write=False)
    return mask


def blend(image: ImageArray, mask: ImageArray, left: int, top: int, colour: Colour) -> None:
    """Paint `colour` through `mask` (h, w) uint8 onto `image` in place; what lies outside the picture is left out."""
    height, width = image.shape[:2]
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + mask.shape[1], width), min(top + mask.shape[0], height)
    if x0 >= x1 or y0 >= y1:
        return
    alpha = mask[y0 - top : y1 - top, x0 - left : x1 - left, None].astype(np.uint16)
    region = image[y0:y1, x0:x1]
    ink = np.array(colour, np.uint16)
    region[...] = (region * (255 - alpha) + ink * alpha + 127) // 255


@lru_cache(maxsize=512)
def can_write(text: str) -> bool:
    """Whether the font has every letter of a text."""
    if text.isascii():
        return True
    font = _font(16, plain=False)
    lacking = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(letter)) != lacking for letter in text)


@lru_cache(maxsize=32)
def _font(height: int, *, plain: bool) -> FreeTypeFont | ImageFont:
    """Pillow's own font for ASCII; for all else the one that comes with matplotlib, which has many alphabets."""
    from PIL import ImageFont

    found = None if plain else importlib.util.find_spec("matplotlib")
    if found is None or found.origin is None:
        return ImageFont.load_default(height * 0.9)
    path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(path), round(height * 0.82)) if path.is_file() else _font(height, plain=True)
