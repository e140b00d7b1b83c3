"""A picture of the triplets that a network finds hardest."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from torch import Tensor

from reidtrack.files import write_lines
from reidtrack.train.losses import euclidean, hardest_pairs, pair_masks
from reidtrack.types import ImageArray

SHOWN = 12
HEIGHT_PX = 128
_EDGE_PX = 3
_BAND_PX = 18
_COLOURS = {"anchor": (200, 200, 200), "positive": (90, 170, 60), "negative": (70, 60, 210)}  # BGR


def write_triplets(
    path: Path, images: ImageArray, features: Tensor, person: Tensor, camera: Tensor, *, cross_camera: bool
) -> None:
    """Draw anchors with the farthest image of the same person and the nearest of another, hardest first, as PNG.

    Args:
        path: Where to; nothing is written where the batch has no triplet.
        images: (N, H, W, 3) uint8, BGR.
        features: (N, D).
        person: (N,) int64.
        camera: (N,) int64.
        cross_camera: Positives are by other cameras than the anchor's.

    Raises:
        OutputError: If the file cannot be written.
    """
    distance = euclidean(features.float().cpu())
    person, camera = person.cpu(), camera.cpu()
    anchor, positive, negative = hardest_pairs(distance, *pair_masks(person, camera if cross_camera else None))
    if not len(anchor):
        return
    gap = distance[anchor, positive] - distance[anchor, negative]
    columns = []
    for i in gap.argsort(descending=True)[:SHOWN].tolist():
        a, p, n = (int(rows[i]) for rows in (anchor, positive, negative))
        cells = [
            _cell(images[a], "anchor", f"cam {camera[a]}"),
            _cell(images[p], "positive", f"cam {camera[p]} {distance[a, p]:.1f}"),
            _cell(images[n], "negative", f"cam {camera[n]} {distance[a, n]:.1f}"),
        ]
        columns.append(np.concatenate(cells))
    done, data = cv2.imencode(".png", np.concatenate(columns, axis=1))
    assert done
    write_lines(path, [data.tobytes()])


def _cell(image: ImageArray, role: str, text: str) -> ImageArray:
    """The image in a frame of its role's colour, with a line of text below."""
    width = round(image.shape[1] * HEIGHT_PX / image.shape[0])
    scaled = cv2.resize(image, (max(width, 64), HEIGHT_PX))
    edges = (_EDGE_PX, _EDGE_PX + _BAND_PX, _EDGE_PX, _EDGE_PX)
    framed = cv2.copyMakeBorder(scaled, *edges, cv2.BORDER_CONSTANT, value=_COLOURS[role])
    cv2.putText(framed, text, (4, len(framed) - 7), cv2.FONT_HERSHEY_SIMPLEX, 0.36, (0, 0, 0), 1, cv2.LINE_AA)
    return np.asarray(framed, np.uint8)
