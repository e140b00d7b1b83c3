"""Pictures of how costs grow: one panel for each quantity, a straight line through the ends for the eye."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, StrMethodFormatter


class Panel(NamedTuple):
    """One quantity over the same x.

    Attributes:
        title: What is drawn, with its unit.
        curves: Name to the values, one for each x.
        straight: Curve that a straight line through its ends is compared with.
    """

    title: str
    curves: Mapping[str, Sequence[float]]
    straight: str = ""


def draw_growth(path: Path, x_title: str, x: Sequence[float], panels: Sequence[Panel], *, logarithmic: bool) -> None:
    """Write a PNG; on logarithmic axes what grows in a straight line has a slope of one."""
    figure = Figure(figsize=(4.6 * len(panels), 3.6), dpi=120, layout="constrained")
    for place, panel in enumerate(panels):
        axes = figure.add_subplot(1, len(panels), place + 1)
        for name, values in panel.curves.items():
            axes.plot(x, values, marker="o", markersize=4, label=name)
        if panel.straight:
            _draw_line(axes, x, panel.curves[panel.straight], logarithmic)
        axes.set_title(panel.title, fontsize=10)
        axes.set_xlabel(x_title)
        if logarithmic:
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,g}"))
        else:
            axes.set_ylim(0, 1.1 * max(max(values) for values in panel.curves.values()))
            axes.set_xlim(0, 1.05 * x[-1])
        ticks = list(x) if logarithmic else _apart(x, 0.06 * x[-1])
        axes.set_xticks(ticks, [f"{value:,g}" for value in ticks], fontsize=8)
        axes.minorticks_off()
        axes.grid(alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        if len(panel.curves) > 1 or panel.straight:
            axes.legend(fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="png")


def _apart(x: Sequence[float], least: float) -> list[float]:
    """Those whose labels do not run into the next one's."""
    kept = [x[-1]]
    for value in reversed(x[:-1]):
        if kept[-1] - value >= least:
            kept.append(value)
    return kept[::-1]


def _draw_line(axes: object, x: Sequence[float], values: Sequence[float], logarithmic: bool) -> None:
    """From the first point to the last on plain axes; from the first with a slope of one on logarithmic ones."""
    end = values[0] * x[-1] / x[0] if logarithmic else values[-1]
    axes.plot(  # type: ignore[attr-defined]
        [x[0], x[-1]], [values[0], end], color="0.5", linestyle=":", linewidth=1.2, label="a straight line"
    )
