"""Bodies and what is worn on them, as solids around the joints of a skeleton at rest."""

from __future__ import annotations

import math

import numpy as np

from tools.render_sample.looks import Look
from tools.render_sample.meshes import Points, Surface, ellipsoid, limb, loft, strap
from tools.render_sample.skeleton import SIDES, Skeleton

# Height, half width, half depth, offset ahead of the trunk.
_TRUNK_F = (
    (0.80, 0.090, 0.075, 0.000), (0.86, 0.165, 0.110, -0.010), (0.92, 0.180, 0.125, -0.015),
    (1.00, 0.160, 0.105, -0.005), (1.08, 0.128, 0.090, 0.000), (1.15, 0.130, 0.090, 0.003),
    (1.24, 0.148, 0.108, 0.018), (1.29, 0.155, 0.118, 0.026), (1.36, 0.160, 0.100, 0.010),
    (1.42, 0.148, 0.078, -0.008), (1.46, 0.100, 0.062, -0.013), (1.49, 0.052, 0.050, -0.013),
)  # fmt: skip
_TRUNK_M = (
    (0.80, 0.090, 0.075, 0.000), (0.86, 0.155, 0.110, -0.010), (0.92, 0.168, 0.120, -0.010),
    (1.00, 0.155, 0.108, 0.000), (1.08, 0.150, 0.103, 0.002), (1.16, 0.155, 0.106, 0.005),
    (1.24, 0.168, 0.115, 0.010), (1.31, 0.180, 0.120, 0.012), (1.38, 0.184, 0.110, 0.004),
    (1.43, 0.165, 0.085, -0.008), (1.47, 0.110, 0.066, -0.013), (1.50, 0.060, 0.056, -0.013),
)  # fmt: skip
# Place along the limb, radius.
_THIGH = ((0, 0.088), (0.15, 0.09), (0.4, 0.082), (0.75, 0.064), (1, 0.055))
_SHIN = ((0, 0.056), (0.12, 0.056), (0.3, 0.058), (0.6, 0.045), (0.9, 0.036), (1, 0.036))
_UPPER_ARM = ((-0.06, 0.036), (0, 0.047), (0.25, 0.05), (0.7, 0.043), (1, 0.039))
_FOREARM = ((0, 0.039), (0.25, 0.042), (0.7, 0.032), (1, 0.026))
# Place ahead of the ankle, half width, height, clearance of a shoe.
_SHOE = (
    (-0.085, 0.02, 0.03, 0.012), (-0.075, 0.034, 0.07, 0.0), (-0.03, 0.038, 0.095, 0.0), (0.03, 0.04, 0.085, 0.0),
    (0.09, 0.046, 0.06, 0.0), (0.14, 0.043, 0.05, 0.0), (0.175, 0.03, 0.04, 0.002), (0.185, 0.012, 0.02, 0.01),
)  # fmt: skip
HEAD = np.array([0, 0.018, 1.638])
HEAD_RADII = np.array([0.074, 0.096, 0.115])


