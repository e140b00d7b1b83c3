"""The report of a benchmark as one HTML page: figures, plots and ranked lists inside, nothing fetched, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from reidtrack.report.html import Markup, inline_image, join, tag
from reidtrack.report.shell import asset, fill_page

FIGURES = {"rank1": "Rank-1", "rank5": "Rank-5", "rank10": "Rank-10", "rank20": "Rank-20", "mAP": "mAP", "mINP": "mINP"}
POINTS = {"threshold": "Threshold", "precision": "Precision", "recall": "Recall", "f1": "F1", "far": "False accepts"}


@dataclass(frozen=True, eq=False, slots=True)
class BenchmarkPart:
    """Results of one set of weights on one data set.

    Attributes:
        weights: Name of the weights.
        dataset: Name of the data set.
        results: Content of `results.json`.
        plots: File name to PNG.
        lists: Title to JPEG.
    """

    weights: str
    dataset: str
    results: Mapping[str, Any]
    plots: Mapping[str, bytes]
    lists: Mapping[str, bytes]


@dataclass(frozen=True, eq=False, slots=True)
class BenchmarkPage:
    """Everything the page of a benchmark shows.

    Attributes:
        created: When the page was made, as text.
        parts: At least one.
    """

    created: str
    parts: Sequence[BenchmarkPart]


def render_benchmark(page: BenchmarkPage) -> str:
    """Report of a benchmark as a whole HTML document, text to be written as UTF-8."""
    first = page.parts[0]
    alone = len(page.parts) == 1
    title = f"{first.weights} on {first.dataset}" if alone else "Benchmark over several data sets or weights"
    sections = [_section(part, number, alone) for number, part in enumerate(page.parts)]
    return fill_page(
        "benchmark.html",
        title=title,
        created=escape(page.created),
        style=asset("page.css") + asset("benchmark.css"),
        facts=_facts(first) if alone else Markup(),
        sections=join(sections if alone else [_matrix(page.parts), *sections]),
    )


def _facts(part: BenchmarkPart) -> Markup:
    shown = [(name, _percent(part.results[key])) for key, name in FIGURES.items()]
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in shown), class_="facts")


def _matrix(parts: Sequence[BenchmarkPart]) -> Markup:
    """Weights down, data sets across, Rank-1 and mAP in the cells."""
    datasets = list(dict.fromkeys(part.dataset for part in parts))
    rows = []
    for name in dict.fromkeys(part.weights for part in parts):
        cells: list[Markup] = []
        for dataset in datasets:
            here = [(n, p) for n, p in enumerate(parts) if (p.weights, p.dataset) == (name, dataset)]
            cells.append(tag("td", *(_cell(number, part) for number, part in here)))
        rows.append([tag("th", name, scope="row"), *cells])
    table = _table([f"Rank-1 / mAP, %, {parts[0].results['protocol']['variant']}", *datasets], rows)
    return tag("section", tag("h2", "Weights and data sets"), table, id="matrix")


def _cell(number: int, part: BenchmarkPart) -> Markup:
    text = f"{_percent(part.results['rank1'])} / {_percent(part.results['mAP'])}"
    return tag("a", text, href=f"#part-{number}")


def _section(part: BenchmarkPart, number: int, alone: bool) -> Markup:
    title = "Figures" if alone else f"{part.weights} on {part.dataset}"
    notes = part.results["notes"]
    listed = tag("ul", *(tag("li", note) for note in notes), class_="notes") if notes else Markup()
    tables = tag("div", _variants(part), _points(part), _counts(part), class_="tables")
    plots = tag("div", *(_image(data, name, "png") for name, data in part.plots.items()), class_="plots")
    lists = [tag("div", tag("h3", name), _image(data, name, "jpeg")) for name, data in part.lists.items()]
    parts = [tag("h2", title), listed, tables, _meaning(part), plots]
    if lists:
        hint = "Left the query, then the nearest of the gallery with their distances; green is right, red is wrong."
        parts += [tag("h2", "Ranked lists"), tag("p", hint, class_="hint"), tag("div", *lists, class_="lists")]
    return tag("section", *parts, id=f"part-{number}")


def _variants(part: BenchmarkPart) -> Markup:
    rows = [
        [tag("th", name, scope="row"), *(tag("td", _percent(row[key])) for key in FIGURES)]
        for name, row in part.results["variants"].items()
    ]
    return _table(["Ranking, %", *FIGURES.values()], rows)


def _points(part: BenchmarkPart) -> Markup:
    pairs = part.results["verification"]
    rows = []
    for name, point in (("best F1", pairs["best_f1"]), (f"FAR {pairs['at_far']['far_asked']:g}", pairs["at_far"])):
        cells = [f"{point['threshold']:.4f}", *(_percent(point[key]) for key in ("precision", "recall", "f1"))]
        cells.append(f"{100 * point['far']:.3g}")
        rows.append([tag("th", name, scope="row"), *(tag("td", cell) for cell in cells)])
    return _table(["Same person or not, %", *POINTS.values()], rows)


def _counts(part: BenchmarkPart) -> Markup:
    counts = part.results["counts"]
    shown = {name.replace("_", " "): f"{count:,}" for name, count in counts.items() if count}
    return _table(list(shown), [[tag("td", value) for value in shown.values()]])


def _meaning(part: BenchmarkPart) -> Markup:
    """In words, what the figures are figures of."""
    protocol, pairs = part.results["protocol"], part.results["verification"]
    words = [
        f"Figures of {protocol['variant']!r}, {protocol['metric']} distance"
        + (", with mirrored images" if protocol["flip"] else ""),
        f"mAP by the {protocol['ap_rule']} rule: {protocol['ap_rule_meaning']}",
        f"{protocol['same_camera']}",
        f"area under the ROC {pairs['auc']:.4f}, equal error rate {100 * pairs['equal_error_rate']:.2f} %,"
        f" {pairs['pairs_same']:,} pairs of one person, {pairs['pairs_different']:,} of different people",
        f"network on {part.results['weights']['engine']}",
    ]
    if protocol["shots"] != "all":
        words.insert(
            2, f"{protocol['shots']}-shot, a rank is a place among people, mean of {protocol['splits']} splits"
        )
    return tag("p", "; ".join(words) + ".", class_="meaning")


def _table(head: Sequence[str], rows: Sequence[Sequence[Markup]]) -> Markup:
    top = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in head)))
    return tag("div", tag("table", top, tag("tbody", *(tag("tr", *row) for row in rows))), class_="scroll")


def _image(data: bytes, name: str, kind: str) -> Markup:
    return inline_image(data, kind, alt=name, loading="lazy")


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
