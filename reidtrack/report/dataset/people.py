"""The section on persons: how many images each has, by how many cameras, and how uneven that is."""

from __future__ import annotations

from reidtrack.report.charts import bars, curve, histogram, panel
from reidtrack.report.dataset.images import picture_image
from reidtrack.report.dataset.page_data import DatasetPage, Picture
from reidtrack.report.html import Markup, tag


def people_section(page: DatasetPage) -> Markup:
    """Histograms, the curve of imbalance, and persons side by side over the cameras."""
    named = {row.name for row in page.splits if row.people}
    shown = (named & {"train", "gallery"}) or named
    panels = [
        panel(
            f"Images per person, {row.name}",
            f"{row.people:,} persons" + (f", {row.one_image:,} of them with one image only" if row.one_image else ""),
            histogram(row.per_person, unit="images", what="persons"),
        )
        for row in page.splits
        if row.people and row.name in shown
    ]
    if len(page.cameras) > 1:
        panels.append(_coverage(page))
    if len(page.lorenz) > 2:
        panels.append(_imbalance(page))
    return tag("section", tag("h2", "People"), tag("div", *panels, class_="panels"), *_side_by_side(page), id="people")


def _coverage(page: DatasetPage) -> Markup:
    counts = page.cameras_per_person
    first = 0 if counts[0] else 1
    labels = [str(number) for number in range(first, len(counts))]
    titles = [
        f"{n:,} persons seen by {label} cameras" for label, n in zip(labels, counts[first:].tolist(), strict=True)
    ]
    people = int(counts.sum())
    once = int(counts[:2].sum())
    text = f"{people - once:,} of {people:,} persons were seen by two cameras or more"
    return panel("Cameras per person", text, bars(counts[first:], labels, titles, axis="cameras"))


def _imbalance(page: DatasetPage) -> Markup:
    text = (
        f"The tenth of the persons with the most images holds {page.top_tenth:.0%} of them;"
        f" Gini coefficient {page.gini:.2f} (0: all have as many)"
    )
    return panel("Imbalance", text, curve(page.lorenz, x_axis="persons, fewest images first", y_axis="images held"))


def _side_by_side(page: DatasetPage) -> list[Markup]:
    if not page.people:
        return []
    names = [name for name, _ in page.people]
    head = tag("thead", tag("tr", tag("th", "Camera"), *(tag("th", name, scope="col") for name in names)))
    rows = [
        tag("tr", tag("th", camera, scope="row"), *(_cell(pictures[index]) for _, pictures in page.people))
        for index, camera in enumerate(page.people_rows)
    ]
    hint = "Random persons, preferably seen by many cameras; one random image by each camera."
    return [
        tag("h3", "The same person, camera by camera" if page.cameras else "Some persons"),
        *([tag("p", hint, class_="hint")] if page.cameras else []),
        tag("div", tag("table", head, tag("tbody", *rows), class_="faces"), class_="scroll"),
    ]


def _cell(picture: Picture | None) -> Markup:
    return tag("td", "·", class_="blank") if picture is None else tag("td", picture_image(picture))
