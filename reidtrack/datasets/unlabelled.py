"""Pictures of people nobody named: what is below some folders, as samples without person and camera."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reidtrack.datasets.layout import images
from reidtrack.datasets.record import JUNK_ID, UNKNOWN_CAMERA, Sample
from reidtrack.errors import InputError

__all__ = ["read_unlabelled"]


def read_unlabelled(folders: Sequence[Path]) -> tuple[Sample, ...]:
    """List the pictures in and below folders, one folder after another, each sorted by path; none is opened.

    Raises:
        InputError: If a folder is not there, or no picture is in or below it.
    """
    found: list[Path] = []
    for folder in folders:
        if not folder.is_dir():
            raise InputError("is not there", where=folder, expected="a folder with pictures of people")
        below = images(folder, deep=True)
        if not below:
            raise InputError("no picture in or below it", where=folder, expected="pictures of people, one each")
        found += below
    return tuple(Sample(path, JUNK_ID, UNKNOWN_CAMERA) for path in found)
