r"""Good crops of people and poor ones: learns `reidtrack.embed.quality.POWERS`, and shows what they are worth.

    S=../shared/data
    reidtrack run --videos samples/*.mp4 --set embed.every_s=0 --no-video --out runs/every_box/sample  # and so on
    python benchmarks/crop_quality.py --learn sample=runs/every_box/sample:samples/gt one=runs/every_box/one \
        --damage market1501=$S/market1501-train.tar.gz cuhk03-np=$S/cuhk03-np-detected-train.tar.gz --reid osnet_x1_0 \
        --test pets=runs/every_box/pets:$S/pets-s2l1 tud=runs/every_box/tud:$S/mot

Each word is NAME=RUN:GROUND-TRUTH; without truth, each track is a person. Runs embed every box. The logarithm of a
crop's distance to its person's other crops is fitted by non-negative least squares to the logarithms of the factors,
each person in each camera on its own level and with the same weight. Printed are the powers, of each material alone
too, and for each run, quality by hand, learned, and with twice the power of `cut` as shipped:

- Spearman's correlation of quality and nearness to the person's other crops, within a person in a camera.
- mAP of pieces of tracklets of 2 s, the best crop of each half second weighted by the square of its quality, against
  those of other cameras; of the same camera, a piece or more apart, where there is but one.
- cross-camera IDF1, whole and mean of parts as in `association.py`, of the same crops (runs of several cameras).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from association import score, with_settings
from crop_material import Boxes, Material, damaged, read_boxes, unit
from robustness import Recording
from scipy.optimize import nnls
from scipy.stats import spearmanr

from reidtrack.config.run import EmbedConfig
from reidtrack.embed.quality import POWERS, Powers
from reidtrack.networks.build import make_embedder
from reidtrack.types import BoolArray, DoubleArray

LEAST = 0.02
"""Of a distance or a factor: below, its logarithm says nothing."""
IN_GROUP = 10
WINDOW_S, PIECE_S = 0.5, 2.0


def fit(materials: Sequence[Material]) -> Powers:
    """The powers, none below 0, that predict distances best; each person in each camera has the same weight."""
    left, right = [], []
    for material in materials:
        logs = -np.log(np.maximum(material.factors, LEAST))
        distance = np.log(np.maximum(material.distance, LEAST))
        for own in groups(material):
            weight = 1 / np.sqrt(own.sum())
            left.append((logs[own] - logs[own].mean(axis=0)) * weight)
            right.append((distance[own] - distance[own].mean()) * weight)
    return Powers(*nnls(np.concatenate(left), np.concatenate(right))[0].tolist())


def groups(material: Material) -> list[BoolArray]:
    """The crops of each person in each camera that has enough with a distance."""
    known = ~np.isnan(material.distance)
    found = [known & (material.group == g) for g in np.unique(material.group)]
    return [own for own in found if own.sum() >= IN_GROUP]


def quality(material: Material, powers: Powers) -> DoubleArray:
    """The product of the powers of the factors."""
    product: DoubleArray = (material.factors ** np.array(powers)).prod(axis=1)
    return product


def correlation(material: Material, quality: DoubleArray) -> float:
    """Mean over groups, by their size, of Spearman's correlation of quality and nearness."""
    rho, size = [], []
    for own in groups(material):
        level = np.ptp(quality[own]) == 0
        rho.append(0.0 if level else float(spearmanr(quality[own], -material.distance[own])[0]))
        size.append(own.sum())
    return float(np.average(rho, weights=size))


