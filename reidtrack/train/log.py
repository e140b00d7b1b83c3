"""The log of a training: a table of epochs, and its curves."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from reidtrack.files import write_lines, write_whole

Row = Mapping[str, float]
"""Values of one epoch, by column; a column is absent where nothing was measured."""

_LOSSES = ("loss", "identity", "triplet", "circle", "centre", "embedding", "relation", "unlabelled")


def epoch_line(row: Row) -> str:
    """One line that tells of a finished epoch: size, loss, accuracy, time, and what validation found."""
    seconds = round(row["seconds"])
    figures = ", ".join(f"{name} {value:.1%}" for name, value in row.items() if name.endswith((" rank1", " mAP")))
    others = f", {row['unlabelled_images']:,.0f} unlabelled images" if "unlabelled_images" in row else ""
    return (
        f"epoch {row['epoch']:.0f}: {row['height']:.0f}x{row['width']:.0f}, loss {row['loss']:.3f}, "
        f"accuracy {row['accuracy']:.1%}{others}, {seconds // 60}:{seconds % 60:02d}"
        + (f"; {figures}" if figures else "")
    )


def write_log(path: Path, rows: Sequence[Row]) -> None:
    """Write all epochs as CSV; columns in order of first appearance, empty where nothing was measured.

    Raises:
        OutputError: If the file cannot be written.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows([{name: f"{value:.6g}" for name, value in row.items()} for row in rows])
    write_whole(path, text.getvalue())


def write_curves(path: Path, rows: Sequence[Row]) -> None:
    """Draw losses, accuracy with validation figures, and the learning rate over epochs, as PNG.

    Raises:
        OutputError: If the file cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.8), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    for name in _LOSSES:
        _plot(left, rows, name, name)
    left.set(title="training loss", xlabel="epoch", ylim=(0, None))
    _plot(middle, rows, "accuracy", "training accuracy", scale=100)
    for name in sorted({name for row in rows for name in row if name.endswith((" rank1", " mAP"))}):
        _plot(middle, rows, name, name, marker="o", scale=100)
    middle.set(title="accuracy and validation", xlabel="epoch", ylabel="percent", ylim=(0, 100))
    _plot(right, rows, "rate", "rate")
    right.set(title="learning rate, fraction of the full one", xlabel="epoch", ylim=(0, None))
    for axes in (left, middle, right):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.15)) if axes.has_data() else None
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    write_lines(path, [buffer.getvalue()])


def _plot(axes: object, rows: Sequence[Row], name: str, label: str, *, marker: str = "", scale: float = 1.0) -> None:
    points = [(row["epoch"], scale * row[name]) for row in rows if name in row]
    if points:
        axes.plot(*zip(*points, strict=True), label=label, marker=marker)  # type: ignore[attr-defined]
