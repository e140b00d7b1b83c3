r"""Whom a lasting gallery recognises: people seen before, and people never seen.

    reidtrack run --videos samples/entrance.mp4 samples/plaza.mp4 samples/alley.mp4 --no-video --out runs/sample
    python benchmarks/gallery_recognition.py runs/sample --gt samples/gt/{camera}.txt --strangers runs/pets

    reidtrack embed Market-1501-v15.09.15/bounding_box_train --reid osnet_x0_25_msmt17 --out market.npz
    python benchmarks/gallery_recognition.py --market market.npz

Of a run: identities are settled in one part of it and enrolled, then settled in another part and recognised. Whom an
identity shows is whose ground truth most of its boxes lie on. `half the people` enrols only every second person: the
others are strangers, in the same places and light. `photos` are the best crops of one camera; the other cameras then
recognise. Of Market-1501's training pictures: each person's visits (pictures
of one camera and sequence) are dealt to two days at random, so that nearly all recognition is across cameras; half of
the second day's people were never seen.

Shown are percent of the people who are in the gallery: recognised, taken for somebody else (the rest are declared new);
and percent of strangers who are taken for somebody.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np

from reidtrack.associate.associate import associate
from reidtrack.config.run import GalleryConfig, TrackConfig
from reidtrack.embed.file import read_features
from reidtrack.gallery import compare as comparing
from reidtrack.gallery.people import Gallery, open_gallery
from reidtrack.gallery.recognise import recognise
from reidtrack.gallery.store import Signature
from reidtrack.gallery.views import Source, View, photo_view, views_of
from reidtrack.geometry import iou
from reidtrack.mot import MotRows, read_mot
from reidtrack.pipeline.run.settle import load_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.types import Identity, Tracklet

DEFAULT = GalleryConfig()
NO_CASTS = "casts left in"
VARIANTS: dict[str, dict[str, float]] = {
    "default": {},
    "no margin": {"margin": 0.0},
    "the run's threshold, no margin": {"margin": 0.0, "strangers": 1e9},
    "strangers 0.3": {"strangers": 0.3},
    "strangers 0.05": {"strangers": 0.05},
    "strangers 0.01": {"strangers": 0.01},
    "margin 0.05": {"margin": 0.05},
    "margin 0.15": {"margin": 0.15},
    NO_CASTS: {},
}


class Day(NamedTuple):
    """Views of people, who they are, the threshold that told them apart, and whether the views are photos."""

    views: list[list[View]]
    who: list[object]
    threshold: float
    photos: bool = False


class Score(NamedTuple):
    """How many were known, recognised, taken for somebody else; how many strangers there were, and were taken."""

    known: int
    right: int
    wrong: int
    strangers: int
    taken: int

    def plus(self, other: Score) -> Score:
        return Score(*(a + b for a, b in zip(self, other, strict=True)))

    def __str__(self) -> str:
        return " / ".join(
            f"{100 * part / whole:.0f}" if whole else "-"
            for part, whole in ((self.right, self.known), (self.wrong, self.known), (self.taken, self.strangers))
        )


def score(first: Day, second: Day, variant: str) -> Score:
    """Enrol one day, recognise the other."""
    settings = {"margin": DEFAULT.margin, "strangers": DEFAULT.strangers} | VARIANTS[variant]
    unshifted = mock.patch.object(comparing, "camera_biases", none)
    with (
        tempfile.TemporaryDirectory() as folder,
        open_gallery(Path(folder) / "people.db", Signature("0", ""), make=True) as gallery,
        unshifted if variant == NO_CASTS else contextlib.nullcontext(),
    ):
        numbers = enrol(gallery, first)
        found = comparing.compare(gallery, second.views, settings["strangers"])
        matches = recognise(found.short, min(second.threshold, found.threshold), settings["margin"])
    result = Score(0, 0, 0, 0, 0)
    there = set(numbers.values())
    for who, match in zip(second.who, matches, strict=True):
        said = None if match.person is None else numbers[match.person]
        if who in there:
            result = result.plus(Score(1, said == who, said not in (None, who), 0, 0))
        else:
            result = result.plus(Score(0, 0, 0, 1, said is not None))
    return result


def none(means: np.ndarray, *_: object) -> np.ndarray:
    """No cast for any camera."""
    return np.zeros_like(means)


def enrol(gallery: Gallery, day: Day) -> dict[int, object]:
    """Number of each person to who it is."""
    with gallery.writing():
        numbers = {gallery.add_person(): k for k in range(len(day.views))}
        if not day.photos:
            gallery.add_views(Source("first", "run", ""), {number: day.views[k] for number, k in numbers.items()})
            return {number: day.who[k] for number, k in numbers.items()}
        for number, k in numbers.items():
            for i, view in enumerate(day.views[k]):
                gallery.add_views(Source(f"{number} {i}", "photo", ""), {number: [view]})
    return {number: day.who[k] for number, k in numbers.items()}


def owner(identity: Identity, gt: dict[str, MotRows]) -> object:
    """Whose ground truth most of an identity's boxes lie on; nobody else's number where it is nobody's."""
    votes: Counter[int] = Counter()
    for tracklet in identity:
        truth = gt[tracklet.camera]
        for frame, xyxy in zip(tracklet.frame.tolist(), tracklet.xyxy, strict=True):
            rows = np.flatnonzero(truth.frame == frame)
            overlap = iou(xyxy[None], truth.xyxy[rows])[0]
            if len(rows) and overlap.max() >= 0.5:
                votes[int(truth.id[rows[overlap.argmax()]])] += 1
    return votes.most_common(1)[0][0] if votes else ("nobody", identity.tracklets[0].key, identity.first_time_s)


