"""Plots of a benchmark as PNG files: CMC, ROC, distribution of distances."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from reidtrack.benchmark.verification import OperatingPoint, Verification
from reidtrack.types import DoubleArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE_INCHES = (6.4, 4.2)
SAME, DIFFERENT = "#2e7d4f", "#b3402f"
_BARS = 120


def cmc_plot(curves: Mapping[str, DoubleArray], ranks: int = 20) -> bytes:
    """Plot cumulative matching characteristics, each (K,) in 0..1, up to rank `ranks`; PNG."""
    figure, axes = _canvas("rank", "queries with a true match up to this rank, %")
    for name, curve in curves.items():
        shown = 100 * curve[:ranks]
        axes.plot(np.arange(1, len(shown) + 1), shown, marker="o", markersize=3, label=f"{name}: {shown[0]:.1f}")
    axes.set_xticks([1, *range(5, ranks + 1, 5)])
    axes.set_xlim(0.5, ranks + 0.5)
    axes.legend(title="Rank-1", loc="lower right")
    return _png(figure)


def roc_plot(pairs: Mapping[str, Verification], far: float) -> bytes:
    """Plot receiver operating characteristics over a logarithmic false accept rate, `far` marked where above 0; PNG."""
    figure, axes = _canvas("pairs of different people accepted (false accept rate)", "pairs of one person found, %")
    lowest = 1e-6
    for name, one in pairs.items():
        rate, found = one.curve
        axes.plot(np.maximum(rate, lowest), 100 * found, label=f"{name}: {one.auc:.4f}")
    if far > lowest:
        axes.axvline(far, color="0.5", linestyle=":", linewidth=1)
        axes.annotate(f"{far:g}", (far, 2), xytext=(3, 0), textcoords="offset points", color="0.4", fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(lowest, 1)
    axes.set_ylim(0, 101)
    axes.legend(title="area under the curve", loc="lower right")
    return _png(figure)


def distance_plot(pairs: Verification, points: Mapping[str, OperatingPoint]) -> bytes:
    """Plot the distributions of distances of one person and of different people, with thresholds marked; PNG."""
    figure, axes = _canvas("distance", "share of the pairs, % per bar")
    low, high = _range(pairs)
    for name, counts, colour in (
        ("one person", pairs.same, SAME),
        ("different people", pairs.different, DIFFERENT),
    ):
        edges, share = _bars(pairs.edges, counts, low, high)
        axes.stairs(share, edges, fill=True, color=colour, alpha=0.45, label=f"{name}: {int(counts.sum()):,} pairs")
        axes.stairs(share, edges, color=colour, linewidth=1.2)
    for index, (name, point) in enumerate(points.items()):
        axes.axvline(point.threshold, color="0.25", linestyle=("--", ":")[index % 2], linewidth=1.2, label=name)
    axes.set_xlim(low, high)
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left")
    return _png(figure)


def _range(pairs: Verification) -> tuple[float, float]:
    """Lowest and highest distance that occur, without the last ten-thousandth at either end."""
    total = np.cumsum(pairs.same / max(1, pairs.same.sum()) + pairs.different / max(1, pairs.different.sum()))
    if total[-1] == 0:
        return float(pairs.edges[0]), float(pairs.edges[-1])
    low, high = np.searchsorted(total, [1e-4 * total[-1], (1 - 1e-4) * total[-1]])
    return float(pairs.edges[low]), float(pairs.edges[high + 1])


def _bars(edges: DoubleArray, counts: np.ndarray, low: float, high: float) -> tuple[DoubleArray, DoubleArray]:
    """Edges and heights of bars between `low` and `high` that fine bins are gathered into, percent of all."""
    wide = np.linspace(low, high, _BARS + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    share = np.histogram(middle, wide, weights=counts)[0]
    return wide, 100 * share / max(1, int(counts.sum()))


def _canvas(x: str, y: str) -> tuple[Figure, Axes]:
    """A figure with labelled axes, made without pyplot, which would keep it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE_INCHES, dpi=120, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _png(figure: Figure) -> bytes:
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()
