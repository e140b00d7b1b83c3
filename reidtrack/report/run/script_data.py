"""What the page's script is given as JSON: every visit, where and when it was, and why it was joined."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from reidtrack.report.html import Markup, tag
from reidtrack.report.run.context import PageContext, links_by_visit, person_label, unconfirmed, visit_anchor
from reidtrack.report.run.link_text import certainty_class, gallery_text, least_certain, named_terms
from reidtrack.report.run.sweep import Sweep, breaks_at, joins_of, read_sweep, tried_range
from reidtrack.types import Identity, Link

MOST_JOINS = 5
"""Others that a person is said to be joined with at higher thresholds."""

NEAR_MISSES = 40
"""Pairs of people that are listed as nearly one."""


def script_data(page: PageContext) -> Markup:
    """Data block of the page: JSON that holds no `<`, so that it ends where it should."""
    text = json.dumps(page_data(page), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return tag("script", Markup(text.replace("<", "\\u003c")), type="application/json", id="run-data")


def page_data(page: PageContext) -> dict[str, Any]:
    """Values of the data block; report/run/js/data.js has their types.

    Returns:
        `folder`: the run's folder as a word of a command. `threshold`, `tried`: the one in use, and the range of
        others. `cameras`: name, word of a command, video and its first second. `people`: by id, what they are called,
        their visits, and whom they would join at which threshold. `visits`: by name of their element. `doubts`: names
        of visits with links, the least certain first, without the `said` ones that a person vouched for. `near`: two
        people and the threshold at which they would be one. `clock`: on a page of a day, what clocks showed.
    """
    sweep = read_sweep(page.data.calibration)
    joins = joins_of(sweep)
    links = list(_links(page))
    doubts = [item for item in links if unconfirmed([item[2]])]
    ranked = sorted(doubts, key=lambda item: (least_certain([item[2]]), item[0].id, item[1]))
    near = sorted(sweep.joins.items(), key=lambda item: (item[1], item[0]))
    return {
        "folder": shlex.quote(page.data.folder),
        "threshold": sweep.threshold,
        "tried": tried_range(page.data.calibration),
        "cameras": [_camera(page, name) for name in page.cameras],
        "people": {str(identity.id): _person(page, identity, joins) for identity in page.identities},
        "visits": dict(_visits(page, sweep)),
        "said": sum(not unconfirmed([link]) for _, _, link in links),
        "doubts": [visit_anchor(identity, number) for identity, number, _ in ranked],
        "near": [[one, other, at] for (one, other), at in near[:NEAR_MISSES]],
        **({} if page.data.day is None else {"clock": page.data.day.clock.shifts}),
    }


def _links(page: PageContext) -> Iterator[tuple[Identity, int, Link]]:
    for identity in page.identities:
        links = links_by_visit(identity)
        for number, tracklet in enumerate(identity, start=1):
            if tracklet.key in links:
                yield identity, number, links[tracklet.key]


def _camera(page: PageContext, name: str) -> dict[str, Any]:
    link = page.video_at(name, 0.0)
    return {
        "name": name,
        "word": shlex.quote(name),
        "video": None if link is None else link.partition("#")[0],
        "first": page.cameras[name].first_time_s or 0.0,
    }


def _person(page: PageContext, identity: Identity, joins: Mapping[int, list[tuple[int, float]]]) -> dict[str, Any]:
    found: dict[str, Any] = {"label": person_label(identity), "visits": len(identity.tracklets)}
    if identity.name is not None:
        found["name"] = identity.name
    known = gallery_text(page.data.gallery.get(identity.id))
    if known is not None:
        found["gallery"] = known
    if identity.id in joins:
        found["joins"] = joins[identity.id][:MOST_JOINS]
    return found


def _visits(page: PageContext, sweep: Sweep) -> Iterator[tuple[str, dict[str, Any]]]:
    indices = {name: index for index, name in enumerate(page.cameras)}
    for identity in page.identities:
        links = links_by_visit(identity)
        for number, visit in enumerate(identity, start=1):
            found: dict[str, Any] = {
                "person": identity.id,
                "camera": indices[visit.camera],
                "track": visit.track_id,
                "from": round(visit.first_time_s, 3),
                "to": round(visit.last_time_s, 3),
            }
            if visit.key in links:
                link = links[visit.key]
                found["link"] = _link(page, link) | _known({"parts": breaks_at(sweep, link.a, link.b)})
            yield visit_anchor(identity, number), found


def _link(page: PageContext, link: Link) -> dict[str, Any]:
    camera, track = link.b
    elsewhere = page.other_page(link.b)
    found: dict[str, Any] = {
        "to": page.find_anchor(link.b),
        "toText": f"{camera}, track {track}" if elsewhere is None else f"{camera}, track {track}, {elsewhere.label}",
        "distance": round(link.distance, 4),
        "margin": round(link.margin, 4) if isfinite(link.margin) else None,
        "sure": certainty_class(link),
    }
    rival = None if link.runner_up is None else f"{link.runner_up[0]}, track {link.runner_up[1]}"
    other = None if link.runner_up is None else page.find_anchor(link.runner_up)
    probability = None if link.probability is None else round(link.probability, 4)
    terms = [list(term) for term in named_terms(link.terms)] or None
    return found | _known({"rival": other, "rivalText": rival, "probability": probability, "terms": terms})


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
