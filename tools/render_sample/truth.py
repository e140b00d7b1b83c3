"""Exact ground truth: who is seen where, and how much of them.

A person's silhouette is all vertices splatted and closed; it is seen where it lies in the picture, before whatever
stands there and before everybody behind. Boxes are of the whole body, cut to the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import bpy
import cv2
import numpy as np

from tools.render_sample.cameras import HEIGHT, WIDTH, Camera
from tools.render_sample.meshes import Points
from tools.render_sample.place import GROUND

_NEAREST_M = 0.5
_BODY_DEPTH_M = 0.3
_CLOSING = np.ones((5, 5), np.uint8)


@dataclass(frozen=True, eq=False, slots=True)
class Seen:
    """One person in one picture.

    Attributes:
        number: Identity, from 1.
        xyxy: (4,) box of the whole body, cut to the picture, pixels.
        visibility: Share of the silhouette that is seen.
        mask: (HEIGHT, WIDTH) bool, the silhouette in the picture, hidden parts included.
    """

    number: int
    xyxy: Points
    visibility: float
    mask: np.ndarray


def standing_depth(camera: Camera) -> Points:
    """Distance along the optical axis to what stands in each pixel, (HEIGHT, WIDTH); infinite on ground and sky.

    People must not be in the scene yet.
    """
    depth = np.full((HEIGHT, WIDTH), np.inf)
    graph = bpy.context.evaluated_depsgraph_get()
    axis, origin = camera.rotation[2], np.asarray(camera.position_m)
    rays = camera.rays()
    for place in np.ndindex(HEIGHT, WIDTH):
        hit, location, _, _, thing, _ = bpy.context.scene.ray_cast(graph, origin, rays[place])
        if hit and thing.name != GROUND:
            depth[place] = (np.asarray(location) - origin) @ axis
    return depth


def look(camera: Camera, people: Sequence[Points], standing: Points) -> list[Seen]:
    """Everybody who is at least a little in the picture, by identity.

    Args:
        camera: The camera.
        people: Vertices (N, 3) of identity 1, 2, ...
        standing: (HEIGHT, WIDTH) from `standing_depth`.
    """
    projected = [camera.project(vertices) for vertices in people]
    order = np.argsort([depth.mean() for _, depth in projected])
    taken = np.zeros((HEIGHT, WIDTH), bool)
    seen = []
    for index in order:
        pixels, depth = projected[index]
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        if depth.min() < _NEAREST_M or (high <= 0).any() or (low >= [WIDTH, HEIGHT]).any():
            continue
        mask, area = silhouette(pixels)
        visible = mask & ~taken & (standing > depth.mean() - _BODY_DEPTH_M)
        taken |= mask
        box = np.clip(np.concatenate([low, high]), 0, [WIDTH, HEIGHT] * 2)
        if visible.any():
            seen.append(Seen(int(index) + 1, box, float(visible.sum() / area), mask))
    return sorted(seen, key=lambda s: s.number)


def silhouette(pixels: Points) -> tuple[np.ndarray, int]:
    """Silhouette of splatted vertices (N, 2): its part in the picture, (HEIGHT, WIDTH) bool, and its whole area."""
    margin = 4
    cells = np.floor(pixels).astype(int)
    low = cells.min(axis=0) - margin
    width, height = cells.max(axis=0) - low + margin + 1
    whole = np.zeros((height, width), np.uint8)
    whole[cells[:, 1] - low[1], cells[:, 0] - low[0]] = 1
    whole = cv2.morphologyEx(whole, cv2.MORPH_CLOSE, _CLOSING)
    mask = np.zeros((HEIGHT, WIDTH), bool)
    left, top = np.maximum(low, 0)
    right, bottom = np.minimum(low + np.array([width, height]), [WIDTH, HEIGHT])
    if right > left and bottom > top:
        mask[top:bottom, left:right] = whole[top - low[1] : bottom - low[1], left - low[0] : right - low[0]]
    return mask, int(whole.sum())
