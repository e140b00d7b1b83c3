"""A card per person: pictures chosen within a budget, visits, and why each visit was joined."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isinf

from reidtrack.report.html import Markup, inline_image, join, tag, void
from reidtrack.report.run.context import (
    PageContext,
    links_by_visit,
    person_label,
    time_in_view_s,
    unconfirmed,
    visit_anchor,
)
from reidtrack.report.run.link_text import brief_terms, certainty_class, gallery_text, least_certain, percent
from reidtrack.report.run.report_data import CONFIRMED
from reidtrack.report.times import format_duration, format_time
from reidtrack.types import Identity, Link, Tracklet

MOST_PICTURES = 8
"""Pictures of a person, where there are not more visits than that."""

PICTURE_BYTES = 16_000_000
"""Pictures of all people together; when they would be more, the less needed are left out."""

DAY_PICTURE_BYTES = 4_000_000
"""The same of a page of a day, of which there are many."""

MOST_PAGES = 31
"""Links to other pages of a person: a month of days; the front page finds all."""

DOUBTFUL_LINKS = 100
"""Least certain links whose pictures are needed before those of other visits."""

_VISIT_COLUMNS = ("", "Camera", "Track", "From", "To", "Length", "Frames")
_LINK_COLUMNS = ("Joined to", "Distance", "Runner-up", "", "Certainty")

_SCALE_END = 1.2
"""Distance at the right end of a link's small scale; unrelated people lie near 1."""


def cards(page: PageContext) -> Markup:
    """One card per person."""
    shown = choose_pictures(page)
    digits = len(str(max((int(t.frame[-1]) for identity in page.identities for t in identity), default=0)))
    clock: float = 5 if page.last_s < 3600 else 7
    if page.data.day is not None:
        clock = 7.5 if len(page.data.day.clock.shifts) == 1 else 10  # of an hour that comes twice with the zone
    widths = f"--clock:{clock}em;--frames:{max(4.8, 1.3 * digits + 1.8):.1f}em"
    articles = [_card(page, identity, shown[identity.id]) for identity in page.identities]
    return tag("div", *articles, id="cards", style=widths)


def choose_pictures(page: PageContext) -> dict[int, list[tuple[int, bytes]]]:
    """Pictures of each identity by its id, each with the number of its visit.

    One of every person comes first, then both sides and the runner-up of the least certain links, then one of each
    visit, then more of the same visits; as many as `PICTURE_BYTES` allow.
    """
    doubtful = _doubtful_visits(page)
    wanted: list[tuple[tuple[int, int, int, int], bytes]] = []
    for identity in page.identities:
        for rank, (number, nth, data) in enumerate(_ranked_pictures(page, identity)):
            stage = 0 if rank == 0 else 3 if nth else 1 if identity.tracklets[number - 1].key in doubtful else 2
            if nth == 0 or rank < MOST_PICTURES:
                wanted.append(((stage, rank, identity.id, number), data))
    chosen: dict[int, list[tuple[int, bytes]]] = {identity.id: [] for identity in page.identities}
    left = PICTURE_BYTES if page.data.day is None else DAY_PICTURE_BYTES
    for (stage, _, person, number), data in sorted(wanted, key=lambda item: item[0]):
        left -= len(data)
        if stage and left < 0:
            break
        chosen[person].append((number, data))
    return {person: sorted(pictures, key=lambda picture: picture[0]) for person, pictures in chosen.items()}


def _doubtful_visits(page: PageContext) -> set[tuple[str, int]]:
    """Camera and track id of the visits that take part in the least certain links."""
    links: list[Link] = [link for who in page.identities for link in unconfirmed(links_by_visit(who).values())]
    links = sorted(links, key=lambda link: least_certain([link]))[:DOUBTFUL_LINKS]
    sides = [(link.a, link.b, link.runner_up) for link in links]
    return {key for side in sides for key in side if key is not None}


