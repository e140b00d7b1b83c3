"""Who was seen where and for how long, and a card per person: pictures, visits, and why each visit was joined."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from math import isinf

from reidtrack.report.clock import clock, duration
from reidtrack.report.html import Markup, join, tag, void
from reidtrack.report.run.faces import choose_pictures
from reidtrack.report.run.terms import brief_terms, in_gallery, percent
from reidtrack.report.run.view import (
    SAID,
    View,
    in_view_s,
    links_by_visit,
    person,
    sureness,
    visit_id,
    visits_by_camera,
)
from reidtrack.types import Identity, Link, Tracklet

AS_SAID = "as you said"
_VISIT_COLUMNS = ("", "Camera", "Track", "From", "To", "Length", "Frames")
_LINK_COLUMNS = ("Joined to", "Distance", "Runner-up", "", "Certainty")


def presence(view: View) -> Markup:
    """The table of people and cameras: seconds in view, and how many visits where there were several."""
    heads = [tag("th", name, scope="col", title=name) for name in view.cameras]
    head = tag("tr", tag("th", "Person", scope="col"), *heads, tag("th", "All", scope="col", class_="sum"))
    rows = [_presence_row(view, identity) for identity in view.identities]
    return tag("table", tag("thead", head), tag("tbody", *rows, id="presence"), class_="presence")


def _presence_row(view: View, identity: Identity) -> Markup:
    visits = visits_by_camera(view, identity)
    seconds = {camera: in_view_s([t for _, t in found]) for camera, found in visits.items()}
    longest = max(seconds.values()) or 1.0
    name = str(identity.id) if identity.name is None else identity.name
    cells = [tag("th", tag("i", class_="dot"), name, scope="row")]
    for camera in view.cameras:
        if camera not in visits:
            cells.append(tag("td"))
            continue
        count = len(visits[camera])
        several = tag("sup", f"{count}×", title=f"{count} visits") if count > 1 else Markup()
        share = f"--w:{seconds[camera] / longest:.3f}"
        cells.append(tag("td", several, clock(seconds[camera], view.decimals), class_="in", style=share))
    cells.append(tag("td", clock(sum(seconds.values()), view.decimals), class_="sum"))
    return tag("tr", *cells, id=f"t{identity.id}", style=f"--c:{view.colour(identity)}")


def cards(view: View) -> Markup:
    """One card per person."""
    shown = choose_pictures(view)
    digits = len(str(max((int(t.frame[-1]) for identity in view.identities for t in identity), default=0)))
    widths = f"--clock:{7 if view.last_s >= 3600 else 5}em;--frames:{max(4.8, 1.3 * digits + 1.8):.1f}em"
    articles = [_card(view, identity, shown[identity.id]) for identity in view.identities]
    return tag("div", *articles, id="cards", style=widths)


def _card(view: View, identity: Identity, pictures: Sequence[tuple[int, bytes]]) -> Markup:
    visits = list(enumerate(identity, start=1))
    facts = [
        f"{_count(len(visits), 'visit')}, {_count(len(identity.cameras), 'camera')}",
        f"{duration(in_view_s(list(identity)))} in view",
        f"{clock(identity.first_time_s)} to {clock(identity.last_time_s)}",
    ]
    if identity.name is not None:
        facts.insert(0, f"person {identity.id}")
    facts += in_gallery(view.data.gallery.get(identity.id))
    head = tag("header", tag("h3", tag("i", class_="dot"), person(identity)), tag("p", ", ".join(facts)))
    figures = [_figure(identity, number, data) for number, data in pictures]
    gallery = tag("div", *figures, class_="crops", style=f"--k:{len(figures)}") if figures else Markup()
    links, numbers = links_by_visit(identity), {tracklet.key: number for number, tracklet in visits}
    rows = [_visit(view, identity, n, t, links.get(t.key), numbers) for n, t in visits]
    names = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in _VISIT_COLUMNS + _LINK_COLUMNS)))
    kind = "visits told" if any(link.terms for link in links.values()) else "visits"
    columns = tag("colgroup", *[void("col")] * (len(_VISIT_COLUMNS) + len(_LINK_COLUMNS)))
    table = tag("div", tag("table", columns, names, tag("tbody", *rows), class_=kind), class_="scroll")
    height = 66 + max(25 * (len(visits) + 1), 140 if figures else 0)
    style = f"--c:{view.colour(identity)};--h:{height}px"
    body = tag("div", table, gallery, class_="body")
    return tag("article", head, body, id=f"p{identity.id}", class_="card", style=style)


def _visit(
    view: View,
    identity: Identity,
    number: int,
    visit: Tracklet,
    link: Link | None,
    numbers: dict[tuple[str, int], int],
) -> Markup:
    start = clock(visit.first_time_s, 1)
    video = view.video_at(visit.camera, visit.first_time_s)
    cells = [
        str(number),
        visit.camera,
        str(visit.track_id),
        tag(
            "a",
            start,
            href=video or f"#{visit_id(identity, number)}",
            target="_blank" if video else None,
            class_="play",
        ),
        clock(visit.last_time_s, 1),
        clock(visit.last_time_s - visit.first_time_s, 1),
        f"{visit.frame[0]}–{visit.frame[-1]}",
    ]
    row = join(tag("td", cell) for cell in cells)
    return tag("tr", row, *_why(identity, link, numbers, first=number == 1), id=visit_id(identity, number))


def _why(identity: Identity, link: Link | None, numbers: dict[tuple[str, int], int], *, first: bool) -> list[Markup]:
    if link is None:
        return [tag("td", "first visit" if first else "", class_="mute", colspan=len(_LINK_COLUMNS))]
    target = numbers.get(link.b)
    camera, track = link.b
    joined = f"visit {target}" if target else f"{camera}, track {track}"
    to = tag("a", joined, href=f"#{visit_id(identity, target)}") if target else joined
    word = sureness(link)
    sure = [tag("span", AS_SAID if word == SAID else word, class_=f"sure {word}")]
    if link.probability is not None:
        sure.append(tag("span", f" {percent(link.probability)}"))
    sure += [tag("span", f" {brief}", class_="term", title=full) for brief, full in brief_terms(link.terms)]
    return [
        tag("td", to),
        tag("td", f"{link.distance:.2f}"),
        tag("td", _margin_text(link.margin)),
        tag("td", _gap(link), aria_hidden="true"),
        tag("td", *sure),
    ]


def _margin_text(margin: float) -> str:
    if isinf(margin):
        return "nobody else"
    return f"{margin:.2f} farther" if margin >= 0 else f"{-margin:.2f} nearer"


def _gap(link: Link) -> Markup:
    """A small scale from 0 to 1.2: a dot at the link's distance, a ring at the runner-up's."""
    near = min(max(link.distance, 0.0) / 1.2, 1.0)
    far = 1.0 if isinf(link.margin) else min(max(link.distance + link.margin, 0.0) / 1.2, 1.0)
    ring = Markup() if isinf(link.margin) else tag("i")
    style = f"--d:{near:.3f};--r:{far:.3f};--lo:{min(near, far):.3f};--hi:{max(near, far):.3f}"
    return tag("span", tag("u"), ring, tag("b"), class_="gap", style=style)


def _figure(identity: Identity, number: int, data: bytes) -> Markup:
    visit = identity.tracklets[number - 1]
    image = void(
        "img",
        src=f"data:image/jpeg;base64,{b64encode(data).decode('ascii')}",
        alt=f"{person(identity)} on {visit.camera}",
        decoding="async",
        data_v=visit_id(identity, number),
    )
    caption = tag("figcaption", visit.camera, title=visit.camera)
    return tag("figure", image, caption)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
