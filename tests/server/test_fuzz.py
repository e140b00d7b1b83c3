"""The interface asked as its own description allows, and as it does not: it answers as described, never with 5xx.

Schemathesis makes the requests and holds the answers against the description (`open_app` does so for every test of
the server); ours are the values that no description names and that programs stumble over.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from described import description
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from served import BASE as HOST
from served import Open

from reidtrack.server.endpoint import BASE, Endpoint, Refused
from reidtrack.server.routes.table import ENDPOINTS

pytest.importorskip("schemathesis")
from requests import Request
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

ODD_TEXT = ("", "last", "-1", "9" * 40, "../x", "a/b", "%00", "\0", "<script>", "é", "\ud83d")
ODD_NUMBER = (0, -1, 2**31, 2**63, 2**64, -(2**63) - 1, 10**400, 0.5, 1e308, -1e308)
LEFT_OUT = ("GET /jobs/{job}/events", "PUT /uploads/{name}")
"""Answers without an end; bodies that are no JSON (test_jobs sends odd ones)."""
FUZZED = [e for e in ENDPOINTS if e.method != "WS" and e.name not in LEFT_OUT and "live" not in e.path]
KNOWN = {"run": "mall", "camera": "left", "identity": "1", "track_id": "1", "frame": "1"}
"""Names that lead somewhere."""
SAME = settings(
    max_examples=8,
    derandomize=True,  # the same each time, on every machine
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
ODD = st.none() | st.booleans() | st.sampled_from(ODD_NUMBER) | st.sampled_from(ODD_TEXT) | st.just([]) | st.just({})


def requests_of(endpoint: Endpoint) -> st.SearchStrategy[Any]:
    """Requests for a route, with names that lead somewhere: such as fit, such as do not, and such with an odd value."""
    names = {name: value for name, value in KNOWN.items() if f"{{{name}}}" in endpoint.path}
    operation = description()[BASE + endpoint.path][endpoint.method]
    fits, does_not = (
        operation.as_strategy(generation_mode=mode, path_parameters=names)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    )
    return st.tuples(fits, st.none()) | st.tuples(does_not, st.none()) | st.tuples(fits, st.tuples(ODD, st.integers(0)))


@pytest.mark.parametrize("endpoint", FUZZED, ids=lambda endpoint: endpoint.name)
def test_answers_are_as_described(root: Path, open_app: Open, endpoint: Endpoint, monkeypatch: Any) -> None:
    client = open_app(root)
    monkeypatch.setattr(client.services.networks, "turn", _no_networks)
    told: Counter[int] = Counter()

    @SAME
    @given(requests_of(endpoint))
    def fuzz(drawn: tuple[Any, tuple[Any, int] | None]) -> None:
        case, odd = drawn
        sent = Request(**case.as_transport_kwargs(base_url=HOST)).prepare()
        url, content = sent.url, sent.body
        if odd is not None and isinstance(case.body, dict) and case.body:
            content = json.dumps(_with(case.body, *odd)).encode()
        elif odd is not None and case.query:
            url = f"{url}&{quote(list(case.query)[odd[1] % len(case.query)])}={quote(_text(odd[0]))}"
        headers = {key: value for key, value in sent.headers.items() if key.lower() != "content-length"}
        said = client.request(endpoint.method, url, content=content, headers=headers)
        told[said.status_code] += 1
        case.validate_response(said, [not_a_server_error, *([negative_data_rejection] if odd is None else [])])

    fuzz()
    named = set(re.findall(r"{(\w+)}", endpoint.path))
    if endpoint.method == "GET" and named <= {"run", "camera", "identity"}:
        assert told[endpoint.status]  # else what it gives has not been held against anything


def test_odd_names_lead_nowhere(kept: Path, open_app: Open) -> None:
    client = open_app(kept)
    for endpoint, place in ((e, place) for e in FUZZED for place in KNOWN if f"{{{place}}}" in e.path):
        for odd in ODD_TEXT[1:]:
            path = BASE + endpoint.path
            for name, value in {**KNOWN, place: odd}.items():
                path = path.replace(f"{{{name}}}", quote(value.encode("utf-8", "surrogatepass"), safe=""))
            body = {} if endpoint.body is None else {"json": {}}
            assert client.request(endpoint.method, path, **body).status_code in (404, 422), path


def _with(body: dict[str, Any], odd: Any, place: int) -> dict[str, Any]:
    """A body with an odd value in place of one of its own."""
    return {**body, list(body)[place % len(body)]: odd}


def _text(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode()


def _no_networks() -> Any:
    """Networks are not what is tried here."""
    raise Refused(HTTPStatus.CONFLICT, "no networks here")
