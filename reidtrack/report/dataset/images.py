"""The section on images: sizes, random and unusual ones, files that cannot be read."""

from __future__ import annotations

import numpy as np

from reidtrack.report.charts import histogram, panel
from reidtrack.report.dataset.page_data import DatasetPage, Picture
from reidtrack.report.html import Markup, inline_image, join, tag


def picture_image(picture: Picture) -> Markup:
    """An `img` element that holds a picture."""
    return inline_image(picture.jpeg, alt=picture.caption, title=picture.tooltip or None, loading="lazy")


def image_section(page: DatasetPage) -> Markup:
    """Sizes, strips of pictures, and the files that could not be read."""
    opened, of = page.opened
    share = f"all {of:,}" if opened == of else f"a random {opened:,} of {of:,}"
    hint = f"Sizes, brightness and colour are those of {share} images."
    parts = [tag("h2", "Images"), tag("p", hint, class_="hint"), _sizes(page)]
    for title, pictures in page.strips.items():
        parts += [tag("h3", title), tag("div", *map(_figure, pictures), class_="strip-of")]
    if page.bad:
        lines = tag("ul", *(tag("li", line) for line in page.bad), class_="notes bad")
        parts += [tag("h3", f"Files that cannot be read: {len(page.bad):,}"), lines]
    return tag("section", *parts, id="images")


def _figure(picture: Picture) -> Markup:
    caption = tag("figcaption", picture.caption, title=picture.tooltip or None)
    return tag("figure", picture_image(picture), caption)


def _sizes(page: DatasetPage) -> Markup:
    if not len(page.size_wh):
        return Markup()
    distinct = np.unique(page.size_wh, axis=0)
    if len(distinct) == 1:
        width, height = distinct[0]
        return tag("p", f"Every image is {width} × {height} pixels (width × height).")
    width, height = page.size_wh[:, 0], page.size_wh[:, 1]
    low, high = (f"{int(v[0])} × {int(v[1])}" for v in (page.size_wh.min(axis=0), page.size_wh.max(axis=0)))
    panels = [
        panel("Height", f"median {np.median(height):.0f} pixels", histogram(height, unit="pixels", what="images")),
        panel("Width", f"median {np.median(width):.0f} pixels", histogram(width, unit="pixels", what="images")),
        panel(
            "Height over width",
            f"median {np.median(height / width):.2f}; most networks see 2.00",
            histogram(height / width, unit="ratio", what="images", decimals=2),
        ),
    ]
    text = tag("p", f"{len(distinct):,} sizes, from {low} to {high} pixels (width × height).")
    return join([text, tag("div", *panels, class_="panels")])
