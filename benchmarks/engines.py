r"""What each inference engine makes of the same network: pictures a second of processor time, and how near to torch.

    OMP_NUM_THREADS=1 python benchmarks/engines.py --detector ../shared/weights/yolo11n.pt \
        --exported ../shared/weights/yolo11n_int8_openvino_model --json engines.json

OSNet has random weights here, which is as fast as any. All engines of a network take turns within one process, round by
round, and the median of the rounds counts; processor time over all threads, so that what else the machine does matters
little. Engines that are not installed are left out.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from reidtrack.detect.weights import DetectorModule, ExportedDetector, read_detector
from reidtrack.engines.base import Engine
from reidtrack.engines.build import build_engine, open_engine
from reidtrack.engines.names import EngineName, Precision
from reidtrack.errors import DeviceError
from reidtrack.models.zoo import build_model
from reidtrack.types import FloatArray

KINDS: tuple[tuple[EngineName, Precision], ...] = (
    ("torch", "fp32"),
    ("onnxruntime", "fp32"),
    ("openvino", "fp32"),
    ("openvino", "half"),
)
CROP_HW, FRAMES_HW = (256, 128), {"640 x 640": (640, 640), "480 x 640": (480, 640)}


def engines(make: Callable[[EngineName, Precision], Engine], precisions: tuple[Precision, ...]) -> dict[str, Engine]:
    """One of each kind that there is here, by its name."""
    found: dict[str, Engine] = {}
    for engine, precision in KINDS:
        if precision in precisions:
            try:
                built = make(engine, precision)
            except DeviceError as error:
                print(f"left out: {error}")
                continue
            found[built.name] = built
    return found


def measure(built: Mapping[str, Engine], batch: FloatArray, rounds: int) -> dict[str, dict[str, float]]:
    """Pictures a second of processor time by each engine, their ratio to torch's, and the cosine of what they give."""
    spent: dict[str, list[float]] = {name: [] for name in built}
    outputs = {name: engine.infer(batch)[0].reshape(len(batch), -1) for name, engine in built.items()}  # and warm
    for _ in range(rounds):
        for name, engine in built.items():
            began = time.process_time()
            engine.infer(batch)
            spent[name].append(time.process_time() - began)
    reference = next(iter(outputs))
    rows: dict[str, dict[str, float]] = {}
    for name, seconds in spent.items():
        rows[name] = {
            "pictures_per_s": len(batch) / float(np.median(seconds)),
            "times_torch": float(np.median(np.array(spent[reference]) / np.array(seconds))),
        }
        if outputs[name].shape == outputs[reference].shape:
            rows[name]["least_cosine"] = cosine(outputs[name], outputs[reference])
    return rows


def cosine(a: FloatArray, b: FloatArray) -> float:
    return float(((a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))).min())


def measure_reid(architecture: str, count: int, rounds: int) -> dict[str, dict[str, float]]:
    torch.manual_seed(0)
    net = build_model(architecture).eval()
    crops = np.random.default_rng(0).normal(size=(count, 3, *CROP_HW)).astype(np.float32)

    def make(engine: EngineName, precision: Precision) -> Engine:
        return build_engine(net, CROP_HW, device="cpu", engine=engine, precision=precision)

    return measure(engines(make, ("fp32", "half")), crops, rounds)


def measure_detector(
    found: DetectorModule, exported: Path | None, size_hw: tuple[int, int], count: int, rounds: int
) -> dict[str, dict[str, float]]:
    frames = np.random.default_rng(0).random((count, 3, *size_hw), dtype=np.float32)

    def make(engine: EngineName, precision: Precision) -> Engine:
        return build_engine(found.module, None, device="cpu", engine=engine, precision=precision)

    built = engines(make, ("fp32", "half"))
    if exported is not None:
        given = read_detector(exported)
        assert isinstance(given, ExportedDetector), f"{exported} is no exported detector"
        opened = open_engine(given.path)
        if opened.input_shape[2:] in (size_hw, (-1, -1)):
            built[f"{exported.name}, {opened.name}"] = opened
    return measure(built, frames, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reid", nargs="*", default=["osnet_x0_25", "osnet_x1_0"], help="architectures")
    parser.add_argument("--detector", type=Path, help="a YOLO .pt file")
    parser.add_argument("--exported", type=Path, help="the same as an export, such as an INT8 folder")
    parser.add_argument("--crops", type=int, default=16, help="in a batch")
    parser.add_argument("--frames", type=int, default=4, help="in a batch")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", type=Path, help="where the figures go")
    args = parser.parse_args()
    torch.set_num_threads(1)  # as many as its processor time is divided by
    tables = {name: measure_reid(name, args.crops, args.rounds) for name in args.reid}
    if args.detector is not None:
        found = read_detector(args.detector)
        assert isinstance(found, DetectorModule), f"{args.detector} is no .pt file"
        for name, size_hw in FRAMES_HW.items():
            table = measure_detector(found, args.exported, size_hw, args.frames, args.rounds)
            tables[f"{args.detector.stem} {name}"] = table
    print("| network | engine | pictures/s | to torch | least cosine |\n| --- | --- | ---: | ---: | ---: |")
    for name, rows in tables.items():
        for engine, row in rows.items():
            near = f"{row['least_cosine']:.5f}" if "least_cosine" in row else ""
            print(f"| {name} | {engine} | {row['pictures_per_s']:.1f} | {row['times_torch']:.1f} | {near} |")
    if args.json is not None:
        args.json.write_text(json.dumps(tables, indent=1) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
