r"""What each way of training is worth on cameras that were not trained on: a light network, a short training each.

    for archive in ../shared/data/{market1501,cuhk03-np-detected}-train.tar.gz; do tar xzf $archive -C DATA; done
    W=../shared/weights; R=person-reidentification-retail
    python benchmarks/train_ablation.py --market DATA/Market-1501-v15.09.15 --cuhk DATA/cuhk03-np \
        --teacher $W/intel/$R-0277/FP16/$R-0277.xml \
        --starts $W/osnet_x0_25_msmt17.pth $W/intel/$R-0288/FP16/$R-0288.xml \
        --pets runs/pets_crops --out runs/ablation

Trained on one set (75 identities drawn at random held out), tested on those held out (cameras it knows), on 75 of the
other set and on people of PETS (cameras it never saw), each as the pictures are and with the lower 40 % of every query
cut off. `table.md` grows row by row; trainings and scores that are there are not made again.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reidtrack.benchmark.ranking import rank
from reidtrack.config.run import EmbedConfig
from reidtrack.config.train import TrainConfig
from reidtrack.datasets.carve import carve, random_people
from reidtrack.datasets.images import ImageStore
from reidtrack.datasets.record import ReidDataset, Sample, ranking_ids
from reidtrack.datasets.zoo import load_dataset
from reidtrack.image import resize
from reidtrack.networks.build import make_embedder
from reidtrack.pipeline.training.train import train
from reidtrack.types import ImageArray

PEOPLE = 75
KEPT = 0.6
"""Of a query's height, where its lower part is cut off."""

COLOUR = {
    "brightness": 0.35,
    "contrast": 0.25,
    "saturation": 0.35,
    "hue": 0.03,
    "cast": 0.15,
    "grey": 0.05,
    "blur": 0.25,
    "compress": 0.2,
    "noise": 0.04,
}
CUTS = {"cut_below": 0.25, "cut_side": 0.1, "occlude": 0.15}
PLAIN = {"flip": 0.5, "shift": 0.04, "erase": 0.25}


class Data(NamedTuple):
    """The two sets to learn from."""

    name: Mapping[str, str]
    root: Mapping[str, Path]


