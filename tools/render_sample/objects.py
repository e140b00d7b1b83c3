"""Surfaces to Blender objects and back."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from tools.render_sample.meshes import Points, Surface


def clear() -> None:
    """Empty the scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def add(name: str, surface: Surface, material: Any, *, smooth: bool = False) -> Any:
    """Make an object of a surface; its vertices at rest are kept in the attribute `rest`, to which patterns stick."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(surface.vertices.tolist(), [], surface.faces)
    mesh.polygons.foreach_set("use_smooth", [smooth] * len(mesh.polygons))
    rest = mesh.attributes.new("rest", "FLOAT_VECTOR", "POINT")
    rest.data.foreach_set("vector", surface.vertices.astype(np.float32).ravel())
    mesh.materials.append(material)
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def move_vertices(made: Any, vertices: Points) -> None:
    """Put an object's vertices elsewhere, (N, 3)."""
    made.data.vertices.foreach_set("co", vertices.astype(np.float32).ravel())
    made.data.update()


def fuse(surface: Surface, voxel_m: float, smoothing: int = 3) -> tuple[Surface, Points]:
    """Melt solids that pass through each other into one skin of small even faces.

    Returns:
        The skin, and its normals (N, 3).
    """
    made = add("fused", surface, None)
    remesh = made.modifiers.new("remesh", "REMESH")
    remesh.mode, remesh.voxel_size = "VOXEL", voxel_m
    smooth = made.modifiers.new("smooth", "SMOOTH")
    smooth.iterations, smooth.factor = smoothing, 0.5
    evaluated = made.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    vertices, normals = (np.empty(len(mesh.vertices) * 3) for _ in range(2))
    mesh.vertices.foreach_get("co", vertices)
    mesh.vertices.foreach_get("normal", normals)
    faces = [tuple(polygon.vertices) for polygon in mesh.polygons]
    evaluated.to_mesh_clear()
    data = made.data
    bpy.data.objects.remove(made)
    bpy.data.meshes.remove(data)
    return Surface(vertices.reshape(-1, 3), faces), normals.reshape(-1, 3)
