"""Tables of tracks: dataclasses whose fields are arrays with one row per track."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from reidtrack.types import BoolArray, IntArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def take(table: T, rows: BoolArray | IntArray) -> T:
    """The chosen rows."""
    return replace(table, **{f.name: getattr(table, f.name)[rows] for f in fields(table)})


def join(first: T, *others: T) -> T:
    """All rows, those of `first` first."""
    tables = (first, *others)
    return replace(first, **{f.name: np.concatenate([getattr(t, f.name) for t in tables]) for f in fields(first)})
