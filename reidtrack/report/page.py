"""One run as one HTML page: styles, script and pictures inside, nothing fetched from anywhere."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from reidtrack.report.people import cards, presence
from reidtrack.report.record import CameraSummary, ReportData
from reidtrack.report.shell import NO_SCRIPT, asset, fill_page
from reidtrack.report.summary import cameras, facts, made
from reidtrack.report.timeline import timeline
from reidtrack.report.view import View

__all__ = ["CameraSummary", "ReportData", "render_report"]


def render_report(data: ReportData) -> str:
    """The report of a run.

    The page needs no network and no server; its content security policy forbids both. Videos are linked by their
    relative names, everything else is within. Without JavaScript it shows the same and cannot be sorted or searched.

    Args:
        data: What to show.

    Returns:
        A whole HTML document, to be written as UTF-8.
    """
    view = View.of(data)
    script = asset("page.js")
    digest = b64encode(sha256(script.encode()).digest()).decode("ascii")
    return fill_page(
        "page.html",
        title=data.title,
        created=escape(data.created),
        origin=escape(data.origin),
        policy=f"{NO_SCRIPT}; script-src 'sha256-{digest}'",
        style=asset("page.css"),
        script=script,
        facts=facts(view),
        timeline=timeline(view),
        presence=presence(view),
        columns=len(view.cameras),
        cards=cards(view),
        cameras=cameras(view),
        made=made(view),
    )
