"""Keyword arguments that become settings: the range of each, and what does not fit together.

`config.signature` makes a section of settings of a signature: names, types and defaults are the signature's, and what
each means is what the docstring says of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True)
class Range:
    """Numbers from `least` to `most`, both included; None is no limit."""

    least: float | None = None
    most: float | None = None


Fraction = Annotated[float, Range(0, 1)]
"""A number in 0..1."""
NonNegative = Annotated[float, Range(0)]
"""A number that is not below 0."""
Count = Annotated[int, Range(1)]
"""A whole number from 1 on."""


class OptionError(ValueError):
    """A keyword argument that does not fit the others.

    Args:
        name: Of the argument.
        value: What was given.
        expected: What would fit.
    """

    def __init__(self, name: str, value: object, expected: str) -> None:
        super().__init__(f"{name}: got {value!r} (expected {expected})")
        self.name, self.value, self.expected = name, value, expected
