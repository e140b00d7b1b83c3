"""Where a run's time goes: each pass and stage, of this version and, in turn, of an earlier one.

    git worktree add /tmp/before 80798e3
    python benchmarks/stages.py --videos A.mp4 B.mp4 --reid osnet_x0_25_msmt17.pth --detector yolo11n.pt \
        --before /tmp/before --json stages.json

Each run is a process of its own, with every output a run has by default; the trees take turns, and what is on the disk
has been read once before. Seconds of wall and of processor time are those of the whole process, from start to end.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def run_once(tree: Path, words: Sequence[str], out: Path) -> dict[str, Any]:
    """One run by the code of `tree`; what it took, and its `run.json`."""
    command = [sys.executable, "-m", "reidtrack", "run", *words, "--out", str(out), "--overwrite", "--quiet"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=tree, check=True)
    wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall_s": wall_s, "cpu_s": cpu_s, "record": json.loads((out / "run.json").read_text())}


def show(rounds: Sequence[dict[str, Any]]) -> None:
    """The table of whole runs, and that of the stages of this version's fastest."""
    print("| round | code | wall s | CPU s | ms a frame | CPU ms a frame |\n| --- | --- | ---: | ---: | ---: | ---: |")
    for found in rounds:
        wall, cpu, frames = found["wall_s"], found["cpu_s"], found["frames"]
        each = f"{1000 * wall / frames:.1f} | {1000 * cpu / frames:.1f}"
        print(f"| {found['round']} | {found['code']} | {wall:.1f} | {cpu:.1f} | {each} |")
    best = min((found for found in rounds if found["code"] == "now"), key=lambda found: found["wall_s"])
    record, frames = best["record"], best["frames"]
    print("\n| pass | stage | at work, s | share of the pass | ms a frame |\n| --- | --- | ---: | ---: | ---: |")
    for name, seconds in record["timings_s"].items():
        part = record["passes"].get(name)
        if part is None and not any(name in one["busy_s"] for one in record["passes"].values()):
            print(f"| {name} | | {seconds:.1f} | | {1000 * seconds / frames:.1f} |")
        if part is not None:
            busy = f"{part['cores_busy']:.1f} of {part['cores']} cores"
            print(f"| {name} | {busy} | {seconds:.1f} | | {1000 * seconds / frames:.1f} |")
            for stage, at_work_s in part["busy_s"].items():
                share = f"{100 * at_work_s / part['wall_s']:.0f} %" + ", bottleneck" * (stage == part["bottleneck"])
                print(f"| | {stage} | {at_work_s:.1f} | {share} | {1000 * at_work_s / frames:.1f} |")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run in turn, print the tables, write them as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--videos", nargs="+", type=Path, required=True)
    parser.add_argument("--detector", help="of this version (default: the shipped one)")
    parser.add_argument("--reid", help="default: the shipped one")
    parser.add_argument("--before", type=Path, help="a tree of an earlier version")
    parser.add_argument("--before-detector", help="of that version (default: as --detector)")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args(arguments)
    words = ["--videos", *(str(path.resolve()) for path in args.videos)]
    words += ["--reid", args.reid] if args.reid else []
    trees = [("now", Path(__file__).resolve().parents[1], args.detector)]
    if args.before:
        trees.insert(0, ("before", args.before, args.before_detector or args.detector))
    rounds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, args.rounds + 1):
            for code, tree, detector in trees:
                given = [*words, *(["--detector", detector] if detector else [])]
                found = run_once(tree, given, Path(folder) / code)
                frames = sum(entry["frames"] for entry in found["record"]["cameras"].values())
                rounds.append({"round": number, "code": code, "frames": frames, **found})
                print(f"{code}: {found['wall_s']:.1f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
    show(rounds)
    if args.json:
        args.json.write_text(json.dumps(rounds, indent=1))


if __name__ == "__main__":
    main()