class Body:
    """The solids of one person; every method gives surfaces in the pose of rest."""

    def __init__(self, skeleton: Skeleton, look: Look) -> None:
        self._j = skeleton.joints
        self._limbs = (0.88 if look.feminine else 1.0) * look.girth**0.6
        self._trunk = np.array(_TRUNK_F if look.feminine else _TRUNK_M)
        self._trunk[:, 1:3] *= [look.girth**0.8, look.girth]

    def trunk(self, low_m: float, high_m: float, off_m: float, flare: float = 0.0) -> Surface:
        """The trunk between two heights, `off_m` larger than the flesh and wider below the hips by `flare`."""
        rings = []
        for z in np.linspace(low_m, high_m, 28):
            width, depth, ahead = self._section(z)
            extra = off_m + flare * max(0.0, 0.98 - z)
            rings.append(((0, ahead, z), (width + extra, 0, 0), (0, depth + extra, 0)))
        return loft(rings, 28, roundness=2.3)

    def skirt(self, hem_m: float, flare: float = 0.12) -> Surface:
        """A skirt from the waist to `hem_m`."""
        _, hip_width, hip_depth, _ = self._trunk[2]
        rings = []
        for z in np.linspace(1.0, hem_m, 10):
            fit, wide = (0.93 if z > 0.95 else 1.02), flare * max(0.0, 0.95 - z)
            rings.append(
                ((0, -0.005, z), (hip_width * fit + wide + 0.006, 0, 0), (0, hip_depth * fit + 1.2 * wide + 0.008, 0))
            )
        return loft(rings, 36)

    def legs(self, off_m: float, loose_m: float = 0.0, knee_length: bool = False) -> list[Surface]:
        """Both legs, `off_m` larger than the flesh and wider towards the ankle by `loose_m`."""
        k, parts = self._limbs, []
        for n, _ in SIDES:
            hip, knee, ankle = self._j[f"hip{n}"] + [0, 0, 0.02], self._j[f"knee{n}"], self._j[f"ankle{n}"]
            thigh = [(t, r * k + off_m + loose_m * 0.4) for t, r in _THIGH if not knee_length or t < 0.8]
            if knee_length:
                parts.append(limb(hip, knee, [*thigh, (0.8, 0.07 * k + off_m + loose_m * 0.7)], 1.05))
                continue
            shin = [(t, r * k + off_m + loose_m * (0.5 + 0.5 * t)) for t, r in _SHIN]
            parts.append(limb(hip, knee, thigh, 1.05))
            parts.append(limb(knee, ankle - [0, 0, 0.02], shin, 1.08))
            parts.append(ellipsoid(knee, [0.056 * k + off_m + loose_m * 0.5] * 3))
        return parts

    def arms(self, off_m: float, loose_m: float = 0.0, short: bool = False) -> list[Surface]:
        """Both arms to the wrist, or to above the elbow."""
        k, parts = self._limbs, []
        for n, _ in SIDES:
            shoulder, elbow, wrist = (self._j[f"{joint}{n}"] for joint in ("shoulder", "elbow", "wrist"))
            upper = [(t, r * k + off_m + loose_m * max(t, 0)) for t, r in _UPPER_ARM if not short or t < 0.62]
            parts.append(ellipsoid(shoulder - [0, 0, 0.012], [0.05 * k + off_m * 0.8] * 3))
            if short:
                parts.append(limb(shoulder, elbow, [*upper, (0.62, 0.045 * k + off_m + loose_m)]))
                continue
            parts.append(limb(shoulder, elbow, upper))
            parts.append(ellipsoid(elbow, [0.04 * k + off_m + loose_m] * 3))
            parts.append(limb(elbow, wrist, [(t, r * k + off_m + loose_m) for t, r in _FOREARM]))
        return parts

    def hands(self) -> list[Surface]:
        """Both hands, flat, with thumbs."""
        parts = []
        for n, _ in SIDES:
            wrist, fingers = self._j[f"wrist{n}"], self._j[f"fingers{n}"]
            along = (fingers - wrist) / np.linalg.norm(fingers - wrist)
            across = np.cross(along, [0, 1, 0])
            palm = limb(wrist, fingers, [(-0.1, 0.024), (0.2, 0.036), (0.5, 0.042), (0.8, 0.036), (1, 0.022)])
            flat = palm.vertices - np.outer((palm.vertices - wrist) @ across * 0.55, across)
            thumb = (wrist + along * 0.03 + [0, 0.025, 0], wrist + along * 0.10 + [0, 0.055, 0])
            parts += [Surface(flat, palm.faces), limb(*thumb, [(0, 0.014), (0.8, 0.013), (1, 0.007)])]
        return parts

    def head(self) -> list[Surface]:
        """Skull narrowed to the chin, neck, nose, ears."""
        skull = ellipsoid(HEAD, HEAD_RADII, 28)
        below = np.clip(-(skull.vertices - HEAD)[:, 2] / HEAD_RADII[2], 0, 1)
        narrowed = skull.vertices * np.stack([1 - 0.28 * below, np.ones_like(below), np.ones_like(below)], axis=1)
        narrowed[:, 1] += np.where(narrowed[:, 1] > HEAD[1], 0.012, 0.03) * below
        neck = limb((0, -0.018, 1.46), (0, 0.002, 1.58), [(0, 0.056 * self._limbs), (1, 0.052 * self._limbs)])
        nose = ellipsoid((0, 0.118, 1.625), (0.012, 0.016, 0.022))
        chin = ellipsoid((0, 0.09, 1.552), (0.03, 0.022, 0.018))
        ears = [ellipsoid((sign * 0.076, 0.01, 1.63), (0.01, 0.02, 0.03)) for _, sign in SIDES]
        return [Surface(narrowed, skull.faces), neck, nose, chin, *ears]

    def shoes(self) -> list[Surface]:
        """Both shoes with a short shaft."""
        parts = []
        for n, sign in SIDES:
            x = self._j[f"ankle{n}"][0]
            rings = [
                ((x + sign * 0.006 * max(0, y), y, low + high / 2), (width, 0, 0), (0, 0, high / 2))
                for y, width, high, low in _SHOE
            ]
            parts += [loft(rings, 20, 2.6), limb((x, -0.02, 0.05), (x, -0.018, 0.12), [(0, 0.045), (1, 0.042)])]
        return parts

    def _section(self, z: float) -> tuple[float, float, float]:
        """Half width, half depth and offset of the trunk at a height; below the hips it does not taper."""
        width, depth, ahead = (float(np.interp(z, self._trunk[:, 0], self._trunk[:, k])) for k in (1, 2, 3))
        if z < 0.9:
            width, depth = (float(np.interp(0.9, self._trunk[:, 0], self._trunk[:, k])) for k in (1, 2))
        return width, depth, ahead


