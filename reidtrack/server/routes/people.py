"""The gallery: who is in it, naming, merging and forgetting them.

A gallery lasts over runs: changing it is for who sees all cameras.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from reidtrack.pipeline.people.gallery import GalleryChanges, change_gallery
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.data.known import NO_CAMERA, KnownSeen, Several, known_to, the_known
from reidtrack.server.endpoint import Call, Endpoint, Words, not_there
from reidtrack.server.routes.paging import Page, paged

_Key = Annotated[str, Field(min_length=1, max_length=100)]


class NewName(Words):
    """What somebody is called from now on; empty takes the name away."""

    name: Annotated[str, Field(max_length=80)]


class MergedInto(Words):
    """Who somebody is too, whose key stays."""

    into: _Key


def a_known(call: Call) -> KnownSeen:
    """The person of `{key}`."""
    return the_known(call.services.gallery, call.path["key"]) or not_there()


def to_change(call: Call) -> Several:
    """Everybody whom a change is about; it is for who sees all cameras."""
    people = [a_known(call)]
    if isinstance(call.body, MergedInto):
        people.append(the_known(call.services.gallery, call.body.into) or not_there())
    return Several(tuple(people), (NO_CAMERA,))


def list_known(call: Call) -> Any:
    """Everybody whom the user sees: those with a name first, then by when they were seen last."""
    return paged(known_to(call.services.gallery, call.who), call.query, KnownSeen.as_json)


def show_known(call: Call) -> Any:
    """One person."""
    return call.loaded.as_json()


def name_known(call: Call) -> Any:
    """Name somebody."""
    return _changed(call, "named somebody in the gallery", rename=(call.path["key"], call.body.name))


def merge_known(call: Call) -> Any:
    """Make two people one."""
    return _changed(call, "merged people of the gallery", merge=(call.path["key"], call.body.into))


def forget_known(call: Call) -> None:
    """Remove everything that is kept of somebody."""
    _changed(call, "forgot somebody of the gallery", remove=(call.path["key"],))


def _changed(call: Call, words: str, **changes: Any) -> Any:
    people = change_gallery(call.services.gallery, GalleryChanges(**changes))
    body = {} if call.body is None else call.body.model_dump()
    call.services.audit.write(call.who.name, words, key=call.path["key"], **body)
    left = changes["merge"][1] if "merge" in changes else call.path["key"]
    return next((KnownSeen(one).as_json() for one in people if one.key == left), None)


CHANGES = Rule(Role.REVIEWER, to_change, "all")
ENDPOINTS = (
    Endpoint(
        "GET",
        "/people",
        Rule(Role.VIEWER),
        list_known,
        "People of the gallery",
        query=Page,
        audit="looked at the gallery",
    ),
    Endpoint("GET", "/people/{key}", Rule(Role.VIEWER, a_known, "all"), show_known, "A person of the gallery"),
    Endpoint("POST", "/people/{key}/name", CHANGES, name_known, "Name somebody of the gallery", body=NewName),
    Endpoint("POST", "/people/{key}/merge", CHANGES, merge_known, "Somebody is somebody else too", body=MergedInto),
    Endpoint("DELETE", "/people/{key}", Rule(Role.ADMIN, to_change, "all"), forget_known, "Forget somebody"),
)
