"""The timeline: how busy each camera was, then one swim lane per person with a thin lane per camera."""

from __future__ import annotations

import numpy as np

from reidtrack.report.html import Markup, join, tag
from reidtrack.report.run.context import (
    PageContext,
    links_by_visit,
    person_label,
    time_in_view_s,
    unconfirmed,
    visit_anchor,
)
from reidtrack.report.run.link_text import least_certain
from reidtrack.report.run.report_data import CameraSummary
from reidtrack.report.times import STEPS_S
from reidtrack.types import Identity, IntArray, Tracklet

_BINS = 400
"""Parts of a camera's recording whose visits are counted, about as many as a strip has pixels."""

_LANE_PX = 18
"""Height of one camera's line within a person's lane."""


def timeline(page: PageContext) -> Markup:
    """The section with the time axis, a strip per camera and a lane per person."""
    busy = {name: occupancy(page, camera) for name, camera in page.cameras.items()}
    peak = max((int(count.max()) for count in busy.values() if len(count)), default=0)
    strips = [_strip(page, camera, busy[name], max(peak, 1)) for name, camera in page.cameras.items()]
    order = sorted(page.identities, key=lambda identity: least_certain(unconfirmed(links_by_visit(identity).values())))
    doubt = {identity.id: rank for rank, identity in enumerate(order)}
    lanes = [_lane(page, identity, doubt[identity.id]) for identity in page.identities]
    ends = f"--t0:{page.first_s:.3f};--span:{page.span_s:.3f}"
    return tag(
        "div",
        _axis(page),
        tag("div", *strips, class_="strips"),
        tag("div", *lanes, id="lanes", role="list", aria_label="People") if lanes else _nobody(),
        class_="chart named" if any(identity.name for identity in page.identities) else "chart",
        id="chart",
        style=ends,
        data_first=f"{page.first_s:.3f}",
        data_last=f"{page.last_s:.3f}",
    )


def occupancy(page: PageContext, camera: CameraSummary) -> IntArray:
    """Number of visits that touch each of up to 400 equal parts of a recording, (bins,); empty without frames."""
    if camera.first_time_s is None or camera.last_time_s is None:
        return np.zeros(0, np.int64)
    visits = [t for identity in page.identities for t in identity if t.camera == camera.name]
    starts = np.sort([t.first_time_s for t in visits])
    ends = np.sort([t.last_time_s for t in visits])
    edges = np.linspace(camera.first_time_s, camera.last_time_s, min(_BINS, max(1, camera.frames)) + 1)
    entered = np.searchsorted(starts, edges[1:], "right")
    left = np.searchsorted(ends, edges[:-1], "left")
    return (entered - left).astype(np.int64)


def _axis(page: PageContext) -> Markup:
    times, step = page.ticks()
    decimals = 0 if step >= 1 else 1 if step >= 0.1 else 2
    if page.data.day is not None and step >= 60:
        decimals = -1
    marks = [tag("i", tag("b", page.moment(t, decimals)), style=f"--s:{t:.10g}") for t in times]
    return join(
        [
            tag("div", *(tag("i", style=f"--s:{t:.10g}") for t in times), class_="grid", aria_hidden="true"),
            tag(
                "div",
                tag("span", "time", class_="unit"),
                tag("div", *marks, class_="ticks", data_steps=" ".join(f"{s:g}" for s in STEPS_S)),
                class_="axis",
                id="axis",
            ),
        ]
    )


def _strip(page: PageContext, camera: CameraSummary, busy: IntArray, peak: int) -> Markup:
    label = tag("span", camera.name, class_="cam", title=camera.name)
    if not len(busy):
        return tag("div", label, tag("div", tag("em", "no frames"), class_="track"), class_="strip")
    first, last = camera.first_time_s or 0.0, camera.last_time_s or 0.0
    most = int(busy.max())
    when = f"{page.moment(first, 1)} to {page.moment(last, 1)}"
    text = f"{camera.name}: recorded {when}, at most {most} in view at once"
    path = "".join(f"V{peak - n}h1" for n in busy.tolist())
    area = tag(
        "svg",
        tag("path", d=f"M0 {peak}{path}V{peak}Z"),
        viewBox=f"0 0 {len(busy)} {peak}",
        preserveAspectRatio="none",
        role="img",
        aria_label=text,
    )
    recorded = tag("div", area, class_="rec", style=f"--s:{first:.3f};--e:{last:.3f}", title=text)
    gaps = [
        tag(
            "i",
            class_="out",
            style=f"--s:{begins:.3f};--e:{ends:.3f}",
            title=f"{camera.name}: nothing recorded {page.moment(begins)} to {page.moment(ends)}",
        )
        for begins, ends in camera.gaps
    ]
    return tag("div", label, tag("div", recorded, *gaps, class_="track"), class_="strip")


def _lane(page: PageContext, identity: Identity, doubt: int) -> Markup:
    visits = page.visits_by_camera(identity)
    names = list(page.cameras)
    lanes = [
        tag(
            "div",
            tag("span", camera, class_="cam", title=camera),
            tag("div", *(_bar(page, identity, number, tracklet) for number, tracklet in found), class_="track"),
            class_="sub",
        )
        for camera, found in visits.items()
    ]
    return tag(
        "div",
        tag("a", tag("i", class_="dot"), *_who(identity), class_="who", href=f"#p{identity.id}", title=identity.name),
        tag("div", *lanes),
        class_="lane",
        role="listitem",
        style=f"--c:{page.colour(identity)};--h:{_LANE_PX * len(visits) + 9}px;--n:{len(visits)}",
        data_id=identity.id,
        data_name=identity.name,
        data_first=f"{identity.first_time_s:.3f}",
        data_seen=f"{time_in_view_s(identity):.3f}",
        data_doubt=doubt,
        data_cameras=" ".join(str(names.index(camera)) for camera in visits),
    )


def _who(identity: Identity) -> list[str]:
    """A person's number, and the name where there is one."""
    return [str(identity.id)] if identity.name is None else [identity.name, tag("small", str(identity.id))]


def _bar(page: PageContext, identity: Identity, number: int, visit: Tracklet) -> Markup:
    anchor = visit_anchor(identity, number)
    video = page.video_at(visit.camera, visit.first_time_s)
    start, end = page.moment(visit.first_time_s, 1), page.moment(visit.last_time_s, 1)
    return tag(
        "a",
        class_="bar",
        href=video or f"#{anchor}",
        target="_blank" if video else None,
        data_v=anchor,
        title=f"{person_label(identity)}, {visit.camera}, {start} to {end}",
        style=f"--s:{visit.first_time_s:.3f};--e:{visit.last_time_s:.3f}",
    )


def _nobody() -> Markup:
    return tag("p", "Nobody was seen.", class_="nobody")
