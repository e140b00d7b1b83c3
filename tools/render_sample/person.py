"""One person: body and clothes as Blender objects that take a pose."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tools.render_sample import bodies, gaits, objects
from tools.render_sample.looks import Look
from tools.render_sample.materials import cloth, plain
from tools.render_sample.meshes import Points, Surface, ellipsoid, join, limb, rounded_box
from tools.render_sample.skeleton import BONES, REST_HEIGHT_M, SIDES, Skeleton

_EYES = (0.03, 0.02, 0.02)


@dataclass(frozen=True, eq=False, slots=True)
class _Piece:
    name: str
    made: Any
    vertices: Points
    weights: Points


class Person:
    """A person in the scene, wearing a look and walking in a gait; `rng` makes hair and folds."""

    def __init__(self, name: str, look: Look, gait: gaits.Gait, rng: np.random.Generator) -> None:
        self._name, self._look, self._gait, self._rng = name, look, gait, rng
        self._skeleton = Skeleton(look.feminine)
        self._body = bodies.Body(self._skeleton, look)
        self._pieces: list[_Piece] = []
        self._scale = look.height_m / REST_HEIGHT_M
        self._flesh()
        self._head()
        self._clothe()
        self._carry()

    @property
    def objects(self) -> list[Any]:
        """The Blender objects that make the person."""
        return [piece.made for piece in self._pieces]

    def pose(self, place_m: Points, heading: float, phase: float, amplitude: float) -> Points:
        """Put the person on the ground and into a pose.

        Args:
            place_m: (2,) plan position of the middle of the hips.
            heading: Direction of the walk in plan, radians from east.
            phase: Of the walking cycle, radians.
            amplitude: Of the steps.

        Returns:
            All vertices, (N, 3), metres.
        """
        bones = self._skeleton.transforms(gaits.rotations(phase, amplitude, self._gait))
        posed = [_skin(piece, bones) for piece in self._pieces]
        sole = min(v[:, 2].min() for v, piece in zip(posed, self._pieces, strict=True) if piece.name == "shoes")
        turn = gaits.about_z(heading - math.pi / 2) * self._scale
        on_plan = np.array([place_m[0], place_m[1], 0.0])
        placed = [(vertices - [0, 0, sole]) @ turn.T + on_plan for vertices in posed]
        for piece, vertices in zip(self._pieces, placed, strict=True):
            objects.move_vertices(piece.made, vertices)
        return np.concatenate(placed)

    def _flesh(self) -> None:
        bare_legs = self._look.bottom.kind != "trousers"
        parts = self._body.head() + self._body.arms(-0.004) + self._body.hands()
        parts += self._body.legs(-0.003) if bare_legs else []
        skin = cloth(f"{self._name} skin", self._look.skin, roughness=0.5, folds=0.05, sheen=0)
        self._add("skin", parts, skin, voxel_m=0.010)
        shoes = plain(f"{self._name} shoes", self._look.shoes, 0.5)
        self._add("shoes", self._body.shoes(), shoes, voxel_m=0.011, only=("foot", "shin"))

    def _head(self) -> None:
        look = self._look
        dark = (look.skin[0] * 0.75, look.skin[1] * 0.45, look.skin[2] * 0.45)
        for _, sign in SIDES:
            self._add("eye", [ellipsoid((sign * 0.03, 0.103, 1.648), (0.012, 0.008, 0.006))], plain("eye", _EYES, 0.3))
            brow = ellipsoid((sign * 0.031, 0.105, 1.668), (0.019, 0.008, 0.0045))
            self._add("brow", [brow], plain("brow", look.hair))
        self._add("lips", [ellipsoid((0, 0.104, 1.583), (0.022, 0.008, 0.006))], plain("lips", dark))
        if look.hairstyle != "bald":
            material = cloth(f"{self._name} hair", look.hair, roughness=0.55, folds=0.8, sheen=0)
            self._add("hair", bodies.hair(look.hairstyle, self._rng), material)
        if look.cap is not None:
            self._add("cap", bodies.cap(), cloth("cap", look.cap, folds=0.1))

    def _clothe(self) -> None:
        body, top, bottom = self._body, self._look.top, self._look.bottom
        if bottom.kind == "skirt":
            parts = [body.trunk(0.88, 1.06, 0.008), body.skirt(bottom.hem_m)]
        elif bottom.kind == "shorts":
            parts = [body.trunk(0.84, 1.04, 0.006), *body.legs(0.014, 0.02, knee_length=True)]
        else:
            parts = [body.trunk(0.84, 1.04, 0.006), *body.legs(0.010, bottom.loose_m)]
        material = cloth(f"{self._name} bottom", bottom.colour)
        self._add("bottom", parts, material, 0.013, folds_m=0.006, sharpness=2.2 if bottom.kind == "skirt" else 4)

        parts = [body.trunk(top.hem_m, 1.485, top.thick_m, top.flare)]
        parts += body.arms(top.thick_m * 0.75 + 0.002, 0.006, short=top.sleeve == "short")
        if top.hood:
            parts.append(ellipsoid((0, -0.075, 1.475), (0.1, 0.06, 0.055)))
        if top.collar:
            parts.append(limb((0, -0.014, 1.46), (0, -0.008, 1.525), [(0, 0.085), (1, 0.066)]))
        material = cloth(f"{self._name} top", top.colour, top.second, top.pattern, under=top.under)
        self._add("top", parts, material, 0.013, folds_m=0.007, sharpness=2.5 if top.hem_m < 0.75 else 4)

    def _carry(self) -> None:
        look = self._look
        if look.backpack is not None:
            material = cloth(f"{self._name} backpack", look.backpack, roughness=0.6, folds=0.3)
            pack = [rounded_box((0, -0.215, 1.24), (0.14, 0.08, 0.21)), rounded_box((0, -0.30, 1.17), (0.1, 0.03, 0.1))]
            self._add("backpack", pack, material, 0.013, bone="chest")
            self._add("straps", bodies.backpack_straps(), material, 0.009, bone="chest")
        if look.bag is not None:
            material = cloth(f"{self._name} bag", look.bag, roughness=0.45, folds=0.1)
            self._add("bag", [rounded_box((0.26, -0.02, 0.90), (0.05, 0.14, 0.12))], material, 0.012, bone="pelvis")
            self._add("strap", bodies.bag_strap(), material, 0.008, bone="chest")

    def _add(
        self,
        name: str,
        parts: Sequence[Surface],
        material: Any,
        voxel_m: float | None = None,
        *,
        bone: str | None = None,
        folds_m: float = 0.0,
        sharpness: float = 4,
        only: Collection[str] = (),
    ) -> None:
        """Add a piece; without a voxel size its parts stay as they are and hang on the head."""
        surface = join(parts)
        if voxel_m is None:
            bone = bone or "head"
        else:
            surface, normals = objects.fuse(surface, voxel_m)
            if folds_m:
                surface = Surface(surface.vertices + normals * self._relief(surface.vertices, folds_m), surface.faces)
        if bone is None:
            weights = self._skeleton.skin_weights(surface.vertices, sharpness, only)
        else:
            weights = np.zeros((len(surface.vertices), len(BONES)))
            weights[:, BONES.index(bone)] = 1
        made = objects.add(f"{self._name} {name}", surface, material, smooth=True)
        self._pieces.append(_Piece(name, made, surface.vertices, weights))

    def _relief(self, vertices: Points, depth_m: float) -> Points:
        """Folds of cloth, (N, 1): a sum of warped waves, finer up and down than around."""
        waves, total = 14, np.zeros(len(vertices))
        for _ in range(waves):
            warp = 1.3 * np.sin(vertices @ self._rng.normal(0, 12, 3))
            total += np.sin(vertices @ (self._rng.normal(0, 1, 3) * [16, 16, 34]) + self._rng.uniform(0, 6.3) + warp)
        relief: Points = (total / waves * 2.2 * depth_m)[:, None]
        return relief


def _skin(piece: _Piece, bones: Points) -> Points:
    """Linear blend skinning: rest to posed vertices, (N, 3)."""
    blended = np.tensordot(piece.weights, bones, 1)  # (N, 4, 4)
    moved: Points = np.einsum("nij,nj->ni", blended[:, :3, :3], piece.vertices) + blended[:, :3, 3]
    return moved
