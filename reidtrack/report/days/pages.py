"""A page of one day, or of a part of its people: a run's report of just that, in the day's own time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from reidtrack.report.days.calendar import Day
from reidtrack.report.days.recorded import clip, recorded_s
from reidtrack.report.days.split import DayTable
from reidtrack.report.run.page import render_report
from reidtrack.report.run.report_data import CameraSummary, DayPart, FloorPaths, GalleryMatch, OtherPage, ReportData
from reidtrack.types import BoolArray, DoubleArray, Identity, IntArray, Tracklet, TrackletKey

MOST_GAPS = 100
"""Of a camera on a day, drawn on its page."""

Pictures = Callable[[Identity], Mapping[TrackletKey, Sequence[bytes]]]
"""Camera and track id of an identity's tracklets to their JPEG files."""


@dataclass(frozen=True, eq=False, slots=True)
class DaysData:
    """What all pages of a run's days share.

    Attributes:
        title: What the run is called.
        folder: The run's folder, as commands name it.
        front: Name of the front page's file.
        zone: What the time zone is called.
        cameras: In the order of the command line; times are those of the whole run.
        recorded: Camera to (n, 2) first and last seconds of what was recorded without a gap.
        colour: CSS colour of an identity's id.
        gallery: Identity's id to who that is in the gallery.
        floor_paths: Paths on the floor plan; None where no camera has one.
        notes: What the reader should know first.
    """

    title: str
    folder: str
    front: str
    zone: str
    cameras: Sequence[CameraSummary]
    recorded: Mapping[str, DoubleArray]
    colour: Callable[[int], str]
    gallery: Mapping[int, GalleryMatch]
    floor_paths: FloorPaths | None = None
    notes: Sequence[str] = ()


def page_name(day: Day, page: int) -> str:
    """Name of the file: `2026-11-29.html`, `2026-11-29-2.html`."""
    return f"{day.name}.html" if page == 1 else f"{day.name}-{page}.html"


def page_label(table: DayTable, day: int, page: int) -> str:
    """Name of a page for readers: `Sun 29 Nov`, with its number where the day has several."""
    name = table.days[day].short_name
    return name if table.pages_of_day[day] == 1 else f"{name} ({page})"


def render_day(table: DayTable, data: DaysData, place: int, pictures: Pictures) -> str:
    """One page as a whole HTML document; no other page is held meanwhile.

    Args:
        table: Visits by day.
        data: What all pages share.
        place: Index among `table.pages`.
        pictures: Asked for each person on the page.
    """
    day, number, rows = table.pages[place]
    people = [_person(table, person, rows) for person in np.unique(table.person[rows]).tolist()]
    thumbnails: dict[TrackletKey, Sequence[bytes]] = {}
    for identity, _ in people:
        thumbnails |= pictures(identity)
    keys = [t.key for identity, _ in people for t in identity]
    paths = data.floor_paths
    if paths is not None:
        paths = FloorPaths(paths.step_s, {key: paths.paths[key] for key in keys if key in paths.paths})
    part = DayPart(
        heading=table.days[day].long_name + (f", page {number}" if table.pages_of_day[day] > 1 else ""),
        clock=table.days[day].clock,
        zone=data.zone,
        front=f"../{data.front}",
        pages=_neighbours(table, day, number),
        people={identity.id: _other_pages(table, person, day, number) for identity, person in people},
        visits=_elsewhere(table, people, set(keys)),
        over={key: cut for identity, person in people for key, cut in _cuts(table, person, identity).items()},
    )
    return render_report(
        ReportData(
            title=data.title,
            created="",
            origin="",
            cameras=_cameras(table, data, day),
            identities=[identity for identity, _ in people],
            thumbnails=thumbnails,
            colours={identity.id: data.colour(identity.id) for identity, _ in people},
            notes=_notes(table, data, day),
            gallery={identity.id: data.gallery[identity.id] for identity, _ in people if identity.id in data.gallery},
            folder=data.folder,
            floor_paths=paths,
            day=part,
        )
    )


def _person(table: DayTable, person: int, rows: slice) -> tuple[Identity, int]:
    """The identity with the visits of some rows alone, and its index; visits are cut at midnight."""
    identity = table.identities[person]
    own = rows.start + np.flatnonzero(table.person[rows] == person)
    parts = tuple(_part(table, identity, row) for row in own.tolist())
    keys = {t.key for t in parts}
    return replace(identity, tracklets=parts, links=tuple(link for link in identity.links if link.a in keys)), person


