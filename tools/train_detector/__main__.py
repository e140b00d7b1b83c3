"""Fine-tune YOLO11n to the one class person: float16 weights and an OpenVINO INT8 export.

    python -m tools.train_detector --start yolo11n.pt --data shared/data --rendered /tmp/rendered --out weights

What it needs and how the pictures are made: tools/train_detector/README.md.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from reidtrack.config.run import DetectConfig
from reidtrack.detect.families import YOLO
from reidtrack.detect.network import NetworkDetector
from reidtrack.detect.protocol import Detector, DetectorOptions
from reidtrack.engines.build import build_engine
from reidtrack.geometry import iou
from reidtrack.networks.build import make_detector
from reidtrack.types import Detections
from tools.train_detector import data, network
from tools.train_detector.data import Picture
from tools.train_detector.export import export_int8
from tools.train_detector.fit import Plan, fit
from tools.train_detector.score import LEAST_SCORE, Score, detect, score

logger = logging.getLogger("train_detector")
STEM = "yolo11n_person"
HELD_OUT = 40
"""Pictures of each archive that are left out of training; of the rendered scenes it is the last one."""
SHARES = (0.5, 0.75, 1.0)
"""Parts of the tuned weights that are tried against the start's."""
UNSURE, SURE = "pennfudan", 0.5
"""The set whose labels lack people in the background, and the score from which the start is believed there."""
CALIBRATION = 96
IMGSZ = 640
Sets = Mapping[str, Sequence[Picture]]


def read_sets(archives: Path, rendered: Path, seed: int) -> tuple[dict[str, list[Picture]], dict[str, list[Picture]]]:
    """Training and held-out pictures by where they come from."""
    train, held_out = {}, {}
    for name in data.ARCHIVES:
        source = name.partition("-")[0]
        train[source], held_out[source] = data.split(data.read_yolo_archive(archives / name), HELD_OUT, seed)
    scenes = [data.read_rendered(folder) for folder in sorted(p for p in rendered.iterdir() if p.is_dir())]
    train["rendered"], held_out["rendered"] = [p for scene in scenes[:-1] for p in scene], scenes[-1]
    return train, held_out


def in_memory(module: Any) -> Detector:
    """A detector around a network at hand, on the square input of the export."""
    engine = build_engine(network.for_inference(module), (IMGSZ, IMGSZ), device="cpu")
    infer = partial(engine.infer_pictures, pixels=YOLO.pixels)
    return NetworkDetector(infer, YOLO, DetectorOptions(conf=LEAST_SCORE), input_shape=(-1, 3, IMGSZ, IMGSZ))


def from_file(path: Path) -> Detector:
    """A detector as `reidtrack run` opens it, but for its least score."""
    return make_detector(DetectConfig(weights=path, conf=LEAST_SCORE, imgsz=IMGSZ), "cpu", "auto")[0]


def score_all(detector: Detector, sets: Sets) -> dict[str, Score]:
    """Score each set of pictures by itself, and all together."""
    found = {name: detect(detector, pictures) for name, pictures in sets.items()}
    scores = {name: score(found[name], pictures) for name, pictures in sets.items()}
    everything = [p for pictures in sets.values() for p in pictures]
    return scores | {"all": score([f for part in found.values() for f in part], everything)}


def log_scores(title: str, scores: Mapping[str, Score]) -> None:
    """One line for each set."""
    for name, s in scores.items():
        recall = " ".join(f"{r:.1f}" for r in s.recall)
        alarms = f"false alarms {s.false_alarms} in {s.empty} empty pictures" if s.empty else ""
        logger.info("%-16s %-10s AP %.1f  AP50 %.1f  recall %s  %s", title, name, s.ap, s.ap50, recall, alarms)


def spare_known(detector: Detector, pictures: Sequence[Picture]) -> list[Picture]:
    """Ignore people whom the start is sure of and the labels lack; not where nobody should be."""

    def spared(picture: Picture, found: Detections) -> Picture:
        sure = found.xyxy[found.score >= SURE]
        unknown = sure[~(iou(sure, picture.xyxy) >= 0.3).any(axis=1)]
        return replace(picture, ignored=np.concatenate([picture.ignored, unknown]))

    found = detect(detector, pictures)
    return [spared(p, f) if len(p.xyxy) else p for p, f in zip(pictures, found, strict=True)]


def choose(scores: Mapping[float, Mapping[str, Score]]) -> float:
    """The share of tuned weights with the highest mean AP over the sets, among those that keep to the rule.

    The rule: no set's AP below the start's (share 0), and fewer false alarms. Where none does, the mean alone decides.
    """
    start = scores[0.0]
    tuned = [share for share in scores if share > 0]

    def keeps(share: float) -> bool:
        not_worse = all(scores[share][name].ap >= start[name].ap for name in start)
        return not_worse and scores[share]["all"].false_alarms[0] < start["all"].false_alarms[0]

    def mean_ap(share: float) -> float:
        return sum(s.ap for name, s in scores[share].items() if name != "all")

    return max([share for share in tuned if keeps(share)] or tuned, key=mean_ap)


def main() -> int:
    """Train, choose, write, export, compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--start", type=Path, required=True, help="yolo11n.pt, 80 classes of COCO")
    parser.add_argument("--data", type=Path, required=True, help="folder of " + " and ".join(data.ARCHIVES))
    parser.add_argument("--rendered", type=Path, required=True, help="a folder for each scene; the last is held out")
    parser.add_argument("--out", type=Path, required=True, help="where weights and export go")
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--rate", type=float, default=Plan.rate, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(args.threads)

    train, held_out = read_sets(args.data, args.rendered, seed=0)
    for name in train:
        logger.info("%s: %d pictures to train on, %d held out", name, len(train[name]), len(held_out[name]))
    start = network.only_person(network.read_start(args.start))
    train[UNSURE] = spare_known(in_memory(start), train[UNSURE])
    pictures = [picture for part in train.values() for picture in part]
    tuned = fit(start, pictures, Plan(epochs=args.epochs, rate=args.rate, seed=args.seed))

    scores = {}
    for share in (0.0, *SHARES):
        scores[share] = score_all(in_memory(network.mixed(start, tuned, share)), held_out)
        log_scores(f"share {share:.2f}", scores[share])
    share = choose(scores)
    logger.info("share of the tuned weights: %.2f", share)

    weights, exported = args.out / f"{STEM}.pt", args.out / f"{STEM}_int8_openvino_model"
    network.write(network.mixed(start, tuned, share), weights)
    chosen = np.random.default_rng(0).permutation(len(pictures))[:CALIBRATION]
    export_int8(network.read_start(weights), [pictures[i] for i in chosen], exported, STEM)
    for path in (weights, exported):
        log_scores(path.name, score_all(from_file(path), held_out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
