"""The frame of every page: one head, styles and script inside, nothing fetched."""

from __future__ import annotations

from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from reidtrack.report.bundle import bundle, bundled_name

NO_SCRIPT = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Content security policy of a page that holds all it shows."""


def asset(name: str) -> str:
    """Content of a file of this room, by its path from here."""
    return files("reidtrack.report").joinpath(name).read_text(encoding="utf-8")


@cache
def page_script(entry: str) -> str:
    """Script that begins with the module at a path: the bundle that a wheel carries, or else one made here."""
    bundled = files("reidtrack.report").joinpath(bundled_name(entry))
    return bundled.read_text(encoding="utf-8") if bundled.is_file() else bundle(entry, asset)


def fill_page(body: str, *, title: str, style: str, policy: str = NO_SCRIPT, **values: object) -> str:
    """A whole HTML document.

    Args:
        body: File of the body's template.
        title: Title of the page, plain text.
        style: CSS.
        policy: Content security policy.
        values: HTML for the template's other places.
    """
    filled = Template(asset(body)).substitute(values, title=escape(title))
    return Template(asset("shell.html")).substitute(title=escape(title), policy=policy, style=style, body=filled)
