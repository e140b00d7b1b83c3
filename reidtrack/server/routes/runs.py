"""Runs: the list, one, its people, tracklets with their links and reasons, boxes by time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from reidtrack.errors import InputError
from reidtrack.pipeline.run.days_report import several_days
from reidtrack.report.days.calendar import Day
from reidtrack.report.run.link_text import named_terms
from reidtrack.runs.crops import Crop
from reidtrack.runs.day_pages import pages_of_day
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import PathOfPerson, PeopleOfRun, PersonDetail, Run, Runs, SightingLines, TrackletRows
from reidtrack.server.data.frames import films
from reidtrack.server.data.library import RunSeen, Unreadable
from reidtrack.server.data.places import plain_file
from reidtrack.server.data.plan import paths_of
from reidtrack.server.data.sightings import read_sightings
from reidtrack.server.data.timeline import MOST_ROWS, colour, timeline
from reidtrack.server.endpoint import Call, Endpoint
from reidtrack.server.routes.found import PersonOfRun, a_person, a_run
from reidtrack.server.routes.paging import Page, paged

_FINITE = Field(allow_inf_nan=False)


class Stretch(Page):
    """A stretch of time, seconds since the run's origin, and one camera or all."""

    from_s: Annotated[float, _FINITE] = -1e12
    until_s: Annotated[float, _FINITE] = 1e12
    camera: str | None = None


class ManyTracklets(Page):
    """A page of tracklets that lie at least partly in a stretch of time: there may be many, and each is small.

    Attributes:
        limit: Most tracklets.
        from_s: Seconds since the run's origin.
        until_s: Likewise.
    """

    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = MOST_ROWS
    from_s: Annotated[float, _FINITE] = -1e12
    until_s: Annotated[float, _FINITE] = 1e12


def summary(run: RunSeen, *, brief: bool = False) -> dict[str, Any]:
    """What is said of a run: of the user's cameras alone.

    Args:
        run: The run.
        brief: For a list of many: people are counted by `run.json` where the user sees all of them, visits are not.
    """
    manifest = run.manifest
    counted = [manifest.cameras[camera] for camera in run.cameras if camera in manifest.cameras]
    times = [t for entry in counted for t in (entry.first_time_s, entry.last_time_s) if t is not None]
    return {
        "id": run.id,
        "status": "settling" if manifest.settling else manifest.status,
        "started_utc": manifest.started_utc,
        "origin_utc": manifest.origin_utc,
        "origin_known": manifest.origin_known,
        "cameras": run.cameras,
        **(_counted_before(run) if brief and run.is_whole else _counted_now(run)),
        "boxes": sum(entry.boxes for entry in counted),
        "first_time_s": min(times, default=None),
        "last_time_s": max(times, default=None),
        "version": run.version,
        "picture": None if run.picture is None else _crop_to_json(run.picture),
    }


def _counted_before(run: RunSeen) -> dict[str, Any]:
    several = run.manifest.people_in_several_cameras
    return {"people": run.manifest.people, "people_in_several_cameras": several, "tracklets": None}


def _counted_now(run: RunSeen) -> dict[str, Any]:
    people = run.identities
    return {
        "people": len(people),
        "people_in_several_cameras": sum(len(entry["cameras"]) > 1 for entry in people),
        "tracklets": sum(len(entry["tracklets"]) for entry in people),
    }


def _crop_to_json(crop: Crop) -> dict[str, Any]:
    """What names a picture."""
    return {"camera": crop.camera, "track_id": crop.track_id, "frame": crop.frame}


