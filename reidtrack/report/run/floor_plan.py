"""The floor plan: what each camera sees of it, and where people walked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from reidtrack.report.html import Markup, join, tag, void
from reidtrack.report.run.context import PageContext, person_label, visit_anchor
from reidtrack.report.run.report_data import FloorPaths
from reidtrack.types import DoubleArray, Identity

WIDTH = 1000
"""Width of the drawing in its own units; its height follows from the plan."""

_MARGIN = 0.04
"""Room around the paths, as a share of the longer side."""

_GRID = 4.0
"""Corners of fields of view lie on a grid this wide, so that few points make them."""


def floor_plan(page: PageContext) -> Markup:
    """The drawing with its legend; empty where no path is known."""
    walked, site = page.data.floor_paths, page.data.site or {}
    if walked is None or not walked.paths:
        return Markup()
    frame = Frame.around(walked, site.get("bounds"), upwards=y_points_up(page))
    views = [_field_of_view(page, walked, frame, name) for name in page.cameras]
    groups = [_walks(page, walked, frame, identity) for identity in page.identities]
    drawing = tag(
        "svg",
        tag("g", *views, class_="views"),
        tag("g", *groups, class_="walks"),
        tag("g", class_="now"),
        _scale(frame, site.get("unit"), site.get("metres_per_unit")),
        viewBox=f"0 0 {WIDTH} {frame.height}",
        role="img",
        aria_label=f"Floor plan with the paths of {len(page.identities)} people",
        id="plan",
        data_step=f"{walked.step_s:g}",
        style=f"--o:{min(0.85, max(0.2, 80 / len(walked.paths))):.2f}",
    )
    return tag("div", _controls(page), drawing, class_="floor")


def _controls(page: PageContext) -> Markup:
    """Slider and buttons that move the plan through time."""
    ends = {"min": f"{page.first_s:.3f}", "max": f"{page.last_s:.3f}", "value": f"{page.first_s:.3f}"}
    slider = void("input", id="when", type="range", step="any", **ends, aria_label="Moment of the floor plan")
    run = tag("button", "▶", id="run-walks", type="button", title="Play", aria_label="Play")
    whole = tag("button", "all", id="wholeWalks", type="button", title="All paths", disabled=True)
    return tag("div", run, slider, tag("output", "all paths", id="whenText"), whole, class_="js moments")


def y_points_up(page: PageContext) -> bool:
    """Whether the plan's y grows upwards when it is seen from above, see `points_up`."""
    entries = (page.data.site or {}).get("cameras") or {}
    sizes = {name: camera.size for name, camera in page.cameras.items()}
    return points_up({name: entry.get("homography") for name, entry in entries.items()}, sizes)


def points_up(homographies: Mapping[str, Any], sizes: Mapping[str, tuple[float, float] | None]) -> bool:
    """Whether a plan's y grows upwards when it is seen from above, as the cameras see it.

    A camera looks down on the ground: what lies to the right of something in its picture lies to the right of it from
    above too. So where a homography turns the picture over, the plan's y grows the other way than the picture's.

    Args:
        homographies: Camera to (3, 3), from its picture to the plan; None where none is known.
        sizes: Camera to the width and height of its picture, pixels.
    """
    votes = 0.0
    for name, homography in homographies.items():
        size = sizes.get(name)
        if homography and size:
            matrix = np.asarray(homography, np.float64)
            depth = matrix[2] @ (size[0] / 2, size[1], 1.0)
            votes += float(np.sign(np.linalg.det(matrix) * depth))
    return votes <= 0


