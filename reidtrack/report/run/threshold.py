"""The section on the threshold: how alike was alike enough, and how sure that is, from `calibration.json`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from reidtrack.report.html import Markup, join, tag

_WIDTH, _HEIGHT = 420, 210
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 26, 24, 38
_RATES = (0.001, 0.01, 0.1, 1.0)
"""False accept rates that the ROC curve's axis marks."""

_MOST_ROWS = 12
"""Pairs of cameras in the table, beside the row of all of them."""


def threshold_section(calibration: Mapping[str, Any] | None) -> Markup:
    """Two charts and a table on a run's threshold.

    Args:
        calibration: What `calibration.json` says; None, or a file of another kind, gives nothing.

    Returns:
        A `section`.
    """
    if not calibration or not calibration.get("pairs") or calibration.get("threshold") is None:
        return Markup()
    pool, threshold = calibration["pairs"][0], float(calibration["threshold"])
    return tag(
        "section",
        tag("h2", "Threshold"),
        tag("p", *_words(calibration, threshold), class_="hint"),
        tag(
            "div",
            _figure(_histogram(pool["histogram"], threshold), *_legend()),
            _figure(
                _roc(pool["roc"], calibration),
                "Where the threshold could lie: the more pairs of two people it takes for one, the fewer of one "
                "person’s it misses. The dot is this run.",
            ),
            _table(calibration["pairs"]),
            class_="cal",
        ),
        id="threshold",
    )


def _words(calibration: Mapping[str, Any], threshold: float) -> Iterable[str]:
    given = calibration.get("source") == "fixed"
    yield f"Visits to two cameras up to a distance of {threshold:.2f} were taken for one person"
    yield ", as was asked for" if given else ", as found from the recording itself"
    yield ". "
    if calibration.get("false_accept") is not None:
        accept, reject = float(calibration["false_accept"]), float(calibration["false_reject"])
        yield f"By chance {_percent(accept)} of pairs of two people lie nearer, "
        yield f"and {_percent(reject)} of one person’s pairs farther. "
    word = str(calibration.get("confidence", "poor"))
    yield "Confidence: "
    yield tag("span", word, class_=f"confidence {word if word in ('good', 'fair', 'poor') else 'poor'}")
    yield f" {calibration.get('reason', '')}."


def _legend() -> list[str]:
    return [
        "Pairs of visits to two cameras by their distance, heights by the roots of the numbers: ",
        join([tag("i", class_="same"), "probably one person", tag("i", class_="two"), "probably two"]),
    ]


def _figure(chart: Markup, *caption: str) -> Markup:
    return tag("figure", chart, tag("figcaption", *caption))


def _histogram(histogram: Mapping[str, Sequence[float]], threshold: float) -> Markup:
    """Histogram of distances: heights are roots of counts, to show few beside many; one person's share is below."""
    edges = np.array(histogram["edges"], np.float64)
    same, two = (np.array(histogram[name], np.float64) for name in ("same", "different"))
    filled = np.flatnonzero(same + two > 0.01)
    if not len(filled):
        return _svg([_text("no pairs", _WIDTH / 2, _HEIGHT / 2, "mid")], "no pairs")
    last = min(len(same), int(filled[-1]) + 2)
    most, end = float(np.sqrt((same + two).max())), float(edges[last])
    scale = (_WIDTH - _LEFT - _RIGHT) / end
    parts = _frame(most**2)
    for k in range(last):
        height = np.sqrt(same[k] + two[k]) / most * (_HEIGHT - _TOP - _BOTTOM)
        sides = (_LEFT + edges[k] * scale, (edges[k + 1] - edges[k]) * scale - 1)
        title = f"{edges[k]:.2f} to {edges[k + 1]:.2f}: {same[k]:.1f} pairs of one person, {two[k]:.1f} of two"
        parts += _bar(*sides, float(height), same[k] / (same[k] + two[k]) if same[k] + two[k] > 0 else 0.0, title)
    parts += [_text(f"{d:.1f}", _LEFT + d * scale, _HEIGHT - 22, "mid") for d in np.arange(0, end + 0.01, 0.2).tolist()]
    at = f"{_LEFT + threshold * scale:.1f}"
    parts.append(tag("line", x1=at, x2=at, y1=_TOP, y2=_HEIGHT - _BOTTOM, class_="at"))
    parts.append(_text(f"threshold {threshold:.2f}", _LEFT + threshold * scale, _TOP - 8, "mid"))
    parts.append(_text("distance", (_LEFT + _WIDTH) / 2, _HEIGHT - 6, "mid"))
    return _svg(parts, f"Distances of pairs of visits, threshold {threshold:.2f}")


