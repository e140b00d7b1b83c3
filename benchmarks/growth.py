r"""How time and memory grow with cameras, people in a frame, length and tracklets: tables, JSON and one picture each.

    python benchmarks/growth.py --shared ../shared --out runs/growth

- *cameras*: copies of the first frames of one recording, all outputs.
- *people*: a crowd of Market-1501 pasted into 1920 x 1080, its detections given: the cost of the detector is constant.
- *length*: one recording joined to itself, all outputs.
- *tracklets*: the association alone, on drawn problems (association_scale.py).

Each line is a process of its own: seconds on the clock, of the processor over all threads, and the largest resident
set. What each further frame takes is the difference to the line before. Networks: YOLO11n and OSNet x0.25 of ../shared.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from clips import cut, join
from growth_pictures import Panel, draw_growth
from page import put
from spending import REIDTRACK, ROOT, machine, spend

from reidtrack.mot import MotRows, write_mot
from reidtrack.types import ImageArray, IntArray
from reidtrack.video.sink import VideoSink

Row = dict[str, Any]
STAGES = ("decode", "track", "embed", "draw", "encode")
FIRST_COLUMN = {"cameras": "cameras", "people": "people", "length": "times"}
CROWD_HW, CROWD_FPS = (1080, 1920), 25.0


def run(words: Iterable[str], folder: Path) -> Row:
    """`reidtrack run`: what it cost and what it counted."""
    out = folder / "run"
    spent = spend([*REIDTRACK, "run", *words, "--out", str(out), "--quiet"], folder / "run.log")
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    return {
        **{name: round(value, 3) for name, value in spent._asdict().items()},
        "frames": sum(camera["frames"] for camera in record["cameras"].values()),
        "boxes": sum(camera["boxes"] for camera in record["cameras"].values()),
        "people": record["people"],
        "timings_s": record["timings_s"],
    }


def networks(shared: Path) -> list[str]:
    weights = shared / "weights"
    return ["--detector", str(weights / "yolo11n.pt"), "--reid", str(weights / "osnet_x0_25_msmt17.pth")]


def grow_cameras(args: argparse.Namespace, folder: Path) -> list[Row]:
    rows = []
    for count in args.cameras:
        place = folder / f"{count}"
        place.mkdir()
        videos = [place / f"camera{number + 1:02d}.mp4" for number in range(count)]
        for video in videos:
            video.symlink_to(args.clip)
        rows.append({"cameras": count} | run(["--videos", *map(str, videos), *networks(args.shared)], place))
        report("cameras", rows)
    return rows


def grow_length(args: argparse.Namespace, folder: Path) -> list[Row]:
    rows = []
    for times in args.lengths:
        place = folder / f"{times}"
        place.mkdir()
        join(args.clip, place / "camera.mp4", times)
        rows.append({"times": times} | run(["--videos", str(place / "camera.mp4"), *networks(args.shared)], place))
        report("times", rows)
    return rows


def grow_people(args: argparse.Namespace, folder: Path) -> list[Row]:
    looks = portraits(args.shared / "data/market1501-train.tar.gz", max(args.people))
    rows = []
    for count in args.people:
        place = folder / f"{count}"
        place.mkdir()
        boxes = crowd(count, args.frames)
        film(boxes, looks, place / "camera.mp4")
        note(boxes, place / "det.txt")
        words = ["--videos", str(place / "camera.mp4"), "--detections", str(place / "det.txt"), *networks(args.shared)]
        rows.append({f"{k}_found" if k == "people" else k: v for k, v in run(words, place).items()} | {"people": count})
        report("people", rows)
    return rows


def portraits(archive: Path, count: int) -> list[ImageArray]:
    """One picture each of so many people of Market-1501, BGR."""
    import cv2

    found: dict[str, ImageArray] = {}
    with tarfile.open(archive) as file:
        for member in file:
            person = Path(member.name).name.split("_")[0]
            content = file.extractfile(member) if member.name.endswith(".jpg") and person not in found else None
            if content is not None:
                found[person] = cv2.imdecode(np.frombuffer(content.read(), np.uint8), cv2.IMREAD_COLOR)
            if len(found) == count:
                break
    return list(found.values())


def crowd(people: int, frames: int, seed: int = 0) -> IntArray:
    """Boxes (F, N, 4) of people of 60 to 140 pixels who walk to and fro, up to their height in a second."""
    rng = np.random.default_rng(seed)
    height = rng.integers(60, 141, people)
    size = np.stack([height * 2 // 5, height], axis=1)  # (N, 2) width, height
    room = np.array(CROWD_HW[::-1]) - size
    pace = rng.uniform(-1, 1, (people, 2)) * height[:, None] * [1.0, 0.3] / CROWD_FPS
    way = rng.uniform(0, 1, (people, 2)) * room + pace * np.arange(frames)[:, None, None]  # (F, N, 2)
    place = (room - np.abs(way % (2 * room) - room)).astype(np.int64)  # back from the edges
    return np.concatenate([place, place + size], axis=2)


def film(boxes: IntArray, looks: Sequence[ImageArray], path: Path) -> None:
    """The crowd as pictures of people on a grey ramp, who stands nearer in front."""
    import cv2

    ramp = np.linspace(60, 160, CROWD_HW[1], dtype=np.uint8)
    ground: ImageArray = np.repeat(np.repeat(ramp[None, :, None], CROWD_HW[0], axis=0), 3, axis=2)
    with VideoSink(path, CROWD_HW[::-1], fps_hint=CROWD_FPS) as sink:
        for index, people in enumerate(boxes):
            picture = ground.copy()
            for number in np.argsort(people[:, 3], kind="stable").tolist():
                left, top, right, bottom = people[number].tolist()
                picture[top:bottom, left:right] = cv2.resize(looks[number], (right - left, bottom - top))
            sink.write(picture, index / CROWD_FPS)


def note(boxes: IntArray, path: Path) -> None:
    """The same as a MOTChallenge detection file, everybody found."""
    frames, people = boxes.shape[:2]
    frame = np.repeat(np.arange(frames), people)
    write_mot(path, MotRows.of(frame, np.full(len(frame), -1), boxes.reshape(-1, 4), np.full(len(frame), 0.9)))


def grow_tracklets(args: argparse.Namespace, folder: Path) -> list[Row]:
    target = folder / "tracklets.json"
    script = [sys.executable, str(ROOT / "benchmarks/association_scale.py"), "--json", str(target)]
    sizes = [str(count) for count in args.tracklets]
    subprocess.run([*script, "--cameras", "8", "--tracklets", *sizes], check=True)
    rows: list[Row] = json.loads(target.read_text(encoding="utf-8"))
    return rows


def per_stage(row: Mapping[str, Any]) -> dict[str, float]:
    """Milliseconds a frame during which each stage was at work; decoding is done twice."""
    spent = dict(row["timings_s"])
    spent["decode"] = spent.get("decode", 0.0) + spent.pop("decode again", 0.0)
    return {stage: 1000 * spent[stage] / row["frames"] for stage in STAGES if stage in spent}


def further(rows: Sequence[Row], key: str = "cpu_s") -> float:
    """Milliseconds for each frame that the last line has more than the one before."""
    last, before = rows[-1], rows[-2]
    return 1000 * (last[key] - before[key]) / (last["frames"] - before["frames"])


def report(what: str, rows: Sequence[Row]) -> None:
    """Print the newest line of a table, and its head before the first."""
    print("\n".join(table(what, rows)[0 if len(rows) == 1 else -1 :]), flush=True)


def table(what: str, rows: Sequence[Row]) -> list[str]:
    """The lines of a table as Markdown; its end says what more frames cost, or more people each stage."""
    stages = list(per_stage(rows[0])) if what == "people" else []
    grown = [f"{stage}, ms" for stage in stages] or ["CPU ms for each further frame"]
    titles = [what, "frames", "boxes", "s", "CPU s", *grown, "peak, MiB"]
    lines = [f"| {' | '.join(titles)} |", "| ---: " * len(titles) + "|"]
    for place, row in enumerate(rows):
        more = [f"{ms:.1f}" for ms in per_stage(row).values()] if stages else [""]
        if not stages and place > 0:
            more = [f"{further(rows[: place + 1]):.1f}"]
        cells = [f"{row['frames']:,}", f"{row['boxes']:,}", f"{row['wall_s']:.1f}", f"{row['cpu_s']:.1f}", *more]
        lines.append(f"| {row[what]} | {' | '.join(cells)} | {row['peak_mib']:,.0f} |")
    return lines


def tracklets_table(rows: Sequence[Row]) -> list[str]:
    """Of the association alone."""
    lines = ["| tracklets | cameras | CPU s | ms a tracklet | more memory, MiB |", "| ---: " * 5 + "|"]
    for row in rows:
        each = 1000 * row["cpu_s"] / row["tracklets"]
        cells = f"{row['cameras']} | {row['cpu_s']:.1f} | {each:.2f} | {row['more_mib']:,}"
        lines.append(f"| {row['tracklets']:,} | {cells} |")
    return lines


def draw(kind: str, rows: Sequence[Row], path: Path) -> None:
    """The picture of one growth."""
    if kind == "tracklets":
        panels = [
            Panel("processor, s", {"CPU": [row["cpu_s"] for row in rows]}, "CPU"),
            Panel("memory beside the tracklets, MiB", {"more": [row["more_mib"] for row in rows]}),
        ]
        draw_growth(path, "tracklets", [row["tracklets"] for row in rows], panels, logarithmic=True)
        return
    x_key = FIRST_COLUMN[kind]
    x_title = {"cameras": "cameras", "people": "people in the frame", "times": "times the length"}[x_key]
    memory = Panel("largest resident set, MiB", {"peak": [row["peak_mib"] for row in rows]})
    if kind == "people":
        stages = [per_stage(row) for row in rows]
        curves = {stage: [one[stage] for one in stages] for stage in stages[0]}
        first = Panel("at work, ms on the clock a frame", curves)
    else:
        times = {"clock": [row["wall_s"] for row in rows], "processor": [row["cpu_s"] for row in rows]}
        first = Panel("whole run, s", times, "processor")
    draw_growth(path, x_title, [row[x_key] for row in rows], [first, memory], logarithmic=False)


KINDS: dict[str, Callable[[argparse.Namespace, Path], list[Row]]] = {
    "cameras": grow_cameras,
    "people": grow_people,
    "length": grow_length,
    "tracklets": grow_tracklets,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="the folder of real material")
    parser.add_argument("--out", type=Path, default=Path("growth"), help="folder of the JSON files")
    parser.add_argument("--pictures", type=Path, help="folder of the pictures (default: that of the JSON)")
    parser.add_argument("--page", type=Path, help="docs/results/growth.md, to replace its tables")
    parser.add_argument("--only", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--frames", type=int, default=100, help="of each camera; those that a length is times of")
    parser.add_argument("--cameras", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--people", type=int, nargs="+", default=[5, 10, 20, 50, 100, 200])
    parser.add_argument("--lengths", type=int, nargs="+", default=[1, 2, 4, 8, 16])
    parser.add_argument("--tracklets", type=int, nargs="+", default=[1000, 2000, 5000, 10000, 20000])
    args = parser.parse_args()
    args.shared = args.shared.resolve()
    args.out.mkdir(parents=True, exist_ok=True)
    for kind in args.only:
        with tempfile.TemporaryDirectory() as place:
            args.clip = Path(place) / "clip.mp4"
            cut(args.shared / "data/pets-s2l1/View_001.mp4", args.clip, args.frames)
            if kind != "tracklets":  # networks are prepared on first use, which is none of the growth
                (Path(place) / "first").mkdir()
                run(["--videos", str(args.clip), "--end", "0.5", *networks(args.shared)], Path(place) / "first")
            rows = KINDS[kind](args, Path(place))
        result = {"machine": machine(), "rows": rows}
        (args.out / f"growth_{kind}.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        draw(kind, rows, (args.pictures or args.out) / f"growth_{kind}.png")
        if args.page is not None:
            lines = tracklets_table(rows) if kind == "tracklets" else table(FIRST_COLUMN[kind], rows)
            put(args.page, f"growth with {kind}", "\n".join(lines))


if __name__ == "__main__":
    main()
