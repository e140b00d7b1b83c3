"""Rendering with Cycles: a clean picture of the empty place once per camera, and only the people in each frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
import cv2
import numpy as np

from tools.render_sample.cameras import HEIGHT, WIDTH, Camera
from tools.render_sample.meshes import Points
from tools.render_sample.truth import silhouette

Window = tuple[int, int, int, int]
_EMPTY_SAMPLES = 40
_REACH_PX = 7
"""Around silhouettes and shadows, where light still differs from the empty place."""
_MARGIN_PX = 8
_RENDER_COST_PX = 8000
"""What starting a render costs, in pixels rendered."""


def configure(threads: int) -> None:
    """Set the renderer up for small, quick pictures."""
    scene = bpy.context.scene
    render, cycles = scene.render, scene.cycles
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = WIDTH, HEIGHT, 100
    render.threads_mode, render.threads = "FIXED", threads
    render.use_persistent_data, render.use_crop_to_border = True, False
    render.image_settings.file_format = "PNG"
    scene.view_settings.view_transform, scene.view_settings.look = "AgX", "AgX - Medium High Contrast"
    cycles.device, cycles.use_adaptive_sampling = "CPU", False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_input_passes, cycles.denoising_prefilter = (
        "RGB_ALBEDO_NORMAL",
        "FAST",
    )  # colour alone smears paving
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces, cycles.transmission_bounces = 3, 2, 1, 0
    cycles.caustics_reflective = cycles.caustics_refractive = False


def empty_place(camera: Camera, made: Any, path: Path) -> np.ndarray:
    """Picture of the place without people, (HEIGHT, WIDTH, 3) BGR, rendered where `path` is not there yet."""
    if not path.is_file():
        bpy.context.scene.render.use_border = False
        partial = path.with_suffix(".partial.png")
        _render(camera, made, _EMPTY_SAMPLES, 0, partial)
        partial.replace(path)
    return _read(path)


def changed(camera: Camera, people: Sequence[Points], to_sun: Points) -> np.ndarray:
    """Where people or their shadows on the ground are, (HEIGHT, WIDTH) bool."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    for vertices in people:
        shadow = vertices - to_sun * (vertices[:, 2:] / to_sun[2])
        for points in (vertices, shadow):
            pixels, depth = camera.project(points)
            pixels = pixels[depth > 0.5]
            near = (np.abs(pixels - [WIDTH / 2, HEIGHT / 2]) < [WIDTH, HEIGHT]).all(axis=1)
            if near.any():
                mask |= silhouette(pixels[near])[0]
    reach = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _REACH_PX + 1,) * 2)
    wide: np.ndarray = cv2.dilate(mask.astype(np.uint8), reach).astype(bool)
    return wide


def picture(
    camera: Camera, made: Any, empty: np.ndarray, mask: np.ndarray, samples: int, seed: int, scratch: Path
) -> np.ndarray:
    """One frame, (HEIGHT, WIDTH, 3) BGR: what is under `mask` is rendered and laid softly over the empty place."""
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.8)[:, :, None]
    mixed = empty.astype(np.float32)
    render = bpy.context.scene.render
    render.use_border = True
    for left, top, right, bottom in windows(mask):
        render.border_min_x, render.border_max_x = left / WIDTH, right / WIDTH
        render.border_min_y, render.border_max_y = 1 - bottom / HEIGHT, 1 - top / HEIGHT
        _render(camera, made, samples, seed, scratch)
        part = slice(top, bottom), slice(left, right)
        mixed[part] += (_read(scratch)[part] - mixed[part]) * weight[part]
        weight[part] = 0  # windows may overlap
    whole: np.ndarray = np.round(mixed).astype(np.uint8)
    return whole


def windows(mask: np.ndarray) -> list[Window]:
    """Rectangles (left, top, right, bottom) that hold all of a mask with a margin, merged where that is cheaper."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    boxes = [_widened(x, y, x + w, y + h) for x, y, w, h, _ in stats[1:].tolist()]
    while True:
        gains = {
            (i, j): _size(boxes[i]) + _size(boxes[j]) + _RENDER_COST_PX - _size(_union(boxes[i], boxes[j]))
            for i in range(len(boxes))
            for j in range(i)
        }
        if not gains or max(gains.values()) <= 0:
            return boxes
        i, j = max(gains, key=lambda pair: gains[pair])
        boxes[j] = _union(boxes[i], boxes[j])
        del boxes[i]


def _widened(left: int, top: int, right: int, bottom: int) -> Window:
    return (
        max(0, left - _MARGIN_PX),
        max(0, top - _MARGIN_PX),
        min(WIDTH, right + _MARGIN_PX),
        min(HEIGHT, bottom + _MARGIN_PX),
    )


def _union(a: Window, b: Window) -> Window:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _size(box: Window) -> int:
    return (box[2] - box[0]) * (box[3] - box[1])


def _render(camera: Camera, made: Any, samples: int, seed: int, path: Path) -> None:
    scene = bpy.context.scene
    scene.camera, scene.view_settings.exposure = made, camera.exposure_ev
    scene.cycles.samples, scene.cycles.seed = samples, seed
    scene.render.filepath = str(path.resolve())
    bpy.ops.render.render(write_still=True)


def _read(path: Path) -> np.ndarray:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise FileNotFoundError(path)
    return np.asarray(image)