def _bar(x: float, width: float, height: float, share: float, title: str) -> list[Markup]:
    """A histogram's bar, of which a share at the foot stands for pairs of one person."""
    boxes = []
    for kind, low, high in (("same", 0.0, share * height), ("two", share * height, height)):
        if high - low > 0.05:
            box = {"x": f"{x:.1f}", "width": f"{width:.1f}", "y": f"{_HEIGHT - _BOTTOM - high:.1f}"}
            boxes.append(tag("rect", tag("title", title), **box, height=f"{high - low:.1f}", class_=kind))
    return boxes


def _roc(points: Sequence[Mapping[str, float]], calibration: Mapping[str, Any]) -> Markup:
    """ROC curve: false rejects over false accepts, these on a logarithmic scale."""
    floor, width = _HEIGHT - _BOTTOM, _WIDTH - _LEFT - _RIGHT

    def point(accept: float, reject: float) -> tuple[float, float]:
        x = np.log10(min(max(accept, _RATES[0]), 1.0) / _RATES[0]) / 3
        return _LEFT + width * float(x), floor - (floor - _TOP) * reject

    parts = [_text("100 %", _LEFT - 5, _TOP + 4, "end"), _text("0", _LEFT - 5, floor + 4, "end")]
    for rate in _RATES:
        x = point(rate, 0)[0]
        parts.append(tag("line", x1=f"{x:.1f}", x2=f"{x:.1f}", y1=_TOP, y2=floor))
        parts.append(_text(f"{100 * rate:g} %", x, _HEIGHT - 22, "mid"))
    parts.append(tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=floor, y2=floor))
    line = " ".join("{:.1f},{:.1f}".format(*point(p["false_accept"], p["false_reject"])) for p in points)
    parts.append(tag("polyline", points=line))
    if calibration.get("false_accept") is not None:
        x, y = point(float(calibration["false_accept"]), float(calibration["false_reject"]))
        parts.append(tag("circle", tag("title", "this run"), cx=f"{x:.1f}", cy=f"{y:.1f}", r=5))
    parts.append(_text("two people taken for one", (_LEFT + _WIDTH) / 2, _HEIGHT - 6, "mid"))
    parts.append(_text("one person’s missed", _LEFT, _TOP - 8))
    return _svg(parts, "False rejects over false accepts")


def _frame(most: float) -> list[Markup]:
    floor = _HEIGHT - _BOTTOM
    return [
        _text(f"{most:,.0f}", _LEFT - 5, _TOP + 4, "end"),
        _text("0", _LEFT - 5, floor + 4, "end"),
        tag("line", x1=_LEFT, x2=_WIDTH - _RIGHT, y1=floor, y2=floor),
    ]


def _table(pairs: Sequence[Mapping[str, Any]]) -> Markup:
    names = {
        "Cameras": None,
        "Sure matches": "visits to the two that are each other’s nearest beyond doubt",
        "Known apart": "pairs of which one stands beside such a match of the other",
        "Even at": "distance at which any two visits are as likely one person as two",
        "Log-odds per 0.1": "natural log-odds that a tenth of distance is worth",
    }
    rows = [_row(pair) for pair in pairs[: _MOST_ROWS + 1]]
    if len(pairs) > _MOST_ROWS + 1:
        rows.append(tag("tr", tag("td", f"and {len(pairs) - _MOST_ROWS - 1} more pairs", colspan=len(names))))
    head = tag("thead", tag("tr", *(tag("th", name, scope="col", title=title) for name, title in names.items())))
    return tag("div", tag("table", head, tag("tbody", *rows)), class_="scroll")


def _row(pair: Mapping[str, Any]) -> Markup:
    name = "all" if list(pair["cameras"]) == ["*", "*"] else " – ".join(map(str, pair["cameras"]))
    values = (
        f"{pair['positives']:,}",
        f"{pair['negatives']:,}",
        f"{pair['midpoint']:.2f}",
        f"{pair['slope'] / 10:.1f}",
    )
    return tag("tr", tag("td", name), *(tag("td", value) for value in values))


def _percent(share: float) -> str:
    return "less than 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def _text(text: str, x: float, y: float, kind: str | None = None) -> Markup:
    return tag("text", text, x=f"{x:.1f}", y=f"{y:.1f}", class_=kind)


def _svg(parts: Sequence[Markup], label: str) -> Markup:
    return tag("svg", *parts, viewBox=f"0 0 {_WIDTH} {_HEIGHT}", role="img", aria_label=label)
