"""Small charts as SVG, coloured by the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from reidtrack.report.html import Markup, tag
from reidtrack.types import DoubleArray, FloatArray, IntArray

WIDTH, HEIGHT = 320, 190
"""Of every chart, in its own units."""

_LEFT, _BOTTOM, _TOP = 36, 36, 12
_MOST_BARS = 48


def histogram(values: IntArray | FloatArray | DoubleArray, *, unit: str, what: str, decimals: int = 0) -> Markup:
    """Histogram: how often values occur.

    Args:
        values: (N,) at least one.
        unit: Label of the axis.
        what: What is counted, for the tooltips.
        decimals: Of the values; with 0 bars stand on whole numbers.

    Returns:
        An SVG element.
    """
    edges = bar_edges(values, decimals)
    counts = np.histogram(values, edges)[0]
    whole = decimals == 0 and np.allclose(np.diff(edges), 1)
    names = []
    for low, high in pairwise(edges.tolist()):
        if whole:
            names.append(f"{low:.0f}")
        elif decimals == 0:
            names.append(f"{low:.0f} to {high - 1:.0f}")
        else:
            names.append(f"{low:.{decimals}f} to {high:.{decimals}f}")
    titles = [f"{unit} {name}: {count:,} {what}" for name, count in zip(names, counts, strict=True)]
    return bars(counts, names if whole else [f"{edge:.{decimals}f}" for edge in edges[:-1]], titles, axis=unit)


def bar_edges(values: IntArray | FloatArray | DoubleArray, decimals: int = 0) -> DoubleArray:
    """Edges, (B + 1,), of at most 48 bars of one width; between whole numbers where `decimals` is 0."""
    low, high = float(values.min()), float(values.max())
    if decimals == 0:
        step = int(np.ceil((high - low + 1) / _MOST_BARS))
        return np.arange(low, high + step + 1, step, dtype=np.float64)
    return np.linspace(low, high if high > low else low + 1, 33)


def bars(counts: IntArray, labels: Sequence[str], titles: Sequence[str], *, axis: str) -> Markup:
    """Upright bars with as many labels as have room."""
    top = max(1, int(counts.max(initial=0)))
    step = (WIDTH - _LEFT) / max(1, len(counts))
    floor = HEIGHT - _BOTTOM
    parts = [_y_label(top, _TOP), _y_label(0, floor), _line(_LEFT, floor, WIDTH, floor)]
    every = max(1, int(np.ceil(len(counts) / 8)))
    for index, count in enumerate(counts.tolist()):
        x, height = _LEFT + index * step, (floor - _TOP) * count / top
        gap = min(2.0, step * 0.15)
        shape = {"x": f"{x + gap / 2:.1f}", "y": f"{floor - height:.1f}", "width": f"{step - gap:.1f}"}
        title = tag("title", titles[index])
        parts.append(tag("rect", title, **shape, height=f"{height:.1f}", class_="v"))
        whole = {"x": f"{x:.1f}", "width": f"{step:.1f}", "height": f"{floor - _TOP}"}
        parts.append(tag("rect", title, **whole, y=_TOP, class_="hit"))
        if index % every == 0:
            parts.append(_text(labels[index], x + step / 2, floor + 13))
    parts.append(_text(axis, (_LEFT + WIDTH) / 2, HEIGHT - 5, "axis-name"))
    return _svg(parts, f"{axis}, {len(counts)} bars, highest {top}")


def curve(share: DoubleArray, *, x_axis: str, y_axis: str) -> Markup:
    """Lorenz curve from (0, 0) to (1, 1) under the diagonal of equal shares."""
    floor, right = HEIGHT - _BOTTOM, WIDTH - 8
    x = _LEFT + (right - _LEFT) * np.linspace(0, 1, len(share))
    y = floor - (floor - _TOP) * share
    keep = np.unique(np.linspace(0, len(share) - 1, 200).astype(int))
    points = " ".join(f"{x[i]:.1f},{y[i]:.1f}" for i in keep)
    return _svg(
        [
            _y_label("100 %", _TOP),
            _y_label("0", floor),
            _line(_LEFT, floor, right, floor),
            tag("line", x1=_LEFT, y1=floor, x2=right, y2=_TOP, class_="equal"),
            tag("polygon", points=f"{points} {right},{floor}", class_="area"),
            tag("polyline", points=points, class_="curve"),
            _text("equal", _LEFT + (right - _LEFT) * 0.5, floor - (floor - _TOP) * 0.62, "note"),
            _text(x_axis, (_LEFT + WIDTH) / 2, HEIGHT - 5, "axis-name"),
            _text(y_axis, _LEFT + 6, _TOP + 4, "note start"),
        ],
        f"{y_axis} over {x_axis}",
    )


def spread(quantiles: DoubleArray, lowest: float, highest: float) -> Markup:
    """Horizontal box plot: 5th to 95th percentile as a line, the middle half as a box, the median as a mark.

    Args:
        quantiles: (5,) the 5th, 25th, 50th, 75th and 95th percentile.
        lowest: Value at the left end.
        highest: Value at the right end, larger.
    """
    percent = 100 * (quantiles - lowest) / (highest - lowest)
    at = [f"{value:.1f}" for value in percent]
    box = {"x": at[1], "width": f"{percent[3] - percent[1]:.1f}"}
    words = " · ".join(f"{value:.0f}" for value in quantiles)
    inside = [
        tag("title", f"5, 25, 50, 75, 95 %: {words}"),
        tag("line", x1=at[0], x2=at[4], y1=7, y2=7, class_="axis-line"),
        tag("rect", **box, y=3, height=8, class_="v"),
        tag("line", x1=at[2], x2=at[2], y1=1, y2=13, class_="median"),
    ]
    return tag("svg", *inside, viewBox="0 0 100 14", preserveAspectRatio="none", class_="spread", role="img")


def panel(title: str, text: str, chart: Markup) -> Markup:
    """A chart under its heading and a sentence."""
    return tag("div", tag("h3", title), tag("p", text), chart, class_="panel")


def _svg(parts: Sequence[str], label: str) -> Markup:
    return tag("svg", *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", class_="plot", role="img", aria_label=label)


def _text(text: str, x: float, y: float, kind: str = "tick") -> Markup:
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", class_=kind)


def _y_label(value: int | str, y: float) -> Markup:
    text = f"{value:,}" if isinstance(value, int) else value
    return _text(text, _LEFT - 5, y + 4, "tick end")


def _line(x1: float, y1: float, x2: float, y2: float) -> Markup:
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, class_="axis-line")
