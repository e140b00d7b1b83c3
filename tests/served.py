"""Who asks a served folder: shared by the tests of the server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from reidtrack.server.access.rules import Role
from reidtrack.server.services import Services
from reidtrack.types import Detections, Frame

PASSWORD = "a password for tests"
BASE = "http://127.0.0.1:8080"
BASE_PATH = "/api/v1/runs/mall"
Client = Any
"""A starlette TestClient with the application's `services`."""
Open = Callable[..., Client]
Serve = Callable[..., tuple[str, Services]]


def log_in(client: Client, name: str, role: Role, cameras: Sequence[str] | None = None) -> Client:
    """The client after somebody new has logged in with it."""
    client.services.accounts.add(name, role, PASSWORD, cameras)
    client.cookies.clear()
    said = client.post("/api/v1/session", json={"name": name, "password": PASSWORD})
    assert said.status_code == 200, said.text
    client.headers["x-csrf-token"] = said.json()["csrf"]
    return client


class NobodyFound:
    """A detector that finds nobody: a narrow photo is one person."""

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        """Nobody, in each frame."""
        return [Detections.empty() for _ in frames]
