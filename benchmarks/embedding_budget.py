"""Which crops are worth embedding: crops embedded, against how well people are told apart over cameras.

    reidtrack run --videos A.mp4 B.mp4 --set embed.every_s=0 --no-video --out runs/every_box
    python benchmarks/embedding_budget.py runs/every_box --gt gt_A.txt gt_B.txt --json budget.json

The run embeds every box; each row keeps the features of some of them and settles identities anew, so that nothing but
the choice differs. `window s`: the best crop of each track in each so many seconds (`embed.every_s`). `best k`: the k
best crops of each track, however long it is.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reidtrack.pipeline.associate import associate_again
from reidtrack.pipeline.evaluate.evaluate import evaluate_run
from reidtrack.runs.features import FeatureTable, read_tracklets, write_tracklets
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_frame_times
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Silent

WINDOWS_S = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
BUDGETS = (1, 2, 4, 8, 16)
Key = tuple[str, int, int]


def candidates(folder: RunFolder) -> dict[tuple[str, int], list[tuple[float, float, Key]]]:
    """Camera and track to quality, time and key of each of its features."""
    table, clocks = read_tracklets(folder.tracklets), read_frame_times(folder.detections)
    time_s = {camera: dict(zip(f.tolist(), t.tolist(), strict=True)) for camera, (f, t) in clocks.items()}
    found: dict[tuple[str, int], list[tuple[float, float, Key]]] = defaultdict(list)
    columns = (table.camera.tolist(), table.track_id.tolist(), table.frame.tolist(), table.quality.tolist())
    for place, track_id, frame, quality in zip(*columns, strict=True):
        camera = table.cameras[place]
        found[camera, track_id].append((quality, time_s[camera][frame], (camera, track_id, frame)))
    return found


def by_window(folder: RunFolder, window_s: float) -> set[Key]:
    """The best crop of each track in each window of time; of equals the first."""
    chosen: set[Key] = set()
    for crops in candidates(folder).values():
        best: dict[float, tuple[float, float, Key]] = {}
        for crop in crops:
            window = crop[1] // window_s if window_s else crop[1]
            if window not in best or crop[0] > best[window][0]:
                best[window] = crop
        chosen |= {key for _, _, key in best.values()}
    return chosen


def by_budget(folder: RunFolder, count: int) -> set[Key]:
    """The best crops of each track."""
    return {key for crops in candidates(folder).values() for _, _, key in sorted(crops, key=_worth)[:count]}


def _worth(crop: tuple[float, float, Key]) -> tuple[float, float]:
    return -crop[0], crop[1]


def score(run: Path, chosen: set[Key], args: argparse.Namespace) -> dict[str, Any]:
    """Settle a copy of the run on some of its features."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "run"
        shutil.copytree(run, copy, ignore=shutil.ignore_patterns("*.mp4", "crops"))
        table: FeatureTable = read_tracklets(copy / "tracklets.npz").only(chosen)
        write_tracklets(copy / "tracklets.npz", table)
        associate_again(copy, (), video=False, mosaic=False, progress=Silent(), cancel=CancelToken())
        found = evaluate_run(copy, args.gt, args.gt_person, args.ignore)
        people = json.loads((copy / "run.json").read_text())["people"]
    return {"crops": len(chosen), "people": people, "IDF1": found.cross.idf1, "HOTA": found.cross.hota}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, write it as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of a run with embed.every_s=0")
    for option in ("--gt", "--gt-person", "--ignore"):
        parser.add_argument(option, nargs="*", default=[], help="as for `reidtrack evaluate`")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(arguments)
    folder = RunFolder(args.run)
    choices = {f"window {window_s:g} s": by_window(folder, window_s) for window_s in WINDOWS_S}
    choices |= {f"best {count}": by_budget(folder, count) for count in BUDGETS}
    rows = []
    print(
        "| crops of each track | embedded | share | people | IDF1 | HOTA |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    )
    for name, chosen in choices.items():
        row = {"choice": name, **score(args.run, chosen, args)}
        row["share"] = row["crops"] / len(choices[f"window {WINDOWS_S[0]:g} s"])
        rows.append(row)
        figures = f"{row['people']} | {row['IDF1']:.1f} | {row['HOTA']:.1f}"
        print(f"| {name} | {row['crops']} | {100 * row['share']:.0f} % | {figures} |", flush=True)
    if args.json:
        args.json.write_text(json.dumps({"run": str(args.run), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
