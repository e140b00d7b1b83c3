"""The front page of a report by day: what there was on each day and camera, with links to the pages of the days."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from itertools import groupby
from typing import Any

import numpy as np

from reidtrack.report.days.calendar import short_dates
from reidtrack.report.days.heat import heat_strip
from reidtrack.report.days.pages import DaysData, Pictures, page_label, page_name
from reidtrack.report.days.recorded import clip, gaps_s, recorded_s
from reidtrack.report.days.split import DayTable
from reidtrack.report.html import Markup, inline_image, join, tag
from reidtrack.report.run.context import PageContext, person_label
from reidtrack.report.run.report_data import ReportData
from reidtrack.report.run.site_section import site_section
from reidtrack.report.run.summary import made
from reidtrack.report.run.threshold import threshold_section
from reidtrack.report.run.zones_section import zones_section
from reidtrack.report.shell import NO_SCRIPT, asset, fill_page, page_script
from reidtrack.report.times import format_duration
from reidtrack.types import DoubleArray, Identity, IntArray

MOST_RETURNING = 200
"""People seen on several days that are listed, those of most days first."""
MOST_CELLS = 6000
"""Days times cameras up to which there is a table of both."""
_NO_SPANS: DoubleArray = np.zeros((0, 2))


@dataclass(frozen=True, eq=False, slots=True)
class FrontData:
    """What the front page says beside what its days share.

    Attributes:
        created: When it was made, as text.
        origin: The run's origin, as text.
        notes: What the reader should know first.
        settings: Name to value, nested or not.
        timings: Name of a stage to seconds.
        calibration: Content of `calibration.json`; None where there is none.
        site: Content of `site.json`; None where there is none.
        zones: Content of `zones.json`; None where there is none.
        pages: Folder of the days' pages, relative to this one.
    """

    created: str
    origin: str
    notes: Sequence[str] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    calibration: Mapping[str, Any] | None = None
    site: Mapping[str, Any] | None = None
    zones: Mapping[str, Any] | None = None
    pages: str = "report"


def render_front(table: DayTable, data: DaysData, front: FrontData, pictures: Pictures) -> str:
    """The front page as a whole HTML document, self-contained as every page of a report.

    Args:
        table: Visits by day.
        data: What all pages share.
        front: What this one says beside.
        pictures: Asked for each person that is listed.
    """
    script = page_script("days/js/main.js")
    digest = b64encode(sha256(script.encode()).digest()).decode("ascii")
    run = PageContext.of(_without_people(data, front))
    place, zones, threshold = site_section(run), zones_section(run), threshold_section(front.calibration)
    heat = table.people_by_hour()
    return fill_page(
        "days/front.html",
        title=data.title,
        dates=short_dates(table.days),
        created=escape(front.created),
        origin=escape(front.origin),
        zone=escape(data.zone),
        policy=f"{NO_SCRIPT}; script-src 'sha256-{digest}'",
        style=asset("page.css") + asset("run/run.css") + asset("days/days.css"),
        script=script,
        jump=_jump(place=bool(place), zones=bool(zones), threshold=bool(threshold)),
        facts=_facts(table, data, front),
        days=_days(table, data, front, heat),
        cameras=_cameras(table, data, front, heat),
        people=_returning(table, data, front, pictures),
        place=place,
        zones=zones,
        threshold=threshold,
        made=made(run),
        script_data=_search_data(table, front),
    )


def _without_people(data: DaysData, front: FrontData) -> ReportData:
    """What sections that know nothing of days take."""
    return ReportData(
        title=data.title,
        created=front.created,
        origin=front.origin,
        cameras=data.cameras,
        identities=(),
        settings=front.settings,
        timings=front.timings,
        site=front.site,
        zones=front.zones,
        folder=data.folder,
    )


def _jump(*, place: bool, zones: bool, threshold: bool) -> Markup:
    names = {
        "days": "Days",
        "cameras": "Cameras",
        "returning": "On several days",
        **({"place": "Place"} if place else {}),
        **({"zones": "Zones"} if zones else {}),
        **({"threshold": "Threshold"} if threshold else {}),
        "run": "Run",
    }
    return join(tag("a", name, href=f"#{anchor}") for anchor, name in names.items())


def _facts(table: DayTable, data: DaysData, front: FrontData) -> Markup:
    several = int((table.days_of_people() > 1).sum())
    # Not the rows of the table: a visit over midnight is one visit.
    numbers = {
        "days": f"{len(table.days):,}",
        "cameras": f"{len(data.cameras):,}",
        "people": f"{len(table.identities):,}",
        "on several days": f"{several:,}",
        "visits": f"{sum(len(identity.tracklets) for identity in table.identities):,}",
        "boxes": f"{int(table.boxes.sum()):,}",
    }
    values = [tag("div", tag("dt", name), tag("dd", value)) for name, value in numbers.items()]
    said = [*front.notes, *data.notes]
    notes = tag("ul", *(tag("li", note) for note in said), class_="notes") if said else Markup()
    return join([tag("dl", *values, class_="facts"), notes])


def _days(table: DayTable, data: DaysData, front: FrontData, heat: IntArray) -> Markup:
    """A row for each day."""
    names = ("Day", "People", "Visits", "Boxes", "Recorded", "Gaps", "Close links", "Busiest hour")
    heads = [tag("th", name, scope="col") for name in names]
    hours = tag("th", tag("span", *(tag("i", f"{hour}") for hour in range(0, 24, 6))), scope="col", class_="hours")
    most = int(heat[:, -1].max(initial=0))
    rows = [_day_row(table, data, front, day, heat[day, -1], most) for day in range(len(table.days))]
    head = tag("thead", tag("tr", *heads, hours))
    return tag("table", head, tag("tbody", *rows), class_="cameras byday")


def _day_row(table: DayTable, data: DaysData, front: FrontData, day: int, busy: IntArray, most: int) -> Markup:
    one, (low, high) = table.days[day], np.searchsorted(table.day, [day, day + 1]).tolist()
    spans = [data.recorded.get(camera.name, _NO_SPANS) for camera in data.cameras]
    seconds = sum(recorded_s(found, one.first_s, one.last_s) for found in spans)
    gaps = sum(gaps_s(found, one.first_s, one.last_s) for found in spans)
    hour = int(busy.argmax())
    busiest = f"{hour:02}:00, {busy[hour]:,} people" if busy[hour] else "–"
    odd = Markup() if abs(one.length_h - 24) < 1e-6 else tag("small", f"{one.length_h:g} hours")
    cells = [
        f"{len(np.unique(table.person[low:high])):,}",
        f"{high - low:,}",
        f"{int(table.boxes[low:high].sum()):,}",
        _length(seconds),
        _length(gaps),
        f"{int(table.close[low:high].sum()):,}",
        busiest,
    ]
    text = f"People by the hour on {one.short_name}; busiest: {busiest}"
    strip = heat_strip(busy, _recorded_hours(one.hours, spans), most, text)
    links: list[str] = [tag("a", one.short_name, href=f"{front.pages}/{page_name(one, 1)}")]
    for page in range(2, table.pages_of_day[day] + 1):
        links += [" ", tag("a", f"{page}", href=f"{front.pages}/{page_name(one, page)}", title=f"page {page}")]
    more = tag("span", *links[1:], class_="more") if len(links) > 1 else Markup()
    head = tag("th", links[0], " " if odd else "", odd, more, scope="row")
    return tag("tr", head, *(tag("td", cell) for cell in cells), tag("td", strip))


def _cameras(table: DayTable, data: DaysData, front: FrontData, heat: IntArray) -> Markup:
    """Days by cameras: people in each, and when."""
    if len(table.days) * len(data.cameras) > MOST_CELLS:
        return tag("p", "Too many days and cameras for one table: each day's page has that of its cameras.")
    heads = [tag("th", camera.name, scope="col", title=camera.name) for camera in data.cameras]
    most = int(heat[:, :-1].max(initial=0))
    rows = [_camera_cells(table, data, front, day, heat[day], most) for day in range(len(table.days))]
    head = tag("thead", tag("tr", tag("th", "Day", scope="col"), *heads))
    return tag("table", head, tag("tbody", *rows), class_="presence matrix")


def _camera_cells(table: DayTable, data: DaysData, front: FrontData, day: int, busy: IntArray, most: int) -> Markup:
    one, (low, high) = table.days[day], np.searchsorted(table.day, [day, day + 1]).tolist()
    count = len(data.cameras)
    visits = np.bincount(table.camera[low:high], minlength=count).tolist()
    boxes = np.bincount(table.camera[low:high], weights=table.boxes[low:high], minlength=count).astype(int).tolist()
    pairs = np.unique(np.stack([table.camera[low:high], table.person[low:high]]), axis=1)[0]
    people = np.bincount(pairs, minlength=count).tolist()
    cells = []
    for index, camera in enumerate(data.cameras):
        spans = data.recorded.get(camera.name, _NO_SPANS)
        if not visits[index] and not recorded_s(spans, one.first_s, one.last_s):
            cells.append(tag("td", tag("span", "not recorded", class_="mute")))
            continue
        gaps = gaps_s(spans, one.first_s, one.last_s)
        numbers = f"{people[index]:,} people, {visits[index]:,} visits, {boxes[index]:,} boxes"
        text = f"{camera.name}, {one.short_name}: {numbers}"
        lost = [tag("small", f"gaps {_length(gaps)}", class_="lost")] if gaps >= 1 else []
        strip = heat_strip(busy[index], _recorded_hours(one.hours, [spans]), most, text)
        counts = tag("small", f"{visits[index]:,} visits")
        cells.append(tag("td", tag("b", f"{people[index]:,}"), " ", counts, *lost, strip, title=text))
    link = tag("a", one.short_name, href=f"{front.pages}/{page_name(one, 1)}")
    return tag("tr", tag("th", link, scope="row"), *cells)


def _recorded_hours(hours: Sequence[tuple[float, float]], spans: Sequence[DoubleArray]) -> list[bool]:
    """Whether any of some cameras recorded in each hour."""
    return [
        ends > begins and any(len(clip(found, begins, ends)) for found in spans if len(found)) for begins, ends in hours
    ]


def _length(seconds: float) -> str:
    if seconds < 1:
        return "–"
    if seconds >= 36_000:
        return f"{seconds / 3600:,.0f} h"
    return format_duration(seconds) if not 60 <= seconds < 3570 else f"{round(seconds / 60)} min"


def _returning(table: DayTable, data: DaysData, front: FrontData, pictures: Pictures) -> Markup:
    """People who were seen on several days, those of most days first."""
    days = table.days_of_people()
    found = np.flatnonzero(days > 1)
    if not len(found):
        return tag("p", "Nobody was seen on more than one day.", class_="mute")
    visits = np.array([len(table.identities[person].tracklets) for person in found.tolist()])
    order = found[np.lexsort((found, -visits, -days[found]))]
    rows = [_person_row(table, data, front, person, pictures) for person in order[:MOST_RETURNING].tolist()]
    heads = ("Person", "Days", "Visits", "Cameras", "Seen on")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in heads)))
    left = len(order) - len(rows)
    more = tag("p", f"and {left:,} more: the search above finds them", class_="mute") if left else Markup()
    return join([tag("div", tag("table", head, tag("tbody", *rows), class_="cameras people"), class_="scroll"), more])


def _person_row(table: DayTable, data: DaysData, front: FrontData, person: int, pictures: Pictures) -> Markup:
    identity = table.identities[person]
    best = _best_picture(identity, pictures)
    face = Markup() if best is None else inline_image(best, alt="", loading="lazy", decoding="async")
    name = [person_label(identity)] + ([] if identity.name is None else [tag("small", f" person {identity.id}")])
    pages = table.pages_of(person)
    links = []
    for _, group in groupby(pages, key=lambda page: page[0]):
        day, page = next(group)
        place = f"{front.pages}/{page_name(table.days[day], page)}#p{identity.id}"
        links += [tag("a", table.days[day].short_name, href=place), " "]
    cells = [str(len(links) // 2), f"{len(identity.tracklets):,}", str(len(identity.cameras))]
    head = tag("th", face, tag("i", class_="dot"), *name, scope="row")
    style = f"--c:{data.colour(identity.id)}"
    return tag("tr", head, *(tag("td", cell) for cell in cells), tag("td", *links[:-1]), style=style)


def _best_picture(identity: Identity, pictures: Pictures) -> bytes | None:
    found = pictures(identity)
    longest = sorted(identity, key=lambda t: -len(t))
    return next((data for t in longest for data in found.get(t.key, ()) if data), None)


def _search_data(table: DayTable, front: FrontData) -> Markup:
    """Data block of the search: on which pages each person is, as ranges of ids, and who has a name."""
    ids = np.array([identity.id for identity in table.identities], np.int64)
    pages = [
        {
            "page": f"{front.pages}/{page_name(table.days[day], number)}",
            "label": page_label(table, day, number),
            "people": _ranges(np.unique(ids[table.person[rows]])),
        }
        for day, number, rows in table.pages
        if rows.stop > rows.start
    ]
    names = {str(identity.id): identity.name for identity in table.identities if identity.name is not None}
    text = json.dumps({"pages": pages, "names": names}, ensure_ascii=False, separators=(",", ":"))
    return tag("script", Markup(text.replace("<", "\\u003c")), type="application/json", id="search-data")


def _ranges(ids: IntArray) -> str:
    """Ids as ranges, `1-150,163,170-171`: people of one day have numbers that follow each other."""
    cuts = np.flatnonzero(np.diff(ids) > 1)
    firsts, lasts = ids[[0, *(cuts + 1)]].tolist(), ids[[*cuts, len(ids) - 1]].tolist()
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(firsts, lasts, strict=True))
