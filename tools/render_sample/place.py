"""The place: a plaza between buildings, half of it in their shadow, and an alley that leads east to a cross street."""

from __future__ import annotations

import math
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from tools.render_sample import objects
from tools.render_sample.materials import masonry, plain
from tools.render_sample.meshes import Surface, block, limb

GROUND = "ground"
OBSTACLES = ((1.9, 6.3, 0.75), (-5.9, 8.2, 1.1), (-1.0, 5.3, 0.25), (7.6, 8.6, 1.2), (18.6, 6.25, 0.5))
"""Plan x, y and radius of what people walk around, metres."""

_BUILDINGS = (
    ((-20, 12, 0), (11, 16, 9), "stone"),
    ((-17, -16, 0), (-13, 12, 8), "brick"),
    ((11, -16, 0), (24, 1.8, 8), "brick"),
    ((11, 6.4, 0), (24, 20, 8), "stone"),
    ((28, -25, 0), (31, 25, 9), "stone"),
)


def build(rng: np.random.Generator) -> None:
    """Put ground, buildings, furniture, sky and sun into the scene; `rng` moves the sun a little."""
    walls = {
        "stone": masonry("stone", (0.50, 0.47, 0.40), (0.44, 0.41, 0.35), (0.8, 0.4), upright=True),
        "brick": masonry("brick", (0.36, 0.20, 0.14), (0.29, 0.15, 0.11), (0.3, 0.1), upright=True),
    }
    paving = masonry("paving", (0.30, 0.285, 0.265), (0.25, 0.24, 0.225), (0.6, 0.6), upright=False)
    objects.add(GROUND, block((-60, -60, -0.2), (60, 60, 0)), paving)
    for low, high, wall in _BUILDINGS:
        objects.add("building", block(low, high), walls[wall])
    _windows()
    _furniture(walls["stone"])
    _light(azimuth=math.radians(210 + rng.uniform(-8, 8)), elevation=math.radians(40 + rng.uniform(-3, 3)))


def _windows() -> None:
    """Rows of windows, each a frame with glass, on the walls that cameras see."""
    glass, frame = plain("glass", (0.02, 0.03, 0.04), 0.08), plain("frame", (0.5, 0.5, 0.48))

    def opening(low: tuple[float, float, float], high: tuple[float, float, float]) -> None:
        thick = int(np.argmin(np.subtract(high, low)))
        grow = np.full(3, 0.12)
        grow[thick] = -0.03
        objects.add("glass", block(low, high), glass)
        objects.add("frame", block(np.subtract(low, grow), np.add(high, grow)), frame)

    for level in (1.0, 4.6):
        for i in range(11):
            opening((-11.6 + 2.2 * i, 11.92, level), (-10.4 + 2.2 * i, 12.08, level + 1.9))
        for i in range(8):
            opening((-13.08, -9.0 + 2.6 * i, level), (-12.92, -7.8 + 2.6 * i, level + 1.8))
            opening((27.92, -14.0 + 4.2 * i, level), (28.08, -12.6 + 4.2 * i, level + 1.9))
        for i in range(4):
            opening((12.6 + 3.0 * i, 6.32, level + 0.3), (13.8 + 3.0 * i, 6.48, level + 2.0))
            opening((13.4 + 3.0 * i, 1.72, level + 0.3), (14.6 + 3.0 * i, 1.88, level + 2.0))


def _furniture(stone: Any) -> None:
    """What stands on the plaza and in the alley; people pass behind it."""
    steel, wood = plain("steel", (0.04, 0.045, 0.04), 0.5), plain("wood", (0.22, 0.12, 0.06))
    poster = masonry("posters", (0.42, 0.10, 0.07), (0.06, 0.16, 0.34), (0.9, 1.1), upright=True)
    (x, y, _), (tx, ty, _), (lx, ly, _), (bx, by, _), (cx, cy, _) = OBSTACLES
    objects.add("column", limb((x, y, 0), (x, y, 2.7), [(0, 0.5), (1, 0.5)], sides=32), poster)
    objects.add("column top", limb((x, y, 2.7), (x, y, 2.95), [(0, 0.58), (1, 0.45)], sides=32), steel)
    objects.add("planter", block((tx - 0.7, ty - 0.7, 0), (tx + 0.7, ty + 0.7, 0.55)), stone)
    objects.add("trunk", limb((tx, ty, 0), (tx, ty, 2.4), [(0, 0.14), (1, 0.08)]), wood)
    objects.add("leaves", _leaves((tx, ty, 3.2)), plain("leaf", (0.05, 0.11, 0.025)))
    objects.add("lamp", limb((lx, ly, 0), (lx, ly, 5.0), [(0, 0.08), (1, 0.05)]), steel)
    objects.add("seat", block((bx - 0.9, by - 0.22, 0.42), (bx + 0.9, by + 0.22, 0.47)), wood)
    objects.add("back", block((bx - 0.9, by + 0.2, 0.5), (bx + 0.9, by + 0.24, 0.85)), wood)
    for side in (-0.75, 0.7):
        objects.add("leg", block((bx + side, by - 0.2, 0), (bx + side + 0.05, by + 0.2, 0.42)), steel)
    crate = block((cx - 0.45, cy - 0.35, 0), (cx + 0.45, cy + 0.2, 1.15))
    objects.add("crate", crate, plain("crate", (0.03, 0.09, 0.05)))


def _leaves(centre: tuple[float, float, float], count: int = 2500) -> Surface:
    rng = np.random.default_rng(3)
    outward = rng.normal(0, 1, (count, 3))
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    middle = np.asarray(centre) + outward * (rng.uniform(0.3, 1, count) ** 0.4)[:, None] * [1.2, 1.2, 1.1]
    long, wide = rng.normal(0, 0.09, (2, count, 3))
    corners = np.stack([middle - long, middle - wide, middle + long, middle + wide], axis=1)
    return Surface(corners.reshape(-1, 3), [(4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3) for i in range(count)])


def _light(azimuth: float, elevation: float) -> None:
    """Sun and clear sky; `azimuth` is where the sun stands, radians from east, anticlockwise."""
    level = math.cos(elevation)
    to_sun = Vector((math.cos(azimuth) * level, math.sin(azimuth) * level, math.sin(elevation)))
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle, sun.color = 4.2, math.radians(1.2), (1.0, 0.95, 0.87)
    made = bpy.data.objects.new("sun", sun)
    made.rotation_euler = to_sun.to_track_quat("Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(made)
    world = bpy.data.worlds.new("sky")
    bpy.context.scene.world = world
    world.use_nodes = True
    nodes = world.node_tree.nodes
    sky = nodes.new("ShaderNodeTexSky")
    sky.sky_type, sky.sun_disc, sky.sun_elevation = "NISHITA", False, elevation
    sky.sun_rotation = math.pi / 2 - azimuth
    world.node_tree.links.new(sky.outputs[0], nodes["Background"].inputs[0])
    nodes["Background"].inputs[1].default_value = 0.14


def to_sun() -> np.ndarray:
    """Direction from the ground to the sun, (3,), unit length."""
    turn = bpy.data.objects["sun"].rotation_euler.to_matrix()
    return np.array(turn @ Vector((0, 0, 1)))
