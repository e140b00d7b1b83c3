"""Every route of the interface. A route that is not here is not there; one without a rule cannot be made."""

from __future__ import annotations

from functools import cache
from typing import Any

from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import Description
from reidtrack.server.endpoint import Call, Endpoint
from reidtrack.server.openapi import describe
from reidtrack.server.routes import (
    corrections,
    erase,
    find,
    jobs,
    live,
    measure,
    media,
    people,
    review,
    runs,
    sessions,
    uploads,
)


@cache
def _description() -> dict[str, Any]:
    return describe(ENDPOINTS)


def show_description(_: Call) -> Any:
    """What can be asked, as OpenAPI."""
    return _description()


ENDPOINTS: tuple[Endpoint, ...] = (
    *sessions.ENDPOINTS,
    *runs.ENDPOINTS,
    *media.ENDPOINTS,
    *corrections.ENDPOINTS,
    *review.ENDPOINTS,
    *measure.ENDPOINTS,
    *erase.ENDPOINTS,
    *jobs.ENDPOINTS,
    *uploads.ENDPOINTS,
    *find.ENDPOINTS,
    *people.ENDPOINTS,
    *live.ENDPOINTS,
    Endpoint("GET", "/openapi.json", Rule(Role.VIEWER), show_description, "This description", gives=Description),
)
