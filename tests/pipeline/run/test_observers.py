"""What a tracking pass tells, and what can be made of it while it goes on."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter
from collections.abc import Generator, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from builders import even_times
from outputs import read_lines
from scene import Scene, Shot, build_scene

from reidtrack.config.load import load
from reidtrack.config.run import RunConfig, TrackConfig
from reidtrack.detect.replay import ReplayDetector
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.select import Candidate, CropSelector
from reidtrack.errors import InputError
from reidtrack.pipeline.run.observers import Gap, RunObserver
from reidtrack.pipeline.run.prepare import RunRequest
from reidtrack.pipeline.run.reading import Successors
from reidtrack.pipeline.run.run import run
from reidtrack.pipeline.run.settle import load_tracklets
from reidtrack.pipeline.run.track_cameras import TrackingPass
from reidtrack.runs.folder import RunFolder
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent
from reidtrack.track.tracker import Tracker, build_tracker
from reidtrack.track.tracklets import TrackletBuilder
from reidtrack.types import Detections, FloatArray, Frame, Identity, Tracklet, Tracks
from reidtrack.video.merge import LIVE, RECORDED, MergePolicy
from reidtrack.video.source import open_source


class Everything(RunObserver):
    """Notes whatever it is told.

    Args:
        in_order: Whether no row may come that is older than the last watermark: cameras are waited for then.
    """

    def __init__(self, *, in_order: bool = True) -> None:
        self._in_order = in_order
        self.told: Counter[str] = Counter()
        self.frames: dict[str, list[int]] = {}
        self.tracklets: list[Tracklet] = []
        self.identities: Sequence[Identity] = ()
        self.gaps: list[Gap] = []
        self.watermarks: list[float] = []
        self.early = 0
        """Tracklets that ended before the last frame."""

    def on_gap(self, gap: Gap) -> None:
        self.gaps.append(gap)

    def on_detections(self, frame: Frame, detections: Detections) -> None:
        self.told["detections"] += len(detections)

    def on_tracks(self, frame: Frame, tracks: Tracks) -> None:
        self.told["boxes"] += len(tracks)
        if self._in_order and len(tracks) and self.watermarks:
            assert tracks.time_s.min() >= self.watermarks[-1]

    def on_frame(self, frame: Frame) -> None:
        self.frames.setdefault(frame.camera, []).append(frame.index)

    def on_watermark(self, time_s: float) -> None:
        self.watermarks.append(time_s)

    def on_crop(self, crop: Candidate) -> None:
        self.told["crops"] += 1

    def on_features(self, crops: Sequence[Candidate], features: Sequence[FloatArray | None]) -> None:
        self.told["features"] += sum(feature is not None for feature in features)

    def on_tracklet_ended(self, tracklet: Tracklet) -> None:
        self.tracklets.append(tracklet)

    def on_last_frame(self) -> None:
        self.early = len(self.tracklets)

    def on_identities(self, identities: Sequence[Identity]) -> None:
        self.identities = identities


def request(scene: Scene, folder: Path, *, resume: bool = False, **settings: Any) -> RunRequest:
    options = {"embed.weights": scene.reid, "engine": "torch", "device": "cpu", "output.video": False}
    config = load(RunConfig, options={**options, **settings})
    sources = tuple(str(path) for path in scene.videos.values())
    return RunRequest(sources, folder, config, detections=scene.detections, resume=resume)


def check_same_tracklets(found: Sequence[Tracklet], expected: Sequence[Tracklet]) -> None:
    by_key = {tracklet.key: tracklet for tracklet in found}
    assert len(by_key) == len(found) == len(expected) > 0
    for tracklet in expected:
        for field in dataclasses.fields(Tracklet):
            ours, theirs = getattr(by_key[tracklet.key], field.name), getattr(tracklet, field.name)
            if isinstance(theirs, np.ndarray):
                assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
                ours, theirs = ours.tobytes(), theirs.tobytes()
            assert ours == theirs, field.name


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="cascade"),
        pytest.param({"track.method": "sort"}, id="sort"),
        pytest.param({"detect.every": 3}, id="every third frame"),
        pytest.param({"track.max_age": 0.3, "embed.min_quality": 0.9, "embed.batch": 5}, id="tracks end early"),
    ],
)
def test_tracklets_in_memory_are_those_of_the_folder(scene: Scene, tmp_path: Path, settings: dict[str, Any]) -> None:
    """Before gaps are filled and boxes smoothed, to the last bit, features too; also in a run that is gone on with."""
    seen = Everything()
    outcome = run(request(scene, tmp_path / "run", **settings), Silent(), CancelToken(), [seen])
    folder, unfinished = RunFolder(tmp_path / "run"), TrackConfig(fill_gap=0, smooth=0)
    expected = load_tracklets(folder, unfinished)
    check_same_tracklets(seen.tracklets, expected)
    assert seen.identities == outcome.identities
    assert seen.frames == {"left": list(range(40)), "right": list(range(40))}
    assert seen.told["boxes"] == len(read_lines(folder.tracks))
    assert seen.told["crops"] == seen.told["features"] == sum(len(tracklet.features) for tracklet in expected)
    assert seen.watermarks == sorted(seen.watermarks)
    assert seen.gaps == []


def test_tracklets_of_a_run_that_is_gone_on_with(scene: Scene, tmp_path: Path) -> None:
    """What was logged is told again: an observer misses nothing."""
    cancel, folder = CancelToken(), RunFolder(tmp_path / "run")

    class Cancels(RunObserver):
        def on_frame(self, frame: Frame) -> None:
            if frame.index == 25:
                cancel.cancel()

    run(request(scene, folder.path), Silent(), cancel, [Cancels()])
    whole, rest = Everything(), Everything()
    run(request(scene, tmp_path / "whole"), Silent(), CancelToken(), [whole])
    run(request(scene, folder.path, resume=True), Silent(), CancelToken(), [rest])
    check_same_tracklets(rest.tracklets, whole.tracklets)
    assert rest.told == whole.told
    assert rest.frames == whole.frames


def test_what_an_observer_raises_ends_the_run(scene: Scene, tmp_path: Path) -> None:
    class Fails(RunObserver):
        def on_features(self, crops: Sequence[Candidate], features: Sequence[FloatArray | None]) -> None:
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        run(request(scene, tmp_path / "run"), Silent(), CancelToken(), [Fails()])


def never(camera: str, error: InputError) -> None:
    raise AssertionError(f"{camera} failed: {error}")


def tracking_pass(scene: Scene, seen: Everything, policy: MergePolicy, dim: int = 4, **options: Any) -> TrackingPass:
    """A pass that embeds each crop as the mean of its colours."""

    def infer(crops: FloatArray) -> FloatArray:
        return np.concatenate([crops.mean(axis=(2, 3)), np.ones((len(crops), 1), np.float32)], axis=1)

    unit = (1.0, 1.0, 1.0)
    return TrackingPass(
        detector=ReplayDetector(scene.detections),
        trackers={camera: build_tracker(max_age=0.5) for camera in scene.videos},
        selector=CropSelector((64, 32), forget_s=1.0),
        embedder=Embedder(infer, size_hw=(64, 32), mean=(0.0, 0.0, 0.0), std=unit, feature_dim=dim),
        observers=[seen],
        batch=8,
        embed_batch=2,
        policy=policy,
        tracklets=TrackletBuilder(dim),
        **options,
    )


@pytest.mark.parametrize("how", ["another size", "said to be another place", "another recording from there on"])
def test_pictures_of_another_place_begin_anew(scene: Scene, how: str) -> None:
    """A box of before is another place in them: nobody's track goes over, and ids go on."""
    seen, again = Everything(), list[str]()
    trackers = Successors(TrackConfig(max_age=0.5), {"left": 0.0})

    def restart(camera: str) -> Tracker:
        again.append(camera)
        return trackers.next(camera)

    passed = tracking_pass(scene, seen, RECORDED, restart=restart, embed_at_once=True)
    passed.add_camera("left", trackers.first["left"])
    if how == "said to be another place":
        passed.begin_anew("left", 20)
    wider, recorded = 16 * (how == "another size"), how.startswith("another recording")

    def grown() -> Generator[Frame]:
        with open_source(scene.videos["left"], "left") as source:
            for frame in source:
                image = np.pad(frame.image, ((0, 0), (0, wider * (frame.index >= 20)), (0, 0)))
                yield dataclasses.replace(frame, image=image, begins_anew=recorded and frame.index == 20)

    passed.run({"left": grown()}, never, CancelToken())
    before = [t for t in seen.tracklets if t.frame[-1] < 20]
    after = [t for t in seen.tracklets if t.frame[0] >= 20]
    assert again == ["left"]
    assert before
    assert after
    assert len(before) + len(after) == len(seen.tracklets)
    assert len({t.track_id for t in seen.tracklets}) == len(seen.tracklets)
    assert all(len(t.features) for t in seen.tracklets)


