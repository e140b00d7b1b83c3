"""CUHK01 (Li, Zhao and Wang, Human Reidentification with Transferred Metric Learning, ACCV 2012)."""

from __future__ import annotations

import re
from pathlib import Path

from reidtrack.datasets.layout import images
from reidtrack.datasets.readers.two_views import Protocol, arrange, count_notes
from reidtrack.datasets.record import ReidDataset, Sample
from reidtrack.errors import InputError

_NAME = re.compile(r"(?P<person>\d{4})(?P<image>\d{3})\.\w+")


def load_cuhk01(root: Path, protocol: Protocol = "all", split: int = 0) -> ReidDataset:
    """Read CUHK01: 971 persons, two images from each of two cameras.

    Args:
        root: The folder of images (`campus`), or one that contains it.
        protocol: As `two_views.arrange`.
        split: As `two_views.arrange`.

    Raises:
        InputError: If this is another folder.
        UsageError: If the protocol or the split does not exist.
    """
    samples = [sample for path in images(root, deep=True) if (sample := parse_cuhk01(path)) is not None]
    if not samples:
        raise InputError("not CUHK01", where=root, expected="0001001.png: person 0001, image 001 to 004")
    return arrange("cuhk01", samples, protocol, split).with_notes(*count_notes(samples, 3_884, 971))


def parse_cuhk01(path: Path) -> Sample | None:
    """Person and camera of a file's name (images 1 and 2: camera 1; 3 and 4: camera 2); None for another name."""
    found = _NAME.fullmatch(path.name)
    if found is None or not 1 <= int(found["image"]) <= 4:
        return None
    return Sample(path, int(found["person"]), (int(found["image"]) + 1) // 2)
