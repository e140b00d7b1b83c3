r"""A day of sixteen live cameras by a clock that runs fast: what identities take of memory and processor.

    python benchmarks/live_soak.py --hours 24 --json live_soak.json --picture docs/pictures/live_soak.png

People come and go (`drawn_recordings.py`: looks as measured, in 512 dimensions), see a few cameras each, some come back
within minutes, some hours later. What their trackers and the embedder would say goes through `OnlineIdentities` with a
gallery, twice a second. Crops are dropped, tracks break, each camera is away for minutes now and then, and the program
is started anew every few hours from its stored state. Detector, tracker and embedder do not run. Memory is the
resident set of the whole process, as it is (with the working memory of the largest clustering so far), and once what is
free is given back to the system; beside it what the C library has given out (glibc), holes between that left out. The
processor's time is that of the updates and of the gallery.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import heapq
import io
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from drawn_recordings import Looks
from growth_pictures import Panel, draw_growth

from reidtrack.associate.calibration.mixture import Mixture
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior, Variances
from reidtrack.associate.online import OnlineIdentities
from reidtrack.events import Event, IdentityGiven, Merged, Split
from reidtrack.gallery.online import GalleryLimits, GalleryPeople
from reidtrack.gallery.store import Signature
from reidtrack.runtime.memory import give_back_free_memory
from reidtrack.types import DoubleArray, Tracklet, TrackletKey

DIM = 512
RATE, CROP_S, UPDATE_S, MAX_AGE_S = 10.0, 0.5, 0.5, 2.0
SAMPLE_S = 600.0
AGAIN = 0.4
"""Share of visits that somebody makes who was there before."""
RESTART_S = 5 * 3600.0 + 17.0
AWAY_S = (60.0, 300.0)
"""Least and most that a camera is away, once in three hours on average."""


@dataclass(frozen=True, eq=False)
class Visit:
    """A track to be, of one person in one camera."""

    person: int
    tracklet: Tracklet

    @property
    def ends_s(self) -> float:
        """When it is told that it has ended."""
        return self.tracklet.last_time_s + MAX_AGE_S


class _Planned(NamedTuple):
    """A visit to come, of which nothing is drawn yet: what is drawn ahead would count as memory of the program.

    Attributes:
        first_s: Time of its first box.
        number: Of the visit.
        person: Who comes.
        camera: Index of the camera.
        length_s: How long the track is.
        looks: Mean appearance, in the basis of `Looks`.
        seed: Of what is drawn when it begins.
    """

    first_s: float
    number: int
    person: int
    camera: int
    length_s: float
    looks: tuple[float, ...]
    seed: int


class Site:
    """Draws who comes, when, and what the cameras make of it.

    Args:
        cameras: How many.
        an_hour: People who come in an hour.
        seed: Of the draw.
    """

    def __init__(self, cameras: int, an_hour: float, seed: int) -> None:
        self._rng = np.random.default_rng(seed)
        self._looks = Looks.documented()
        basis = np.linalg.qr(self._rng.normal(size=(DIM, self._looks.person.shape[1])))[0]
        self._basis = basis.T
        spread = self._rng.normal(size=(cameras, len(self._looks.camera))) / np.sqrt(len(self._looks.camera))
        self._bias = spread @ self._looks.camera
        self._cameras, self._an_hour = cameras, an_hour
        self._face: list[DoubleArray] = []
        self._track_id: Counter[str] = Counter()
        self._planned = 0
        self._away: dict[int, tuple[float, float]] = dict.fromkeys(range(cameras), (0.0, 0.0))

    def prior(self) -> AppearancePrior:
        """What comes with the network: the mean of all people, and how large the parts of an embedding are."""
        sizes = {name: size**2 for name, size in self._looks.summary().items()}
        parts = Variances(sizes["person"], sizes["visit"], sizes["crop"], sizes["camera"])
        return AppearancePrior(self._looks.person.mean(axis=0) @ self._basis, parts, Mixture(same=0.45, beyond=0.14))

    def visits(self, hours: float) -> Iterator[Visit]:
        """Visits by the time of their first box."""
        waiting: list[_Planned] = []
        now_s = 0.0
        while now_s < 3600 * hours:
            now_s += float(self._rng.exponential(3600 / self._an_hour))
            for planned in self._walk(now_s):
                heapq.heappush(waiting, planned)
            while waiting and waiting[0].first_s <= now_s:
                yield self._track(heapq.heappop(waiting))
        while waiting:
            yield self._track(heapq.heappop(waiting))

    def _walk(self, now_s: float) -> Iterator[_Planned]:
        """One person's way through some cameras."""
        rng = self._rng
        if self._face and rng.random() < AGAIN:
            back = int(min(len(self._face), 1 + rng.exponential(self._an_hour / 3)))  # mostly of the last hour
            person = len(self._face) - back
        else:
            person = len(self._face)
            self._face.append(self._looks.person[rng.integers(len(self._looks.person))])
        for camera in rng.permutation(self._cameras)[: rng.integers(1, 5)].tolist():
            length_s = float(np.clip(rng.exponential(15.0), 1.5, 120.0))
            yield from self._visit(person, camera, now_s, length_s)
            now_s += length_s + float(rng.exponential(20.0)) + 0.5

    def _visit(self, person: int, camera: int, first_s: float, length_s: float) -> Iterator[_Planned]:
        """A visit: one track, or two where it breaks; none while the camera is away."""
        rng = self._rng
        away = self._away[camera]
        if first_s > away[1] and rng.random() < 1 / 40:
            away = self._away[camera] = first_s, first_s + float(rng.uniform(*AWAY_S))
        if away[0] <= first_s <= away[1]:
            return
        looks = self._face[person] + self._looks.visit[rng.integers(len(self._looks.visit))] + self._bias[camera]
        at = float(rng.uniform(0.3, 0.7)) * length_s if rng.random() < 0.15 and length_s > 5 else length_s
        yield self._plan(person, camera, first_s, at, looks)
        if at < length_s:
            yield self._plan(person, camera, first_s + at + 0.7, length_s - at, looks)

    def _plan(self, person: int, camera: int, first_s: float, length_s: float, looks: DoubleArray) -> _Planned:
        self._planned += 1
        seed = int(self._rng.integers(1 << 62))
        return _Planned(first_s, self._planned, person, camera, length_s, tuple(looks.tolist()), seed)

    def _track(self, planned: _Planned) -> Visit:
        _, _, person, camera, length_s, looks, seed = planned
        rng, name, first_s = np.random.default_rng(seed), f"camera{camera:02d}", planned.first_s
        self._track_id[name] += 1
        first = int(first_s * RATE)
        frame = np.arange(first, first + max(4, int(length_s * RATE)))
        crops = frame[:: int(CROP_S * RATE)]
        crops = crops[rng.random(len(crops)) > 0.1]  # some are dropped
        rows = (np.array(looks) + self._looks.crop[rng.integers(len(self._looks.crop), size=len(crops))]) @ self._basis
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        left = float(rng.uniform(0, 600)) + np.arange(len(frame)) * 2.0
        box = np.stack([left, np.full(len(frame), 100.0), left + 60, np.full(len(frame), 280.0)], axis=1)
        columns = frame / RATE, box.astype(np.float32), np.full(len(frame), 0.9, np.float32)
        quality = rng.uniform(0.4, 0.9, len(crops)).astype(np.float32)
        track = Tracklet(name, self._track_id[name], frame, *columns, rows.astype(np.float32), crops, quality)
        return Visit(person, track)


