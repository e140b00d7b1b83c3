r"""What the motion gate saves, and what it costs in accuracy.

    python benchmarks/motion_gate.py --shared ../shared --json motion_gate.json

Scenes with truth: the sample, PETS S2L1, TUD-Stadtmitte, and `frozen`: the sample in which everybody stands still for
20 s in the middle (one picture of each camera over and over, with fresh noise) and then walks on. Scenes without:
`empty`, the sample without its people (the median of its pictures, with fresh noise), and the first 900 pictures of
people who pass an indoor camera one after the other. All are run with and without the gate. Processor time is that of a
whole process less that of one on the first 12 pictures, by frame.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from clips import cut
from page import put
from spending import REIDTRACK, free_environment, machine, spend

from reidtrack.fetch import cache_folder
from reidtrack.pipeline.evaluate.evaluate import evaluate_run, figures

HERE = Path(__file__).resolve().parents[1]
SHORT = 12
FREEZE_AT, FREEZE_S, SAMPLE_FPS = 84, 20, 12
EMPTY_FRAMES = 600
NOISE = 2.0
"""Standard deviation, grey levels, of a sensor by day."""


@dataclass(frozen=True)
class Scene:
    """Recordings, and what is true of them.

    Attributes:
        label: For the table.
        videos: Of its cameras.
        truth: `gt`, `person` and `ignore` to their files, by camera.
    """

    label: str
    videos: tuple[Path, ...]
    truth: dict[str, list[str]]


def make_scenes(shared: Path, folder: Path) -> dict[str, Scene]:
    samples = [HERE / "samples" / f"{name}.mp4" for name in ("alley", "entrance", "plaza")]
    pets, mot = shared / "data/pets-s2l1", shared / "data/mot"
    views = [pets / f"View_00{view}.mp4" for view in (1, 6)]
    tud, door = mot / "TUD-Stadtmitte.mp4", folder / "door.mp4"
    folder.mkdir(parents=True, exist_ok=True)
    if not door.exists():
        cut(mot / "one-by-one-person-detection.mp4", door, 900)
    gt = HERE / "samples" / "gt"
    return {
        "sample": Scene("sample", tuple(samples), truth_of(samples, gt / "{}.txt", None, gt / "ignore_{}.txt")),
        "pets": Scene(
            "PETS S2L1",
            tuple(views),
            truth_of(views, pets / "gt_{}.txt", pets / "gt_{}_person.txt", pets / "ignore_{}.txt"),
        ),
        "tud": Scene("TUD-Stadtmitte", (tud,), truth_of([tud], mot / "{}_gt_eval.txt", None, mot / "{}_ignore.txt")),
        "frozen": freeze(samples, gt, folder / "frozen"),
        "empty": Scene("sample without its people", tuple(empty(video, folder / "empty") for video in samples), {}),
        "door": Scene("one after the other", (door,), {}),
    }


def truth_of(videos: Sequence[Path], gt: Path, person: Path | None, ignore: Path) -> dict[str, list[str]]:
    patterns = {"gt": gt, "person": person, "ignore": ignore}
    return {
        kind: [f"{video.stem}={str(pattern).format(video.stem)}" for video in videos]
        for kind, pattern in patterns.items()
        if pattern is not None
    }


# Scenes that are made.


def freeze(videos: Sequence[Path], gt: Path, folder: Path) -> Scene:
    """Everybody stands still for a while, and walks on."""
    folder.mkdir(exist_ok=True)
    more = FREEZE_S * SAMPLE_FPS
    made = []
    for video in videos:
        target = folder / video.name
        if not target.exists():
            pictures = read(video)
            write([*pictures[:FREEZE_AT], *[pictures[FREEZE_AT - 1]] * more, *pictures[FREEZE_AT:]], target)
        made.append(target)
        for name in (f"{video.stem}.txt", f"ignore_{video.stem}.txt"):
            lines = [line.split(",", 1) for line in (gt / name).read_text().splitlines()]
            still = [rest for frame, rest in lines if int(frame) == FREEZE_AT]
            moved = [(int(frame) + more * (int(frame) > FREEZE_AT), rest) for frame, rest in lines]
            moved += [(FREEZE_AT + step, rest) for step in range(1, more + 1) for rest in still]
            (folder / name).write_text("".join(f"{frame},{rest}\n" for frame, rest in sorted(moved)))
    truth = truth_of(made, folder / "{}.txt", None, folder / "ignore_{}.txt")
    return Scene(f"sample, everybody still for {FREEZE_S} s", tuple(made), truth)


def empty(video: Path, folder: Path) -> Path:
    """What a camera sees when nobody is there."""
    folder.mkdir(exist_ok=True)
    target = folder / video.name
    if not target.exists():
        write([np.median(np.stack(read(video)), axis=0).astype(np.uint8)] * EMPTY_FRAMES, target)
    return target


def read(video: Path) -> list[Any]:
    import av

    with av.open(str(video)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def write(pictures: Sequence[Any], target: Path) -> None:
    """Encode pictures with fresh noise, as a camera would: no B-frames, a key frame every two seconds."""
    import av

    rng = np.random.default_rng(7)
    part = target.with_suffix(".part.mp4")
    with av.open(str(part), "w") as container:
        options = {"preset": "veryfast", "crf": "23", "bf": "0"}
        stream = container.add_stream("libx264", rate=SAMPLE_FPS, options=options)
        stream.height, stream.width, stream.pix_fmt = *pictures[0].shape[:2], "yuv420p"
        stream.gop_size = 2 * SAMPLE_FPS
        for picture in pictures:
            noisy = np.clip(picture + rng.normal(0, NOISE, picture.shape), 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noisy, format="bgr24")))
        container.mux(stream.encode())
    part.rename(target)


# Measuring.


def measure(scene: Scene, gate: bool, reid: Path | None, work: Path) -> dict[str, Any]:
    """Run a scene; what it cost, how many frames were looked at, and how good the result is."""
    words = ["--no-video", "--quiet", *(["--reid", str(reid)] if reid else []), *(["--motion-gate"] if gate else [])]
    out, short = work / "run", work / "short"
    spent = {}
    for folder, videos in ((short, shortened(scene, work)), (out, scene.videos)):
        shutil.rmtree(folder, ignore_errors=True)
        command = [*REIDTRACK, "run", "--videos", *map(str, videos), "--out", str(folder), *words]
        spent[folder] = spend(command, work / "log.txt", free_environment())
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    frames = sum(camera["frames"] for camera in record["cameras"].values())
    extra = frames - SHORT * len(scene.videos)
    found = {
        "frames": frames,
        "people": record.get("people"),
        "boxes": sum(camera["boxes"] for camera in record["cameras"].values()),
        "cpu_ms_a_frame": round(1000 * (spent[out].cpu_s - spent[short].cpu_s) / extra, 2),
    }
    if scene.truth:
        truth = scene.truth
        scored = evaluate_run(out, truth["gt"], truth.get("person", ()), truth["ignore"])
        cameras = [figures(one) for one in scored.cameras.values()]
        found |= {name: round(float(np.mean([one[name] for one in cameras])), 1) for name in ("HOTA", "IDF1")}
        found["cross IDF1"] = round(float(scored.cross_figures()["IDF1"]), 1)
    return found


def shortened(scene: Scene, work: Path) -> list[Path]:
    folder = work / "first"
    folder.mkdir(exist_ok=True)
    made = [folder / f"{video.stem}.mp4" for video in scene.videos]
    for video, target in zip(scene.videos, made, strict=True):
        cut(video, target, SHORT)
    return made


def table(result: dict[str, Any]) -> str:
    lines = [
        "| scene | frames | CPU ms a frame | with the gate | HOTA | IDF1 | cross IDF1 | people |",
        "| --- |" + " ---: |" * 7,
    ]
    for one in result["scenes"].values():
        off, on = one["off"], one["on"]
        scores = [f"{off[name]:.1f} → {on[name]:.1f}" if name in off else "" for name in ("HOTA", "IDF1", "cross IDF1")]
        cells = [one["label"], off["frames"], f"{off['cpu_ms_a_frame']:.1f}", f"{on['cpu_ms_a_frame']:.1f}", *scores]
        lines.append("| " + " | ".join(map(str, [*cells, f"{off['people']} → {on['people']}"])) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True, help="the folder of real material")
    parser.add_argument("--cache", type=Path, default=cache_folder() / "benchmarks", help="made recordings, runs")
    parser.add_argument("--reid", type=Path, help="re-identification network (default: the shipped one)")
    parser.add_argument("--scenes", nargs="+", help="some of them (default: all)")
    parser.add_argument("--json", type=Path, default=Path("motion_gate.json"))
    parser.add_argument("--page", type=Path, help="docs/results/live.md, to replace its table")
    args = parser.parse_args()
    work = args.cache.resolve() / "motion_gate"
    scenes = make_scenes(args.shared.resolve(), work)
    result: dict[str, Any] = {"machine": machine(), "scenes": {}}
    for name in args.scenes or scenes:
        scene = scenes[name]
        both = {}
        for key, gate in (("off", False), ("on", True)):
            both[key] = measure(scene, gate, args.reid, work)
            print(f"{scene.label}, gate {key}: {both[key]}", file=sys.stderr, flush=True)
        result["scenes"][name] = {"label": scene.label, **both}
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(table(result))
    if args.page is not None:
        put(args.page, "motion gate", table(result))


if __name__ == "__main__":
    main()
