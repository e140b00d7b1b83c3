"""Somebody erased from a folder of live cameras: nothing of them is left in it but the recordings, which are told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from live_child import request, small_networks
from outputs import read_json, read_lines
from scene import Scene

from reidtrack.cli.main import main
from reidtrack.gallery.people import open_gallery
from reidtrack.pipeline.erase_live import erase_events
from reidtrack.pipeline.live.session import ReloadToken, live
from reidtrack.pipeline.live.settle import settle_live
from reidtrack.pipeline.live.show import LiveShow
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.runs.crops import list_crops
from reidtrack.runs.features import read_feature_log, read_tracklets
from reidtrack.runs.identities import IdentityEntry, TrackletEntry, read_identities
from reidtrack.runs.live_folder import LiveFolder, LogSegment
from reidtrack.runs.lock import RunLock
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent

Tracks = set[tuple[str, int]]


@pytest.fixture
def watched(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two live cameras whose session is over, settled."""
    path = tmp_path / "site"
    monkeypatch.setattr(RunNetworks, "load", lambda config, detections: small_networks(scene, config))
    live(request(scene, path, **{"gallery.path": path / "people.db"}), LiveShow(), CancelToken(), ReloadToken())
    settle_live(path, Silent(), CancelToken())
    return path


def rows_of(folder: LiveFolder, tracks: Tracks) -> list[dict[str, Any]]:
    """Lines of some tracks in every text file that has a line for each thing."""
    found = [row for path in folder.path.rglob("*.jsonl") for row in read_lines(path)]
    return [row for row in found if (row.get("camera"), row.get("track_id")) in tracks]


def features_of(folder: LiveFolder, tracks: Tracks) -> list[np.ndarray]:
    """Features of some tracks wherever there are any."""
    logs = [LogSegment(piece.path).features_part for piece in folder.log_segments()]
    tables = [read_tracklets(folder.tracklets), *map(read_feature_log, logs)]
    return [
        feature
        for table in tables
        for camera, track, feature in zip(table.camera.tolist(), table.track_id.tolist(), table.feature, strict=True)
        if (table.cameras[camera], track) in tracks
    ]


def test_nothing_of_the_person_is_left(watched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = LiveFolder(watched)
    assert main(["name", str(watched), "1", "Anna Nym"]) == 0
    before = read_identities(folder.identities)
    (anna,) = (one for one in before if one.name == "Anna Nym")
    tracks = {(t.camera, t.logged_id) for t in anna.tracklets}
    others = {(t.camera, t.logged_id) for one in before for t in one.tracklets} - tracks
    assert rows_of(folder, tracks) and features_of(folder, tracks) and (watched / "identities.npz").is_file()
    kept, recordings = rows_of(folder, others), {p: p.read_bytes() for p in folder.recordings_folder.rglob("*.mp4")}
    frames = [[r["frame"] for r in read_lines(piece.path / "detections.jsonl")] for piece in folder.log_segments()]
    with open_gallery(watched / "people.db") as gallery:
        known = len(gallery.people())

    with RunLock(watched):  # as a session has it
        assert main(["erase", str(watched), "Anna Nym"]) == 2
    assert rows_of(folder, tracks)
    capsys.readouterr()
    assert main(["erase", str(watched), "Anna Nym", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["boxes"] > 0 < told["detections"] and told["events"] > 0 and told["known"]
    assert set(told["recordings"]) == set(anna.cameras)
    assert all(str(folder.recordings_folder) in text for text, *_ in told["recordings"].values())
    assert {p: p.read_bytes() for p in recordings} == recordings
    assert not rows_of(folder, tracks) and not features_of(folder, tracks)
    assert not (watched / "identities.npz").exists()
    assert not tracks & {(crop.camera, crop.track_id) for crop in list_crops(folder.crops)}
    assert not [p for p in watched.rglob("*") if p.is_file() and b"Anna Nym" in p.read_bytes()]
    identities = read_identities(folder.identities)
    assert {(t.camera, t.logged_id) for one in identities for t in one.tracklets} == others
    assert len(read_json(folder.identities)) == len(before) - 1
    with open_gallery(watched / "people.db") as gallery:
        assert len(gallery.people()) == known - 1
    unsettled = [row for row in rows_of(folder, others) if "identity" not in row or "event" in row]
    assert len(unsettled) == len([row for row in kept if "identity" not in row or "event" in row])
    again = [[r["frame"] for r in read_lines(piece.path / "detections.jsonl")] for piece in folder.log_segments()]
    assert again == frames

    # Whoever came since the identities were settled may be anybody's number.
    log = LogSegment(folder.log_segments()[-1].path).tracks
    log.write_text(log.read_text() + log.read_text().splitlines(keepends=True)[0])
    assert main(["erase", str(watched), "1"]) == 2
    assert "reidtrack associate" in capsys.readouterr().err


def test_events_of_others_stay(tmp_path: Path) -> None:
    """Live took two people for one at times: what is certainly of the other stays."""

    def event(kind: str, time_s: float, **more: Any) -> dict[str, Any]:
        return {"event": kind, "time_s": time_s, **more}

    def given(track_id: int, identity: int, **more: Any) -> dict[str, Any]:
        return event("identity", 1.0, camera="a", track_id=track_id, identity=identity, **more)

    stay = [
        event("started", 0.0, cameras=["a"]),
        given(2, 3),
        event("zone_entered", 90.0, zone="till", identity=3, camera="a"),  # when only the other was there
        event("zone_entered", 2.0, zone="till", identity=8, camera="a"),
    ]
    go = [
        given(1, 3, name="Anna"),
        given(1, 5),
        event("tracklet_ended", 4.0, camera="a", track_id=1, identity=5),
        event("zone_left", 3.0, zone="till", identity=3, camera="a", dwell_s=1.0),
        event("zone_left", 95.0, zone="till", identity=5, camera="a", dwell_s=1.0),
        event("merge", 5.0, **{"from": 6, "into": 5}),
    ]
    changed = [
        (given(2, 3, name="Anna"), given(2, 3)),
        (
            event("split", 6.0, **{"from": 3, "into": 5, "tracklets": [["a", 1], ["a", 2]]}),
            event("split", 6.0, **{"from": 3, "into": 5, "tracklets": [["a", 2]]}),
        ),
        (
            event("hour", 9.0, hour="h", place="till", people=3, identities=[3, 7, 8]),
            event("hour", 9.0, hour="h", place="till", people=3, identities=[3, 8]),
        ),
    ]
    go.append(given(1, 7))
    folder = LiveFolder(tmp_path)
    folder.events.write_text("".join(json.dumps(e) + "\n" for e in [*stay, *go, *(old for old, _ in changed)]))
    tracklet = TrackletEntry("a", 1, 1, 0, 9, 1.0, 4.0, None, None)  # type: ignore[arg-type]
    frames = {("a", 1): [(-np.inf, np.inf)]}
    # 5 is the other's too by the split, so the merge of its number says nothing of the person.
    gone = erase_events(folder, IdentityEntry(1, "Anna", ("a",), (tracklet,)), frames)
    left = read_lines(folder.events)
    assert left == [*stay, go[4], go[5], *(new for _, new in changed)]
    assert gone == len(go) - 2
