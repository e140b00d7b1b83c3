"""The description of the interface (OpenAPI 3.1), made of the endpoints themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from reidtrack import __version__
from reidtrack.server.answers import Refusal
from reidtrack.server.endpoint import BASE, CSRF_HEADER, SAFE, Endpoint

_REF = "#/components/schemas/{model}"
_REFUSED = {
    HTTPStatus.UNAUTHORIZED: "Nobody is logged in, or the token is not known",
    HTTPStatus.FORBIDDEN: "The role does not suffice, or the page is out of date",
    HTTPStatus.NOT_FOUND: "There is no such thing, or it is of cameras that are not the user's",
    HTTPStatus.CONFLICT: "It is being worked at, or is over",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Too much was sent",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "What was sent is no application/json",
    HTTPStatus.UNPROCESSABLE_ENTITY: "What was sent does not fit, or a file cannot be read",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many tries: wait as long as `Retry-After` says",
    HTTPStatus.SERVICE_UNAVAILABLE: "Too many wait already: try again after `Retry-After`",
    HTTPStatus.INSUFFICIENT_STORAGE: "The disk is full, or a file cannot be written",
}


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
        "responses": _responses(endpoint, schemas),
        "security": [] if role is None else [{"token": []}, {"session": []}],
    }
    if endpoint.body is not None:
        reference = _schema_of(endpoint.body, schemas)
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
            found.append({"name": name, "in": "query", "required": name in needed, "schema": _sent(values)})
    if endpoint.method not in SAFE and endpoint.rule.role is not None:
        found.append({"name": CSRF_HEADER, "in": "header", "required": False, "schema": {"type": "string"}})
    return found


def _sent(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter: null, which an address cannot say, is left out."""
    if schema.get("default", "") is None:
        schema = {key: value for key, value in schema.items() if key != "default"}
    ways = [way for way in schema.get("anyOf", ()) if way != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    return {**rest, **ways[0]} if len(ways) == 1 else schema


def _responses(endpoint: Endpoint, schemas: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] = {"description": "Done"}
    if endpoint.status != HTTPStatus.NO_CONTENT:
        schema = {} if endpoint.gives is None else {"schema": _schema_of(endpoint.gives, schemas)}
        given["content"] = {endpoint.answer: schema}
    error = {"application/json": {"schema": _schema_of(Refusal, schemas)}}
    text: dict[str, Any] = {"text/plain": {"schema": {"type": "string"}}}
    found = {endpoint.status: given}
    found |= {status: {"description": _REFUSED[status], "content": error} for status in _refusals(endpoint)}
    found[HTTPStatus.MISDIRECTED_REQUEST] = {"description": "A name that is not ours, or another page", "content": text}
    if endpoint.answer == "text/html":
        found[HTTPStatus.SEE_OTHER] = {"description": "A page that is not ours leads here: over the page of ours"}
    if endpoint.ranges:
        whole: dict[str, Any] = {endpoint.answer: {}}
        found[HTTPStatus.PARTIAL_CONTENT] = {"description": "The range that was asked for", "content": whole}
        found[HTTPStatus.BAD_REQUEST] = {"description": "The range cannot be read", "content": text}
        found[HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE] = {"description": "There is no such range", "content": text}
    return {f"{status.value}": found[status] for status in sorted(found)}


def _refusals(endpoint: Endpoint) -> set[HTTPStatus]:
    """How a route refuses: by who asks, by what is sent, and by what it would change."""
    found = {HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, *endpoint.refuses}
    if endpoint.rule.role is not None:
        found.add(HTTPStatus.FORBIDDEN)
    if endpoint.rule.load is not None:
        found.add(HTTPStatus.NOT_FOUND)
    if endpoint.body is not None:
        found |= {HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
    if endpoint.method not in SAFE:
        found |= {HTTPStatus.CONFLICT, HTTPStatus.INSUFFICIENT_STORAGE}
    return found


def _schema_of(model: type[BaseModel], schemas: dict[str, Any]) -> dict[str, str]:
    """A reference to a model, which is put among the schemas with what it is made of."""
    schema = model.model_json_schema(ref_template=_REF)
    for name, one in {**schema.pop("$defs", {}), model.__name__: schema}.items():
        if schemas.setdefault(name, one) != one:
            raise ValueError(f"two models are called {name}")
    return {"$ref": _REF.format(model=model.__name__)}