def pictures(run: RunSeen, entry: Mapping[str, Any], most: int) -> list[dict[str, Any]]:
    """Pictures of a person, spread over tracklets."""
    crops = run.crops_of(entry["tracklets"])
    step = max(1, len(crops) // most)
    return [_crop_to_json(crop) for crop in crops[::step][:most]]


def list_runs(call: Call) -> Any:
    """Every run that the user sees."""

    def as_json(run: RunSeen | Unreadable) -> dict[str, Any]:
        if isinstance(run, Unreadable):
            return {"id": run.id, "status": "unreadable", "why": run.why}
        try:
            return summary(run, brief=True)
        except InputError as error:  # its people cannot be read
            return {"id": run.id, "status": "unreadable", "why": error.what}

    return paged(list(call.runs.all()), call.query, as_json)


def show_run(call: Call) -> Any:
    """One run, with what can be played of each camera."""
    run: RunSeen = call.loaded
    entries = {entry.camera: entry for entry in run.manifest.inputs}
    cameras = []
    for camera in run.cameras:
        entry, counted = entries[camera], run.manifest.cameras.get(camera)
        cameras.append(
            {
                "camera": camera,
                "size": entry.size,
                "nominal_fps": entry.nominal_fps,
                "frames": counted.frames if counted else 0,
                "first_time_s": counted.first_time_s if counted else None,
                "last_time_s": counted.last_time_s if counted else None,
                "error": None if entry.error is None else "it could not be read, or not to its end",
                "films": [
                    {"kind": film.kind, "first_time_s": film.first_time_s}
                    for film in films(run, camera, call.services.allowed)
                ],
            }
        )
    found = run.manifest.association
    return {
        **summary(run),
        "detail": cameras,
        "threshold": None if found is None else found.threshold,
        "whole": run.is_whole,
        "days": [_day_to_json(run, day) for day in several_days(run.manifest)],
        "zone": run.manifest.zone[1],
    }


def _day_to_json(run: RunSeen, day: Day) -> dict[str, Any]:
    """One of several days: when it lasts, its clock (`report.times.DayClock`), the pages of its report."""
    ends = {"first_s": day.first_s, "last_s": day.last_s}
    pages = pages_of_day(run.folder.day_pages, day.name) if run.is_whole else []
    return {"day": day.name, "label": day.long_name, **ends, "clock": day.clock.shifts, "pages": pages}


def person_to_json(run: RunSeen, entry: Mapping[str, Any], most_pictures: int = 1) -> dict[str, Any]:
    """A person as lists show them."""
    return {
        "id": entry["id"],
        "name": entry.get("name"),
        "gallery": entry.get("person"),
        "colour": colour(entry["id"]),
        "cameras": entry["cameras"],
        "first_time_s": entry["first_time_s"],
        "last_time_s": entry["last_time_s"],
        "tracklets": len(entry["tracklets"]),
        "pictures": pictures(run, entry, most_pictures),
    }


def list_people(call: Call) -> Any:
    """Everybody in the user's cameras."""
    run: RunSeen = call.loaded
    return paged(run.identities, call.query, lambda entry: person_to_json(run, entry))


def show_person(call: Call) -> Any:
    """One person: pictures and tracklets, each with the link that joined it and the reasons in words."""
    found: PersonOfRun = call.loaded
    refs = {t.key: str(t.ref) for person in found.run.whole.people for t in person.tracklets}
    tracklets = [{**tracklet_to_json(t), "ref": refs[t["camera"], t["track_id"]]} for t in found.entry["tracklets"]]
    for each in tracklets:
        crops = found.run.crops_of([each])
        each["pictures"] = [_crop_to_json(crop) for crop in crops]
    return {**person_to_json(found.run, found.entry, 12), "tracklets": tracklets, "version": found.run.version}


def show_path(call: Call) -> Any:
    """Where a person walked on the plan; `plan` is None where no place on one is known."""
    found: PersonOfRun = call.loaded
    return {"plan": paths_of(found.run, found.entry), "version": found.run.version}


def tracklet_to_json(tracklet: Mapping[str, Any]) -> dict[str, Any]:
    """A tracklet with its link; what else was weighed stands there in words too."""
    link = tracklet["link"]
    told = None if link is None else {**link, "reasons": named_terms(link.get("terms") or {})}
    return {**tracklet, "link": told}


def list_tracklets(call: Call) -> Any:
    """Tracklets in short, a row each, for a picture of the whole time or of a day."""
    asked: ManyTracklets = call.query
    body = timeline(call.loaded, asked.cursor, asked.limit, (asked.from_s, asked.until_s))
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})


def list_sightings(call: Call) -> Any:
    """Boxes of a stretch of time, by time."""
    run: RunSeen = call.loaded
    asked: Stretch = call.query
    cameras = [camera for camera in run.cameras if asked.camera in (None, camera)]
    page = read_sightings(
        plain_file(run.folder.path / "sightings.jsonl"),
        cameras,
        asked.from_s,
        asked.until_s,
        most=asked.limit,
        start=asked.cursor or None,
    )
    return {"items": page.items, "next": page.next}


SEEN = Rule(Role.VIEWER, a_run)
ENDPOINTS = (
    Endpoint("GET", "/runs", Rule(Role.VIEWER), list_runs, "Every run, the youngest first", query=Page, gives=Runs),
    Endpoint("GET", "/runs/{run}", SEEN, show_run, "One run and what can be played of its cameras", gives=Run),
    Endpoint("GET", "/runs/{run}/identities", SEEN, list_people, "People of a run", query=Page, gives=PeopleOfRun),
    Endpoint(
        "GET",
        "/runs/{run}/identities/{identity}",
        Rule(Role.VIEWER, a_person),
        show_person,
        "A person: pictures, tracklets, why each was joined",
        audit="looked at a person",
        gives=PersonDetail,
    ),
    Endpoint(
        "GET",
        "/runs/{run}/identities/{identity}/path",
        Rule(Role.VIEWER, a_person),
        show_path,
        "Where a person walked on the plan",
        audit="looked at a person's path",
        gives=PathOfPerson,
    ),
    Endpoint(
        "GET",
        "/runs/{run}/tracklets",
        SEEN,
        list_tracklets,
        "Tracklets of a run, a row each",
        query=ManyTracklets,
        gives=TrackletRows,
    ),
    Endpoint(
        "GET",
        "/runs/{run}/sightings",
        SEEN,
        list_sightings,
        "Boxes of a stretch of time",
        query=Stretch,
        gives=SightingLines,
    ),
)
