r"""Two recordings from the file to every output, beside BoxMOT on the same machine.

    python benchmarks/end_to_end.py --shared ../shared --json end_to_end.json

Both sides detect people (`weights/yolo11n_person.pt`, which reidtrack ships in 8 bits for a CPU), embed them (OSNet
x0.25 of MSMT17), track them, and write annotated videos and MOTChallenge text; reidtrack also settles who is who over
both cameras, keeps crops and writes a report. BoxMOT 25 (BoT-SORT) lives in a virtual environment of its own that is
made here, in the cache folder or at --venv, and stays; it takes one video at a time, by its own command. It runs as it
comes, and with OpenVINO exports of both networks by its own exporters: the rectangle that fits these recordings, and
640 x 640, which is what `yolo export` makes.

All sides take turns, round by round, after one short run each that fills every cache (who fails there is left out);
the same environment, no setting of threads. Each turn is a whole process on the whole recordings and one on their first
frames: what the first takes longer is the cost of frames without start-up. Scores are those of the last round.
`--frames` cuts the recordings, for a trial.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import boxmot_side
from clips import count_frames, cut, size_hw
from page import put
from spending import REIDTRACK, Spent, free_environment, machine, spend

from reidtrack.fetch import cache_folder
from reidtrack.pipeline.evaluate.evaluate import RunEvaluation, evaluate_run, figures
from reidtrack.runs.manifest import versions

HERE = Path(__file__).resolve().parents[1]
SHORT = 12
"""Frames of the runs that show what starting up takes."""
CAMERA_FIGURES = ("HOTA", "IDF1", "MOTA")
Turn = dict[str, Any]


@dataclass(frozen=True)
class Side:
    """One way to do the work.

    Attributes:
        label: For the tables.
        other: Whether it is BoxMOT.
        commands: Recordings and a folder to the commands that do it, one after another.
    """

    label: str
    other: bool
    commands: Callable[[Sequence[Path], Path], list[list[str]]]


def boxmot(label: str, commands: Path, detector: Path, reid: Path) -> Side:
    def words(videos: Sequence[Path], out: Path) -> list[list[str]]:
        return [boxmot_side.track_words(commands, detector, reid, video, out / video.stem) for video in videos]

    return Side(label, True, words)


def reidtrack(label: str, *options: str) -> Side:
    def words(videos: Sequence[Path], out: Path) -> list[list[str]]:
        return [[*REIDTRACK, "run", "--videos", *map(str, videos), "--out", str(out), "--quiet", *options]]

    return Side(label, False, words)


def make_sides(args: argparse.Namespace, video: Path) -> dict[str, Side]:
    """Those that were asked for, in the order of the table."""
    detector, reid = HERE / "weights" / "yolo11n_person.pt", args.shared / "weights" / "osnet_x0_25_msmt17.pth"
    looks = ("--reid", str(reid))
    ours = {
        "ours": reidtrack("reidtrack as it comes (detector in 8 bits)", *looks),
        "ours-float": reidtrack("reidtrack, detector in floats", *looks, "--detector", str(detector)),
        "ours-shipped": reidtrack("reidtrack, shipped weights (OSNet x1.0)"),
    }
    wanted = [name for name in args.sides if name in ours]
    theirs = boxmot_sides(args, detector, reid, video) if len(wanted) < len(args.sides) else {}
    return {name: (ours | theirs)[name] for name in args.sides}


def boxmot_sides(args: argparse.Namespace, detector: Path, reid: Path, video: Path) -> dict[str, Side]:
    cache = args.cache / "boxmot"
    commands = boxmot_side.make_environment(args.venv, cache)
    yolo, osnet = boxmot_side.place_weights(detector, reid, cache / "weights")
    found = {"boxmot": boxmot("BoxMOT as it comes (torch)", commands, yolo, osnet)}
    for name, size in (("square", (640, 640)), ("rectangle", rectangle(size_hw(video)))):
        if f"boxmot-{name}" in args.sides:
            network = boxmot_side.export_detector(commands, yolo, cache / f"{size[0]}x{size[1]}", size, cache)
            looks = boxmot_side.export_reid(commands, osnet, cache / "osnet", cache)
            label = f"BoxMOT, OpenVINO, {size[0]} x {size[1]}"
            found[f"boxmot-{name}"] = boxmot(label, commands, network, looks)
    return found


SIDES = ("boxmot", "ours", "boxmot-rectangle", "ours-float", "boxmot-square", "ours-shipped")


def rectangle(shape_hw: tuple[int, int], longest: int = 640, step: int = 32) -> tuple[int, int]:
    """Height and width of the detector's input for pictures of a shape: the longer side is `longest`."""
    scale = longest / max(shape_hw)
    height, width = (-(-round(side * scale) // step) * step for side in shape_hw)
    return height, width


def take_turn(side: Side, videos: Sequence[Path], out: Path, environment: Mapping[str, str]) -> Turn:
    """Let one side do the work; what it cost, and what it says of its stages (milliseconds a frame)."""
    shutil.rmtree(out, ignore_errors=True)
    logs = [out.with_name(f"{out.name}-{number}.log") for number, _ in enumerate(videos)]
    spent = [spend(words, log, environment) for words, log in zip(side.commands(videos, out), logs, strict=False)]
    total = Spent(sum(s.wall_s for s in spent), sum(s.cpu_s for s in spent), max(s.peak_mib for s in spent))
    if side.other:
        stages = boxmot_side.mean_stages([boxmot_side.read_report(log.read_text(encoding="utf-8")) for log in logs])
    else:
        record = json.loads((out / "run.json").read_text(encoding="utf-8"))
        frames = sum(camera["frames"] for camera in record["cameras"].values())
        stages = {stage: 1000 * seconds / frames for stage, seconds in record["timings_s"].items()}
    return {**total._asdict(), "stages_ms": {name: round(value, 3) for name, value in stages.items()}}


def without_start(turns: Sequence[Turn], frames: int, short: int, key: str = "wall_s") -> list[float]:
    """Milliseconds a camera frame in each round, once everything has started."""
    return [1000 * (turn["whole"][key] - turn["short"][key]) / (frames - short) for turn in turns]


def compare(theirs: Sequence[float], ours: Sequence[float]) -> tuple[float, float, float]:
    """How many times as long they take: the median over rounds, the least and the most."""
    ratios = [a / b for a, b in zip(theirs, ours, strict=True)]
    return median(ratios), min(ratios), max(ratios)


def summarise(turns: Mapping[str, Sequence[Turn]], frames: int, short: int) -> dict[str, dict[str, float]]:
    """Medians over rounds, by side."""
    rows = {}
    for name, rounds in turns.items():
        each = without_start(rounds, frames, short)
        rows[name] = {
            "wall_s": median(turn["whole"]["wall_s"] for turn in rounds),
            "cpu_s": median(turn["whole"]["cpu_s"] for turn in rounds),
            "ms_a_frame": median(each),
            "cpu_ms_a_frame": median(without_start(rounds, frames, short, "cpu_s")),
            "start_s": median(t["short"]["wall_s"] - ms * short / 1000 for t, ms in zip(rounds, each, strict=True)),
            "peak_mib": max(turn["whole"]["peak_mib"] for turn in rounds),
        }
    return rows


def compare_all(
    turns: Mapping[str, Sequence[Turn]], sides: Mapping[str, Side], frames: int, short: int
) -> dict[str, dict[str, dict[str, tuple[float, float, float]]]]:
    """Each of our sides beside each of theirs: clock and processor of whole processes, and frames without start-up."""
    found: dict[str, dict[str, dict[str, tuple[float, float, float]]]] = {}
    for mine in (name for name in turns if not sides[name].other):
        found[mine] = {}
        for other in (name for name in turns if sides[name].other):
            pair = (turns[other], turns[mine])
            wall, cpu = ([[turn["whole"][key] for turn in side] for side in pair] for key in ("wall_s", "cpu_s"))
            frame = [without_start(side, frames, short) for side in pair]
            found[mine][other] = {"wall": compare(*wall), "cpu": compare(*cpu), "frame": compare(*frame)}
    return found


def score(side: Side, out: Path, videos: Sequence[Path], data: Path) -> dict[str, Any]:
    """HOTA, IDF1 and MOTA of each camera; over both cameras for those who know people by one number in both."""
    if side.other:
        for video in videos:
            text = next((out / video.stem).rglob("tracks.txt")).read_bytes()
            for folder in ("tracks", "mot"):
                (out / folder).mkdir(exist_ok=True)
                (out / folder / f"{video.stem}.txt").write_bytes(text)
    names = [video.stem for video in videos]
    truth, person, ignore = (
        [f"{name}={data / pattern.format(name)}" for name in names if (data / pattern.format(name)).exists()]
        for pattern in ("gt_{}.txt", "gt_{}_person.txt", "ignore_{}.txt")
    )
    found: RunEvaluation = evaluate_run(out, truth, person, ignore)
    cameras = {name: {k: figures(one)[k] for k in CAMERA_FIGURES} for name, one in found.cameras.items()}
    cross = {} if side.other else {name: found.cross_figures()[name] for name in ("HOTA", "IDF1")}
    return {"cameras": cameras, "cross": cross}


def tables(result: Mapping[str, Any], sides: Mapping[str, Side]) -> str:
    """Everything as Markdown."""
    others = [name for name in result["summary"] if sides[name].other]
    lines = [
        "| | s, whole | CPU s | ms a frame without start-up | CPU ms | start-up, s | peak, MiB |",
        "| --- |" + " ---: |" * 6,
    ]
    for name, row in result["summary"].items():
        cells = " | ".join(f"{row[key]:.1f}" for key in ("wall_s", "cpu_s", "ms_a_frame", "cpu_ms_a_frame", "start_s"))
        lines.append(f"| {sides[name].label} | {cells} | {row['peak_mib']:,.0f} |")
    kinds = {"wall": "whole processes", "frame": "frames without start-up", "cpu": "processor time of whole processes"}
    for kind, title in kinds.items() if others else ():
        lines += ["", f"| times faster, {title} | " + " | ".join(sides[name].label for name in others) + " |"]
        lines.append("| --- |" + " ---: |" * len(others))
        for mine, against in result["ratios"].items():
            cells = " | ".join("{:.1f} ({:.1f} to {:.1f})".format(*against[other][kind]) for other in others)
            lines.append(f"| {sides[mine].label} | {cells} |")
    if result["scores"]:
        cameras = list(next(iter(result["scores"].values()))["cameras"])
        lines += ["", f"| HOTA / IDF1 / MOTA | {' | '.join(cameras)} | across cameras, HOTA / IDF1 |"]
        lines.append("| --- |" + " --- |" * (len(cameras) + 1))
        for name, found in result["scores"].items():
            figures_of = [*found["cameras"].values(), found["cross"]]
            words = (" / ".join(f"{value:.1f}" for value in one.values()) for one in figures_of)
            lines.append(f"| {sides[name].label} | {' | '.join(words)} |")
    lines += ["", "Milliseconds a frame, as each side says itself (stages of reidtrack overlap):", ""]
    for name, rounds in result["turns"].items():
        stages = ", ".join(f"{stage} {ms:.1f}" for stage, ms in rounds[-1]["whole"]["stages_ms"].items())
        lines += textwrap.wrap(f"- {sides[name].label}: {stages}", 120, subsequent_indent="  ")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="the folder of real material")
    parser.add_argument("--cache", type=Path, default=cache_folder() / "benchmarks", help="environment, exports, runs")
    parser.add_argument("--venv", type=Path, help="BoxMOT's virtual environment (default: in the cache)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sides", nargs="+", choices=SIDES, default=list(SIDES))
    parser.add_argument("--frames", type=int, help="of each recording (default: all)")
    parser.add_argument("--json", type=Path, default=Path("end_to_end.json"))
    parser.add_argument("--page", type=Path, help="docs/results/speed.md, to replace its tables")
    args = parser.parse_args()
    args.shared, args.cache = args.shared.resolve(), args.cache.resolve()
    args.venv = (args.venv or args.cache / "boxmot" / "venv").resolve()

    data, work = args.shared / "data/pets-s2l1", args.cache / "end_to_end"
    work.mkdir(parents=True, exist_ok=True)
    originals = [data / f"View_00{view}.mp4" for view in (1, 6)]
    videos = {"short": clip(originals, work / "short", SHORT), "whole": originals}
    if args.frames is not None:
        videos["whole"] = clip(originals, work / "whole", args.frames)
    frames, short = (sum(map(count_frames, videos[kind])) for kind in ("whole", "short"))
    sides = make_sides(args, originals[0])
    environments = {True: boxmot_side.offline(args.cache / "boxmot"), False: free_environment()}

    turns: dict[str, list[Turn]] = {name: [] for name in sides}
    result: dict[str, Any] = {"machine": machine(), "frames": frames, "short": short, "turns": turns}
    result["versions"] = {"reidtrack": versions()}
    if any(side.other for side in sides.values()):
        result["versions"]["boxmot"] = boxmot_side.versions(args.venv / "bin")
    for name, side in list(sides.items()):
        say(f"warm-up: {side.label}")
        try:
            take_turn(side, videos["short"], work / f"{name}-short", environments[side.other])
        except SystemExit as fault:
            say(f"left out: {side.label}: {fault}")
            del sides[name], turns[name]
    for nth in range(args.rounds):
        for name, side in sides.items():
            turn = {
                kind: take_turn(side, videos[kind], work / f"{name}-{kind}", environments[side.other])
                for kind in ("short", "whole")
            }
            turns[name].append(turn)
            say(f"round {nth + 1} of {args.rounds}: {side.label}: {turn['whole']['wall_s']:.1f} s")
            args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    result["summary"] = summarise(turns, frames, short)
    result["ratios"] = compare_all(turns, sides, frames, short)
    result["scores"] = {}
    if args.frames is None:
        result["scores"] = {name: score(side, work / f"{name}-whole", originals, data) for name, side in sides.items()}
    args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    text = tables(result, sides)
    print(text)
    if args.page is not None:
        put(args.page, "end to end", text)


def clip(originals: Sequence[Path], folder: Path, frames: int) -> list[Path]:
    """The first frames of recordings, under their names."""
    folder.mkdir(exist_ok=True)
    for original in originals:
        cut(original, folder / original.name, frames)
    return [folder / original.name for original in originals]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