def variants(teacher: str, starts: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Name of each training to what differs from the plain one."""
    msmt, lct = starts
    taught = {"distill": {"teachers": [teacher], "embedding": 2.0, "relation": 4.0}}
    both = {"augment": {**PLAIN, "zoom": 0.12, **COLOUR, **CUTS}}
    full = {**taught, **both, "model": {"init": msmt, "mixstyle": 0.2, "mixstyle_after": ["conv2"]}}
    rows: dict[str, dict[str, Any]] = {
        "plain: classes, triplets, flips, erasing": {},
        "+ colour, blur, compression, noise": {"augment": {**PLAIN, **COLOUR}},
        "+ cuts and people in front": {"augment": {**PLAIN, "zoom": 0.12, **CUTS}},
        "+ MixStyle": {"model": {"init": msmt, "mixstyle": 0.2, "mixstyle_after": ["conv2"]}},
        "+ a teacher (0277)": taught,
        "the teacher alone, no labels": {**taught, "loss": {"identity_weight": 0.0, "triplet": 0.0}},
        "all of these": full,
        "all, twice the epochs": {**full, "epochs": 2},
        "all, both sets": {**full, "sets": "both"},
        "all, from 0288 (input and stem by instance, gates)": {
            **full,
            "model": {**full["model"], "init": lct, "architecture": "osnet_lct_x0_25"},
        },
        "random start, all": {**full, "model": {**full["model"], "init": "random"}},
        "random start, all, AIN": {
            **full,
            "model": {**full["model"], "init": "random", "architecture": "osnet_ain_x0_25"},
        },
    }
    return rows


def configured(change: Mapping[str, Any], data: Data, learnt: str, start: str, epochs: int) -> TrainConfig:
    """The plain training with a change."""
    sets = list(data.name) if change.get("sets") == "both" else [learnt]
    model = {"architecture": "osnet_x0_25", "init": start, **change.get("model", {})}
    loss = {"smoothing": 0.1, "triplet": 1.0, "triplet_normalise": True, "per_set": True, **change.get("loss", {})}
    return TrainConfig.model_validate(
        {
            "threads": 1,
            "data": {
                "sets": [{"name": data.name[s], "root": data.root[s]} for s in sets],
                "hold_out": PEOPLE,
                "hold_out_by": "random",
            },
            "model": model,
            "stages": [{"epochs": epochs * change.get("epochs", 1), "size": [128, 64]}],
            "batch": {"size": 64, "images": 4},
            "loss": loss,
            "distill": change.get("distill", {}),
            "augment": change.get("augment", PLAIN),
            "optim": {"name": "adamw", "lr": 1e-3, "weight_decay": 0.02, "warmup_epochs": 0.5, "ema": 0.99},
            "validation": {"every": 0},
        }
    )


def scores(weights: Path, test: ReidDataset) -> list[float]:
    """Rank-1 and mAP, in percent, of whole queries and of cut ones."""
    embedder, _ = make_embedder(EmbedConfig(weights=weights), "cpu", "auto")
    query, gallery = (ImageStore(samples, embedder.size_hw) for samples in (test.query, test.gallery))
    known = embedder.embed(gallery.images)
    found = []
    for images in (query.images, cut(query.images)):
        asked = embedder.embed(images)
        ids = ranking_ids([query.samples[i] for i in asked.rows], [gallery.samples[i] for i in known.rows])
        result = rank(1 - asked.features @ known.features.T, *ids)
        found += [100 * float(result.cmc[0]), 100 * result.mean_ap]
    return found


def cut(images: ImageArray) -> ImageArray:
    """The upper part of each, as a box at the lower border has it."""
    size = images.shape[1:3]
    kept = round(KEPT * size[0])
    return np.stack([resize(image[:kept], (size[0], size[1])) for image in images])


def pets(folder: Path) -> ReidDataset:
    """What `pets_crops.py` wrote: a third of the pictures asks, all are searched, by the other camera alone."""
    samples = []
    for path in sorted(folder.glob("*.jpg")):
        person, camera, _ = path.stem.split("_")
        samples.append(Sample(path, int(person), int(camera[1:])))
    return ReidDataset("pets", query=tuple(samples[::3]), gallery=tuple(samples))


def scored(weights: Path, tests: Mapping[str, ReidDataset], kept: Path) -> Mapping[str, list[float]]:
    """The scores on each test, kept beside the trainings: what is there is not calculated again."""
    found: dict[str, list[float]] = json.loads(kept.read_text()) if kept.exists() else {}
    found |= {name: scores(weights, test) for name, test in tests.items() if name not in found}
    kept.write_text(json.dumps(found))
    return found


def write_table(path: Path, rows: Mapping[str, Mapping[str, list[float]]], tests: Sequence[str]) -> None:
    """One row for each training: Rank-1 and mAP, and the same of queries whose lower part is cut off."""
    lines = ["| training | " + " | ".join(f"{name} | {name}, cut" for name in tests) + " |", "| --- " * 7 + "|"]
    for name, found in rows.items():
        cells = [f"{a:.1f} / {b:.1f} | {c:.1f} / {d:.1f}" for a, b, c, d in (found[test] for test in tests)]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    """Train and test what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--market", type=Path, required=True)
    parser.add_argument("--cuhk", type=Path, required=True)
    parser.add_argument("--pets", type=Path, required=True, help="what pets_crops.py wrote")
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--starts", nargs=2, required=True, help="OSNet x0.25, and the same with linear context gates")
    parser.add_argument("--learn", choices=["market", "cuhk"], default="cuhk")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--rows", type=int, nargs="*", help="numbers of the trainings to do, from 1; all by default")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--also", nargs="*", default=[], help="weights that are scored as well")
    args = parser.parse_args()
    names, roots = {"market": "market1501", "cuhk": "cuhk03-np"}, {"market": args.market, "cuhk": args.cuhk}
    whole = {s: load_dataset(names[s], roots[s]) for s in names}
    tests = {s: carve(d, random_people(d.train, PEOPLE)) for s, d in whole.items()} | {"PETS": pets(args.pets)}
    data = Data(names, roots)
    args.out.mkdir(parents=True, exist_ok=True)
    rows = {}
    for path in (*args.starts, args.teacher, *args.also):
        name = Path(path).stem
        rows[name] = scored(Path(path), tests, args.out / f"{name}.json")
    for number, (name, change) in enumerate(variants(args.teacher, args.starts).items(), start=1):
        if args.rows and number not in args.rows:
            continue
        out = args.out / f"{number:02d}"
        if not (out / "done").exists():
            if out.exists():
                shutil.rmtree(out)
            train(configured(change, data, args.learn, args.starts[0], args.epochs), out)
            (out / "done").touch()
        rows[name] = scored(out / "model.safetensors", tests, args.out / f"{number:02d}.json")
        write_table(args.out / "table.md", rows, list(tests))


if __name__ == "__main__":
    main()
