"""A folder of live cameras joins a site, and is refused with a clear line where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from associate.people_data import DIM, directions, tracklet
from pipeline.live.shared.sites import NETWORK, Group, Running
from publish.broker import eventually
from redis_server import RedisServer

from reidtrack.config.live import CameraSettings, SharedConfig
from reidtrack.engines.provenance import Weights
from reidtrack.errors import UsageError
from reidtrack.events import IdentityGiven
from reidtrack.pipeline.live.shared.group import SharedIdentities
from reidtrack.pipeline.live.shared.opening import open_shared
from reidtrack.pipeline.live.store import LiveStore
from reidtrack.pipeline.live.told import Told
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runs.manifest import RunManifest
from reidtrack.video.part import Part

VISIT = tracklet("door", 1, directions(1, seed=1)[0], 0, 20)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    found = RedisServer(tmp_path)
    yield found
    found.end()


def opened(server: RedisServer, folder: Path, state: Any = None, told: Told | None = None, **config: Any) -> Any:
    weights = {"reid": Weights("net", {"net": "0"})}
    manifest = RunManifest.begin([], Part(), {}, weights, {}, datetime.fromtimestamp(1e6 + len(str(folder)), UTC))
    manifest.live = {}
    settings = SharedConfig(redis=server.address, **config)
    cameras = [
        CameraSettings(name="door", address="rtsp://cam/1"),
        CameraSettings(name="hall", address="rtsp://cam/2", sector="west"),
    ]
    return open_shared(
        LiveStore(LiveFolder(folder), manifest), settings, cameras, DIM, told or Told(), state, lambda text: None
    )


def test_a_folder_joins_and_its_cameras_are_its_own(server: RedisServer, tmp_path: Path) -> None:
    """Until it ends: then another one may have them."""
    running = Running(server, "north")
    shared: SharedIdentities = opened(server, tmp_path / "one", group="entrance", sector="north")
    with pytest.raises(UsageError, match="'door' is watched by the group 'entrance' already"):
        Group(server, "another", [VISIT])
    with server.client() as client:
        assert client.get("reidtrack:camera:hall").endswith(b" entrance")
    events = shared.update([], [VISIT], 4.0)

    def told() -> bool:
        events.extend(shared.update([], [], 4.0))
        return bool(events)

    eventually(told)
    events += shared.close()
    running.end()
    assert [(e.camera, e.identity) for e in events if isinstance(e, IdentityGiven)][-1:] == [("door", 1)]
    opened(server, tmp_path / "another one").link.close(0.0)


def test_other_weights_are_refused(server: RedisServer, tmp_path: Path) -> None:
    shared = opened(server, tmp_path / "one")
    with pytest.raises(UsageError, match="other weights for re-identification"):
        Group(server, "b", [tracklet("b", 1, directions(1, seed=1)[0], 0, 20)], network={**NETWORK, "dim": DIM * 2})
    shared.link.close(0.0)


def test_a_folder_stays_with_its_own_numbers(server: RedisServer, tmp_path: Path) -> None:
    told = Told()
    told.note(IdentityGiven(time_s=0.0, camera="door", track_id=1, identity=1, provisional=False))
    with pytest.raises(UsageError, match="numbers of its own"):
        opened(server, tmp_path / "one", {}, told)
    shared = opened(server, tmp_path / "one")
    state = shared.state()
    shared.link.close(0.0)
    opened(server, tmp_path / "one", state, told).link.close(0.0)
