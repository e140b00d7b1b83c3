"""The gallery: who is in it, enrolling, naming, dating, merging and forgetting them.

A gallery lasts over runs: changing it is for who sees all cameras.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from reidtrack import clock
from reidtrack.config.run import GalleryConfig
from reidtrack.gallery.dates import Dates, check_date
from reidtrack.gallery.views import Source, View, photo_view
from reidtrack.pipeline.people.enroll import keep_photos, photo_source
from reidtrack.pipeline.people.gallery import GalleryChanges, change_gallery, check_name
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import Enrolled, People, PersonKnown
from reidtrack.server.data.known import NO_CAMERA, KnownSeen, Several, known_to, the_known
from reidtrack.server.endpoint import Call, Endpoint, Words, not_there
from reidtrack.server.routes.paging import Page, paged
from reidtrack.server.routes.pictures import MOST_PHOTO, Picture, Shown, as_noted, find_picture, look

_Key = Annotated[str, Field(min_length=1, max_length=100)]
_Day = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$")]
MOST_PICTURES = 8
"""Pictures that are enrolled at once."""
MOST_BYTES = 2 * MOST_PHOTO * 4 // 3 + (1 << 20)
"""Bytes of a body with pictures."""


class NewName(Words):
    """What somebody is called from now on; empty takes the name away."""

    name: Annotated[str, Field(max_length=80)]


class Days(Words):
    """Days of somebody; one that is not sent stays as it is, null takes it away.

    Attributes:
        consent: When they agreed to be known.
        until: The last day (UTC) on which they are kept; after it they are forgotten.
    """

    consent: _Day | None = None
    until: _Day | None = None


class NewPerson(Days):
    """Somebody to be enrolled, or more pictures of somebody of that name.

    Attributes:
        name: What they are called.
        pictures: Of them, from several sides.
    """

    name: Annotated[str, Field(min_length=1, max_length=80)]
    pictures: Annotated[list[Picture], Field(min_length=1, max_length=MOST_PICTURES)]


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


@dataclass(frozen=True, eq=False, slots=True)
class Enrolling:
    """Pictures of somebody who is to be enrolled, which is for who sees all cameras."""

    pictures: tuple[Shown, ...]
    cameras: tuple[str, ...] = (NO_CAMERA,)


def to_enrol(call: Call) -> Enrolling:
    """The pictures of a request."""
    return Enrolling(tuple(find_picture(call, one) for one in call.body.pictures))


def list_known(call: Call) -> Any:
    """Everybody whom the user sees: those with a name first, then by when they were seen last."""
    return paged(known_to(call.services.gallery, call.who), call.query, KnownSeen.as_json)


def show_known(call: Call) -> Any:
    """One person."""
    return call.loaded.as_json()


def enrol(call: Call) -> Any:
    """Put pictures of somebody into the gallery, which is made where it is not there."""
    asked: NewPerson = call.body
    check_name(asked.name, "name")
    days = {day: check_date(text, day) for day in ("consent", "until") if (text := getattr(asked, day)) is not None}
    found: dict[Source, View] = {}
    with call.services.networks.turn() as networks:
        for shown in call.loaded.pictures:
            box, feature = look(shown, networks, call)
            content = shown.asked.model_dump_json(exclude={"box_xyxy"}).encode() + box.tobytes()
            place = "" if shown.crop is None else str(shown.crop.path.resolve())
            found[photo_source(content, place)] = photo_view(feature, clock.now().timestamp())
        config = GalleryConfig(path=call.services.gallery)
        done = keep_photos(asked.name, found, config, networks.weights, Dates(**days))
    pictures = [as_noted(shown) for shown in call.loaded.pictures]
    call.services.audit.write(call.who.name, "enrolled somebody", key=done.person.key, pictures=pictures)
    alike = None if done.alike is None else {"key": done.alike[0].key, "distance": round(done.alike[1], 4)}
    return {**KnownSeen(done.person).as_json(), "alike": alike}


def date_known(call: Call) -> Any:
    """Note since when somebody agreed, and until when they are kept."""
    asked: Days = call.body
    changes = {day: (call.path["key"], getattr(asked, day) or "") for day in asked.model_fields_set}
    return _changed(call, "noted days of somebody in the gallery", **changes)


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
    noted = (
        {} if call.body is None else call.body.model_dump(exclude={"name"}, exclude_unset=True)
    )  # no names in the log
    call.services.audit.write(call.who.name, words, key=call.path["key"], **noted)
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
        gives=People,
    ),
    Endpoint(
        "POST",
        "/people",
        Rule(Role.REVIEWER, to_enrol, "all"),
        enrol,
        "Enrol somebody by pictures",
        body=NewPerson,
        most_bytes=MOST_BYTES,
        gives=Enrolled,
        refuses=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Endpoint(
        "POST",
        "/people/{key}/dates",
        CHANGES,
        date_known,
        "Since when, until when somebody is known",
        body=Days,
        gives=PersonKnown,
    ),
    Endpoint(
        "GET",
        "/people/{key}",
        Rule(Role.VIEWER, a_known, "all"),
        show_known,
        "A person of the gallery",
        gives=PersonKnown,
    ),
    Endpoint(
        "POST",
        "/people/{key}/name",
        CHANGES,
        name_known,
        "Name somebody of the gallery",
        body=NewName,
        gives=PersonKnown,
    ),
    Endpoint(
        "POST",
        "/people/{key}/merge",
        CHANGES,
        merge_known,
        "Somebody is somebody else too",
        body=MergedInto,
        gives=PersonKnown,
    ),
    Endpoint(
        "DELETE",
        "/people/{key}",
        Rule(Role.ADMIN, to_change, "all"),
        forget_known,
        "Forget somebody",
        status=HTTPStatus.NO_CONTENT,
    ),
)
