"""Make the file that is shipped from a finished training: half precision, its card, and the curves as one picture.

python -m tools.ship_weights runs/first runs/second --out weights/osnet_x1_0.safetensors --curves docs/pictures/x.png

The last folder's network is shipped; the ones before are the trainings it came from. Figures of identities that were
held out come from the last training that held some out: the card says so, for the ones after learnt them too. With
`--data` the card gets priors too (`measure_priors`): of several trainings, the one before the last judges.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from reidtrack.models.checkpoint import load_checkpoint, save_checkpoint
from reidtrack.train.log import write_curves
from reidtrack.train.loop import last_figures
from tools.measure_priors import add_options, give, held_out_people, measure_with

Row = dict[str, float]


LICENCE = "AGPL-3.0-or-later; learnt from data whose owners allow research only, see weights/README.md"


def ship(runs: Sequence[Path], out: Path, source: str) -> str:
    """Write the last training's network as float16 with a card; its sha256."""
    found = load_checkpoint(runs[-1] / "model.safetensors")
    rows = [read_log(run) for run in runs]
    figures = {f"before the last stage, {k}": v for k, v in held_out(rows[:-1]).items()} | last_figures(rows[-1])
    seconds = sum(row["seconds"] for part in rows for row in part)
    figures |= {"epochs": float(sum(len(part) for part in rows)), "hours of training": round(seconds / 3600, 2)}
    card = dataclasses.replace(found.card, source=source, figures=figures, licence=LICENCE)
    out.parent.mkdir(parents=True, exist_ok=True)
    return save_checkpoint(out, found.model, card, dtype="float16")


def held_out(trainings: Sequence[Sequence[Row]]) -> Row:
    """The last figures measured, over trainings in order."""
    return last_figures([row for part in trainings for row in part])


def one_after_another(trainings: Sequence[Sequence[Row]]) -> list[Row]:
    """Epochs numbered on from training to training."""
    rows = [row for part in trainings for row in part]
    return [{**row, "epoch": float(number)} for number, row in enumerate(rows, 1)]


def read_log(run: Path) -> list[Row]:
    """`log.csv` of a training; cells without a figure are left out."""
    with (run / "log.csv").open(newline="") as file:
        return [{name: float(cell) for name, cell in row.items() if cell} for row in csv.DictReader(file)]


def main() -> None:
    """Parse the command line and write the files."""
    parser = argparse.ArgumentParser(prog="python -m tools.ship_weights", description=__doc__.partition("\n")[0])
    parser.add_argument("runs", type=Path, nargs="+", help="folders of `reidtrack train`, in order")
    parser.add_argument("--out", type=Path, required=True, help="a name ending in .safetensors")
    parser.add_argument(
        "--source", default="reidtrack, weights/README.md", help="where the weights come from, in words"
    )
    parser.add_argument("--curves", type=Path, help="PNG with the curves of all trainings")
    add_options(parser)
    args = parser.parse_args()
    digest = ship(args.runs, args.out, args.source)
    if args.data:
        judge = args.runs[-2] / "model.safetensors" if len(args.runs) > 1 else None
        digest = give(args.out, measure_with(args.out, judge, held_out_people(args.data, args.hold_out)))
    if args.curves is not None:
        write_curves(args.curves, one_after_another([read_log(run) for run in args.runs]))
    print(f"{args.out}: {args.out.stat().st_size / 1e6:.2f} MB, sha256 {digest}")


if __name__ == "__main__":
    main()
