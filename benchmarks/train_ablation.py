r"""What each way of training is worth on cameras that were not trained on: a light network, a short training each.

    for archive in ../shared/data/{market1501,cuhk03-np-detected}-train.tar.gz; do tar xzf $archive -C DATA; done
    W=../shared/weights; R=person-reidentification-retail
    python benchmarks/train_ablation.py --market DATA/Market-1501-v15.09.15 --cuhk DATA/cuhk03-np \
        --teacher $W/intel/$R-0277/FP16/$R-0277.xml \
        --starts $W/osnet_x0_25_msmt17.pth $W/intel/$R-0288/FP16/$R-0288.xml --out runs/ablation

Trained on one set (75 identities drawn at random held out), tested on those held out (cameras it knows) and on 75 of
the other set (cameras it never saw), each as the pictures are and with the lower 40 % of every query cut off. A row is
appended to `table.md` as soon as it is there; rows that are there are not made again.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reidtrack.benchmark.ranking import rank
from reidtrack.config_train import TrainConfig
from reidtrack.datasets.carve import carve, random_people
from reidtrack.datasets.images import ImageStore
from reidtrack.datasets.record import ReidDataset, ranking_ids
from reidtrack.datasets.zoo import load_dataset
from reidtrack.embed.embedder import Embedder
from reidtrack.image import resize
from reidtrack.models.checkpoint import load_checkpoint
from reidtrack.pipeline.train import train
from reidtrack.types import FloatArray, ImageArray

PEOPLE = 75
KEPT = 0.6
"""Of a query's height, where its lower part is cut off."""
HEAD = "| training | " + " | ".join(f"{s} {w}" for s in ("seen", "unseen") for w in ("Rank-1 / mAP", "cut")) + " | s |"

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
    """The two sets and what is asked of them."""

    name: Mapping[str, str]
    root: Mapping[str, Path]
    test: Mapping[str, ReidDataset]


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
        "random start, all, IBN": {
            **full,
            "model": {**full["model"], "init": "random", "architecture": "osnet_ibn_x0_25"},
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
    import torch

    loaded = load_checkpoint(weights)
    card = loaded.card

    def infer(batch: FloatArray) -> FloatArray:
        with torch.inference_mode():
            return np.asarray(loaded.model(torch.from_numpy(batch)).numpy(), np.float32)

    embedder = Embedder(infer, size_hw=card.size_hw, mean=card.mean, std=card.std, feature_dim=card.feature_dim)
    query, gallery = ImageStore(test.query, card.size_hw), ImageStore(test.gallery, card.size_hw)
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


def main() -> None:
    """Train and test what is not in the table yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--market", type=Path, required=True)
    parser.add_argument("--cuhk", type=Path, required=True)
    parser.add_argument("--teacher", required=True)
    parser.add_argument("--starts", nargs=2, required=True, help="OSNet x0.25, and the same with linear context gates")
    parser.add_argument("--learn", choices=["market", "cuhk"], default="cuhk")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    names, roots = {"market": "market1501", "cuhk": "cuhk03-np"}, {"market": args.market, "cuhk": args.cuhk}
    whole = {s: load_dataset(names[s], roots[s]) for s in names}
    data = Data(names, roots, {s: carve(d, random_people(d.train, PEOPLE)) for s, d in whole.items()})
    args.out.mkdir(parents=True, exist_ok=True)
    table = args.out / "table.md"
    if not table.exists():
        table.write_text(HEAD + "\n" + "| --- " * 6 + "|\n", encoding="utf-8")
    order = [args.learn, *(s for s in names if s != args.learn)]
    rows = {f"start: {Path(s).stem}": s for s in args.starts} | {"the teacher": args.teacher}
    rows |= variants(args.teacher, args.starts)  # type: ignore[arg-type]
    for number, (name, change) in enumerate(rows.items()):
        if f"| {name} |" in table.read_text(encoding="utf-8"):
            continue
        began = time.process_time()
        if isinstance(change, str):
            weights = Path(change)
        else:
            config = configured(change, data, args.learn, args.starts[0], args.epochs)
            weights = train(config, args.out / f"{number:02d}").weights
        seconds = time.process_time() - began
        cells = [scores(weights, data.test[s]) for s in order]
        text = " | ".join(f"{c[0]:.1f} / {c[1]:.1f} | {c[2]:.1f} / {c[3]:.1f}" for c in cells)
        with table.open("a", encoding="utf-8") as file:
            file.write(f"| {name} | {text} | {seconds:.0f} |\n")


if __name__ == "__main__":
    main()
