"""A served folder with one run of two cameras, and who asks for it."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from described import hold
from served import BASE, Open, Serve

from reidtrack.config.serve import ServeConfig
from reidtrack.server.services import STATE, Services

pytest.importorskip("starlette")
from starlette.testclient import TestClient

from reidtrack.server.app import make_app


@pytest.fixture
def root(tmp_path: Path, finished: Path) -> Path:
    """A served folder of its own, with the run `mall` of the cameras `left` and `right`."""
    folder = tmp_path / "runs"
    shutil.copytree(finished, folder / "mall")
    return folder


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory, finished: Path) -> Path:
    """The same for tests that change nothing in it."""
    folder = tmp_path_factory.mktemp("served") / "runs"
    shutil.copytree(finished, folder / "mall")
    return folder


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that are hashed at once: how long argon2 takes is not what is tested."""
    from argon2 import PasswordHasher

    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("argon2.PasswordHasher", lambda: hasher)


@pytest.fixture
def open_app(quick: None) -> Iterator[Open]:
    """Makes a client of a folder's application; its jobs are not worked at."""
    clients: list[TestClient] = []

    def make(folder: Path, **settings: object) -> TestClient:
        shutil.rmtree(folder / STATE, ignore_errors=True)  # accounts of the test before
        services = Services.of(folder, ServeConfig.model_validate(settings))
        client = TestClient(make_app(services), base_url=BASE, raise_server_exceptions=False)
        client.services = services  # type: ignore[attr-defined]
        client.event_hooks = {"request": [], "response": [hold]}  # whatever a test asks, it is answered as described
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def serve(quick: None) -> Iterator[Serve]:
    """Serves a folder on a free port of this machine until the test ends."""
    import uvicorn

    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(root: Path, **settings: Any) -> tuple[str, Services]:
        services = Services.of(root, ServeConfig.model_validate(settings))
        config = uvicorn.Config(make_app(services), port=0, log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        running.append((server, thread))
        return f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", services

    yield start
    for server, thread in running:
        server.should_exit = True
        thread.join(20)
