r"""Does association hold when people are missing, fewer, or from elsewhere? On runs whose ground truth is known.

    python benchmarks/robustness.py sample=runs/demo:samples/gt pets=runs/pets:../shared/data/pets-s2l1 --fixed 0.6 0.7

Each word is NAME=RUN:GROUND-TRUTH. Tracklets of the runs are left out, mixed and associated anew, without inference:

- whole, parts: the recording and parts of it, as in `benchmarks/association.py`.
- half gone: half of the people of one camera, drawn at random, are taken out of it; IDF1 of what is left, and by how
  much it falls against the same boxes in the whole recording.
- few: 2 to 6 people, drawn at random, and nobody else.
- nobody twice: each camera keeps other people, so that nobody is seen by two; the share that stays in one camera.
- strangers: one camera also sees people of one camera of another recording, during its own or after it, or they come as
  a camera of their own; the share of them that is linked to nobody of this recording, and the fall of its IDF1.

IDF1 is over the union of cameras, one id per person, percent. Writes `robustness.json` with `--json`.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from reidtrack.associate.associate import associate
from reidtrack.config.run import TrackConfig
from reidtrack.geometry import inside, iou
from reidtrack.mot import MotRows, read_mot
from reidtrack.pipeline.run.settle import load_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.types import BoolArray, Identity, IntArray, Tracklet

Key = tuple[str, int]
Seen = frozenset[tuple[str, int]]
"""Camera and person."""
Settle = Callable[[Sequence[Tracklet]], Sequence[Identity]]

PARTS: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "first half": ((0, 0.5), (0, 0.5)),
    "second half": ((0.5, 1), (0.5, 1)),
    "middle": ((0.25, 0.75), (0.25, 0.75)),
    "apart": ((0, 0.5), (0.5, 1)),
    "apart, swapped": ((0.5, 1), (0, 0.5)),
}
"""Shares of the frames, of every other camera and of the rest."""


@dataclass(frozen=True, eq=False)
class Boxes:
    """What the boxes of one track show.

    Attributes:
        frame: (T,) 0-based.
        person: (T, P) whether the box lies on that person's (IoU 0.5).
        counts: (T,) whether it is scored: it lies on somebody, or not on an ignore box.
    """

    frame: IntArray
    person: BoolArray
    counts: BoolArray


@dataclass(frozen=True, eq=False)
class Recording:
    """A run with its ground truth.

    Attributes:
        tracklets: All of them.
        cameras: Sorted.
        truth: Camera to its rows.
        people: (P,) ids, sorted.
        boxes: Camera and logged track id to what the boxes show.
    """

    tracklets: list[Tracklet]
    cameras: list[str]
    truth: dict[str, MotRows]
    people: IntArray
    boxes: dict[Key, Boxes]

    @classmethod
    def load(cls, run: Path, gt: Path) -> Recording:
        """Read a finished run and ground-truth files named after its cameras."""
        tracklets = load_tracklets(RunFolder(run), TrackConfig())
        cameras = sorted({t.camera for t in tracklets})
        truth = {camera: _persons(gt, camera) for camera in cameras}
        ignore = {camera: read_mot(gt / f"ignore_{camera}.txt") for camera in cameras}
        people = np.unique(np.concatenate([rows.id for rows in truth.values()]))
        boxes = {t.key: _look_up(t, truth[t.camera], ignore[t.camera], people) for t in tracklets}
        return cls(tracklets, cameras, truth, people, boxes)

    def owner(self, tracklet: Tracklet) -> int | None:
        """Id of the person that most of its boxes show."""
        votes = self._votes(tracklet)
        return int(self.people[votes.argmax()]) if votes.any() else None

    def _votes(self, tracklet: Tracklet) -> IntArray:
        boxes = self.boxes[tracklet.camera, tracklet.logged_id]
        rows = np.isin(boxes.frame, tracklet.frame) & boxes.counts
        votes: IntArray = boxes.person[rows].sum(axis=0)
        return votes

    @property
    def dim(self) -> int:
        """Length of a feature."""
        return max(t.features.shape[1] for t in self.tracklets)

    def seen(self) -> Seen:
        """Who is tracked in which camera."""
        return frozenset((t.camera, p) for t in self.tracklets if (p := self.owner(t)) is not None)

    def without(self, gone: Seen) -> list[Tracklet]:
        """Tracklets but those of some people in some cameras."""
        return [t for t in self.tracklets if (t.camera, self.owner(t)) not in gone]

    def idf1(
        self,
        identities: Sequence[Identity],
        gone: Seen = frozenset(),
        span: Mapping[str, tuple[int, int]] | None = None,
    ) -> float:
        """Identity F1 (arXiv 1609.01775) of the boxes of this recording in percent, without people who are gone."""
        from scipy.optimize import linear_sum_assignment

        place = {identity.id: i for i, identity in enumerate(identities)}
        both, predicted = np.zeros((len(self.people), max(1, len(place)))), 0
        for identity in identities:
            for tracklet in identity:
                boxes = self.boxes.get((tracklet.camera, tracklet.logged_id))
                if boxes is None:
                    continue
                left = np.array([(tracklet.camera, int(p)) not in gone for p in self.people])
                shows = boxes.person & left
                rows = np.isin(boxes.frame, tracklet.frame) & boxes.counts
                rows &= shows.any(axis=1) | ~boxes.person.any(axis=1)  # nobody's fault if those are gone
                both[:, place[identity.id]] += shows[rows].sum(axis=0)
                predicted += int(rows.sum())
        true = sum(self._rows(camera, gone, span) for camera in self.cameras)
        rows, columns = linear_sum_assignment(-both)
        return 200 * float(both[rows, columns].sum()) / max(1, true + predicted)

    def _rows(self, camera: str, gone: Seen, span: Mapping[str, tuple[int, int]] | None) -> int:
        truth = self.truth[camera]
        rows = ~np.isin(truth.id, [p for c, p in gone if c == camera])
        if span is not None:
            first, end = span[camera]
            rows &= (truth.frame >= first) & (truth.frame < end)
        return int(rows.sum())


def read_recordings(words: Sequence[str]) -> dict[str, Recording]:
    """Recordings by name, from words NAME=RUN:GT."""
    found = {}
    for word in words:
        name, _, paths = word.partition("=")
        run, _, gt = paths.rpartition(":")
        found[name] = Recording.load(Path(run), Path(gt))
    return found


def _persons(gt: Path, camera: str) -> MotRows:
    names = (f"gt_{camera}_person.txt", f"{camera}.txt")
    rows = read_mot(next(gt / name for name in names if (gt / name).is_file()))
    return rows[rows.score > 0]


def _look_up(tracklet: Tracklet, truth: MotRows, ignore: MotRows, people: IntArray) -> Boxes:
    person = np.zeros((len(tracklet), len(people)), np.bool_)
    counts = np.ones(len(tracklet), np.bool_)
    for i, frame in enumerate(tracklet.frame.tolist()):
        box, rows = tracklet.xyxy[i : i + 1].astype(np.float64), truth[truth.frame == frame]
        person[i, np.searchsorted(people, rows.id[iou(box, rows.xyxy)[0] >= 0.5])] = True
        there = ignore[ignore.frame == frame].xyxy
        on = (iou(box, there) >= 0.5).any() or (inside(box, there) >= 0.7).any()
        counts[i] = person[i].any() or not on
    return Boxes(tracklet.frame, person, counts)


def cut(tracklet: Tracklet, first: int, end: int) -> Tracklet | None:
    """The part of a tracklet within some frames."""
    rows = (tracklet.frame >= first) & (tracklet.frame < end)
    picked = (tracklet.feature_frame >= first) & (tracklet.feature_frame < end)
    return tracklet.part(rows, picked) if rows.any() else None


def parts(recording: Recording) -> Iterator[tuple[str, dict[str, tuple[int, int]]]]:
    """Names and frames of each camera."""
    for name, shares in PARTS.items():
        yield (
            name,
            {
                camera: (round(low * length), round(high * length))
                for i, camera in enumerate(recording.cameras)
                for length in [int(recording.truth[camera].frame.max()) + 1]
                for low, high in [shares[i % 2]]
            },
        )


def half_gone(recording: Recording, draws: int, rng: np.random.Generator) -> Iterator[Seen]:
    """Half of the people of a camera, several times each camera."""
    seen = sorted(recording.seen())
    for camera in recording.cameras:
        there = [pair for pair in seen if pair[0] == camera]
        for _ in range(draws):
            yield frozenset(there[i] for i in rng.permutation(len(there))[: len(there) // 2])


def few(recording: Recording, draws: int, rng: np.random.Generator) -> Iterator[Seen]:
    """All but two to six people."""
    for _ in range(draws):
        kept = set(rng.permutation(recording.people)[: rng.integers(2, 7)].tolist())
        yield frozenset(pair for pair in recording.seen() if pair[1] not in kept)


def nobody_twice(recording: Recording, draws: int, rng: np.random.Generator) -> Iterator[Seen]:
    """Everybody but in one camera."""
    for _ in range(draws):
        chosen = dict(zip(recording.people.tolist(), rng.integers(0, len(recording.cameras), 99), strict=False))
        yield frozenset((c, p) for c, p in recording.seen() if recording.cameras[chosen[p]] != c)


def apart_share(recording: Recording, identities: Sequence[Identity]) -> float:
    """Share of people none of whose tracklets is with somebody else's."""
    with_ = defaultdict(set)
    for identity in identities:
        owners = {p for t in identity if (p := recording.owner(t)) is not None}
        for person in owners:
            with_[person] |= owners
    return 100 * float(np.mean([len(others) == 1 for others in with_.values()]))


