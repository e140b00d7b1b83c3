"""What every page is wrapped in: one head, styles inside, nothing fetched."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template

NO_SCRIPT = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Content security policy of a page that holds all it shows."""


def asset(name: str) -> str:
    """A file that lies beside this one."""
    return files("reidtrack.report").joinpath(name).read_text(encoding="utf-8")


def fill_page(body: str, *, title: str, style: str, policy: str = NO_SCRIPT, **values: object) -> str:
    """A whole HTML document.

    Args:
        body: Name of the file with the body's template.
        title: Of the page, plain text.
        style: CSS.
        policy: Content security policy.
        values: HTML for the template's other places.
    """
    filled = Template(asset(body)).substitute(values, title=escape(title))
    return Template(asset("shell.html")).substitute(title=escape(title), policy=policy, style=style, body=filled)
