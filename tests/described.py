"""The description of the interface as schemathesis reads it, and answers held against it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from reidtrack.server.endpoint import BASE
from reidtrack.server.openapi import describe
from reidtrack.server.routes.table import ENDPOINTS

_PATHS = [
    (e, re.compile(BASE + re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(e.path)))) for e in ENDPOINTS if e.method != "WS"
]


@cache
def description() -> Any:
    """The whole of it; generated requests bear no names and passwords."""
    import schemathesis

    schema = schemathesis.openapi.from_dict(describe(ENDPOINTS))
    schema.config.generation.update(with_security_parameters=False)
    return schema


@cache
def checks() -> list[Any]:
    """An answer is of a status, a type and a shape that the description names."""
    from schemathesis.specs.openapi import checks as of_openapi

    names = ("status_code_conformance", "content_type_conformance", "response_schema_conformance")
    return [getattr(of_openapi, name) for name in names]


def hold(response: Any) -> None:
    """Raise unless an answer of the interface is as described.

    Args:
        response: Of httpx, of whatever route.
    """
    path = response.request.url.path
    found = [e for e, shape in _PATHS if e.method == response.request.method and shape.fullmatch(path)]
    for endpoint in sorted(found, key=lambda e: e.path.count("{"))[:1]:
        response.read()
        names = dict.fromkeys(re.findall(r"\{(\w+)\}", endpoint.path), "x")
        case = description()[BASE + endpoint.path][endpoint.method].Case(path_parameters=names)
        case.validate_response(response, checks())
