"""Materials as Blender node graphs: skin, cloth with patterns that stick to it, paving and walls."""

from __future__ import annotations

import math
from typing import Any

import bpy

from tools.render_sample.looks import Colour, Pattern


class _Graph:
    """A material's nodes, written as an expression tree: sockets in, socket out."""

    def __init__(self, name: str) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.nodes, self._links = self.material.node_tree.nodes, self.material.node_tree.links
        self.surface = self.nodes["Principled BSDF"]

    def put(self, socket: Any, value: Any) -> None:
        """Link a socket, or set it to a number, a vector or a colour."""
        if isinstance(value, bpy.types.NodeSocket):
            self._links.new(value, socket)
        elif isinstance(value, tuple) and socket.type == "RGBA":
            socket.default_value = (*value, 1)
        else:
            socket.default_value = value

    def math(self, operation: str, a: Any, b: Any = 0.0) -> Any:
        node = self.nodes.new("ShaderNodeMath")
        node.operation = operation
        self.put(node.inputs[0], a)
        self.put(node.inputs[1], b)
        return node.outputs[0]

    def mix(self, factor: Any, a: Any, b: Any, blend: str = "MIX") -> Any:
        node = self.nodes.new("ShaderNodeMix")
        node.data_type, node.blend_type = "RGBA", blend
        for index, value in ((0, factor), (6, a), (7, b)):
            self.put(node.inputs[index], value)
        return node.outputs[2]

    def noise(self, vector: Any, scale: float, detail: float, distortion: float = 0.0) -> Any:
        node = self.nodes.new("ShaderNodeTexNoise")
        self.put(node.inputs["Vector"], vector)
        for name, value in (("Scale", scale), ("Detail", detail), ("Distortion", distortion)):
            node.inputs[name].default_value = value
        return node.outputs["Fac"]

    def spread(self, value: Any, low: float, high: float) -> Any:
        """Map noise, which stays around its middle, to `low` .. `high`."""
        node = self.nodes.new("ShaderNodeMapRange")
        self.put(node.inputs["Value"], value)
        for name, limit in (("From Min", 0.3), ("From Max", 0.7), ("To Min", low), ("To Max", high)):
            node.inputs[name].default_value = limit
        return node.outputs[0]

    def split(self, vector: Any) -> Any:
        node = self.nodes.new("ShaderNodeSeparateXYZ")
        self.put(node.inputs[0], vector)
        return node.outputs

    def finish(self, colour: Any, roughness: float, sheen: float = 0.0) -> Any:
        self.put(self.surface.inputs["Base Color"], colour)
        self.surface.inputs["Roughness"].default_value = roughness
        self.surface.inputs["Sheen Weight"].default_value = sheen
        self.surface.inputs["Specular IOR Level"].default_value = 0.3
        return self.material


def plain(name: str, colour: Colour, roughness: float = 0.8) -> Any:
    """One colour, no texture."""
    graph = _Graph(name)
    return graph.finish(colour, roughness)


def cloth(
    name: str,
    colour: Colour,
    second: Colour = (0.7, 0.7, 0.7),
    pattern: Pattern = "plain",
    *,
    under: Colour | None = None,
    roughness: float = 0.85,
    folds: float = 0.35,
    sheen: float = 0.2,
) -> Any:
    """Cloth, hair or skin, uneven in colour and surface; patterns are fixed to the points at rest (attribute `rest`).

    Args:
        name: Name of the material.
        colour: Main colour.
        second: Colour of the pattern.
        pattern: See `looks.Top`.
        under: Colour of what shows in an open front; None where it is closed.
        roughness: 0 mirror, 1 dull.
        folds: Strength of the relief.
        sheen: Strength of the fuzz.
    """
    graph = _Graph(name)
    rest = graph.nodes.new("ShaderNodeAttribute")
    rest.attribute_name = "rest"
    place = rest.outputs["Vector"]
    base = _pattern(graph, place, colour, second, pattern)
    if under is not None:
        base = _open_front(graph, place, base, under)
    uneven = graph.spread(graph.noise(place, 9, 5), 0.78, 1.12)
    if folds > 0:
        bump = graph.nodes.new("ShaderNodeBump")
        bump.inputs["Strength"].default_value, bump.inputs["Distance"].default_value = folds, 0.03
        graph.put(bump.inputs["Height"], graph.noise(place, 14, 2, 1.2))
        graph.put(graph.surface.inputs["Normal"], bump.outputs[0])
    return graph.finish(graph.mix(1.0, base, uneven, "MULTIPLY"), roughness, sheen)