def chosen(boxes: Boxes, quality: DoubleArray) -> list[int]:
    """The best box of each track in each window; of equals the first."""
    best: dict[tuple[int, int, int], int] = {}
    for i in np.lexsort((boxes.frame, -quality)).tolist():
        best.setdefault((int(boxes.camera[i]), int(boxes.track[i]), int(boxes.time_s[i] // WINDOW_S)), i)
    return sorted(best.values())


def mean_precision(boxes: Boxes, quality: DoubleArray) -> float:
    """mAP in percent of pieces of tracklets, each camera's mean taken away."""
    casts = np.stack([boxes.features[boxes.camera == c].mean(axis=0) for c in range(len(boxes.cameras))])
    pieces: dict[tuple[int, int, int], list[int]] = {}
    for i in chosen(boxes, quality):
        if boxes.person[i] >= 0:
            pieces.setdefault((int(boxes.camera[i]), int(boxes.time_s[i] // PIECE_S), int(boxes.track[i])), []).append(
                i
            )
    rows = [unit(boxes.features[own] - casts[boxes.camera[own]]) for own in pieces.values()]
    means = unit(np.stack([quality[own] ** 2 @ r for own, r in zip(pieces.values(), rows, strict=True)]))
    person = np.array([np.bincount(boxes.person[own]).argmax() for own in pieces.values()])
    camera, piece = (np.array([key[k] for key in pieces]) for k in (0, 1))
    found = []
    for i in range(len(means)):
        asked = camera != camera[i] if len(boxes.cameras) > 1 else np.abs(piece - piece[i]) > 1
        right = person[asked] == person[i]
        if right.any() and not right.all():
            right = right[np.argsort(-means[asked] @ means[i], kind="stable")]
            found.append(float((np.cumsum(right) / np.arange(1, len(right) + 1))[right].mean()))
    return 100 * float(np.mean(found))


def identity_f1(boxes: Boxes, recording: Recording, quality: DoubleArray) -> tuple[float, float]:
    """Cross-camera IDF1 of the recording and of its parts, with these crops and qualities."""
    picked: dict[tuple[str, int], list[int]] = {}
    for i in chosen(boxes, quality):
        picked.setdefault((boxes.cameras[boxes.camera[i]], int(boxes.track[i])), []).append(i)
    tracklets = []
    for t in recording.tracklets:
        own = np.array(sorted(picked.get(t.key, []), key=lambda i: int(boxes.frame[i])), np.int64)
        columns = {"features": boxes.features[own], "feature_quality": quality[own]}
        narrow = {name: value.astype(np.float32) for name, value in columns.items()}
        tracklets.append(replace(t, feature_frame=boxes.frame[own], **narrow))
    return score(replace(recording, tracklets=tracklets), with_settings())


def main() -> None:
    """Learn, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learn", nargs="+", required=True, metavar="NAME=RUN[:GT]")
    parser.add_argument("--damage", nargs="*", default=[], metavar="DATASET=ROOT")
    parser.add_argument("--reid", nargs="*", default=["osnet_x1_0"], help="networks that embed the damaged pictures")
    parser.add_argument("--people", type=int, default=20, help="of each data set")
    parser.add_argument("--test", nargs="*", default=[], metavar="NAME=RUN:GT")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    runs = {word.partition("=")[0]: _paths(word.partition("=")[2]) for word in [*args.learn, *args.test]}
    boxes = {name: read_boxes(*paths) for name, paths in runs.items()}
    learned_on: dict[str, Material] = {word.partition("=")[0]: boxes[word.partition("=")[0]] for word in args.learn}
    for network in args.reid:
        embedder = make_embedder(EmbedConfig(weights=network), "cpu", "auto")[0]
        for word in args.damage:
            name, _, root = word.partition("=")
            crops, made = damaged(name, root, args.people, np.random.default_rng(0))
            learned_on[f"{name} {Path(network).stem}"] = made(embedder.embed(crops).features)
    powers = fit(list(learned_on.values()))
    print("| learned on |", " | ".join(Powers._fields), "|\n| --- |" + " ---: |" * len(Powers._fields))
    alone = {name: fit([material]) for name, material in learned_on.items()}
    for name, found in {"all": powers, **alone, "shipped": POWERS}.items():
        print(f"| {name} |", " | ".join(f"{value:.2f}" for value in found), "|")
    print("\n| run | quality | correlation | mAP | IDF1 whole / parts |\n| --- | --- | ---: | ---: | ---: |")
    rows = []
    for name, run in boxes.items():
        path, gt = runs[name]
        ways = {"none": np.ones(len(run.frame)), "by hand": run.hand, "learned": quality(run, powers)}
        for way, q in (ways | {"shipped": quality(run, POWERS)}).items():
            row = {"run": name, "quality": way, "correlation": correlation(run, q)}
            row["mAP"] = mean_precision(run, q) if gt else None
            row["IDF1"] = identity_f1(run, Recording.load(path, gt), q) if gt and len(run.cameras) > 1 else None
            rows.append(row)
            precision = f"{row['mAP']:.1f}" if gt else ""
            f1 = f"{row['IDF1'][0]:.1f} / {row['IDF1'][1]:.1f}" if row["IDF1"] else ""
            print(f"| {name} | {way} | {row['correlation']:.3f} | {precision} | {f1} |", flush=True)
    if args.json:
        args.json.write_text(json.dumps({"powers": powers._asdict(), "rows": rows}, indent=1) + "\n", encoding="utf-8")


def _paths(words: str) -> tuple[Path, Path | None]:
    run, _, gt = words.partition(":")
    return Path(run), Path(gt) if gt else None


if __name__ == "__main__":
    main()
