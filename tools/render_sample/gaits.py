"""How people move: rotations of their bones over the walking cycle.

Phase runs from 0 to 2 pi over two steps; the left leg is furthest ahead at 0. Amplitude 1 is a brisk walk, 0 standing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from math import cos, pi, radians, sin

import numpy as np

from tools.render_sample.meshes import Points
from tools.render_sample.skeleton import ARM_ANGLE, SIDES

STRIDE_M = 1.42
"""Two steps at amplitude 1 of a person 1.75 m tall."""
_BRISK_MPS = 1.35


@dataclass(frozen=True, slots=True)
class Gait:
    """What is particular to one person's walk.

    Attributes:
        arm_swing: 1 is usual.
        arm_gap: Angle of the arms off the sides, radians.
        lean: Forward lean of the trunk, radians.
        sway: Side to side, 1 is usual.
        elbow: Bend of the elbows, radians; a jogger's is high.
        phone: Whether the right hand holds a phone up.
    """

    arm_swing: float = 1.0
    arm_gap: float = 0.09
    lean: float = 0.05
    sway: float = 1.0
    elbow: float = 0.28
    phone: bool = False


def amplitude(speed_mps: float, height_m: float) -> float:
    """Length of the steps for a speed: about half of a change of speed is longer steps, half quicker ones."""
    return math.sqrt(max(speed_mps, 0.0) / _BRISK_MPS * 1.75 / height_m)


def rotations(phase: float, size: float, gait: Gait) -> dict[str, Points]:
    """Each bone's own rotation, (3, 3), at a phase (radians) of steps of amplitude `size`."""
    twist = radians(6) * size * cos(phase) * gait.sway
    roll = radians(2.5) * size * sin(phase) * gait.sway
    pose = {
        "pelvis": about_z(-twist) @ about_y(roll),
        "spine": about_z(twist) @ about_x(-gait.lean),
        "chest": about_z(twist) @ about_y(-0.8 * roll),
        "head": about_z(-twist) @ about_x(gait.lean - (0.35 if gait.phone else 0.0)),
    }
    for name, sign in SIDES:
        own = phase if sign > 0 else phase + pi
        pose |= _leg(name, own, size) | _arm(name, sign, own, size, gait)
    return pose


def about_x(angle: float) -> Points:
    """Rotation about x, (3, 3)."""
    c, s = cos(angle), sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def about_y(angle: float) -> Points:
    """Rotation about y, (3, 3)."""
    c, s = cos(angle), sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def about_z(angle: float) -> Points:
    """Rotation about z, (3, 3)."""
    c, s = cos(angle), sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def _leg(name: str, phase: float, size: float) -> dict[str, Points]:
    hip = radians(23) * size * cos(phase) + radians(5)
    swing_and_stance = radians(54) * _bump(phase, 1.42 * pi, 0.75) + radians(14) * _bump(phase, 0.25 * pi, 0.6)
    push_and_lift = radians(18) * _bump(phase, 1.08 * pi, 0.45) - radians(7) * _bump(phase, 0.8 * pi, 0.6)
    return {
        f"thigh{name}": about_x(hip),
        f"shin{name}": about_x(-radians(6) - swing_and_stance * size),
        f"foot{name}": about_x(radians(2) - push_and_lift * size),
    }


def _arm(name: str, sign: int, phase: float, size: float, gait: Gait) -> dict[str, Points]:
    swing = radians(2) - radians(24) * size * cos(phase) * gait.arm_swing
    bend = gait.elbow + radians(6.5) * size * (1 - cos(phase)) * gait.arm_swing
    if gait.phone and name == "R":
        swing, bend = radians(18), radians(112)
    return {
        f"upper_arm{name}": about_x(swing) @ about_y(sign * (ARM_ANGLE - gait.arm_gap)),
        f"forearm{name}": _bent(sign, bend),
        f"hand{name}": _bent(sign, radians(8)),
    }


def _bent(sign: int, angle: float) -> Points:
    """Bend of a joint of the arm, forward and a little inward, for an arm that is held off the side at rest."""
    down = about_y(sign * ARM_ANGLE)
    bent: Points = down.T @ about_z(sign * 0.25 * angle) @ about_x(angle) @ down
    return bent


def _bump(phase: float, centre: float, width: float) -> float:
    distance = (phase - centre + pi) % (2 * pi) - pi
    return math.exp(-((distance / width) ** 2))
