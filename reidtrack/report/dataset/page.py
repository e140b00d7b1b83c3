"""The report of a data set as one HTML page: styles and pictures inside, nothing fetched, no script."""

from __future__ import annotations

from html import escape

import numpy as np

from reidtrack.report.dataset.cameras import camera_section
from reidtrack.report.dataset.images import image_section
from reidtrack.report.dataset.page_data import DatasetPage, SplitRow
from reidtrack.report.dataset.people import people_section
from reidtrack.report.html import Markup, join, tag
from reidtrack.report.shell import asset, fill_page

__all__ = ["DatasetPage", "render_dataset"]


def render_dataset(page: DatasetPage) -> str:
    """Report of a data set as a whole HTML document.

    Args:
        page: Everything the page shows.

    Returns:
        Text to be written as UTF-8.
    """
    sections = [_splits(page), people_section(page), camera_section(page), image_section(page)]
    return fill_page(
        "dataset/dataset.html",
        title=page.title,
        created=escape(page.created),
        source=escape(page.source),
        style=asset("page.css") + asset("dataset/dataset.css"),
        facts=_facts(page),
        sections=join(sections),
    )


def _facts(page: DatasetPage) -> Markup:
    """Counts of the whole, notes included."""
    total = page.splits[-1]
    values = {"persons": total.people, "images": total.images, "cameras": total.cameras}
    for name, count in (("junk images", total.junk), ("distractor images", total.distractors)):
        if count:
            values[name] = count
    numbers = [(name, f"{value:,}" if value or name != "cameras" else "unknown") for name, value in values.items()]
    numbers.append(("images per person", f"{(total.per_person.mean() if total.people else 0):.1f}"))
    notes = tag("ul", *(tag("li", note) for note in page.notes), class_="notes") if page.notes else Markup()
    return join([tag("dl", *(tag("div", tag("dt", n), tag("dd", v)) for n, v in numbers), class_="facts"), notes])


def _splits(page: DatasetPage) -> Markup:
    """Table of splits."""
    nobody = [name for name in ("junk", "distractors") if getattr(page.splits[-1], name)]
    names = ("Split", "Images", "Persons", "Cameras", *(name.capitalize() for name in nobody))
    per_person = ("Images per person: fewest", "median", "mean", "most", "One image only")
    rows = []
    for row in page.splits:
        counts = [row.images, row.people, row.cameras, *(getattr(row, name) for name in nobody)]
        cells = [f"{count:,}" if count else "–" for count in counts]
        cells += _per_person(row) if row.people else ["–"] * len(per_person)
        kind = "sum" if row.name == "all" else None
        rows.append(tag("tr", tag("th", row.name, scope="row"), *(tag("td", cell) for cell in cells), class_=kind))
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in (*names, *per_person))))
    table = tag("div", tag("table", head, tag("tbody", *rows), class_="splits"), class_="scroll")
    return tag("section", tag("h2", "Splits"), table, id="splits")


def _per_person(row: SplitRow) -> list[str]:
    """Fewest, median, mean and most images of a person, and how many persons have one."""
    counts = row.per_person
    figures = [f"{counts[-1]:,}", f"{np.median(counts):g}", f"{counts.mean():.1f}", f"{counts[0]:,}"]
    return [*figures, f"{row.one_image:,}" if row.one_image else "–"]
