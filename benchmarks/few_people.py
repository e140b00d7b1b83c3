r"""Few people and many: what association makes of them, with and without priors of the network.

    tar xzf ../shared/data/market1501-train.tar.gz -C /tmp
    tar xzf ../shared/data/cuhk03-np-detected-train.tar.gz -C /tmp
    for set in Market-1501-v15.09.15 cuhk03-np; do
        reidtrack embed runs/$set --out runs/$set.npz --reid ../shared/weights/osnet_x0_25_msmt17.pth; done
    python -m tools.measure_priors ../shared/weights/osnet_x0_25_msmt17.pth --out runs/of_market.json \
        --data market1501=runs/Market-1501-v15.09.15 --hold-out 150
    python benchmarks/few_people.py --visits runs/cuhk03-np.npz --priors runs/of_market.json
    python benchmarks/few_people.py --run runs/pets:../shared/data/pets-s2l1 --priors runs/of_market.json

With `--visits` so many people are drawn from crops that were embedded, and each of their visits to a camera is a
tracklet, as `make_wall.py` has them: with true times where names are Market-1501's, else up to four crops of each
camera, by turns. With `--run` a run whose ground truth is known is taken apart: one person alone, in one camera and in
all, up to five people, everybody, and one person in two cameras beside another one in one of these (boxes that show a
third person are left out: where a track went over to one, there are three); looks alone, neither time nor place. IDF1
over all cameras, people found for each true one, and the share of trials with more people than there are, in percent.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations, permutations
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from robustness import Recording

from reidtrack.associate.associate import associate
from reidtrack.embed.file import read_features
from reidtrack.types import FloatArray, Identity, IntArray, Tracklet

RATE = 5
PEOPLE = {1: 40, 2: 40, 3: 30, 5: 30, 10: 16, 20: 8, 60: 4, 200: 1}
"""How many people, and how often they are drawn."""
_NAME = re.compile(r"(\d+)_c(\d+)(?:s(\d+))?_(\d+)")


class Crops(NamedTuple):
    """Crops by person, camera, sequence and frame, or number.

    Attributes:
        feature: (N, D).
        named: (N, 4).
    """

    feature: FloatArray
    named: IntArray

    @classmethod
    def read(cls, path: Path) -> Crops:
        """The features of pictures whose names tell who they show."""
        found = read_features(path)
        matches = [_NAME.match(Path(p).name) for p in found.paths]
        rows = [i for i, m in enumerate(matches) if m]
        named = [[int(part or 0) for part in m.groups()] for m in matches if m]
        return cls(found.features[rows], np.array(named, np.int64))

    def visits(self, people: Sequence[int], sequence: int) -> tuple[list[Tracklet], IntArray]:
        """Tracklets of some people, and whom each shows; a pause of ten seconds ends a visit."""
        shown: dict[tuple[int, int], list[tuple[float, int]]] = defaultdict(list)
        order = {person: i for i, person in enumerate(people)}
        for row in np.flatnonzero(np.isin(self.named[:, 0], people) & (self.named[:, 2] == sequence)).tolist():
            person, camera, _, number = self.named[row].tolist()
            invented = 6.0 * order[person] + 40.0 * camera + 2.0 * len(shown[person, camera])
            shown[person, camera].append((number / 25 if sequence else invented, row))
        parts = [(key, part) for key, crops in sorted(shown.items()) for part in _parts(sorted(crops), sequence)]
        tracklets = [self._tracklet(camera, i, part) for i, ((_, camera), part) in enumerate(parts, 1)]
        return tracklets, np.array([person for (person, _), _ in parts], np.int64)

    def _tracklet(self, camera: int, number: int, part: Sequence[tuple[float, int]]) -> Tracklet:
        frame = np.arange(round(part[0][0] * RATE), round(part[-1][0] * RATE) + RATE, dtype=np.int64)
        left = 80.0 * (number % 24)
        box = np.tile(np.array([left, 0, left + 64, 128], np.float32), (len(frame), 1))
        at = np.minimum(np.round(np.array([t for t, _ in part]) * RATE).astype(np.int64), frame[-1])
        feature, ones = self.feature[[row for _, row in part]], np.ones(len(frame), np.float32)
        return Tracklet(
            f"c{camera}", number, frame, frame / RATE, box, ones, feature, at, np.full(len(at), 0.9, np.float32)
        )


def _parts(crops: Sequence[tuple[float, int]], sequence: int) -> Iterator[Sequence[tuple[float, int]]]:
    if not sequence:
        yield crops[:4]
        return
    begin = 0
    for i in range(1, len(crops) + 1):
        if i == len(crops) or crops[i][0] - crops[i - 1][0] > 10:
            yield crops[begin:i]
            begin = i


def idf1(identities: Sequence[Identity], tracklets: Sequence[Tracklet], who: IntArray) -> float:
    """Of boxes under the one-to-one naming that fits most, in percent."""
    from scipy.optimize import linear_sum_assignment

    owner = {t.key: person for t, person in zip(tracklets, who.tolist(), strict=True)}
    people = {person: i for i, person in enumerate(sorted(set(owner.values())))}
    table = np.zeros((len(identities), len(people)))
    for i, identity in enumerate(identities):
        for t in identity:
            table[i, people[owner[t.camera, t.logged_id]]] += len(t)
    rows, columns = linear_sum_assignment(-table)
    return 100 * float(table[rows, columns].sum() / table.sum())


class Tally:
    """What came of trials."""

    def __init__(self) -> None:
        self._rows: list[tuple[float, float, float]] = []

    def add(self, score: float, found: int, true: int) -> None:
        """One trial."""
        self._rows.append((score, found / true, 100.0 * (found > true)))

    def __str__(self) -> str:
        score, found, more = np.mean(self._rows, axis=0)
        return f"{score:.1f} | {found:.2f} | {more:.0f} | {len(self._rows)}"


def of_visits(path: Path, settings: dict[str, Any], without: set[int]) -> Iterator[tuple[str, Tally]]:
    """So many people of a data set."""
    crops = Crops.read(path)
    sequences = sorted(set(crops.named[:, 2].tolist()))[:3]
    for count, trials in PEOPLE.items():
        tally = Tally()
        for seed in range(trials):
            rng = np.random.default_rng([count, seed])
            sequence = int(rng.choice(sequences))
            there = sorted(set(crops.named[crops.named[:, 2] == sequence, 0].tolist()) - without)
            people = rng.choice(there, min(count, len(there)), replace=False).tolist()
            tracklets, who = crops.visits(people, sequence)
            identities = associate(tracklets, **settings).identities
            tally.add(idf1(identities, tracklets, who), len(identities), len(people))
        yield f"{count} people", tally


def of_run(run: Path, gt: Path, settings: dict[str, Any]) -> Iterator[tuple[str, Tally]]:
    """Some of the people of a run."""
    whole = Recording.load(run, gt)
    people, owner = whole.people.tolist(), {t.key: whole.owner(t) for t in whole.tracklets}
    chosen: dict[str, list[tuple[set[int], set[str]]]] = {
        "one person in one camera": [({p}, {c}) for p in people for c in whole.cameras],
        "one person in all cameras": [({p}, set(whole.cameras)) for p in people],
        "two to five people": [],
    }
    for seed in range(40):
        rng = np.random.default_rng(seed)
        some = rng.choice(people, min(int(rng.integers(2, 6)), len(people)), replace=False).tolist()
        chosen["two to five people"].append((set(some), set(whole.cameras)))
    chosen |= {f"everybody in {c}": [(set(people), {c})] for c in whole.cameras}
    chosen["everybody"] = [(set(people), set(whole.cameras))]
    for name, trials in chosen.items():
        tally = Tally()
        for some_people, cameras in trials:
            kept = [t for t in whole.tracklets if t.camera in cameras and owner[t.key] in some_people]
            if not kept:
                continue
            gone = frozenset((c, p) for c in whole.cameras for p in people if c not in cameras or p not in some_people)
            identities = associate(kept, **settings).identities
            tally.add(whole.idf1(identities, gone), len(identities), len({owner[t.key] for t in kept}))
        yield name, tally
    yield "one in two cameras, another in one", _one_and_another(whole, settings)


def _one_and_another(whole: Recording, settings: dict[str, Any]) -> Tally:
    """Everybody in any two cameras, beside anybody else in one of them."""
    seen, tally = whole.seen(), Tally()
    for person, other in permutations(whole.people.tolist(), 2):
        for cameras in combinations([c for c in whole.cameras if (c, person) in seen], 2):
            for camera in cameras:
                there = {*((c, person) for c in cameras), (camera, other)}
                if (camera, other) in seen:
                    kept = [part for t in whole.tracklets if (part := _showing(whole, t, there)) is not None]
                    gone = frozenset((c, p) for c in whole.cameras for p in whole.people.tolist()) - there
                    identities = associate(kept, **settings).identities
                    tally.add(whole.idf1(identities, gone), len(identities), 2)
    return tally


def _showing(whole: Recording, tracklet: Tracklet, there: set[tuple[str, int]]) -> Tracklet | None:
    """A tracklet of somebody who is there, without boxes that show somebody who is not; None where none is left."""
    if (tracklet.camera, whole.owner(tracklet)) not in there:
        return None
    boxes = whole.boxes[tracklet.camera, tracklet.logged_id]
    here = np.array([(tracklet.camera, p) in there for p in whole.people.tolist()])
    wrong = boxes.person.any(axis=1) & ~boxes.person[:, here].any(axis=1)
    rows = ~np.isin(tracklet.frame, boxes.frame[wrong])
    return tracklet.part(rows, np.isin(tracklet.feature_frame, tracklet.frame[rows])) if rows.any() else None


def main() -> None:
    """Parse the command line and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visits", type=Path, nargs="*", default=[], help="of `reidtrack embed`")
    parser.add_argument("--run", nargs="*", default=[], metavar="RUN:GT", help="a finished run and its ground truth")
    parser.add_argument("--priors", type=Path, help="of `tools.measure_priors --out`; none: of networks in general")
    parser.add_argument("--hold-out", type=int, default=150, help="people that the priors were measured on")
    args = parser.parse_args()
    settings: dict[str, Any] = {}
    if args.priors is not None:
        from reidtrack.associate.calibration.prior import AppearancePrior

        settings["prior"] = AppearancePrior.from_json(json.loads(args.priors.read_text(encoding="utf-8")))
    print("| | IDF1 | people for each | too many | trials |\n| --- | --- | --- | --- | --- |")
    for path in args.visits:
        known = np.unique(Crops.read(path).named[:, 0])
        measured = np.random.default_rng(0).choice(known, min(args.hold_out, len(known)), replace=False)
        for name, tally in of_visits(path, settings, set(measured.tolist())):
            print(f"| {path.stem}, {name} | {tally} |", flush=True)
    for word in args.run:
        run, _, gt = word.rpartition(":")
        for name, tally in of_run(Path(run), Path(gt), settings):
            print(f"| {Path(run).name}, {name} | {tally} |", flush=True)


if __name__ == "__main__":
    main()
