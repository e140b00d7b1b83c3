"""The review of a run: what is worth asking a person, the likeliest mistakes first. Answers are corrections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import Questions
from reidtrack.server.data.library import RunSeen
from reidtrack.server.data.review import WORTH, Question, questions, worth_asking
from reidtrack.server.data.timeline import colour
from reidtrack.server.endpoint import Call, Endpoint
from reidtrack.server.routes.found import a_run
from reidtrack.server.routes.paging import Page, paged
from reidtrack.server.routes.runs import pictures
from reidtrack.types import TrackletKey


def list_questions(call: Call) -> Any:
    """Questions with what is shown of both sides, and how many of them are worth an answer."""
    run: RunSeen = call.loaded
    found = questions(run)
    worth, gain = worth_asking(found)
    tracklets = {str(t.ref): t for person in run.whole.people for t in person.tracklets}
    people = {entry["id"]: entry for entry in run.identities}

    def side(ref: str, identity: int) -> dict[str, Any]:
        t = tracklets[ref]
        crops = run.crops_of(
            [{"camera": t.camera, "track_id": t.logged_id, "first_frame": t.first_frame, "last_frame": t.last_frame}]
        )
        return {
            "ref": ref,
            "camera": t.camera,
            "track_id": t.track_id,
            "first_time_s": t.first_time_s,
            "last_time_s": t.last_time_s,
            "identity": identity,
            "name": people[identity].get("name"),
            "colour": colour(identity),
            "pictures": [{"camera": c.camera, "track_id": c.track_id, "frame": c.frame} for c in crops[:4]],
            "beside": beside(run, people[identity], t.key),
        }

    def as_json(question: Question) -> dict[str, Any]:
        sides = {"a": side(question.a, question.people[0]), "b": side(question.b, question.people[1])}
        return {**question.to_json(), **sides}

    page = paged(found, call.query, as_json)
    return {**page, "worth": worth, "expected_gain": gain, "worth_from": WORTH, "version": run.version}


def beside(run: RunSeen, person: Mapping[str, Any], key: TrackletKey) -> list[dict[str, Any]]:
    """The visits of a person just before and just after one, each with a picture."""
    tracklets = person["tracklets"]
    keys = [(t["camera"], t["track_id"]) for t in tracklets]
    place = keys.index(key)
    return [
        {
            "when": when,
            "camera": tracklets[n]["camera"],
            "first_time_s": tracklets[n]["first_time_s"],
            "last_time_s": tracklets[n]["last_time_s"],
            "picture": next(iter(pictures(run, {"tracklets": [tracklets[n]]}, 1)), None),
        }
        for when, n in (("before", place - 1), ("after", place + 1))
        if 0 <= n < len(tracklets)
    ]


ENDPOINTS = (
    Endpoint(
        "GET",
        "/runs/{run}/review",
        Rule(Role.REVIEWER, a_run),
        list_questions,
        "What is worth asking a person about a run, the likeliest mistakes first",
        query=Page,
        audit="reviewed",
        gives=Questions,
    ),
)
