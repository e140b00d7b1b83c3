"""Live sessions in a process of their own, which is killed: small networks, walkers that are played in a loop."""

from __future__ import annotations

import multiprocessing
import os
import random
import select
import time
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from scene import Scene

from reidtrack.config.live import CameraSettings, LiveConfig
from reidtrack.config.load import load
from reidtrack.detect.replay import ReplayDetector
from reidtrack.engines.provenance import Weights
from reidtrack.networks.build import make_embedder
from reidtrack.pipeline.live.request import LiveRequest
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.types import Detections, Frame

_SERVER = multiprocessing.get_context("forkserver")
_PATIENCE_S = 120.0


class Played:
    """Recorded detections of recordings that are played again and again: frame numbers go on, the boxes do not.

    Args:
        recorded: By the numbers of the recording.
        cameras: Of which there are any.
        length: Frames of the recording.
    """

    def __init__(self, recorded: ReplayDetector, cameras: Iterable[str], length: int = 40) -> None:
        self._recorded, self._length, self._known = recorded, length, frozenset(cameras)
        self._first: dict[str, int] = {}

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        found = []
        for frame in frames:
            if frame.camera not in self._known:
                found.append(Detections.empty())
                continue
            number = (frame.index - self._first.setdefault(frame.camera, frame.index)) % self._length
            found += self._recorded.detect([Frame(frame.camera, number, frame.time_s, frame.image)])
        return found


def small_networks(scene: Scene, config: LiveConfig) -> RunNetworks:
    """Recorded detections, and a network small enough for a test."""
    embedder, weights = make_embedder(config.embed, config.device, config.engine, config.precision)
    detector = Played(ReplayDetector(scene.detections), scene.detections)
    return RunNetworks(detector, embedder, {"detector": Weights("recorded detections"), "reid": weights})


def request(scene: Scene, out: Path, cameras: Sequence[str] = ("left", "right"), **settings: Any) -> LiveRequest:
    """The scene's recordings, as if they were live."""
    options = {"embed.weights": scene.reid, "engine": "torch", "device": "cpu", "stream.catch_up": False}
    config = load(LiveConfig, options={**options, "detect.motion_gate": False, **settings})
    named = tuple(CameraSettings(name=name, address=str(scene.videos[name])) for name in cameras)
    return LiveRequest(named, out, config, realtime=True)


class KilledSession:
    """A session that runs until it is killed.

    Args:
        scene: What is played, in a loop.
        out: Folder of the site.
        settings: Dotted settings.
    """

    def __init__(self, scene: Scene, out: Path, **settings: Any) -> None:
        _SERVER.set_forkserver_preload(["torch", "av", "cv2", "reidtrack.pipeline.live.session"])
        self._told, tell = os.pipe()
        os.set_inheritable(tell, True)
        self._process: BaseProcess = _SERVER.Process(target=_run, args=(scene, out, settings, _Pipe(tell)))
        self._process.start()
        os.close(tell)
        self._text = b""

    @property
    def frames(self) -> int:
        """Frames that have been through the pass, at least."""
        return self._text.count(b"\n")

    def seen(self) -> dict[str, float]:
        """Camera to the time of its last frame that has been through the pass, as far as that is told."""
        last: dict[str, float] = {}
        for line in self._text.decode().splitlines(keepends=True):
            if line.endswith("\n"):
                camera, _, time_s = line.strip().rpartition(" ")
                last[camera] = float(time_s)
        return last

    def kill(self, when: Callable[[], bool]) -> dict[str, float]:
        """Kill it as soon as something is so, and both cameras have given a frame; what it had seen by then."""
        end_s = time.monotonic() + _PATIENCE_S
        while len(self.seen()) < 2 or not when():
            assert time.monotonic() < end_s, "it does not come so far"
            assert self._process.is_alive(), "it ended by itself"
            self._read(0.05)
        self._process.kill()
        self._process.join(_PATIENCE_S)
        self._read(0.0)
        os.close(self._told)
        return self.seen()

    def _read(self, wait_s: float) -> None:
        while select.select([self._told], [], [], wait_s)[0]:
            data = os.read(self._told, 65536)
            if not data:
                return
            self._text += data
            wait_s = 0.0


class _Pipe:
    """The writing end of a pipe, on its way to another process."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        from multiprocessing.reduction import DupFd

        return _opened, (DupFd(self.number),)


def _opened(handle: Any) -> _Pipe:
    return _Pipe(handle.detach())


def _run(scene: Scene, out: Path, settings: dict[str, Any], pipe: _Pipe) -> None:
    import torch

    from reidtrack.pipeline.live import session
    from reidtrack.pipeline.run.observers import RunObserver
    from reidtrack.runtime.cancel import CancelToken

    torch.set_num_threads(1)
    random.seed(0)

    class Tells(RunObserver):
        """Says what the pass has seen once it was handed to the operating system."""

        def __init__(self) -> None:
            self._seen: dict[str, float] = {}

        def on_frame(self, frame: Frame) -> None:
            self._seen[frame.camera] = frame.time_s

        def on_watermark(self, time_s: float) -> None:
            for camera, seen_s in self._seen.items():
                os.write(pipe.number, f"{camera} {seen_s}\n".encode())
            self._seen = {}

    RunNetworks.load = lambda config, detections: small_networks(scene, config)  # type: ignore[assignment, method-assign]
    make_pass = session.LiveSession._make_pass

    def with_teller(self: session.LiveSession, *args: Any) -> Any:
        tracking = make_pass(self, *args)
        tracking._observers = [*tracking._observers, Tells()]
        return tracking

    session.LiveSession._make_pass = with_teller  # type: ignore[method-assign]
    asked = request(scene, out, **{"stream.loop": True, **settings})
    session.live(asked, session.LiveShow(), CancelToken(), session.ReloadToken())