def hair(style: str, rng: np.random.Generator) -> list[Surface]:
    """Hair as a rough cap over the skull, with what the style adds."""
    skull = ellipsoid(HEAD, HEAD_RADII, 40)
    unit = (skull.vertices - HEAD) / HEAD_RADII
    long = style != "short"
    hairline = 0.42 - 0.75 * np.clip(0.25 - unit[:, 1], 0, 1.3) - (0.25 if long else 0) * (np.abs(unit[:, 0]) > 0.75)
    covered = 1 / (1 + np.exp(-(unit[:, 2] - hairline) * 18))
    waves = sum(np.sin(skull.vertices @ rng.normal(0, 70, 3) + rng.uniform(0, 6)) for _ in range(6))
    thickness = ((0.02 if long else 0.014) + 0.0012 * waves) * covered - 0.012 * (1 - covered)
    parts = [Surface(HEAD + unit * (HEAD_RADII + thickness[:, None]), skull.faces)]
    if style == "long":
        levels = np.linspace(0, 1, 8)
        rings = [
            ((0, -0.052 - 0.03 * q, 1.68 - 0.3 * q), (0.085 + 0.012 * math.sin(3 * q), 0, 0), (0, 0.045 - 0.012 * q, 0))
            for q in levels
        ]
        parts.append(loft(rings, 24))
    elif style == "bun":
        parts.append(ellipsoid((0, -0.105, 1.69), (0.045, 0.04, 0.045)))
    elif style == "tail":
        parts.append(limb((0, -0.09, 1.69), (0, -0.14, 1.45), [(0, 0.03), (0.3, 0.035), (0.8, 0.025), (1, 0.01)]))
    return parts


def cap() -> list[Surface]:
    """A cap with a peak."""
    crown = ellipsoid(HEAD + np.array([0, -0.002, 0.02]), HEAD_RADII + np.array([0.016, 0.018, 0.01]), 32)
    lifted: Points = np.maximum(crown.vertices, [-9, -9, 1.685])
    peak = loft([((0, 0.1, z), (0.07, 0, 0), (0, 0.09, -0.015)) for z in (1.688, 1.698)], 24)
    return [Surface(lifted, crown.faces), peak]


def backpack_straps() -> list[Surface]:
    """Two straps from the shoulders to the sides."""
    course = [
        (0.1, -0.14, 1.38), (0.105, -0.06, 1.475), (0.11, 0.03, 1.47), (0.115, 0.115, 1.38), (0.12, 0.135, 1.28),
        (0.15, 0.09, 1.15), (0.16, -0.03, 1.08),
    ]  # fmt: skip
    return [rod for _, sign in SIDES for rod in strap([np.array(p) * [sign, 1, 1] for p in course], 0.022)]


def bag_strap() -> list[Surface]:
    """A strap across the chest, from the left hip over the right shoulder and back."""
    course = [
        (0.24, -0.02, 1.0), (0.2, 0.12, 1.15), (0.02, 0.16, 1.3), (-0.12, 0.09, 1.43), (-0.12, -0.03, 1.47),
        (-0.05, -0.14, 1.36), (0.15, -0.15, 1.12), (0.24, -0.04, 1.0),
    ]  # fmt: skip
    return strap([np.array(p) for p in course], 0.014)
