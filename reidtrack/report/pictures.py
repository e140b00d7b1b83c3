"""Pictures inside a page."""

from __future__ import annotations

from base64 import b64encode

from reidtrack.report.dataset.page_data import Picture
from reidtrack.report.html import Markup, tag, void


def image(picture: Picture) -> Markup:
    """An `img` element that holds its own data."""
    source = "data:image/jpeg;base64," + b64encode(picture.jpeg).decode("ascii")
    return void("img", src=source, alt=picture.caption, title=picture.tooltip or None, loading="lazy")


def figure(picture: Picture) -> Markup:
    """The same with its caption."""
    return tag("figure", image(picture), tag("figcaption", picture.caption, title=picture.tooltip or None))
