"""Reading what others have put into Redis: bounded, never pickled, refused where it is not what it should be."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from reidtrack.types import FloatArray
from reidtrack.video.naming import is_camera_name

MOST_TEXT = 1 << 20
"""Bytes of JSON that are read."""
MOST_NUMBER = 1 << 53
UNIT = 1e-2
"""How far the length of a feature may be from 1."""

_OWNER = re.compile(r"[0-9a-f]{16}")


class RefusedError(ValueError):
    """What was read is not what it should be; the text says what, and holds nothing of it."""


def read_json(data: object, name: str, version: int | None = None) -> dict[str, Any]:
    """An object, from UTF-8; where a version is named, one whose `v` is that."""
    if not isinstance(data, bytes) or len(data) > MOST_TEXT:
        raise RefusedError(f"{name}: expected JSON of at most {MOST_TEXT} bytes")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise RefusedError(f"{name}: expected JSON") from None
    if not isinstance(found, dict):
        raise RefusedError(f"{name}: expected an object")
    if version is not None and found.get("v") != version:
        raise RefusedError(f"{name}.v: expected {version}")
    return found


def whole(value: object, name: str, low: int, high: int = MOST_NUMBER) -> int:
    """A whole number within bounds."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise RefusedError(f"{name}: expected a whole number from {low} to {high}")
    return value


def real(value: object, name: str, low: float = -1e12, high: float = 1e12) -> float:
    """A number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RefusedError(f"{name}: expected a number")
    if not low <= value <= high:  # nor is it within them where it is not finite, or a whole number of 400 digits
        raise RefusedError(f"{name}: expected {low:g} to {high:g}")
    return float(value)


def listed(value: object, name: str, most: int) -> list[Any]:
    """A list of bounded length."""
    if not isinstance(value, list) or len(value) > most:
        raise RefusedError(f"{name}: expected a list of at most {most}")
    return value


def word(value: object, name: str, most: int = 200) -> str:
    """A printable text of bounded length."""
    if not isinstance(value, str) or not 0 < len(value) <= most or not value.isprintable():
        raise RefusedError(f"{name}: expected a name of at most {most} characters")
    return value


def camera_name(value: object) -> str:
    """A camera's name."""
    name = word(value, "camera")
    if not is_camera_name(name):
        raise RefusedError("camera: expected a camera's name")
    return name


def is_owner(value: object) -> TypeGuard[str]:
    """Whether something is what tells one folder from all others: 16 hexadecimal digits."""
    return isinstance(value, str) and _OWNER.fullmatch(value) is not None


def column(fields: Mapping[bytes, object], name: str, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    """An array of a known type and shape, from raw bytes, little-endian; a copy."""
    data = fields.get(name.encode())
    size = np.dtype(dtype).itemsize * math.prod(shape)
    if not isinstance(data, bytes) or len(data) != size:
        raise RefusedError(f"{name}: expected {size} bytes")
    return np.frombuffer(data, dtype).reshape(shape).astype(np.dtype(dtype).newbyteorder("="))


def unit_rows(rows: FloatArray, name: str) -> FloatArray:
    """Features (K, D), if they are of unit norm."""
    if len(rows) and not (np.abs(np.linalg.norm(rows, axis=1) - 1) < UNIT).all():  # also where they are not finite
        raise RefusedError(f"{name}: expected rows of unit norm")
    return rows
