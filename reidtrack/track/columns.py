"""Tables of tracks: dataclasses whose fields are arrays with one row per track, or one column."""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from reidtrack.types import BoolArray, IntArray

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")

NO_IDS: IntArray = np.zeros(0, np.int64)
"""Ids of no tracks."""
NO_IDS.setflags(write=False)


def take(table: T, rows: BoolArray | IntArray, axis: int = 0) -> T:
    """The chosen tracks; they lie along `axis` of every array."""
    indices = rows.nonzero()[0] if rows.dtype == np.bool_ else rows
    return type(table)(*(getattr(table, name).take(indices, axis) for name in _names(type(table))))


def join(first: T, *others: T, axis: int = 0) -> T:
    """All tracks, those of `first` first."""
    tables = (first, *others)
    arrays = (np.concatenate([getattr(t, name) for t in tables], axis) for name in _names(type(first)))
    return type(first)(*arrays)


@cache
def _names(table: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(table))