class Frame:
    """Where a point of the plan lies in the drawing.

    Args:
        low: (2,) least x and y that are shown, in units of the plan.
        high: (2,) largest, above `low`.
        upwards: Whether y grows upwards, as on maps, or downwards, as in pictures.
    """

    def __init__(self, low: DoubleArray, high: DoubleArray, *, upwards: bool) -> None:
        self._low, self._high, self._upwards = low, high, upwards
        self.scale = WIDTH / float(high[0] - low[0])
        self.height = min(2 * WIDTH, max(WIDTH // 5, math.ceil(float(high[1] - low[1]) * self.scale)))

    @classmethod
    def around(cls, walked: FloorPaths, bounds: object, *, upwards: bool) -> Frame:
        """Frame around the given bounds (least x, y, largest x, y), or where those are none around nearly all paths."""
        points = np.concatenate(list(walked.paths.values()))
        given = np.asarray(bounds if isinstance(bounds, list | tuple) else (), np.float64)
        if given.shape == (4,) and np.isfinite(given).all() and (given[2:] > given[:2]).all():
            low, high = given[:2], given[2:]
        else:
            low, high = np.percentile(points, (0.5, 99.5), axis=0)
        room = _MARGIN * max(float((high - low).max()), 1e-6)
        return cls(low - room, high + room, upwards=upwards)

    def __call__(self, points: DoubleArray) -> DoubleArray:
        """Points of the plan, (n, 2), as points of the drawing, (n, 2)."""
        x = (points[:, 0] - self._low[0]) * self.scale
        y = self._high[1] - points[:, 1] if self._upwards else points[:, 1] - self._low[1]
        far = 3 * WIDTH
        return np.stack([x, y * self.scale], axis=1).clip(-far, far).astype(np.float64)


def hull(points: DoubleArray) -> DoubleArray:
    """Corners, (k, 2), of the smallest convex polygon around (n, 2) points (Andrew's monotone chain, 1979)."""
    rows = np.unique(points, axis=0)
    if len(rows) < 3:
        return rows
    chain: list[DoubleArray] = []
    for order in (rows, rows[::-1]):
        half: list[DoubleArray] = []
        for point in order:
            while len(half) > 1 and _turn(half[-2], half[-1], point) <= 0:
                half.pop()
            half.append(point)
        chain += half[:-1]
    return np.array(chain)


def _turn(a: DoubleArray, b: DoubleArray, c: DoubleArray) -> float:
    """Twice the signed area of the triangle a, b, c: above zero where they turn left."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _field_of_view(page: PageContext, walked: FloorPaths, frame: Frame, camera: str) -> Markup:
    """A camera's field of view: the hull of nearly all points at which it saw people."""
    paths = [path for (name, _), path in walked.paths.items() if name == camera]
    if not paths:
        return Markup()
    points = np.concatenate(paths)
    low, high = np.percentile(points, (0.5, 99.5), axis=0)
    inside = points[((points >= low) & (points <= high)).all(axis=1)]
    corners = hull(np.round(frame(inside if len(inside) else points) / _GRID) * _GRID)
    middle = corners.mean(axis=0)
    style = list(page.cameras).index(camera) % 4
    shape = tag("polygon", tag("title", camera), points=_text(corners), class_=f"seen s{style}")
    return join([shape, tag("text", camera, x=f"{middle[0]:.0f}", y=f"{middle[1]:.0f}")])


def _walks(page: PageContext, walked: FloorPaths, frame: Frame, identity: Identity) -> Markup:
    lines = []
    for number, visit in enumerate(identity, start=1):
        if visit.key in walked.paths:
            points = frame(walked.paths[visit.key])
            start = f"{visit.first_time_s:.2f}"
            lines.append(tag("polyline", points=_text(points), data_t=start, data_v=visit_anchor(identity, number)))
    if not lines:
        return Markup()
    title = tag("title", person_label(identity))
    return tag("g", title, *lines, data_id=identity.id, style=f"--c:{page.colour(identity)}")


def _scale(frame: Frame, unit: str | None, metres_per_unit: float | None) -> Markup:
    """A bar of a round length: in the plan's unit where it has one, else in metres where those are known about."""
    metres = metres_per_unit if unit is None else None
    goal = 0.2 * WIDTH / frame.scale * (metres or 1.0)
    power = 10.0 ** math.floor(math.log10(goal))
    # Just below a power of ten its logarithm is rounded up to it.
    length = max((step * power for step in (1, 2, 5) if step * power <= goal), default=power)
    y, width = frame.height - 16, length / (metres or 1.0) * frame.scale
    label = f"{length:g} {unit or 'units of the plan'}" if metres is None else f"about {length:g} m"
    bar = tag("path", d=f"M16 {y - 6}v6h{width:.1f}v-6")
    return tag("g", bar, tag("text", label, x=22, y=y - 10), class_="scale")


def _text(points: DoubleArray) -> str:
    return " ".join(f"{x:.0f},{y:.0f}" for x, y in points.tolist())
