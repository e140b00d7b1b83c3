"""Who may do what: every route x who asks x camera, out of the routes themselves; a route without an example fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from served import Open, log_in
from served_examples import EXAMPLES, Example
from starlette.websockets import WebSocketDisconnect

from reidtrack.pipeline.erase import Erased
from reidtrack.server.access.rules import Principal, Role, Rule
from reidtrack.server.endpoint import BASE, Endpoint
from reidtrack.server.routes import corrections
from reidtrack.server.routes import erase as erase_routes
from reidtrack.server.routes.table import ENDPOINTS

ANYBODY = None
WHO = {
    "nobody": ANYBODY,
    "viewer of no camera": Principal("none", Role.VIEWER, frozenset()),
    "viewer of left": Principal("vl", Role.VIEWER, frozenset({"left"})),
    "viewer of right": Principal("vr", Role.VIEWER, frozenset({"right"})),
    "viewer of all": Principal("va", Role.VIEWER, None),
    "reviewer of left": Principal("rl", Role.REVIEWER, frozenset({"left"})),
    "reviewer of all": Principal("ra", Role.REVIEWER, None),
    "admin": Principal("root", Role.ADMIN, None),
}


def expected(endpoint: Endpoint, example: Example, user: Principal | None) -> int | None:
    """The status of a refusal, or None where it has to be let through: from the example's own cameras."""
    role = endpoint.rule.role
    if role is None:
        return None
    if user is None:
        return 401
    if user.role < role:
        return 403
    if endpoint.rule.load is None:
        return None
    wanted = all if endpoint.rule.sees == "all" else any
    return None if wanted(user.sees(camera) for camera in example.cameras) else 404


def lets_in(client: Any, path: str) -> bool:
    """Whether a WebSocket is opened."""
    try:
        with client.websocket_connect("ws://127.0.0.1:8080" + BASE + path):
            return True
    except WebSocketDisconnect as refused:
        assert refused.code == 1008
        return False


SETTLED = {"added": [], "removed": [], "seconds": 0.0, "now": [], "run": None}


@pytest.fixture
def table(kept: Path, open_app: Open, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client, with identities that are not settled and jobs that are not done."""
    client = open_app(kept)
    gone = Erased(0, 0, 0, 0, 0, 0, (), False, {})
    monkeypatch.setattr(erase_routes, "erase", lambda *_: gone)
    monkeypatch.setattr(corrections, "_settle", lambda *_: SETTLED)
    entries = [corrections.Correction(corrections.Lock(lock=(f"{camera} 1",)), 1, 1) for camera in ("left", "right")]
    monkeypatch.setattr(corrections, "_entries", lambda run: entries)
    return client


@pytest.mark.parametrize("who", WHO)
def test_every_route_for_everybody(table: Any, who: str) -> None:
    user, holes = WHO[who], []
    table.services.accounts.add("somebody", Role.VIEWER, "so that there are accounts")
    if user is not None:
        log_in(table, user.name, user.role, None if user.cameras is None else sorted(user.cameras))
    csrf = table.headers.get("x-csrf-token", "")
    for endpoint in ENDPOINTS:
        for example in EXAMPLES[endpoint.name](table.services):
            refusal = expected(endpoint, example, user)
            if endpoint.method == "WS":
                if lets_in(table, example.path) != (refusal is None):
                    holes.append(f"{endpoint.name}: let in, or not, against {refusal}")
                continue
            said = table.request(endpoint.method, BASE + example.path, json=example.json, content=example.content)
            if refusal is not None and said.status_code != refusal:
                holes.append(f"{endpoint.name} {example.path}: {said.status_code}, not {refusal}")
            if refusal is None and said.status_code in (401, 403, 404) and endpoint.path != "/session":
                holes.append(f"{endpoint.name} {example.path}: {said.status_code} {said.text}, though allowed")
            if said.status_code >= 500:
                holes.append(f"{endpoint.name} {example.path}: {said.status_code}")
            if endpoint.name == "DELETE /session" and user is not None:  # come in again
                again = table.post(f"{BASE}/session", json={"name": user.name, "password": "a password for tests"})
                csrf = again.json()["csrf"]
                table.headers["x-csrf-token"] = csrf
    assert not holes


def test_every_route_has_an_example() -> None:
    assert {endpoint.name for endpoint in ENDPOINTS} == set(EXAMPLES)


def test_there_is_no_other_way_in(table: Any) -> None:
    """What the application answers below /api is what the table holds, and the one route that says there is nothing."""
    paths = [route.path for route in table.app.routes if route.path.startswith("/api")]
    assert paths == [BASE + endpoint.path for endpoint in ENDPOINTS] + ["/api/{rest:path}"]


def test_a_route_without_a_rule_cannot_be_made() -> None:
    with pytest.raises(TypeError):
        Endpoint("GET", "/open", handler=print, title="open")  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="says why"):
        Rule(None)


SILENT = ("GET /openapi.json", "GET /jobs/{job}/events")
"""Say nothing of runs, or are for admins and end with the job."""


@pytest.mark.parametrize("name", [e.name for e in ENDPOINTS if e.method == "GET" and e.name not in SILENT])
def test_nothing_of_another_camera_is_told(table: Any, name: str) -> None:
    log_in(table, "anna", Role.REVIEWER, ["left"])
    for example in EXAMPLES[name](table.services):
        said = table.get(BASE + example.path)
        assert b"right" not in said.content


def test_counts_are_of_the_cameras_that_one_sees(table: Any) -> None:
    log_in(table, "anna", Role.VIEWER, ["left"])
    (run,) = table.get(f"{BASE}/runs").json()["items"]
    people = table.get(f"{BASE}/runs/mall/identities").json()["items"]
    rows = table.get(f"{BASE}/runs/mall/tracklets").json()["items"]
    assert run["cameras"] == ["left"]
    assert (run["people"], run["tracklets"]) == (len(people), len(rows))
    assert run["people_in_several_cameras"] == 0
    assert {row[1] for row in rows} == {0}
