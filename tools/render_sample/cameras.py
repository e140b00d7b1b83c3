"""The three cameras: where they hang, how they map the world to pixels and how they colour it.

World: x east, y north, z up, metres; the ground is z = 0. Pixels: x right, y down, (0, 0) is the outer corner of the
first pixel. Camera axes: x right, y down, z ahead, as in OpenCV.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from tools.render_sample.meshes import Points

WIDTH, HEIGHT = 640, 360
_SENSOR_MM = 36.0


@dataclass(frozen=True, slots=True)
class Camera:
    """A pinhole camera.

    Attributes:
        name: Also the stem of its files.
        position_m: Where it hangs.
        target_m: A point in the middle of its picture.
        focal_px: Focal length.
        exposure_ev: Brightening, stops.
        balance: Factors of red, green and blue: its white balance.
    """

    name: str
    position_m: tuple[float, float, float]
    target_m: tuple[float, float, float]
    focal_px: float
    exposure_ev: float
    balance: tuple[float, float, float]

    @property
    def intrinsics(self) -> Points:
        """K, (3, 3)."""
        return np.array([[self.focal_px, 0, WIDTH / 2], [0, self.focal_px, HEIGHT / 2], [0, 0, 1]])

    @property
    def rotation(self) -> Points:
        """World to camera axes, (3, 3)."""
        ahead = np.subtract(self.target_m, self.position_m)
        ahead /= np.linalg.norm(ahead)
        right = np.cross(ahead, [0, 0, 1])
        right /= np.linalg.norm(right)
        return np.stack([right, np.cross(ahead, right), ahead])

    @property
    def translation(self) -> Points:
        """World to camera, (3,): camera = rotation @ world + translation."""
        moved: Points = -self.rotation @ np.asarray(self.position_m)
        return moved

    @property
    def image_to_plan(self) -> Points:
        """Homography of pixels on the ground to plan metres, (3, 3), bottom right 1."""
        ground = np.column_stack([self.rotation[:, :2], self.translation])
        inverse = np.linalg.inv(self.intrinsics @ ground)
        scaled: Points = inverse / inverse[2, 2]
        return scaled

    def project(self, world_m: Points) -> tuple[Points, Points]:
        """World points (N, 3) to pixels (N, 2) and distances along the optical axis (N,)."""
        seen = world_m @ self.rotation.T + self.translation
        depth = seen[:, 2]
        return seen[:, :2] / depth[:, None] * self.focal_px + [WIDTH / 2, HEIGHT / 2], depth

    def rays(self) -> Points:
        """World direction through the middle of each pixel, (HEIGHT, WIDTH, 3), one metre along the optical axis."""
        x, y = np.meshgrid(np.arange(WIDTH) + 0.5 - WIDTH / 2, np.arange(HEIGHT) + 0.5 - HEIGHT / 2)
        directions: Points = np.stack([x, y, np.full_like(x, self.focal_px)], axis=-1) / self.focal_px @ self.rotation
        return directions

    def make(self) -> Any:
        """The camera as a Blender object."""
        data = bpy.data.cameras.new(self.name)
        data.sensor_width, data.lens = _SENSOR_MM, self.focal_px / WIDTH * _SENSOR_MM
        made = bpy.data.objects.new(self.name, data)
        pose = np.eye(4)
        pose[:3, :3] = self.rotation.T @ np.diag([1, -1, -1])  # Blender's cameras look along -z with y up
        pose[:3, 3] = self.position_m
        made.matrix_world = Matrix(pose.tolist())
        bpy.context.scene.collection.objects.link(made)
        return made


CAMERAS = (
    Camera("entrance", (-9.0, -5.4, 3.3), (-4.12, 5.56, 0.6), 533, 0.15, (1.07, 1.0, 0.88)),
    Camera("plaza", (9.0, -5.4, 3.2), (4.12, 5.56, 0.6), 533, 0.0, (0.95, 1.0, 1.08)),
    Camera("alley", (11.8, 4.1, 3.4), (21.0, 4.5, 0.75), 520, 1.3, (0.98, 1.04, 0.97)),
)
