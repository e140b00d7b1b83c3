"""One run as one HTML page: styles, script and pictures inside, nothing fetched from anywhere."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from reidtrack.report.html import Markup, join, tag
from reidtrack.report.run.calibration import threshold_section
from reidtrack.report.run.people import cards, presence
from reidtrack.report.run.record import CameraSummary, ReportData
from reidtrack.report.run.site import place
from reidtrack.report.run.story import story
from reidtrack.report.run.summary import cameras, facts, made
from reidtrack.report.run.thresholds import other_thresholds
from reidtrack.report.run.timeline import timeline
from reidtrack.report.run.view import View
from reidtrack.report.shell import NO_SCRIPT, asset, fill_page

__all__ = ["CameraSummary", "ReportData", "render_report"]

SCRIPTS = ("run/page.js", "run/dock.js", "run/plan.js", "run/keys.js")
"""Parts of one script, in this order."""


def render_report(data: ReportData) -> str:
    """The report of a run.

    The page needs no network and no server; its content security policy forbids both. Videos are linked by their
    relative names, everything else is within. Without JavaScript it shows the same but for the sheet of doubtful
    links, and cannot be sorted or searched.

    Args:
        data: What to show.

    Returns:
        A whole HTML document, to be written as UTF-8.
    """
    view = View.of(data)
    script = '"use strict";\n(() => {\n' + "".join(map(asset, SCRIPTS)) + "})();\n"
    digest = b64encode(sha256(script.encode()).digest()).decode("ascii")
    ground, threshold = place(view), threshold_section(data.calibration)
    if threshold:
        threshold = join([threshold, other_thresholds(view)])
    return fill_page(
        "run/page.html",
        title=data.title,
        created=escape(data.created),
        origin=escape(data.origin),
        policy=f"{NO_SCRIPT}; media-src 'self' file:; script-src 'sha256-{digest}'",
        style=asset("page.css") + asset("run/dock.css"),
        script=script,
        jump=_jump(place=bool(ground), threshold=bool(threshold)),
        facts=facts(view),
        timeline=timeline(view),
        place=ground,
        presence=presence(view),
        columns=len(view.cameras),
        cards=cards(view),
        threshold=threshold,
        cameras=cameras(view),
        made=made(view),
        story=story(view),
    )


def _jump(*, place: bool, threshold: bool) -> Markup:
    """Links to the sections that are there."""
    names = {
        "timeline": "Timeline",
        "check": "Look first",
        **({"place": "Place"} if place else {}),
        "where": "Who was where",
        "people": "People",
        **({"threshold": "Threshold"} if threshold else {}),
        "run": "Run",
    }
    return join(
        tag("a", name, href=f"#{anchor}", class_="js" if anchor == "check" else None) for anchor, name in names.items()
    )
