r"""What each stage of a run needs at least, what it takes alone, and what the run makes of them all.

    python benchmarks/floors.py --video ../shared/data/pets-s2l1/View_001.mp4 \
        --detector ../shared/weights/yolo11n.pt --reid ../shared/weights/osnet_x0_25_msmt17.pth --json floors.json

The floor is the library alone in a tight loop: FFmpeg decoding, the networks on batches that are ready, x264 on
pictures that are ready. *Alone* is our own stage in a tight loop, with everything around it. Both are milliseconds of
processor time per camera frame, over all threads, the least of some rounds. The run shares the processor among all
stages at once, so that its floor on the clock is the sum of processor times over the number of cores.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from page import put
from spending import REIDTRACK, machine, spend

from reidtrack.associate.associate import associate
from reidtrack.config.run import RunConfig
from reidtrack.detect.letterbox import fit_rectangle
from reidtrack.detect.weights import DetectorModule, read_detector
from reidtrack.engines.base import Engine
from reidtrack.engines.build import build_engine, open_engine
from reidtrack.models.checkpoint import load_checkpoint
from reidtrack.networks.build import make_detector, make_embedder
from reidtrack.pipeline.run.reading import make_trackers
from reidtrack.pipeline.run.settle import load_tracklets
from reidtrack.runs.boxes import boxes_of_camera
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_detection_log
from reidtrack.types import Frame, ImageArray
from reidtrack.video.draw import Annotator
from reidtrack.video.file import VideoFile
from reidtrack.video.sink import VideoSink

CAMERA = "camera"
Job = Callable[[], object]


class Stage(NamedTuple):
    """One line of the table, milliseconds of processor time a frame.

    Attributes:
        floor: The library alone; None where there is no library to speak of.
        alone: The stage alone.
        times: How often the run does it per frame.
    """

    floor: float | None
    alone: float
    times: int = 1


def cpu_ms(job: Job, count: float, rounds: int) -> float:
    """Least processor time, over all threads, that a job takes for each of `count` frames."""
    spent = []
    for _ in range(rounds + 1):  # the first warms up
        began = time.process_time()
        job()
        spent.append(time.process_time() - began)
    return 1000 * min(spent[1:]) / count


def drain(items: Iterable[object]) -> None:
    deque(items, maxlen=0)


def decode_only(video: Path, count: int) -> None:
    """FFmpeg's pictures as they are, in YUV."""
    import av

    with av.open(str(video)) as container:
        container.streams.video[0].thread_type = "AUTO"
        drain(islice(container.decode(video=0), count))


def decode(video: Path, count: int) -> list[Frame]:
    with VideoFile(video, CAMERA) as source:
        return list(islice(source, count))