def _ranked_pictures(page: PageContext, identity: Identity) -> Iterator[tuple[int, int, bytes]]:
    """Number of a visit, index among its pictures, picture; first pictures before second ones, long visits first."""
    ranked: list[tuple[tuple[int, int, int], bytes]] = []
    for found in page.visits_by_camera(identity).values():
        longest = sorted(found, key=lambda visit: -len(visit[1]))
        for rank, (number, visit) in enumerate(longest):
            for nth, data in enumerate(page.data.thumbnails.get(visit.key, ())):
                ranked.append(((nth, rank, number), data))
    for (nth, _, number), data in sorted(ranked, key=lambda item: item[0]):
        yield number, nth, data


def _card(page: PageContext, identity: Identity, pictures: Sequence[tuple[int, bytes]]) -> Markup:
    """Name and facts of a person above the table of visits and the pictures."""
    title = tag("h3", tag("i", class_="dot"), person_label(identity))
    head = tag("header", title, tag("p", ", ".join(_facts(page, identity))), _other_pages(page, identity))
    figures = [_figure(identity, number, data) for number, data in pictures]
    gallery = tag("div", *figures, class_="crops", style=f"--k:{len(figures)}") if figures else Markup()
    # How high the card will be, so that the browser can leave cards out of sight unrendered without jumping.
    height = 66 + max(25 * (len(identity.tracklets) + 1), 140 if figures else 0)
    style = f"--c:{page.colour(identity)};--h:{height}px"
    body = tag("div", _visit_table(page, identity), gallery, class_="body")
    return tag("article", head, body, id=f"p{identity.id}", class_="card", style=style)


def _other_pages(page: PageContext, identity: Identity) -> Markup:
    """On which other pages of the report the person is."""
    found = () if page.data.day is None else page.data.day.people.get(identity.id, ())
    if not found:
        return Markup()
    links = [tag("a", other.label, href=other.href) for other in found[:MOST_PAGES]]
    parts = [part for link in links for part in (", ", link)][1:]
    left = len(found) - len(links)
    return tag("p", "also on ", *parts, *([f" and {left} more"] if left else []), class_="also")


def _facts(page: PageContext, identity: Identity) -> list[str]:
    """Counts and times of a person, and who it is in the gallery."""
    facts = [
        f"{_count(len(identity.tracklets), 'visit')}, {_count(len(identity.cameras), 'camera')}",
        f"{format_duration(time_in_view_s(identity))} in view",
        f"{page.moment(identity.first_time_s)} to {page.moment(identity.last_time_s)}",
    ]
    if identity.name is not None:
        facts.insert(0, f"person {identity.id}")
    facts += _at_midnight(page, identity)
    known = gallery_text(page.data.gallery.get(identity.id))
    return facts if known is None else [*facts, known]


def _at_midnight(page: PageContext, identity: Identity) -> list[str]:
    """Whether the person was in view at a midnight."""
    over = {} if page.data.day is None else page.data.day.over
    before, after = ({t.key for t in identity if over.get(t.key, (False, False))[end]} for end in (0, 1))
    return ["in view since the day before"] * bool(before) + ["in view on into the next day"] * bool(after)


def _visit_table(page: PageContext, identity: Identity) -> Markup:
    """One row per visit, with the link that joined it."""
    links = links_by_visit(identity)
    numbers = {tracklet.key: number for number, tracklet in enumerate(identity, start=1)}
    rows = [_visit_row(page, identity, t, links.get(t.key), numbers) for t in identity]
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in _VISIT_COLUMNS + _LINK_COLUMNS)))
    kind = "visits told" if any(link.terms for link in links.values()) else "visits"
    columns = tag("colgroup", *[void("col")] * (len(_VISIT_COLUMNS) + len(_LINK_COLUMNS)))
    return tag("div", tag("table", columns, head, tag("tbody", *rows), class_=kind), class_="scroll")


