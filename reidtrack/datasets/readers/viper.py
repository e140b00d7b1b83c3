"""VIPeR (Gray, Brennan and Tao, Evaluating Appearance Models for Recognition, PETS 2007)."""

from __future__ import annotations

import re
from pathlib import Path

from reidtrack.datasets.layout import find_root, images
from reidtrack.datasets.readers.two_views import Protocol, arrange, count_notes
from reidtrack.datasets.record import ReidDataset, Sample
from reidtrack.errors import InputError

_CAMERAS = {"cam_a": 1, "cam_b": 2}
_NAME = re.compile(r"(?P<person>\d{3,4})_\d{1,3}\.\w+")


def load_viper(root: Path, protocol: Protocol = "all", split: int = 0) -> ReidDataset:
    """Read VIPeR: 632 persons, one image from each of two cameras.

    Args:
        root: The folder that holds `cam_a` and `cam_b`, or one that contains it.
        protocol: As `two_views.arrange`; published figures are `half`, the mean over ten splits.
        split: As `two_views.arrange`.

    Raises:
        InputError: If this is another folder.
        UsageError: If the protocol or the split does not exist.
    """
    home = find_root(root, _CAMERAS, name="VIPeR", expected="folders cam_a and cam_b")
    samples = [
        Sample(path, int(found["person"]), camera)
        for folder, camera in _CAMERAS.items()
        for path in images(home / folder)
        if (found := _NAME.fullmatch(path.name)) is not None
    ]
    if not samples:
        raise InputError("no images of VIPeR", where=home, expected="images such as cam_a/000_45.bmp")
    return arrange("viper", samples, protocol, split).with_notes(*count_notes(samples, 1_264, 632))