def test_tracks_of_a_camera_that_is_taken_away_end_then(scene: Scene) -> None:
    class Early(Everything):
        before = -1

        def on_last_frame(self) -> None:
            self.before = len(self.tracklets)

    seen = Early()
    passed = tracking_pass(scene, seen, RECORDED, embed_at_once=True)
    with open_source(scene.videos["left"], "left") as source:
        frames = [frame for frame in source if frame.index < 20]

    def batches() -> Generator[list[Frame]]:
        yield frames
        passed.end_camera("left")
        yield []

    passed.take(batches(), CancelToken())
    assert 0 < seen.before == len(seen.tracklets)
    assert all(len(t.features) for t in seen.tracklets)


def test_live_policies_give_the_same_where_nobody_is_late(scene: Scene) -> None:
    """Each camera's boxes and tracklets, though batches are others and cameras come in another order."""
    found = []
    for policy in (RECORDED, dataclasses.replace(LIVE, on_full="block")):
        seen = Everything(in_order=policy is RECORDED)  # a live camera may be ahead of another by as much as it likes
        passed = tracking_pass(scene, seen, policy)
        sources: Mapping[str, Iterable[Frame]] = {
            camera: open_source(path, camera) for camera, path in scene.videos.items()
        }
        passed.run(sources, never, CancelToken())
        assert sum(passed.dropped.values()) == 0
        found.append(seen)
    assert found[0].frames == found[1].frames
    assert found[0].told["boxes"] == found[1].told["boxes"]
    keys = [{t.key: t.frame.tolist() for t in seen.tracklets} for seen in found]
    assert keys[0] == keys[1]