def _part(table: DayTable, identity: Identity, row: int) -> Tracklet:
    tracklet: Tracklet = identity.tracklets[table.visit[row]]
    if table.boxes[row] == len(tracklet):
        return tracklet
    inside: BoolArray = (tracklet.time_s >= table.first_s[row]) & (tracklet.time_s <= table.last_s[row])
    frames = tracklet.frame[inside]
    of_day = (tracklet.feature_frame >= frames[0]) & (tracklet.feature_frame <= frames[-1])
    return tracklet.part(inside, of_day)


def _cuts(table: DayTable, person: int, identity: Identity) -> dict[TrackletKey, tuple[bool, bool]]:
    """Visits of a page that midnight cuts: whether each began before, and whether it goes on."""
    whole = {t.key: t for t in table.identities[person]}
    cuts = {}
    for t in identity:
        cut = bool(t.frame[0] > whole[t.key].frame[0]), bool(t.frame[-1] < whole[t.key].frame[-1])
        if any(cut):
            cuts[t.key] = cut
    return cuts


def _other_pages(table: DayTable, person: int, day: int, number: int) -> list[OtherPage]:
    id_ = table.identities[person].id
    return [
        OtherPage(page_label(table, d, n), f"{page_name(table.days[d], n)}#p{id_}")
        for d, n in table.pages_of(person)
        if (d, n) != (day, number)
    ]


def _elsewhere(
    table: DayTable, people: Sequence[tuple[Identity, int]], here: set[TrackletKey]
) -> dict[TrackletKey, OtherPage]:
    """Visits of other pages to which those of this one were joined."""
    found: dict[TrackletKey, OtherPage] = {}
    for identity, person in people:
        wanted = {link.b for link in identity.links} - here
        if not wanted:
            continue
        rows: IntArray = table.rows_of(person)
        keys = [table.identities[person].tracklets[visit].key for visit in table.visit[rows].tolist()]
        for key, row in zip(keys, rows.tolist(), strict=True):
            if key in wanted:
                day, page = int(table.day[row]), int(table.page[row])
                place = f"{page_name(table.days[day], page)}#p{identity.id}"
                found.setdefault(key, OtherPage(table.days[day].short_name.partition(" ")[2], place))
    return found


def _neighbours(table: DayTable, day: int, number: int) -> list[tuple[str, str | None]]:
    """Links to the day before and after, and between them to this day's pages."""
    links: list[tuple[str, str | None]] = []
    if day > 0:
        links.append((f"‹ {table.days[day - 1].short_name}", page_name(table.days[day - 1], 1)))
    count = table.pages_of_day[day]
    if count > 1:
        for page in range(1, count + 1):
            links.append((f"{page}", None if page == number else page_name(table.days[day], page)))
    if day + 1 < len(table.days):
        links.append((f"{table.days[day + 1].short_name} ›", page_name(table.days[day + 1], 1)))
    return links


def _notes(table: DayTable, data: DaysData, day: int) -> list[str]:
    one, notes = table.days[day], list(data.notes)
    if abs(one.length_h - 24) > 1e-6:
        change = "one hour comes twice" if one.length_h > 24 else "one hour does not come"
        notes.append(f"The clocks change on this day: it has {one.length_h:g} hours, and {change}.")
    count = table.pages_of_day[day]
    if count > 1:
        notes.append(f"The day's people are on {count} pages; all that is counted here is of this page.")
    return notes


def _cameras(table: DayTable, data: DaysData, day: int) -> list[CameraSummary]:
    """Every camera, with what was recorded of it on the day."""
    one = table.days[day]
    low, high = np.searchsorted(table.day, [day, day + 1])
    pairs = np.unique(np.stack([table.camera[low:high], table.person[low:high]]), axis=1)[0]
    people = np.bincount(pairs, minlength=len(table.cameras)).tolist()
    found = []
    for index, camera in enumerate(data.cameras):
        spans = clip(data.recorded.get(camera.name, np.zeros((0, 2))), one.first_s, one.last_s)
        ends = (float(spans[0, 0]), float(spans[-1, 1])) if len(spans) else (None, None)
        gaps = sorted(zip(spans[:-1, 1].tolist(), spans[1:, 0].tolist(), strict=True), key=lambda gap: gap[0] - gap[1])
        found.append(
            replace(
                camera,
                frames=camera.frames if len(spans) else 0,  # of the day alone they are not counted
                first_time_s=ends[0],
                last_time_s=ends[1],
                people=people[index],
                recorded_s=recorded_s(spans, one.first_s, one.last_s),
                gaps=sorted(gaps[:MOST_GAPS]),
            )
        )
    return found
