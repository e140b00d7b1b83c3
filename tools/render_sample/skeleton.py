"""Joints and bones of a body 1.75 m tall at rest (arms held off the sides), and how bones carry the skin.

Axes: x to the left of the person, y ahead, z up; the feet stand on z = 0.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping

import numpy as np

from tools.render_sample.meshes import Points

REST_HEIGHT_M = 1.75
ARM_ANGLE = math.radians(38)
"""How far the arms hang off the sides at rest."""
SIDES = (("L", 1), ("R", -1))
_FEMININE_SHOULDERS = 0.92

_PARENT = {"pelvis": None, "spine": "pelvis", "chest": "spine", "head": "chest"}
for _n, _ in SIDES:
    _PARENT |= {f"upper_arm{_n}": "chest", f"forearm{_n}": f"upper_arm{_n}", f"hand{_n}": f"forearm{_n}"}
    _PARENT |= {f"thigh{_n}": "pelvis", f"shin{_n}": f"thigh{_n}", f"foot{_n}": f"shin{_n}"}
BONES = tuple(_PARENT)
"""Parents before their children."""


class Skeleton:
    """Where the joints are at rest.

    Attributes:
        joints: Name to (3,).
    """

    def __init__(self, feminine: bool) -> None:
        self.joints = _joints(_FEMININE_SHOULDERS if feminine else 1.0)
        self._bones = _bones(self.joints)

    def skin_weights(self, vertices: Points, sharpness: float = 4, only: Collection[str] = ()) -> Points:
        """How much each bone carries each vertex, (N, bones), rows sum to 1.

        Args:
            vertices: (N, 3) at rest.
            sharpness: Exponent of the falling off with the distance from a bone's flesh.
            only: Beginnings of the names of the bones that may carry; all where empty.
        """
        columns = []
        for name in BONES:
            _, start, end, flesh = self._bones[name]
            along = end - start
            t = np.clip((vertices - start) @ along / (along @ along), 0, 1)
            distance = np.linalg.norm(vertices - start - t[:, None] * along, axis=1)
            allowed = not only or name.startswith(tuple(only))
            columns.append((np.maximum(distance - flesh, 0) + 0.018) ** -sharpness * allowed)
        weights = np.stack(columns, axis=1)
        normal: Points = weights / weights.sum(axis=1, keepdims=True)
        return normal

    def transforms(self, rotations: Mapping[str, Points]) -> Points:
        """Rest to posed, (bones, 4, 4), from each bone's own (3, 3) rotation about its joint."""
        world: dict[str, Points] = {}
        for name, parent in _PARENT.items():
            joint = self.joints[self._bones[name][0]]
            local = np.eye(4)
            local[:3, :3] = rotations.get(name, np.eye(3))
            local[:3, 3] = joint - local[:3, :3] @ joint
            world[name] = local if parent is None else world[parent] @ local
        return np.stack(list(world.values()))


def _joints(shoulders: float) -> dict[str, Points]:
    down_arm = np.array([math.sin(ARM_ANGLE), 0, -math.cos(ARM_ANGLE)])
    shoulder = np.array([0.165 * shoulders + 0.012, -0.01, 1.415])
    joints = {
        "pelvis": np.array([0, 0, 0.95]),
        "spine": np.array([0, 0, 1.07]),
        "chest": np.array([0, 0, 1.22]),
        "collar": np.array([0, 0, 1.42]),
        "neck": np.array([0, -0.01, 1.49]),
        "crown": np.array([0, 0.01, 1.72]),
    }
    for name, sign in SIDES:
        mirror = np.array([sign, 1, 1])
        joints |= {
            f"shoulder{name}": shoulder * mirror,
            f"elbow{name}": (shoulder + down_arm * 0.285) * mirror,
            f"wrist{name}": (shoulder + down_arm * 0.535) * mirror,
            f"fingers{name}": (shoulder + down_arm * 0.695) * mirror,
            f"hip{name}": np.array([sign * 0.092, 0, 0.91]),
            f"knee{name}": np.array([sign * 0.098, 0.012, 0.49]),
            f"ankle{name}": np.array([sign * 0.098, -0.015, 0.085]),
            f"toe{name}": np.array([sign * 0.115, 0.16, 0.03]),
        }
    return joints


def _bones(j: Mapping[str, Points]) -> dict[str, tuple[str, Points, Points, float]]:
    """Bone to the joint it turns about, both its ends, and the radius of the flesh around it."""
    bones = {
        "pelvis": ("pelvis", j["pelvis"] * [1, 1, 0.93], j["spine"], 0.13),
        "spine": ("spine", j["spine"], j["chest"], 0.12),
        "chest": ("chest", j["chest"], j["collar"], 0.135),
        "head": ("neck", j["neck"] + [0, 0, 0.02], j["crown"], 0.06),
    }
    for n, _ in SIDES:
        bones |= {
            f"upper_arm{n}": (f"shoulder{n}", j[f"shoulder{n}"], j[f"elbow{n}"], 0.045),
            f"forearm{n}": (f"elbow{n}", j[f"elbow{n}"], j[f"wrist{n}"], 0.035),
            f"hand{n}": (f"wrist{n}", j[f"wrist{n}"], j[f"fingers{n}"], 0.03),
            f"thigh{n}": (f"hip{n}", j[f"hip{n}"] - [0, 0, 0.05], j[f"knee{n}"], 0.075),
            f"shin{n}": (f"knee{n}", j[f"knee{n}"], j[f"ankle{n}"], 0.05),
            f"foot{n}": (f"ankle{n}", j[f"ankle{n}"] - [0, 0, 0.03], j[f"toe{n}"], 0.035),
        }
    return bones
