"""Small pictures of people for the pages of a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reidtrack.errors import InputError
from reidtrack.image import read_image
from reidtrack.runs.crops import crop_keys, crops_of
from reidtrack.types import Identity, TrackletKey

THUMBNAIL = (96, 192)
"""Width and height, pixels."""


def thumbnail(path: Path) -> bytes:
    """A crop as a small JPEG, so that a page of many people stays small; empty if it cannot be read."""
    import cv2

    try:  # not by cv2.imread, which ends the process where a name is no UTF-8
        image = read_image(path)
    except InputError:
        return b""
    small = cv2.resize(image, THUMBNAIL, interpolation=cv2.INTER_AREA)
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())


def best_of(folder: Path, identity: Identity, most: int) -> Mapping[TrackletKey, list[bytes]]:
    """The best picture of each of a person's longest tracklets, from disk.

    Args:
        folder: `crops/` of the run, sorted by identity.
        identity: The person, or a part of its tracklets.
        most: Pictures at most.
    """
    paths = {(crop.camera, crop.track_id, crop.frame): crop.path for crop in crops_of(folder, identity.id)}
    found: dict[TrackletKey, list[bytes]] = {}
    if not paths:
        return found
    for tracklet in sorted(identity, key=lambda t: (-len(t), t.first_time_s, t.key)):
        if len(found) >= most:
            break
        worth = sorted(zip((-tracklet.feature_quality).tolist(), crop_keys(tracklet), strict=True))
        best = next((paths[key] for _, key in worth if key in paths), None)
        if best is not None:
            found[tracklet.key] = [thumbnail(best)]
    return found
