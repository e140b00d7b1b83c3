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

_EMPTY_SAMPLES = 40
_REACH_PX = 7
"""Around silhouettes and shadows, where light still differs from the empty place."""


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
        _render(camera, made, _EMPTY_SAMPLES, 0, path)
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
    wide = cv2.dilate(mask.astype(np.uint8), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _REACH_PX + 1,) * 2))
    return wide.astype(bool)


def picture(
    camera: Camera, made: Any, empty: np.ndarray, mask: np.ndarray, samples: int, seed: int, scratch: Path
) -> np.ndarray:
    """One frame, (HEIGHT, WIDTH, 3) BGR: the part under `mask` is rendered and laid softly over the empty place."""
    if not mask.any():
        return empty
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    render = bpy.context.scene.render
    render.use_border = True
    margin = 6
    render.border_min_x = max(0, columns[0] - margin) / WIDTH
    render.border_max_x = min(WIDTH, columns[-1] + margin) / WIDTH
    render.border_min_y = 1 - min(HEIGHT, rows[-1] + margin) / HEIGHT
    render.border_max_y = 1 - max(0, rows[0] - margin) / HEIGHT
    _render(camera, made, samples, seed, scratch)
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.8)[:, :, None]
    weight *= _inside(mask.shape, rows, columns, margin)[:, :, None]
    mixed: np.ndarray = np.round(_read(scratch) * weight + empty * (1 - weight)).astype(np.uint8)
    return mixed


def _inside(shape: tuple[int, ...], rows: np.ndarray, columns: np.ndarray, margin: int) -> np.ndarray:
    """1 within the rendered rectangle, 0 outside, where the render has no pixels."""
    inside = np.zeros(shape, np.float32)
    low = max(0, rows[0] - margin + 1), max(0, columns[0] - margin + 1)
    inside[low[0] : rows[-1] + margin - 1, low[1] : columns[-1] + margin - 1] = 1
    if rows[-1] + margin >= shape[0]:
        inside[shape[0] - 2 :, low[1] : columns[-1] + margin - 1] = 1
    return inside


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
    return image
