"""The report of a run as one HTML page: styles, script and pictures inside, nothing fetched from anywhere."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape

from reidtrack.report.html import Markup, join, tag
from reidtrack.report.run.context import PageContext
from reidtrack.report.run.people import cards
from reidtrack.report.run.report_data import CameraSummary, ReportData
from reidtrack.report.run.script_data import script_data
from reidtrack.report.run.site_section import site_section
from reidtrack.report.run.summary import cameras, facts, made, presence
from reidtrack.report.run.sweep import other_thresholds
from reidtrack.report.run.threshold import threshold_section
from reidtrack.report.run.timeline import timeline
from reidtrack.report.run.zones_section import zones_section
from reidtrack.report.shell import NO_SCRIPT, asset, fill_page, page_script

__all__ = ["CameraSummary", "ReportData", "render_report"]


def render_report(data: ReportData) -> str:
    """Report of a run as a whole HTML document.

    The page needs no network and no server; its content security policy forbids both. Videos are linked by their
    relative names, everything else is within. Without JavaScript it shows the same but for the sheet of doubtful
    links, and cannot be sorted or searched.

    Args:
        data: Everything the page shows.

    Returns:
        Text to be written as UTF-8.
    """
    page = PageContext.of(data)
    script = page_script("run/js/main.js")
    digest = b64encode(sha256(script.encode()).digest()).decode("ascii")
    place, zones, threshold = site_section(page), zones_section(page), threshold_section(data.calibration)
    if threshold:
        threshold = join([threshold, other_thresholds(page)])
    return fill_page(
        "run/page.html",
        title=data.title,
        title_line=escape(data.title) if data.day is None else escape(data.day.heading),
        when=_when(data),
        days=_days(data),
        policy=f"{NO_SCRIPT}; media-src 'self' file:; script-src 'sha256-{digest}'",
        style=asset("page.css") + asset("run/run.css"),
        script=script,
        jump=_jump(place=bool(place), zones=bool(zones), threshold=bool(threshold)),
        facts=facts(page),
        timeline=timeline(page),
        place=place,
        zones=zones,
        presence=presence(page),
        columns=len(page.cameras),
        cards=cards(page),
        threshold=threshold,
        cameras=cameras(page),
        made=made(page),
        script_data=script_data(page),
    )


def _when(data: ReportData) -> Markup:
    """When the report was made and from when its times count, or whose clocks they are of."""
    if data.day is None:
        return join([tag("span", data.created), tag("span", f"origin {data.origin}")])
    home = tag("a", data.title, href=data.day.front)
    return join([tag("span", home), tag("span", f"times of {data.day.zone}")])


def _days(data: ReportData) -> Markup:
    """Links to the front page, to the days before and after, and to the other pages of the day."""
    if data.day is None:
        return Markup()
    links = [tag("a", "All days", href=data.day.front)]
    for label, href in data.day.pages:
        links.append(tag("b", label, aria_current="page") if href is None else tag("a", label, href=href))
    return tag("nav", *links, class_="days", aria_label="Days")


def _jump(*, place: bool, zones: bool, threshold: bool) -> Markup:
    """Links to the sections that are there."""
    names = {
        "timeline": "Timeline",
        "check": "Look first",
        **({"place": "Place"} if place else {}),
        **({"zones": "Zones"} if zones else {}),
        "where": "Who was where",
        "people": "People",
        **({"threshold": "Threshold"} if threshold else {}),
        "run": "Run",
    }
    return join(
        tag("a", name, href=f"#{anchor}", class_="js" if anchor == "check" else None) for anchor, name in names.items()
    )