@dataclass
class Figures:
    """What was measured and counted.

    Attributes:
        rows: A row for each `SAMPLE_S` of the clock that runs fast.
        numbers: Track to the number that it had in the end of its visit, merges applied later.
        owner: Track to the person.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    numbers: dict[TrackletKey, int] = field(default_factory=dict)
    owner: dict[TrackletKey, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    delays_s: list[float] = field(default_factory=list)

    def take(self, events: Sequence[Event], confirmed_s: Mapping[TrackletKey, float]) -> None:
        """Count events."""
        for event in events:
            self.counts[event.event] += 1
            if isinstance(event, IdentityGiven):
                key = event.camera, event.track_id
                if key not in self.numbers and key in confirmed_s:
                    self.delays_s.append(event.time_s - confirmed_s[key])
                self.numbers[key] = event.identity
            elif isinstance(event, Merged):
                self.numbers = {k: event.into if n == event.from_ else n for k, n in self.numbers.items()}
            elif isinstance(event, Split):
                self.numbers |= dict.fromkeys(event.tracklets, event.into)

    def shares(self) -> dict[str, float]:
        """Shares of tracks: of the person of most of their number's; of the number of most of their person's."""
        people, numbers = defaultdict(Counter), defaultdict(Counter)
        for key, number in self.numbers.items():
            numbers[number][self.owner[key]] += 1
            people[self.owner[key]][number] += 1
        total = max(1, len(self.numbers))
        pure, whole = (sum(max(c.values()) for c in by.values()) / total for by in (numbers, people))
        return {"people": len(people), "numbers": len(numbers), "pure": pure, "whole": whole}


class Soak:
    """Plays a site to `OnlineIdentities`.

    Args:
        folder: For the gallery.
        restart_s: How often the program is started anew, within this process; 0 for never.
        options: Of `OnlineIdentities`.
    """

    def __init__(self, folder: Path, restart_s: float, **options: Any) -> None:
        self._folder, self._restart_s, self._options = folder, restart_s, options
        self.figures = Figures()
        self.cpu_s = 0.0
        self._open: dict[TrackletKey, Visit] = {}
        self._known = self._gallery()
        self._online = OnlineIdentities(known=self._known, **options)

    def _gallery(self) -> GalleryPeople:
        limits = GalleryLimits(strangers=0.1, margin=0.05, most_people=2000)
        path, signature = self._folder / "people.db", Signature("0" * 64, "drawn")
        prior = self._options.get("prior", GENERIC)
        names = {"folder": "soak", "place": "soak"}
        return GalleryPeople(path, signature, **names, origin_utc=lambda: 1.7e9, limits=limits, prior=prior)

    def run(self, visits: Iterator[Visit], hours: float, sample_s: float = SAMPLE_S) -> None:
        """Play so many hours."""
        coming = next(visits, None)
        now_s, sampled_s, restarted_s, quiet_s = 0.0, 0.0, 0.0, 0.0
        while now_s < 3600 * hours:
            now_s += UPDATE_S
            while coming is not None and coming.tracklet.first_time_s + 0.3 <= now_s:
                self._open[coming.tracklet.key] = coming
                self.figures.owner[coming.tracklet.key] = coming.person
                coming = next(visits, None)
            self._update(now_s)
            quiet_s = 0.0 if self._open else quiet_s + UPDATE_S
            if quiet_s > 10 and coming is not None:
                now_s = max(now_s, min(coming.tracklet.first_time_s // UPDATE_S * UPDATE_S, sampled_s + sample_s))
            if self._restart_s and now_s - restarted_s >= self._restart_s:
                restarted_s = now_s
                self._restart(now_s)
            if now_s - sampled_s >= sample_s:
                sampled_s = now_s
                self._sample(now_s)
        self._known.close()

    def _update(self, now_s: float) -> None:
        over = [key for key, visit in self._open.items() if visit.ends_s <= now_s]
        ended = [self._open.pop(key).tracklet for key in over]
        open_ = [_so_far(visit.tracklet, now_s) for visit in self._open.values()]
        confirmed_s = {t.key: t.first_time_s + 0.3 for t in (*open_, *ended)}
        begin = time.process_time()
        events = self._online.update(open_, ended, now_s)
        self.cpu_s += time.process_time() - begin
        self.figures.take(events, confirmed_s)

    def _restart(self, now_s: float) -> None:
        """Store the state, end the program, and go on from it; tracks that were open begin anew elsewhere."""
        self._online.store(now_s)
        stored = io.BytesIO()
        np.savez(stored, **self._online.state())
        self.figures.counts["state_bytes"] = len(stored.getvalue())
        stored.seek(0)
        self._known.close()
        self._known, self._open = self._gallery(), {}
        with np.load(stored, allow_pickle=False) as state:
            self._online = OnlineIdentities.restore(dict(state), known=self._known, **self._options)

    def _sample(self, now_s: float) -> None:
        used_mib = resident_mib()
        gc.collect()
        give_back_free_memory()
        row = {"hours": now_s / 3600, "mib": resident_mib(), "used_mib": used_mib, "held_mib": held_mib()}
        row |= {"cpu_s": self.cpu_s, "tracks": len(self.figures.owner), "held_tracks": len(self._online.held())}
        self.figures.rows.append(row)
        print(
            f"{row['hours']:.2f} h: {row['mib']:.1f} of {row['used_mib']:.1f} MiB, {row['held_mib']:.1f} held,"
            f" {row['held_tracks']:.0f} tracks, {row['cpu_s']:.0f} s",
            file=sys.stderr,
            flush=True,
        )


def _so_far(tracklet: Tracklet, now_s: float) -> Tracklet:
    rows = np.searchsorted(tracklet.time_s, now_s, side="right")
    crops = np.searchsorted(tracklet.feature_frame / RATE + 0.6, now_s, side="right")
    boxes, features = np.arange(len(tracklet)) < max(1, rows), np.arange(len(tracklet.features)) < crops
    return tracklet.part(boxes, features)


def fill_numpy_cache() -> None:
    """Have numpy keep all that it ever keeps: seven freed blocks of each size below 1 KiB, 3.4 MiB together.

    Otherwise they come one by one, over hours, whenever arrays have had a size that none had before.
    """
    for size in range(1, 1024):
        held = [np.empty(size, np.uint8) for _ in range(7)]
        del held


class _MallInfo(ctypes.Structure):
    """`struct mallinfo2` of glibc."""

    _names = ("arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost")
    _fields_: ClassVar = [(name, ctypes.c_size_t) for name in _names]


def held_mib() -> float:
    """What the C library has given out and not got back, MiB; 0 where it does not say so."""
    try:
        ask = ctypes.CDLL("libc.so.6").mallinfo2
    except (OSError, AttributeError):
        return 0.0
    ask.restype = _MallInfo
    found = ask()
    return float(found.uordblks + found.hblkhd) / 2**20


def resident_mib() -> float:
    """Memory of this process that is resident, MiB (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20


def growth(rows: Sequence[Mapping[str, float]], after_h: float) -> float:
    """By how much memory grew after some hours, in percent: the mean of the last hour against the first after them."""
    last = rows[-1]["hours"]
    first = [row["mib"] for row in rows if after_h <= row["hours"] < after_h + 1] or [rows[0]["mib"]]
    end = [row["mib"] for row in rows if row["hours"] >= last - 1]
    return 100 * (float(np.mean(end)) / float(np.mean(first)) - 1)


def growth_at_rest(rows: Sequence[Mapping[str, float]], after_h: float) -> float:
    """The same at equal work: the change over the whole time of a plane through time and the number of tracks held.

    What tracks of the last ten minutes take comes and goes with them; what stays shows in time alone. In percent.
    """
    later = [row for row in rows if row["hours"] >= after_h]
    hours, tracks, mib = (np.array([row[key] for row in later]) for key in ("hours", "held_tracks", "mib"))
    plane = np.stack([np.ones(len(later)), hours - after_h, tracks], axis=1)
    level, an_hour, _ = np.linalg.lstsq(plane, mib, rcond=None)[0].tolist()
    return 100 * an_hour * float(hours[-1] - after_h) / level


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--people", type=float, default=60, help="who come in an hour")
    parser.add_argument("--most-people", type=int, default=64, help="who are held in memory")
    parser.add_argument(
        "--restart-hours", type=float, default=RESTART_S / 3600, help="0: the program is never restarted"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fill-numpy", action="store_true", help="fill numpy's cache of small arrays beforehand")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    args = parser.parse_args()
    if args.fill_numpy:
        fill_numpy_cache()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(args.cameras, args.people, args.seed)
        soak = Soak(Path(folder), 3600 * args.restart_hours, most_people=args.most_people, prior=site.prior())
        soak.run(site.visits(args.hours), args.hours)
    rows, counts = soak.figures.rows, soak.figures.counts
    delay = np.quantile(soak.figures.delays_s, [0.5, 0.95]).tolist()
    found = {
        "hours": args.hours,
        "tracks": len(soak.figures.owner),
        **soak.figures.shares(),
        "growth_percent_after_first_hour": growth(rows, 1.0),
        "growth_percent_at_equal_work": growth_at_rest(rows, 1.0),
        "cpu_s_per_hour": soak.cpu_s / args.hours,
        "delay_p50_s": delay[0],
        "delay_p95_s": delay[1],
        **counts,
        "rows": rows,
    }
    print(json.dumps({key: value for key, value in found.items() if key != "rows"}, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if args.picture:
        hours = [row["hours"] for row in rows]
        used, held = [row["used_mib"] for row in rows], [row["mib"] for row in rows]
        spent = np.diff([0.0, *(row["cpu_s"] for row in rows)]) * 3600 / SAMPLE_S
        panels = [
            Panel("resident memory, MiB", {"as it is": used, "free memory given back": held}),
            Panel("processor, seconds an hour", {"identities and gallery": spent.tolist()}),
        ]
        draw_growth(args.picture, "hours by the clock that runs fast", hours, panels, logarithmic=False)


if __name__ == "__main__":
    main()