def _visit_row(
    page: PageContext,
    identity: Identity,
    visit: Tracklet,
    link: Link | None,
    numbers: Mapping[tuple[str, int], int],
) -> Markup:
    """A visit: where and when it was, and why it was joined."""
    number = numbers[visit.key]
    anchor = visit_anchor(identity, number)
    video = page.video_at(visit.camera, visit.first_time_s)
    start = page.moment(visit.first_time_s, 1)
    before, after = (False, False) if page.data.day is None else page.data.day.over.get(visit.key, (False, False))
    cells = [
        str(number),
        visit.camera,
        str(visit.track_id),
        join(
            [
                tag("span", "‹ ", title="since the day before") if before else "",
                tag("a", start, href=video or f"#{anchor}", target="_blank" if video else None, class_="play"),
            ]
        ),
        join([page.moment(visit.last_time_s, 1), tag("span", " ›", title="on into the next day") if after else ""]),
        format_time(visit.last_time_s - visit.first_time_s, 1),
        f"{visit.frame[0]}–{visit.frame[-1]}",
    ]
    row = join(tag("td", cell) for cell in cells)
    return tag("tr", row, *_link_cells(page, identity, link, numbers, first=number == 1), id=anchor)


def _link_cells(
    page: PageContext, identity: Identity, link: Link | None, numbers: Mapping[tuple[str, int], int], *, first: bool
) -> list[Markup]:
    """Why a visit was joined: to which one, how alike they are, how far the runner-up is, how sure it is."""
    if link is None:
        return [tag("td", "first visit" if first else "", class_="mute", colspan=len(_LINK_COLUMNS))]
    target = numbers.get(link.b)
    camera, track = link.b
    joined, other = f"visit {target}" if target else f"{camera}, track {track}", page.other_page(link.b)
    if target:
        shown: str = tag("a", joined, href=f"#{visit_anchor(identity, target)}")
    else:
        shown = joined if other is None else tag("a", other.label, href=other.href, title=joined)
    return [
        tag("td", shown),
        tag("td", f"{link.distance:.2f}"),
        tag("td", _margin_text(link.margin)),
        tag("td", _distance_scale(link), aria_hidden="true"),
        tag("td", *_certainty(link)),
    ]


def _certainty(link: Link) -> list[Markup]:
    """A link's certainty in a word, its probability, and what place and time say."""
    word = certainty_class(link)
    parts = [tag("span", "as you said" if link.decision == CONFIRMED else word, class_=f"sure {word}")]
    if link.probability is not None:
        parts.append(tag("span", f" {percent(link.probability)}"))
    return parts + [tag("span", f" {brief}", class_="term", title=full) for brief, full in brief_terms(link.terms)]


def _margin_text(margin: float) -> str:
    if isinf(margin):
        return "nobody else"
    return f"{margin:.2f} farther" if margin >= 0 else f"{-margin:.2f} nearer"


def _distance_scale(link: Link) -> Markup:
    """A small scale from 0 to `_SCALE_END`: a dot at the link's distance, a ring at the runner-up's."""
    near = min(max(link.distance, 0.0) / _SCALE_END, 1.0)
    far = 1.0 if isinf(link.margin) else min(max(link.distance + link.margin, 0.0) / _SCALE_END, 1.0)
    ring = Markup() if isinf(link.margin) else tag("i")
    style = f"--d:{near:.3f};--r:{far:.3f};--lo:{min(near, far):.3f};--hi:{max(near, far):.3f}"
    return tag("span", tag("u"), ring, tag("b"), class_="gap", style=style)


def _figure(identity: Identity, number: int, data: bytes) -> Markup:
    camera, anchor = identity.tracklets[number - 1].camera, visit_anchor(identity, number)
    image = inline_image(data, alt=f"{person_label(identity)} on {camera}", decoding="async", data_v=anchor)
    return tag("figure", image, tag("figcaption", camera, title=camera))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
