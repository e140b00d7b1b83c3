"""How right are counts in zones and over lines? Against the exact places of the rendered scenes.

A grid of squares on the plan are the zones, lines across the place the lines; none was chosen by what comes out.
Counted once from a run's identities and boxes, as `zones.json` does, and once from where everybody truly was while at
least one camera saw them.

    reidtrack run --videos samples/{entrance,plaza,alley}.mp4 --site samples/site.yaml --out runs/sample
    python benchmarks/zone_counts.py runs/sample --site samples/site.yaml --plan samples/plan.csv \
        --gt samples/gt/{entrance,plaza,alley}.txt
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from reidtrack.config.load import load
from reidtrack.config.run import RunConfig
from reidtrack.corrections.apply import read_corrections
from reidtrack.pipeline.run.settle import solve
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.zones_json import zones_to_json
from reidtrack.spacetime.zone_counts import Stay, join_visits
from reidtrack.spacetime.zone_motion import AtLine, InZone
from reidtrack.spacetime.zones import Line, Outline, Zone, beside_line, depth_in_polygon
from reidtrack.types import DoubleArray

LEAST_VISIBLE = 0.4
"""Share of a silhouette from which on somebody is to be found, as the ground truth says."""
MARGIN_M = 0.0875
"""A twentieth of 1.75 m."""
UNSEEN_S = 1.0
"""Who is unseen for longer is taken for lost: what lines they cross meanwhile nobody can count."""


def truth(plan: Path, gt: list[Path]) -> dict[int, tuple[DoubleArray, DoubleArray]]:
    """Person to times (T,) and places (T, 2) at which a camera saw them."""
    seen: set[tuple[int, int]] = set()
    for path in gt:
        for row in csv.reader(path.open()):
            if int(row[6]) and float(row[8]) >= LEAST_VISIBLE:
                seen.add((int(row[0]), int(row[1])))
    found: dict[int, list[tuple[float, float, float]]] = defaultdict(list)
    for entry in csv.DictReader(plan.open()):
        if (int(entry["frame"]), int(entry["id"])) in seen:
            found[int(entry["id"])].append((float(entry["time_s"]), float(entry["x_m"]), float(entry["y_m"])))
    tables = {person: np.array(rows) for person, rows in found.items()}
    return {person: (table[:, 0], table[:, 1:]) for person, table in tables.items()}


def true_stays(zone: Zone, people: dict[int, tuple[DoubleArray, DoubleArray]]) -> dict[int, list[Stay]]:
    stays = {}
    for person, (times, places) in people.items():
        state, visits = InZone(), []
        for time_s, depth in zip(times, depth_in_polygon(places, zone.outlines[0].points) / MARGIN_M, strict=True):
            if state.step(time_s, depth):
                visits.append(Stay(time_s, time_s, ""))
        if visits:
            stays[person] = join_visits(visits, zone.gap_s)
    return stays


def true_crossings(line: Line, people: dict[int, tuple[DoubleArray, DoubleArray]]) -> list[bool]:
    ways = []
    for times, places in people.values():
        state, last_s = AtLine(), -np.inf
        left, along = beside_line(places, line.outlines[0].points, y_down=False)
        for step in zip(times.tolist(), (left / MARGIN_M).tolist(), along.tolist(), strict=True):
            if step[0] - last_s > UNSEEN_S:
                state = AtLine()
            last_s, crossed = step[0], state.step(*step)
            if crossed is not None:
                ways.append(crossed[1])
    return ways


def grid(people: dict[int, tuple[DoubleArray, DoubleArray]], step: float) -> tuple[list[Zone], list[Line]]:
    """Squares of a size over all places, and the lines between them."""
    places = np.concatenate([where for _, where in people.values()])
    low, high = np.floor(places.min(axis=0) / step) * step, np.ceil(places.max(axis=0) / step) * step
    zones, lines = [], []
    for x in np.arange(low[0], high[0], step):
        lines.append(Line(f"x={x:g}", (Outline(None, np.array([[x, low[1]], [x, high[1]]]), "plan"),)))
        for y in np.arange(low[1], high[1], step):
            corners = np.array([[x, y], [x + step, y], [x + step, y + step], [x, y + step]])
            zones.append(Zone(f"{x:g},{y:g}", (Outline(None, corners, "plan"),)))
    for y in np.arange(low[1], high[1], step):
        lines.append(Line(f"y={y:g}", (Outline(None, np.array([[low[0], y], [high[0], y]]), "plan"),)))
    return zones, lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--site", type=Path, required=True)
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--gt", type=Path, nargs="+", required=True)
    args = parser.parse_args()
    folder = RunFolder(args.run)
    manifest = folder.read_manifest()
    config = load(RunConfig, options={"site.path": str(args.site)})
    association, site = solve(folder, manifest, config, read_corrections(folder.corrections, wanted=False), [])
    sizes = {e.camera: (float(e.size[0]), float(e.size[1])) for e in manifest.inputs if e.size is not None}
    people = truth(args.plan, args.gt)
    print(
        "| squares of | people in squares, true | counted | difference by square | entries, true | counted | "
        "lines: crossings, true | counted | difference by line and way |"
    )
    print("|" + " --- |" * 9)
    for step in (2.0, 3.0, 5.0, 8.0):
        zones, lines = grid(people, step)
        found = zones_to_json(zones, lines, association.identities, sizes, site.locate, manifest.origin)
        assert found is not None
        stays = [true_stays(zone, people) for zone in zones]
        heads = np.array([[len(own), got["people"]] for own, got in zip(stays, found["zones"], strict=True)])
        entries = np.array(
            [[sum(map(len, own.values())), got["entered"]] for own, got in zip(stays, found["zones"], strict=True)]
        )
        ways = np.array(
            [
                [[own.count(True), got["in"]], [own.count(False), got["out"]]]
                for own, got in zip((true_crossings(line, people) for line in lines), found["lines"], strict=True)
            ]
        ).reshape(-1, 2)
        cells = [f"{step:g} m", *heads.sum(axis=0), np.abs(heads[:, 0] - heads[:, 1]).sum(), *entries.sum(axis=0)]
        cells += [*ways.sum(axis=0), np.abs(ways[:, 0] - ways[:, 1]).sum()]
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    main()