def encode_only(pictures: Iterable[Any], path: Path, size: tuple[int, int], fps: float) -> None:
    """x264 on pictures in YUV, as the videos of a run are encoded."""
    import av

    with av.open(str(path), "w") as container:
        rate = Fraction(fps).limit_denominator(1001)
        stream = container.add_stream("libx264", rate=rate, options={"crf": "23", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for index, picture in enumerate(pictures):
            picture.pts = index
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def encode(frames: Iterable[Frame], path: Path, size: tuple[int, int], fps: float) -> None:
    with VideoSink(path, size, fps_hint=fps) as sink:
        for frame in frames:
            sink.write(frame.image, frame.time_s)


def to_yuv(images: Iterable[ImageArray]) -> list[Any]:
    from av import VideoFrame

    return [VideoFrame.from_ndarray(image, format="bgr24").reformat(format="yuv420p") for image in images]


def detector_engine(weights: Path, size: tuple[int, int], config: RunConfig) -> tuple[Engine, tuple[int, int]]:
    """The detector's network alone, and the height and width of its input for pictures of a size."""
    found = read_detector(weights)
    if isinstance(found, DetectorModule):
        box = fit_rectangle(size, config.detect.options.imgsz, found.stride)
        return build_engine(found.module, None, precision=config.precision), (box.height, box.width)
    opened = open_engine(found.path)
    box = fit_rectangle(size, config.detect.options.imgsz, 32)
    _, _, height, width = opened.input_shape
    return opened, (height, width) if height > 0 else (box.height, box.width)


def measure(args: argparse.Namespace, folder: Path, scratch: Path) -> dict[str, Stage]:
    """Every stage by itself, on the frames and the people of a finished run."""
    config = RunConfig.model_validate(
        {"detect": {"weights": str(args.detector)}, "embed": {"weights": str(args.reid)}, "precision": args.precision}
    )
    frames = decode(args.video, args.frames)
    count, size = len(frames), frames[0].size
    with VideoFile(args.video, CAMERA) as source:
        fps = source.nominal_fps

    def spent(job: Job, part: float = count) -> float:
        return cpu_ms(job, part, args.rounds)

    found: dict[str, Stage] = {}
    frame_ms = spent(lambda: decode_only(args.video, count)), spent(lambda: decode(args.video, count))
    found["decode"] = Stage(*frame_ms, times=2)

    engine, (high, wide) = detector_engine(args.detector, size, config)
    batch = np.random.default_rng(0).random((8, 3, high, wide), dtype=np.float32)
    floor = spent(lambda: engine.infer(batch), len(batch))
    detector, _ = make_detector(config.detect, config.device, config.engine, config.precision)
    eight = frames[:8]
    found["detect"] = Stage(floor, spent(lambda: detector.detect(eight), len(eight)))

    run = RunFolder(folder)
    detections = read_detection_log(run.detections).frames[CAMERA]

    def track() -> None:
        tracker = make_trackers(config.track, {CAMERA: 1 / fps})[CAMERA]
        for frame in frames:
            tracker.update(detections[frame.index], frame.index, frame.time_s)

    found["track"] = Stage(None, spent(track))

    tracklets = load_tracklets(run, config.track)
    embedder, _ = make_embedder(config.embed, config.device, config.engine, config.precision)
    height, width = embedder.size_hw
    crops = np.random.default_rng(0).integers(0, 256, (32, height, width, 3), dtype=np.uint8)
    loaded = load_checkpoint(args.reid)
    looks = build_engine(loaded.model, loaded.card.size_hw, precision=args.precision)
    ready = np.random.default_rng(0).normal(size=(32, 3, height, width)).astype(np.float32)
    read = run.read_manifest().cameras[CAMERA].frames
    crops_a_frame = sum(len(t.features) for t in tracklets) / read
    found["embed"] = Stage(
        crops_a_frame * spent(lambda: looks.infer(ready), 32), crops_a_frame * spent(lambda: embedder.embed(crops), 32)
    )

    found["associate"] = Stage(None, spent(lambda: associate(tracklets), read))
    people = associate(tracklets).identities
    boxes = boxes_of_camera(people, CAMERA)

    def draw() -> list[ImageArray]:
        annotator = Annotator(*size, CAMERA)
        drawn = []
        for frame in frames:
            first, last = np.searchsorted(boxes.frame, [frame.index, frame.index + 1])
            rows = slice(first, last)
            drawn.append(annotator.draw(frame.image, frame.time_s, boxes.xyxy[rows], boxes.identity[rows]))
        return drawn

    found["draw"] = Stage(None, spent(draw))
    drawn = to_yuv(draw())
    path = scratch / "encoded.mp4"
    found["encode"] = Stage(
        spent(lambda: encode_only(drawn, path, size, fps)), spent(lambda: encode(frames, path, size, fps))
    )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--detector", type=Path, required=True)
    parser.add_argument("--reid", type=Path, required=True)
    parser.add_argument("--precision", choices=("auto", "fp32", "half"), default="auto")
    parser.add_argument("--frames", type=int, default=200, help="that are held in memory for the stages alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, default=Path("floors.json"))
    parser.add_argument("--page", type=Path, help="docs/results/speed.md, to replace its table")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "run"
        words = ["run", "--videos", str(args.video), "--cameras", CAMERA, "--out", str(out), "--quiet"]
        words += ["--detector", str(args.detector), "--reid", str(args.reid), "--set", f"precision={args.precision}"]
        spend([*REIDTRACK, *words], Path(place) / "warm-up.log")
        spend([*REIDTRACK, *words, "--overwrite"], Path(place) / "run.log")
        stages = measure(args, out, Path(place))
        record = RunFolder(out).read_manifest().to_json()
    here = machine()
    result = {"machine": here, "stages": {name: stage._asdict() for name, stage in stages.items()}, "run": record}
    args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    text = table(stages, record, int(here["cores"]))
    print(text)
    if args.page is not None:
        put(args.page, "floors", text)


def table(stages: Mapping[str, Stage], record: Mapping[str, Any], cores: int) -> str:
    """As Markdown."""
    frames, in_run = record["cameras"][CAMERA]["frames"], record["timings_s"]
    lines = [
        "| stage | floor, CPU ms a frame | alone | at work in the run, ms on the clock |",
        "| --- |" + " ---: |" * 3,
    ]
    for name, stage in stages.items():
        floor = "" if stage.floor is None else f"{stage.floor:.2f}"
        often = "" if stage.times == 1 else f", {stage.times} times"
        busy = (f"{1000 * in_run[key] / frames:.2f}" for key in (name, f"{name} again") if key in in_run)
        lines.append(f"| {name}{often} | {floor} | {stage.alone:.2f} | {' and '.join(busy)} |")
    floors = sum(stage.times * (stage.alone if stage.floor is None else stage.floor) for stage in stages.values())
    alone = sum(stage.times * stage.alone for stage in stages.values())
    passes = sum(passed["wall_s"] for passed in record["passes"].values()) + in_run["associate"]
    lines.append(f"| all | {floors:.1f} | {alone:.1f} | |")
    whole = f"{floors / cores:.1f} | {alone / cores:.1f} | {1000 * passes / frames:.1f}"
    return "\n".join([*lines, f"| all, over {cores} cores | {whole} |"])


if __name__ == "__main__":
    main()
