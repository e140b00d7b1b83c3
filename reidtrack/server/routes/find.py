"""Find and compare: people in a photo, their feature, two pictures against each other, somebody over everything."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import numpy as np
from pydantic import BaseModel

from reidtrack.errors import ReidtrackError
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import Boxes, Comparison, Feature, SearchResult
from reidtrack.server.data.finding import Found, find_in_run, find_known, readable
from reidtrack.server.data.known import known_to
from reidtrack.server.data.library import RunSeen
from reidtrack.server.data.meaning import Meaning, Scale
from reidtrack.server.data.networks import NetworksInUse
from reidtrack.server.endpoint import Call, Endpoint
from reidtrack.server.routes.pictures import (
    MOST_BYTES,
    OnePicture,
    TwoPictures,
    Wanted,
    as_noted,
    look,
    pixels,
    the_pictures,
)
from reidtrack.types import FloatArray


def detect_people(call: Call) -> Any:
    """Boxes of the people in a picture."""
    (shown,) = call.loaded.pictures
    with call.services.networks.turn() as networks:
        image = pixels(shown, call)
        boxes = networks.people(image)
    return {"width": image.shape[1], "height": image.shape[0], "people": [_rounded(box) for box in boxes]}


def embed_picture(call: Call) -> Any:
    """The feature of the person in a picture."""
    (shown,) = call.loaded.pictures
    with call.services.networks.turn() as networks:
        box, feature = look(shown, networks, call)
        sha256 = networks.sha256
    call.services.audit.write(call.who.name, "embedded a picture", picture=as_noted(shown))
    return {"box_xyxy": _rounded(box), "feature": [float(v) for v in feature], "sha256": sha256}


def compare_pictures(call: Call) -> Any:
    """How far apart two people look, and how likely they are one."""
    first, second = call.loaded.pictures
    with call.services.networks.turn() as networks:
        (box, feature), (other_box, other) = look(first, networks, call), look(second, networks, call)
        scale = Scale(networks.prior)
    call.services.audit.write(call.who.name, "compared two pictures", first=as_noted(first), second=as_noted(second))
    distance = scale.distance(feature, other)
    meaning = scale.of_pair(distance)
    told = {"distance": round(distance, 4), "probability": meaning.probability, "meaning": meaning.words}
    return {**told, "boxes_xyxy": [_rounded(box), _rounded(other_box)], "measured": scale.prior.measured}


def search_everywhere(call: Call) -> Any:
    """Who looks like the person of a picture, over all runs and the gallery that the user sees."""
    (shown,), asked = call.loaded.pictures, call.body
    with call.services.networks.turn() as networks:
        box, feature = look(shown, networks, call)
        scale = Scale(networks.prior)
        found, searched, left_out = _in_runs(call, networks, feature, scale)
        if asked.gallery:
            more, people, fault = _in_gallery(call, networks, feature)
            found, searched = found + more, searched + people
            left_out += [{"gallery": True, "why": fault}] if fault else []
    hits = sorted(found, key=lambda one: one.distance)[: asked.top]
    noted = [{key: hit.about[key] for key in ("run", "identity", "key") if key in hit.about} for hit in hits[:5]]
    call.services.audit.write(call.who.name, "searched for somebody", picture=as_noted(shown), nearest=noted)
    items = [_hit(hit, scale.of_hit(hit.distance, searched)) for hit in hits]
    return {"box_xyxy": _rounded(box), "searched": searched, "items": items, "left_out": left_out}


def _in_runs(
    call: Call, networks: NetworksInUse, feature: FloatArray, scale: Scale
) -> tuple[list[Found], int, list[dict[str, Any]]]:
    asked: Wanted = call.body
    runs = (run for run in call.runs.all() if asked.runs is None or run.id in asked.runs)
    found, searched, left_out = [], 0, []
    for run, why in readable(runs, networks.sha256):
        if why is None:
            try:
                hits, people = _in_run(call, run, feature, scale)
            except ReidtrackError as error:
                why = error.what
            else:
                found += hits
                searched += people
        if why is not None:
            left_out.append({"run": run.id, "why": why})
    return found, searched, left_out


def _in_run(call: Call, run: RunSeen, feature: FloatArray, scale: Scale) -> tuple[list[Found], int]:
    return find_in_run(run, call.services.networks.looks.of(run), feature, scale, call.body.top)


def _in_gallery(call: Call, networks: NetworksInUse, feature: FloatArray) -> tuple[list[Found], int, str | None]:
    path, user = call.services.gallery, call.who
    try:
        seen = {one.person.key: one for one in known_to(path, user)}
        everything = user.cameras is None
        hits = find_known(path, seen, feature, networks.weights, call.body.top, everything=everything)
    except ReidtrackError as error:
        return [], 0, error.what
    return hits, len(seen), None


def _hit(hit: Found, meaning: Meaning) -> dict[str, Any]:
    told = {"by_chance": meaning.by_chance, "meaning": meaning.words}
    return {"distance": round(hit.distance, 4), **told, **hit.about}


def _rounded(box: FloatArray) -> list[float]:
    return [round(float(value), 2) for value in np.asarray(box, np.float64)]


OF_PICTURES = Rule(Role.VIEWER, the_pictures, "all")


def _asks(
    path: str, handler: Any, title: str, body: type[OnePicture | TwoPictures], gives: type[BaseModel]
) -> Endpoint:
    busy = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.CONFLICT)
    return Endpoint(
        "POST", path, OF_PICTURES, handler, title, body=body, most_bytes=MOST_BYTES, gives=gives, refuses=busy
    )


ENDPOINTS = (
    _asks("/detect", detect_people, "People in a picture", OnePicture, Boxes),
    _asks("/embed", embed_picture, "The feature of the person in a picture", OnePicture, Feature),
    _asks(
        "/compare",
        compare_pictures,
        "Distance of two pictures, and the probability of one person",
        TwoPictures,
        Comparison,
    ),
    _asks("/search", search_everywhere, "Who looks like somebody, over all runs and the gallery", Wanted, SearchResult),
)
