"""How long a lead tasks of an archive need: boxes in the same track as in a pass without borders.

    python benchmarks/archive_lead.py ../shared/data/mot15/ADL-Rundle-6 --fps 30

reads a MOTChallenge sequence's own detections, tracks them in one pass, then in tasks of 7 s with leads of several
lengths, which are put together as `reidtrack archive run` does. Prints a row of the table in docs/scale.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reidtrack.mot import read_detections

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "pipeline" / "archive"))
from test_stitch import agreement, in_tasks, unbroken

LEADS_S = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 20.0)
TASK_S = 7.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sequence", type=Path, help="folder with det/det.txt")
    parser.add_argument("--fps", type=float, required=True, help="frames a second of the sequence")
    args = parser.parse_args()
    found = read_detections(args.sequence / "det" / "det.txt")
    frames, every = max(found) + 1, round(TASK_S * args.fps)
    whole = unbroken(found, args.fps, frames)
    shares = [agreement(whole, in_tasks(found, args.fps, frames, every, round(lead * args.fps))) for lead in LEADS_S]
    cells = " | ".join(f"{share:.3f}" for share in shares)
    print(f"| {args.sequence.name}, its own detections | {len(set(whole.values()))} | {cells} |")


if __name__ == "__main__":
    main()
