r"""Identities live against identities afterwards: runs played again as if their cameras were live.

    python benchmarks/live_replay.py sample=runs/demo:samples/gt pets=runs/pets:../shared/data/pets-s2l1

Each word is NAME=RUN:GROUND-TRUTH, as in `robustness.py`. The boxes and features of a run come to `OnlineIdentities` as
time passes: a track once it is confirmed (three boxes and 0.2 s), a feature when its half second is over and 0.1 s
later, the end of a track two seconds after its last box, an update twice a second. The clock runs fast. IDF1 is over
the union of cameras, one id per person, percent, of the same boxes each time:

- offline: `associate` over the whole recording, with space and time.
- at the moment: what `in_frame` said when the box came; undecided boxes are misses.
- as announced: the same, a track's undecided beginning under the number that it was given first.
- final: what the numbers are in the end, after merges and splits.

Delay is from the confirmation of a track to its first number. Merges and splits are of kept identities. Writes --json,
and with --page the table in docs/results/live.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from page import put
from robustness import Recording

from reidtrack.associate.associate import associate
from reidtrack.associate.online import OnlineIdentities
from reidtrack.config.load import load
from reidtrack.config.run import RunConfig
from reidtrack.events import IdentityGiven, Merged, Split
from reidtrack.pipeline.run.settle import association_settings
from reidtrack.pipeline.run.site import Site
from reidtrack.runs.features import read_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_track_log
from reidtrack.types import DoubleArray, IntArray, Tracklet, TrackletKey

UPDATE_S = 0.5
CONFIRM_BOXES, CONFIRM_S = 3, 0.2
MAX_AGE_S = 2.0
WINDOW_S, EMBED_S = 0.5, 0.1
AFTER_S = 15.0
"""Updates go on so long after the last box."""
HEAD = (
    "| recording | tracks | offline | at the moment | as announced | final | people | merges | splits | changed before "
    "kept | delay p50 / p95, s | CPU, ms a second |\n" + "| --- |" * 1 + " --- |" * 11
)


@dataclass(frozen=True, eq=False)
class LiveTrack:
    """A track of a run, and when what becomes known of it.

    Attributes:
        tracklet: As the tracker gave it.
        confirmed_s: When it is confirmed; infinity for never.
        known_s: (K,) when each feature is known.
    """

    tracklet: Tracklet
    confirmed_s: float
    known_s: DoubleArray

    @classmethod
    def of(cls, tracklet: Tracklet) -> LiveTrack:
        late = np.flatnonzero(tracklet.time_s - tracklet.time_s[0] >= CONFIRM_S - 1e-6)
        late = late[late >= CONFIRM_BOXES - 1]
        confirmed_s = float(tracklet.time_s[late[0]]) if len(late) else tracklet.last_time_s
        taken = tracklet.time_s[np.searchsorted(tracklet.frame, tracklet.feature_frame)]
        return cls(tracklet, confirmed_s, (np.floor(taken / WINDOW_S) + 1) * WINDOW_S + EMBED_S)

    def at(self, now_s: float) -> Tracklet:
        """What is known of it at a time."""
        return self.tracklet.part(self.tracklet.time_s <= now_s, self.known_s <= now_s)

    @property
    def ends_s(self) -> float:
        """When the tracker gives it up and all its crops are embedded."""
        return max(self.tracklet.last_time_s + MAX_AGE_S, float(self.known_s.max(initial=0.0)))


def read_tracks(run: Path) -> list[LiveTrack]:
    """Tracks of a run as its tracker gave them."""
    folder, found = RunFolder(run), []
    table = read_tracklets(folder.tracklets)
    rows_of = table.by_track()
    for camera, tracks in sorted(read_track_log(folder.tracks).items()):
        for track_id in np.unique(tracks.track_id).tolist():
            rows = tracks[tracks.track_id == track_id]
            chosen = rows_of.get((camera, track_id), np.zeros(0, np.int64))
            features = table.feature[chosen], table.frame[chosen], table.quality[chosen]
            order = np.argsort(features[1], kind="stable")
            boxes = rows.frame, rows.time_s, rows.xyxy, rows.score
            found.append(LiveTrack.of(Tracklet(camera, track_id, *boxes, *(column[order] for column in features))))
    return found


class Replay:
    """What was said while a run was played.

    Attributes:
        said: Track to the times of updates and what its number was then; None while undecided.
        events: All.
        cpu_s: Of the processor, for all updates.
        length_s: Of the recording.
    """

    def __init__(self, tracks: Sequence[LiveTrack], online: OnlineIdentities) -> None:
        self.said: dict[TrackletKey, list[tuple[float, int | None]]] = {t.tracklet.key: [] for t in tracks}
        self.online = online
        self.confirmed_s = {t.tracklet.key: t.confirmed_s for t in tracks}
        self.length_s = max(t.tracklet.last_time_s for t in tracks)
        self.cpu_s = 0.0
        self.events = [event for now_s in self._moments() for event in self._update(tracks, now_s)]

    def _moments(self) -> Iterator[float]:
        yield from np.arange(UPDATE_S, self.length_s + AFTER_S, UPDATE_S).tolist()

    def _update(self, tracks: Sequence[LiveTrack], now_s: float) -> list[object]:
        there = [t for t in tracks if t.confirmed_s <= now_s and t.ends_s > now_s - UPDATE_S]
        open_ = [t.at(now_s) for t in there if t.ends_s > now_s]
        ended = [t.tracklet for t in there if t.ends_s <= now_s]
        begin = time.process_time()
        events = self.online.update(open_, ended, now_s)
        self.cpu_s += time.process_time() - begin
        for camera in {t.camera for t in open_}:
            ids = [t.track_id for t in open_ if t.camera == camera]
            for track_id, number in zip(ids, self.online.in_frame(camera, ids), strict=True):
                self.said[camera, track_id].append((now_s, number))
        return list(events)

    def at_the_moment(self, tracklet: Tracklet, *, first: bool) -> IntArray:
        """Number that each box (T,) of a tracklet had when it came, 0 for none.

        Args:
            tracklet: Of the run.
            first: Whether boxes before the first number are given that.
        """
        said = self.said[tracklet.key]
        numbers = np.array([0, *(number or 0 for _, number in said)], np.int64)
        at = np.searchsorted(np.array([time_s for time_s, _ in said]), tracklet.time_s, side="right")
        found: IntArray = numbers[at]
        given = np.flatnonzero(numbers)
        if first and len(given):
            found = np.where(at < given[0], numbers[given[0]], found)
        return found

    def final(self, tracklet: Tracklet) -> IntArray:
        """Number of each box (T,) in the end."""
        found = np.zeros(len(tracklet), np.int64)
        for part in self.online.held():
            if part.key == tracklet.key:
                found[tracklet.frame >= part.first_frame] = part.identity or 0
        return found

    def delays_s(self) -> DoubleArray:
        """Seconds from the confirmation of each track to its first number."""
        first: dict[TrackletKey, float] = {}
        for event in self.events:
            if isinstance(event, IdentityGiven):
                first.setdefault((event.camera, event.track_id), event.time_s)
        return np.array([at - self.confirmed_s[key] for key, at in first.items()])

    def count(self, kind: type[object]) -> int:
        """How many events of a kind there were."""
        return sum(isinstance(event, kind) for event in self.events)

    def changes(self) -> int:
        """How often a track that had a number provisionally was given another."""
        last: dict[TrackletKey, int] = {}
        changed = 0
        for event in self.events:
            if isinstance(event, IdentityGiven):
                key = event.camera, event.track_id
                changed += last.get(key, event.identity) != event.identity
                last[key] = event.identity
        return changed


def idf1(recording: Recording, numbers: Mapping[TrackletKey, IntArray]) -> float:
    """Identity F1 in percent, from the number of each box of each tracklet, 0 for none."""
    from scipy.optimize import linear_sum_assignment

    place = {n: i for i, n in enumerate(sorted({n for each in numbers.values() for n in each.tolist()} - {0}))}
    both, predicted = np.zeros((len(recording.people), max(1, len(place)))), 0
    for key, each in numbers.items():
        boxes = recording.boxes[key]
        for number in set(each.tolist()) - {0}:
            rows = (each == number) & boxes.counts
            both[:, place[number]] += boxes.person[rows].sum(axis=0)
            predicted += int(rows.sum())
    true = sum(len(rows.frame) for rows in recording.truth.values())
    rows, columns = linear_sum_assignment(-both)
    return 200 * float(both[rows, columns].sum()) / max(1, true + predicted)


def replay(name: str, run: Path, gt: Path, **options: float) -> dict[str, float | str]:
    """One recording: figures of a row of the table."""
    recording, manifest = Recording.load(run, gt), RunFolder(run).read_manifest()
    config = load(RunConfig)
    settings = association_settings(config, manifest.prior)
    site = Site(manifest.inputs, config.site)
    offline = associate(recording.tracklets, **settings, evidence=[site.evidence])
    live = Site(manifest.inputs, config.site, clocks_every_s=600.0)
    del settings["at_once"], settings["workers"]  # a window of live cameras is solved at once
    played = Replay(read_tracks(run), OnlineIdentities(**settings, evidence=[live.evidence], **options))
    scores = {
        "at_the_moment": {t.key: played.at_the_moment(t, first=False) for t in recording.tracklets},
        "as_announced": {t.key: played.at_the_moment(t, first=True) for t in recording.tracklets},
        "final": {t.key: played.final(t) for t in recording.tracklets},
    }
    delays = played.delays_s()
    return {
        "recording": f"{name}: {len(recording.cameras)} cameras, {played.length_s:.0f} s",
        "tracks": len(recording.tracklets),
        "offline": recording.idf1(offline.identities),
        **{key: idf1(recording, numbers) for key, numbers in scores.items()},
        "people_offline": len(offline.identities),
        "people": len({part.identity for part in played.online.held()}),
        "merges": played.count(Merged),
        "splits": played.count(Split),
        "changes": played.changes(),
        "delay_p50_s": float(np.quantile(delays, 0.5)),
        "delay_p95_s": float(np.quantile(delays, 0.95)),
        "cpu_ms_per_s": 1000 * played.cpu_s / played.length_s,
        "threshold_offline": offline.threshold,
        "threshold": played.online.threshold or 0.0,
    }


def row_of(found: Mapping[str, float | str]) -> str:
    """A row of the table."""
    scores = " | ".join(f"{found[key]:.1f}" for key in ("offline", "at_the_moment", "as_announced", "final"))
    counts = " | ".join(f"{found[key]}" for key in ("merges", "splits", "changes"))
    delay = f"{found['delay_p50_s']:.1f} / {found['delay_p95_s']:.1f}"
    people = f"{found['people_offline']} / {found['people']}"
    first = f"| {found['recording']} | {found['tracks']} | {scores} | {people} | {counts}"
    return f"{first} | {delay} | {found['cpu_ms_per_s']:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN:GT")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--page", type=Path)
    args = parser.parse_args()
    print(HEAD)
    rows = []
    for word in args.runs:
        name, _, paths = word.partition("=")
        run, _, gt = paths.rpartition(":")
        rows.append(replay(name, Path(run), Path(gt)))
        print(row_of(rows[-1]), flush=True)
    if args.json:
        args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if args.page:
        put(args.page, "live replay", "\n".join([HEAD, *(row_of(row) for row in rows)]))


if __name__ == "__main__":
    main()
