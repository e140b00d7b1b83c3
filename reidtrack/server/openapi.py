"""The description of the interface (OpenAPI 3.1), made of the endpoints themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from reidtrack import __version__
from reidtrack.server.endpoint import BASE, CSRF_HEADER, SAFE, Endpoint

_REF = "#/components/schemas/{model}"


def describe(endpoints: Iterable[Endpoint]) -> dict[str, Any]:
    """The whole description; WebSockets, which OpenAPI does not know, are left out."""
    paths: dict[str, dict[str, Any]] = {}
    schemas: dict[str, Any] = {}
    for endpoint in endpoints:
        if endpoint.method != "WS":
            paths.setdefault(BASE + endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "reidtrack", "version": __version__, "description": "Runs, people, corrections, jobs."},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "reidtrack_session"},
            },
        },
    }


def _operation(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    role = endpoint.rule.role
    operation: dict[str, Any] = {
        "summary": endpoint.title,
        "description": f"For the role {role.word} and above." if role is not None else "For everybody.",
        "operationId": re.sub(r"\W+", "_", endpoint.name.lower()).strip("_"),
        "tags": [endpoint.path.split("/")[1]],
        "parameters": _parameters(endpoint),
        "responses": _responses(endpoint),
        "security": [] if role is None else [{"token": []}, {"session": []}],
    }
    if endpoint.body is not None:
        schema = endpoint.body.model_json_schema(ref_template=_REF)
        schemas.update(schema.pop("$defs", {}))
        schemas[endpoint.body.__name__] = schema
        reference = {"$ref": _REF.format(model=endpoint.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": reference}}}
    elif endpoint.raw:
        operation["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    return operation


def _parameters(endpoint: Endpoint) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", endpoint.path)
    ]
    if endpoint.query is not None:
        schema = endpoint.query.model_json_schema()
        needed = schema.get("required", [])
        for name, values in schema["properties"].items():
            found.append({"name": name, "in": "query", "required": name in needed, "schema": values})
    if endpoint.method not in SAFE and endpoint.rule.role is not None:
        found.append({"name": CSRF_HEADER, "in": "header", "required": False, "schema": {"type": "string"}})
    return found


def _responses(endpoint: Endpoint) -> dict[str, Any]:
    given = {"description": "Done", "content": {endpoint.answer: {}}}
    refused = {
        "401": "Nobody is logged in",
        "403": "The role does not suffice",
        "404": "There is no such thing, or it is of cameras that are not the user's",
        "409": "It is being worked at, or is over",
        "422": "What was sent does not fit",
    }
    return {"default": given, **{status: {"description": text} for status, text in refused.items()}}