def settle(tracklets: Sequence[Tracklet], gt: dict[str, MotRows] | None, keep: Callable[[object], bool]) -> Day:
    """Identities of some tracklets; only those who are to be kept."""
    settled = associate(tracklets)
    people = [(i, ("stranger", i.id) if gt is None else owner(i, gt)) for i in settled.identities]
    kept = [(views_of(i, 0.0), who) for i, who in people if keep(who)]
    seen = [(views, who) for views, who in kept if views]
    return Day([views for views, _ in seen], [who for _, who in seen], settled.threshold)


def photos_of(tracklets: Sequence[Tracklet], gt: dict[str, MotRows], count: int) -> Day:
    """So many of the best crops of everybody, over their time, as photos."""
    crops: dict[object, list[tuple[float, np.ndarray]]] = {}
    for identity in associate(tracklets).identities:
        who = owner(identity, gt)
        if isinstance(who, int):
            for t in identity:
                crops.setdefault(who, []).extend(zip((-t.feature_quality).tolist(), t.features, strict=True))
    best = [sorted(own, key=lambda crop: crop[0])[:: max(1, len(own) // count)][:count] for own in crops.values()]
    return Day([[photo_view(feature) for _, feature in own] for own in best], list(crops), 2.0, photos=True)


def cut(tracklets: Sequence[Tracklet], first_s: float, end_s: float) -> list[Tracklet]:
    """What lies within some seconds."""
    parts = []
    for t in tracklets:
        rows = (t.time_s >= first_s) & (t.time_s < end_s)
        if rows.any():
            parts.append(t.part(rows, np.isin(t.feature_frame, t.frame[rows])))
    return parts


def everybody(_: object) -> bool:
    return True


def odd(who: object) -> bool:
    return isinstance(who, int) and who % 2 == 1


def even(who: object) -> bool:
    return isinstance(who, int) and who % 2 == 0


def of_run(path: Path, gt_pattern: str, strangers: Sequence[Path]) -> dict[str, list[tuple[Day, Day]]]:
    """The days of a run: who is enrolled, who comes then."""
    tracklets = load_tracklets(RunFolder(path), TrackConfig())
    cameras = sorted({t.camera for t in tracklets})
    gt = {camera: read_mot(Path(gt_pattern.format(camera=camera))) for camera in cameras}
    middle = max(t.last_time_s for t in tracklets) / 2
    halves = cut(tracklets, 0, middle), cut(tracklets, middle, np.inf)
    both = [(a, b) for a, b in (halves, halves[::-1])]
    by_camera = [[t for t in tracklets if t.camera == camera] for camera in cameras]
    whole = settle(tracklets, gt, everybody)
    days = {
        "the other half": [(settle(a, gt, everybody), settle(b, gt, everybody)) for a, b in both],
        "the other half, half the people": [
            (settle(a, gt, keep), settle(b, gt, everybody)) for a, b in both for keep in (odd, even)
        ],
        "another camera": [
            (settle(a, gt, everybody), settle(b, gt, everybody)) for a in by_camera for b in by_camera if a is not b
        ],
    }
    for count in (1, 3):
        days[f"another camera, {count} photo{'s' * (count > 1)} each"] = [
            (photos_of(a, gt, count), settle([t for b in by_camera if b is not a for t in b], gt, everybody))
            for a in by_camera
        ]
    for other in strangers:
        days[f"strangers of {other.name}"] = [
            (whole, settle(load_tracklets(RunFolder(other), TrackConfig()), None, everybody))
        ]
    return days


def of_market(path: Path, people: Sequence[int]) -> dict[str, list[tuple[Day, Day]]]:
    """Days of Market-1501 with several numbers of people."""
    data = read_features(path)
    names = [re.search(r"(\d{4})_c(\d)s(\d)_", Path(name).name) for name in data.paths]
    rows = [(int(m[1]), int(m[2]), int(m[3])) if m else (-1, 0, 0) for m in names]
    keys, place = np.unique(np.array(rows), axis=0, return_inverse=True)
    visits: dict[int, list[View]] = {}
    for k, (who, camera, sequence) in enumerate(keys.tolist()):
        features = data.features[place.ravel() == k]
        weight = min(1.0, len(features) / 8)
        visits.setdefault(who, []).append(View(f"c{camera}", weight, features.mean(axis=0), 0.0, 1.0, (sequence,)))
    visits.pop(-1, None)
    return {
        f"Market-1501, {count} people": [deal(visits, count, seed) for seed in range(max(3, min(30, 300 // count)))]
        for count in people
    }


def deal(visits: dict[int, list[View]], count: int, seed: int) -> tuple[Day, Day]:
    """Two days of so many people each, half of them the same."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(np.array(sorted(visits))).tolist()
    half = count // 2
    first, second = order[:count], order[:half] + order[count : 2 * count - half]
    days: list[tuple[list[list[View]], list[object]]] = [([], []), ([], [])]
    for who in dict.fromkeys(first + second):
        mixed = [visits[who][k] for k in rng.permutation(len(visits[who]))]
        middle = max(1, len(mixed) // 2)
        for day, there, part in ((0, who in first, mixed[:middle]), (1, who in second, mixed[middle:] or mixed)):
            if there:
                days[day][0].append(merged(part if who in first else mixed[:middle]))
                days[day][1].append(who)
    return Day(*days[0], 2.0), Day(*days[1], 2.0)


def merged(views: list[View]) -> list[View]:
    """Views of one camera are one."""
    result = []
    for camera in sorted({v.camera for v in views}):
        same = [v for v in views if v.camera == camera]
        weight = sum(v.weight for v in same)
        mean = sum(v.weight * v.feature for v in same) / weight
        result.append(View(camera, weight, np.asarray(mean, np.float32), 0.0, 1.0, (1,)))
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--gt", help="ground truth with one id a person, such as samples/gt/{camera}.txt")
    parser.add_argument("--strangers", type=Path, nargs="+", default=[], help="runs of other people, the same weights")
    parser.add_argument("--market", type=Path, help="features of Market-1501's training pictures")
    parser.add_argument("--people", type=int, nargs="+", default=[10, 30, 100, 350])
    parser.add_argument("--json", type=Path, default=Path("gallery_recognition.json"))
    args = parser.parse_args()
    days = of_market(args.market, args.people) if args.market else of_run(args.run, args.gt, args.strangers)
    table: dict[str, dict[str, str]] = {}
    print("| recognised / taken for another / strangers taken, % |", " | ".join(days), "|")
    print("| --- |" + " --- |" * len(days))
    for variant in VARIANTS:
        table[variant] = {}
        for name, pairs in days.items():
            total = Score(0, 0, 0, 0, 0)
            for first, second in pairs:
                total = total.plus(score(first, second, variant))
            table[variant][name] = f"{total} ({total.known}, {total.strangers})"
        print(f"| {variant} |", " | ".join(table[variant].values()), "|", flush=True)
    args.json.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