def test_a_live_pass_goes_on_without_a_silent_camera_and_ends_when_asked(scene: Scene) -> None:
    """Neither the other camera nor the end of the pass, which the user asks for, waits for it."""
    cancel, released = CancelToken(), threading.Event()

    class Watches(Everything):
        def on_frame(self, frame: Frame) -> None:
            super().on_frame(frame)
            if frame.index == 39:
                cancel.cancel()

    def silent() -> Generator[Frame]:
        assert released.wait(60)
        yield from ()

    seen = Watches(in_order=False)
    passed = tracking_pass(scene, seen, dataclasses.replace(LIVE, on_full="block", idle_s=0.01))
    with open_source(scene.videos["left"], "left") as source:

        def left() -> Generator[Frame]:
            yield from source
            assert released.wait(60)  # a live camera does not end

        worker = threading.Thread(target=passed.run, args=({"left": left(), "right": silent()}, never, cancel))
        worker.start()
        while not cancel.cancelled:
            worker.join(0.05)
            assert worker.is_alive() or cancel.cancelled
        released.set()
        worker.join(60)
        assert not worker.is_alive()
    assert seen.frames == {"left": list(range(40))}
    assert {tracklet.camera for tracklet in seen.tracklets} == {"left"}


def test_gaps_are_told(scene: Scene) -> None:
    """A camera that pauses for three seconds, and one that does not."""
    seen = Everything()
    passed = tracking_pass(scene, seen, RECORDED)

    def paused(camera: str, pause_s: float) -> Generator[Frame]:
        with open_source(scene.videos[camera], camera) as source:
            for frame in source:
                yield dataclasses.replace(frame, time_s=frame.time_s + pause_s * (frame.index >= 20))

    passed.run({"left": paused("left", 3.0), "right": paused("right", 1.0)}, never, CancelToken())
    (gap,) = seen.gaps
    assert gap.camera == "left"
    np.testing.assert_allclose((gap.from_s, gap.until_s), (1.9, 5.0))
    assert seen.early > 0  # the pause ended the tracks before it


@pytest.mark.parametrize("pause_s", [None, 60.0], ids=["ends", "pauses"])
def test_a_camera_that_gives_nothing_holds_nobody_up(tmp_path: Path, reid: Path, pause_s: float | None) -> None:
    """Its last frame shows somebody for the first time, who might be confirmed later: not for ever."""
    short = even_times(15, 10.0) + ([] if pause_s is None else [pause_s, pause_s + 0.1])
    shots = {"left": Shot(times_s=short), "right": Shot(times_s=even_times(80, 10.0))}
    scene = build_scene(tmp_path / "scene", reid, shots)
    with scene.detections["left"].open("a") as file:
        file.write("15,-1,5,5,20,60,0.9,-1,-1,-1\n")
    late: list[float] = []

    class Lateness(Everything):
        def on_frame(self, frame: Frame) -> None:
            self.now_s = frame.time_s

        def on_watermark(self, time_s: float) -> None:
            if np.isfinite(time_s):
                late.append(self.now_s - time_s)

    run(request(scene, tmp_path / "run"), Silent(), CancelToken(), [Lateness()])
    assert max(late) <= 3.0  # not 6.5, to the other camera's end
    times_s = [line["time_s"] for line in read_lines(tmp_path / "run" / "tracks.jsonl")]
    assert times_s == sorted(times_s)