def masonry(name: str, colour: Colour, second: Colour, brick_m: tuple[float, float], *, upright: bool) -> Any:
    """Stones of two shades with joints: paving, or a wall where `upright`. `brick_m` is width and height of a stone."""
    graph = _Graph(name)
    place = graph.nodes.new("ShaderNodeTexCoord").outputs["Object"]
    x, y, z = graph.split(place)
    flat = graph.nodes.new("ShaderNodeCombineXYZ")
    graph.put(flat.inputs[0], graph.math("ADD", x, y) if upright else x)
    graph.put(flat.inputs[1], z if upright else y)
    brick = graph.nodes.new("ShaderNodeTexBrick")
    brick.offset = 0.5 if upright else 0.0
    joint: Colour = (colour[0] * 0.55, colour[1] * 0.55, colour[2] * 0.55)
    sizes = {"Scale": 1.0, "Mortar Size": 0.012, "Brick Width": brick_m[0], "Row Height": brick_m[1]}
    for key, value in {"Vector": flat.outputs[0], "Color1": colour, "Color2": second, "Mortar": joint, **sizes}.items():
        graph.put(brick.inputs[key], value)
    stains = graph.spread(graph.noise(place, 1.3, 9), 0.7, 1.15)
    return graph.finish(graph.mix(1.0, brick.outputs["Color"], stains, "MULTIPLY"), 0.9)


def _pattern(graph: _Graph, place: Any, colour: Colour, second: Colour, pattern: Pattern) -> Any:
    if pattern == "plain":
        return colour
    x, y, z = graph.split(place)
    if pattern == "block":
        return graph.mix(graph.math("GREATER_THAN", z, 1.24), colour, second)
    if pattern == "print":
        across = graph.math("POWER", graph.math("DIVIDE", x, 0.085), 2.0)
        upward = graph.math("POWER", graph.math("DIVIDE", graph.math("SUBTRACT", z, 1.28), 0.07), 2.0)
        spot = graph.math("LESS_THAN", graph.math("ADD", across, upward), 1.0)
        return graph.mix(graph.math("MULTIPLY", spot, graph.math("GREATER_THAN", y, 0.0)), colour, second)
    if pattern == "stripes":
        return graph.mix(_bars(graph, z, 0.075), colour, second)
    slanted = graph.math("ADD", x, graph.math("MULTIPLY", y, 0.6))
    both = graph.math("ADD", _bars(graph, z, 0.09), _bars(graph, slanted, 0.09))
    return graph.mix(graph.math("MULTIPLY", both, 0.5), colour, second)


def _bars(graph: _Graph, value: Any, period_m: float) -> Any:
    cycles = graph.math("DIVIDE", graph.math("ADD", value, 10.0), period_m)
    return graph.math("LESS_THAN", graph.math("FRACT", cycles), 0.5)


def _open_front(graph: _Graph, place: Any, base: Any, under: Colour) -> Any:
    x, y, z = graph.split(place)
    gap = graph.math("MULTIPLY", graph.math("SUBTRACT", 1.62, z), math.tan(0.11))
    within = graph.math("LESS_THAN", graph.math("ABSOLUTE", x), gap)
    return graph.mix(graph.math("MULTIPLY", within, graph.math("GREATER_THAN", y, 0.03)), base, under)
