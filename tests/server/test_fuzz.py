"""The interface fed with what its own description allows, and with what it does not: never an error of ours (5xx)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from served import Open

from reidtrack.server.endpoint import BASE, Endpoint
from reidtrack.server.openapi import describe
from reidtrack.server.routes.table import ENDPOINTS

ODD_TEXT = (
    "",
    "mall",
    "left",
    "1",
    "0",
    "-1",
    "last",
    "9" * 40,
    "..",
    "../x",
    "a/b",
    "%00",
    "\0",
    "<script>",
    "é",
    "\ud83d",
)
ODD_NUMBER = (0, 1, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.5, 1e308, -1e308)
LEFT_OUT = ("GET /jobs/{job}/events", "PUT /uploads/{name}")
"""Answers without an end; bodies that are no JSON (test_jobs sends odd ones)."""
FUZZED = [e for e in ENDPOINTS if e.method != "WS" and e.name not in LEFT_OUT and "live" not in e.path]
SAME = settings(
    max_examples=10,
    derandomize=True,  # the same each time, on every machine
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def of_schema(schema: dict[str, Any], all_schemas: dict[str, Any], depth: int = 0) -> st.SearchStrategy[Any]:
    """Values that a schema allows, roughly, and one in some that it does not."""
    if "$ref" in schema:
        return of_schema(all_schemas[schema["$ref"].rpartition("/")[2]], all_schemas, depth)
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return st.one_of([of_schema(one, all_schemas, depth) for one in schema[key]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"]) | odd()
    if "const" in schema:
        return st.just(schema["const"])
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        needed = set(schema.get("required", ()))
        parts = {name: of_schema(one, all_schemas, depth + 1) for name, one in schema["properties"].items()}
        return st.fixed_dictionaries(
            {name: part for name, part in parts.items() if name in needed},
            optional={name: part for name, part in parts.items() if name not in needed},
        )
    if kind == "object":
        inside = schema.get("additionalProperties")
        values = of_schema(inside, all_schemas, depth + 1) if isinstance(inside, dict) else odd()
        return st.dictionaries(st.sampled_from(ODD_TEXT), values, max_size=2)
    if kind == "array":
        items = schema.get("items") or {}
        if "prefixItems" in schema:
            return st.tuples(*(of_schema(one, all_schemas, depth + 1) for one in schema["prefixItems"])).map(list)
        return st.lists(of_schema(items, all_schemas, depth + 1), max_size=3)
    return {
        "string": st.sampled_from(ODD_TEXT) | st.text(max_size=20),
        "integer": st.sampled_from([n for n in ODD_NUMBER if isinstance(n, int)]) | st.integers(0, 30),
        "number": st.sampled_from(ODD_NUMBER) | st.floats(0, 20),
        "boolean": st.booleans(),
        "null": st.none(),
    }.get(str(kind), odd())


def odd() -> st.SearchStrategy[Any]:
    """Anything that JSON can say."""
    plain = st.none() | st.booleans() | st.sampled_from(ODD_NUMBER) | st.sampled_from(ODD_TEXT)
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
        max_leaves=4,
    )


DESCRIPTION = describe(ENDPOINTS)


def requests(endpoint: Endpoint) -> st.SearchStrategy[tuple[dict[str, str], dict[str, Any], Any]]:
    """Names in the address, parameters, and a body for a route."""
    operation = DESCRIPTION["paths"][BASE + endpoint.path][endpoint.method.lower()]
    schemas = DESCRIPTION["components"]["schemas"]
    names = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
    asked = {p["name"]: of_schema(p["schema"], schemas) for p in operation["parameters"] if p["in"] == "query"}
    known = {"run": "mall", "camera": "left", "identity": "1", "track_id": "1", "frame": "1"}
    path = {
        n: st.just(known[n]) | st.sampled_from(ODD_TEXT) if n in known else st.sampled_from(ODD_TEXT) for n in names
    }
    body: st.SearchStrategy[Any] = st.none()
    if endpoint.body is not None:
        body = of_schema({"$ref": f"#/{endpoint.body.__name__}"}, schemas) | odd()
    return st.tuples(st.fixed_dictionaries(path), st.fixed_dictionaries({}, optional=asked), body)


@pytest.mark.parametrize("endpoint", FUZZED, ids=lambda endpoint: endpoint.name)
def test_nothing_makes_an_error_of_ours(root: Path, open_app: Open, endpoint: Endpoint, monkeypatch: Any) -> None:
    import json
    from urllib.parse import quote

    client = open_app(root)
    monkeypatch.setattr(client.services.networks, "turn", _no_networks)

    @SAME
    @given(requests(endpoint))
    def fuzz(asked: tuple[dict[str, str], dict[str, Any], Any]) -> None:
        names, query, body = asked
        path = BASE + endpoint.path
        for name, value in names.items():
            path = path.replace(f"{{{name}}}", quote(value.encode("utf-8", "surrogatepass"), safe=""))
        parameters = {key: _text(value) for key, value in query.items() if value is not None}
        content = None if endpoint.body is None else json.dumps(body).encode()
        headers = {} if content is None else {"content-type": "application/json"}
        said = client.request(endpoint.method, path, params=parameters, content=content, headers=headers)
        assert said.status_code < 500, (path, parameters, body, said.text)

    fuzz()


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else "inf" if isinstance(value, float) and math.isinf(value) else str(value)
    return text.encode("utf-8", "replace").decode()


def _no_networks() -> Any:
    """Networks are not what is tried here."""
    from http import HTTPStatus

    from reidtrack.server.endpoint import Refused

    raise Refused(HTTPStatus.CONFLICT, "no networks here")