@dataclass(frozen=True)
class Mixed:
    """A recording with people of another."""

    tracklets: list[Tracklet]
    stranger: dict[Key, int]


def mix(host: Recording, donor: Recording, how: str, rng: np.random.Generator) -> Mixed:
    """Put people of a drawn camera of the donor, half of them or more, into a drawn camera of the host."""
    camera, source = (str(rng.choice(recording.cameras)) for recording in (host, donor))
    there = sorted(p for c, p in donor.seen() if c == source)
    kept = set(rng.permutation(there)[: rng.integers((len(there) + 1) // 2, len(there) + 1)].tolist())
    camera = "elsewhere" if how == "own camera" else camera
    end = max((int(t.frame[-1]) for t in host.tracklets if t.camera == camera), default=-1)
    last = max(t.last_time_s for t in host.tracklets)
    shift, wait_s = (end + 1, last + 1) if how == "after" else (0, 0.0)
    tracklets, stranger = list(host.tracklets), {}
    for tracklet in donor.tracklets:
        owner = donor.owner(tracklet)
        if tracklet.camera == source and owner in kept:
            moved = replace(
                tracklet,
                camera=camera,
                track_id=tracklet.track_id + 100_000,
                frame=tracklet.frame + shift,
                feature_frame=tracklet.feature_frame + shift,
                time_s=tracklet.time_s + wait_s,
            )
            tracklets.append(moved)
            stranger[moved.key] = owner
    return Mixed(tracklets, stranger)


def unlinked(mixed: Mixed, identities: Sequence[Identity]) -> float:
    """Share of strangers with nobody of the host."""
    keys = {t.key: mixed.stranger.get((t.camera, t.logged_id)) for identity in identities for t in identity}
    linked = {
        keys[t.key]
        for identity in identities
        if any(keys[t.key] is None for t in identity)
        for t in identity
        if keys[t.key] is not None
    }
    return 100 * (1 - len(linked) / max(1, len(set(mixed.stranger.values()))))


HOW = ("meanwhile", "after", "own camera")


def trials(name: str, recordings: Mapping[str, Recording], draws: int, settle: Settle) -> dict[str, list[float]]:
    """Figures of every trial on one recording, by what was tried."""
    host, rng = recordings[name], np.random.default_rng(0)
    found: dict[str, list[float]] = defaultdict(list)
    whole = settle(host.tracklets)
    found["whole"].append(host.idf1(whole))
    for part, span in parts(host):
        pieces = [piece for t in host.tracklets if (piece := cut(t, *span[t.camera])) is not None]
        found[part].append(host.idf1(settle(pieces), span=span))
    for gone in half_gone(host, draws, rng):
        left = host.idf1(settle(host.without(gone)), gone)
        found["half gone"].append(left)
        found["half gone, fall"].append(host.idf1(_left(whole, host.without(gone)), gone) - left)
    for gone in few(host, 3 * draws, rng):
        found["few"].append(host.idf1(settle(host.without(gone)), gone))
    for gone in nobody_twice(host, 3 * draws, rng):
        found["nobody twice, apart"].append(apart_share(host, settle(host.without(gone))))
    for other, donor in recordings.items():
        if other.split("_")[0] == name.split("_")[0] or donor.dim != host.dim:
            continue
        for how in HOW:
            for _ in range(2 * draws):
                mixed = mix(host, donor, how, rng)
                identities = settle(mixed.tracklets)
                found[f"{other} {how}, unlinked"].append(unlinked(mixed, identities))
                found[f"{other} {how}, fall"].append(found["whole"][0] - host.idf1(identities))
    return dict(found)


def _left(identities: Sequence[Identity], tracklets: Sequence[Tracklet]) -> list[Identity]:
    """Identities without tracklets that are gone."""
    keys = {t.key for t in tracklets}
    kept = [(i, tuple(t for t in i if (t.camera, t.logged_id) in keys)) for i in identities]
    return [replace(i, tracklets=own, links=()) for i, own in kept if own]


def summary(found: Mapping[str, Sequence[float]], alike: Sequence[str] = ()) -> list[float]:
    """Means by kind of trial: whole, parts, half gone, few, nobody twice, unlinked strangers but those of `alike`."""

    def mean(names: Sequence[str]) -> float:
        return float(np.mean([np.mean(found[name]) for name in names])) if names else float("nan")

    strangers = [name for name in found if name.endswith("unlinked") and name.split()[0] not in alike]
    return [mean(["whole"]), mean(list(PARTS)), *(mean([name]) for name in _KINDS), mean(strangers)]


_KINDS = ("half gone", "few", "nobody twice, apart")


def print_trials(name: str, found: Mapping[str, Sequence[float]]) -> None:
    """A table of everything that was tried on one recording."""
    print(f"\n| {name} | mean | 10th percentile | worst | trials |\n| --- | --- | --- | --- | --- |")
    for what, values in found.items():
        bad = -1 if "fall" in what else 1
        tenth, worst = (bad * float(np.quantile(bad * np.array(values), q)) for q in (0.1, 0))
        print(f"| {what} | {np.mean(values):.1f} | {tenth:.1f} | {worst:.1f} | {len(values)} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN:GT")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--fixed", type=float, nargs="*", default=[], help="thresholds to compare with")
    parser.add_argument(
        "--same-clothes", nargs="*", default=[], metavar="NAME", help="strangers among these are not in the summary"
    )
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    recordings = read_recordings(args.runs)
    results = {}
    for threshold in (None, *args.fixed):
        rule = "auto" if threshold is None else f"fixed {threshold}"
        results[rule] = {
            name: trials(name, recordings, args.draws, lambda t, at=threshold: associate(t, threshold=at).identities)
            for name in recordings
        }
    for name, found in results["auto"].items():
        print_trials(name, found)
    print("\n| threshold | recording | whole | parts |", " | ".join(_KINDS), "| strangers unlinked |")
    print("| --- |" + " --- |" * 7)
    for rule, of_rule in results.items():
        alike = args.same_clothes
        rows = {name: summary(found, alike if name in alike else ()) for name, found in of_rule.items()}
        rows["mean"] = np.mean(list(rows.values()), axis=0).tolist()
        for name, row in rows.items():
            print(f"| {rule} | {name} |", " | ".join(f"{value:.1f}" for value in row), "|")
    if args.json:
        args.json.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
