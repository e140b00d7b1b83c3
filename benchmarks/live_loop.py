r"""The sample as a camera that begins again at its end: what becomes of its ten people at few looks a second.

    reidtrack run --videos samples/{entrance,plaza,alley}.mp4 --site samples/site.yaml --out runs/sample
    python benchmarks/live_loop.py runs/sample --gt samples/gt --looks 10 4 2.6 --loops 7

At each seam everybody is somewhere else at once. Frames, tracking, choice of crops, embedder and identities are those
of `reidtrack live`, by a clock that runs with the frames; detections are those of the run. `--seam` chooses what is
done where the films begin again:

- blind: nothing; trackers and the evidence of space and time take it for one recording.
- tracker: trackers begin anew.
- both: and pairs of tracklets of two plays have no evidence of space and time, as live (the default).

Counted are the numbers that stand in the end, tracks that show several people, the share of boxes whose number is
mostly that of their person (pure), and the share of boxes whose person mostly has that number (whole).
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

import numpy as np

from reidtrack.associate.online import OnlineIdentities
from reidtrack.config.live import LiveConfig
from reidtrack.config.load import load
from reidtrack.embed.embedder import Embedder
from reidtrack.embed.select import CropSelector
from reidtrack.engines.names import EngineName
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError
from reidtrack.events import Merged, Split
from reidtrack.geometry import iou
from reidtrack.mot import MotRows, read_mot
from reidtrack.networks.build import make_embedder
from reidtrack.pipeline.live.people import LiveEvidence
from reidtrack.pipeline.run.observers import RunObserver
from reidtrack.pipeline.run.reading import Successors
from reidtrack.pipeline.run.settle import association_settings
from reidtrack.pipeline.run.track_cameras import TrackingPass
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_detection_log
from reidtrack.runtime.cancel import CancelToken
from reidtrack.track.tracklets import TrackletBuilder
from reidtrack.types import Detections, FloatArray, Frame, Tracklet
from reidtrack.video.source import open_source

UPDATE_S = 0.5


class Logged:
    """A detector that gives what a run has logged of the frame that is played."""

    def __init__(self, found: Mapping[str, Mapping[int, Detections]], length: int) -> None:
        self._found, self._length = found, length

    def detect(self, frames: Sequence[Frame]) -> list[Detections]:
        return [self._found[f.camera].get(f.index % self._length, Detections.empty()) for f in frames]


def played(
    path: Path, camera: str, length: int, length_s: float, loops: int, looks: float, *, announce: bool
) -> Generator[Frame]:
    """So many looks a second at a film that is played again and again."""
    due_s = 0.0
    for loop in range(loops):
        begins = announce and loop > 0
        with open_source(path, camera) as source:
            for frame in source:
                time_s = loop * length_s + frame.time_s
                if time_s < due_s - 1e-6:
                    continue
                due_s = max(due_s + 1 / looks, time_s - 1 / looks)
                yield Frame(camera, loop * length + frame.index, time_s, frame.image, begins)
                begins = False


def remembered(infer: Callable[[FloatArray], FloatArray]) -> Callable[[FloatArray], FloatArray]:
    """A network that looks at each picture once, whatever is played."""
    known: dict[bytes, FloatArray] = {}

    def ask(batch: FloatArray) -> FloatArray:
        keys = [hashlib.sha256(picture.tobytes()).digest() for picture in batch]
        new = {key: picture for key, picture in zip(keys, batch, strict=True) if key not in known}
        if new:
            known.update(zip(new, infer(np.stack(list(new.values()))), strict=True))
        return np.stack([known[key] for key in keys])

    return ask


class Identities(RunObserver):
    """Updates identities twice a second by the time of the frames, in the thread that embeds."""

    def __init__(self, online: OnlineIdentities, builder: TrackletBuilder) -> None:
        self.online, self._builder = online, builder
        self.events: list[object] = []
        self.tracklets: list[Tracklet] = []
        self._ended: list[Tracklet] = []
        self._now_s = self._updated_s = 0.0

    def on_tracklet_ended(self, tracklet: Tracklet) -> None:
        self._ended.append(tracklet)
        self.tracklets.append(tracklet)

    def on_batch_embedded(self) -> None:
        open_ = self._builder.snapshot()
        self._now_s = max([self._now_s, *(t.last_time_s for t in (*open_, *self._ended))])
        if self._now_s - self._updated_s >= UPDATE_S:
            self.update(self._now_s)

    def update(self, now_s: float) -> None:
        self._updated_s, ended, self._ended = now_s, self._ended, []
        self.events += self.online.update(self._builder.snapshot(), ended, now_s)


def play(
    run: Path, gt: Path, looks: float, loops: int, seam: str, *, site: bool, engine: str
) -> dict[str, float | str]:
    """One play: its row."""
    folder = RunFolder(run)
    manifest, logged = folder.read_manifest(), read_detection_log(folder.detections).frames
    videos = {entry.camera: Path(entry.source) for entry in manifest.inputs}
    place = {"site.path": Path("samples/site.yaml")} if site else {}
    config = load(LiveConfig, options={"detect.motion_gate": False, "engine": engine, **place})
    embedder, weights = _network(engine)
    length = 1 + max(max(frames) for frames in logged.values())
    with open_source(next(iter(videos.values())), "x") as source:
        length_s = length / source.nominal_fps
    evidence = LiveEvidence(list(manifest.inputs), config)
    settings = association_settings(config, weights.prior)
    del settings["at_once"], settings["workers"]
    for camera in videos if seam == "both" else ():
        for loop in range(1, loops):
            evidence.note_restart(camera, loop * length_s)
    online = OnlineIdentities(**settings, evidence=[evidence])
    builder = TrackletBuilder(embedder.feature_dim)
    identities = Identities(online, builder)
    trackers = Successors(config.track, dict.fromkeys(videos, 1 / looks if looks < 10 else 0.0))
    tracking = TrackingPass(
        detector=Logged(logged, length),
        trackers=trackers.first,
        selector=CropSelector(
            embedder.size_hw,
            every_s=config.embed.every_s,
            min_quality=config.embed.min_quality,
            staggered=True,
            eager=True,
        ),
        embedder=embedder,
        observers=[identities],
        batch=len(videos),
        embed_batch=config.embed.batch,
        tracklets=builder,
        embed_at_once=True,
        restart=trackers.next,
    )
    streams = {
        camera: played(path, camera, length, length_s, loops, looks, announce=seam != "blind")
        for camera, path in videos.items()
    }

    tracking.run(streams, _fail, CancelToken())
    for k in range(20):
        identities.update(loops * length_s + 2 + UPDATE_S * k)
    return {"looks": looks, "seam": seam, "site": str(site), **_counts(identities, _truth(gt, videos), length)}


@functools.cache
def _network(engine: EngineName) -> tuple[Embedder, Weights]:
    config = load(LiveConfig, options={"engine": engine})
    embedder, weights = make_embedder(config.embed, config.device, config.engine, config.precision)
    embedder._infer = remembered(embedder._infer)
    return embedder, weights


def _fail(camera: str, error: InputError) -> None:
    raise RuntimeError(camera) from error


def _truth(gt: Path, cameras: Mapping[str, Path]) -> dict[str, dict[int, MotRows]]:
    found = {}
    for camera in cameras:
        rows = read_mot(gt / f"{camera}.txt")
        rows = rows[rows.score > 0]
        found[camera] = {frame: rows[rows.frame == frame] for frame in np.unique(rows.frame).tolist()}
    return found


def _counts(identities: Identities, truth: Mapping[str, Mapping[int, MotRows]], length: int) -> dict[str, float]:
    parts = identities.online.held()
    of_number, of_person = defaultdict(Counter), defaultdict(Counter)
    mixed = boxes = 0
    for tracklet in identities.tracklets:
        people: Counter[int] = Counter()
        mine = [p for p in parts if p.key == tracklet.key]
        for i, frame in enumerate(tracklet.frame.tolist()):
            rows = truth[tracklet.camera].get(frame % length)
            if rows is None:
                continue
            overlap = iou(tracklet.xyxy[i : i + 1].astype(np.float64), rows.xyxy.astype(np.float64))[0]
            if overlap.max(initial=0) < 0.5:
                continue
            person = int(rows.id[overlap.argmax()])
            number = next((p.identity or 0 for p in reversed(mine) if frame >= p.first_frame), 0)
            people[person] += 1
            of_number[number][person] += 1
            of_person[person][number] += 1
            boxes += 1
        mixed += sum(count > 1 for count in people.values()) > 1
    pure, whole = (sum(max(c.values()) for c in by.values()) / max(1, boxes) for by in (of_number, of_person))
    standing = {p.identity for p in parts} | set(identities.online._register.people)
    return {
        "tracks": len(identities.tracklets),
        "mixed": mixed,
        "people": len(of_person),
        "numbers": len(standing - {None}),
        "pure": pure,
        "whole": whole,
        "merges": sum(isinstance(e, Merged) for e in identities.events),
        "splits": sum(isinstance(e, Split) for e in identities.events),
        "threshold": identities.online.threshold or 0.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--gt", type=Path, default=Path("samples/gt"))
    parser.add_argument("--looks", type=float, nargs="+", default=[10.0, 4.0, 2.6])
    parser.add_argument("--loops", type=int, default=7)
    parser.add_argument("--seam", nargs="+", choices=("blind", "tracker", "both"), default=["both"])
    parser.add_argument("--no-site", action="store_true")
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    for looks in args.looks:
        for seam in args.seam:
            rows.append(play(args.run, args.gt, looks, args.loops, seam, site=not args.no_site, engine=args.engine))
            print({k: round(v, 3) if isinstance(v, float) else v for k, v in rows[-1].items()}, flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
