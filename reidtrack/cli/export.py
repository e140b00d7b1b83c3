"""`reidtrack export`: a network as a file for inference engines."""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

from reidtrack.cli.options import add_output_options
from reidtrack.cli.progress import make_progress
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_OK

HELP = """Write a detector or a re-ID network as ONNX or OpenVINO, and keep it only if it agrees with its source.
The number of pictures stays open, and of a detector height and width too.
Example: reidtrack export yolo11n.pt --format openvino --int8 --calibrate frames/"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack export`."""
    parser.add_argument(
        "weights",
        type=Path,
        metavar="WEIGHTS",
        help="a path (.pt, .pth, .safetensors; .onnx or .xml of a re-ID network) or a name",
    )
    parser.add_argument("--format", required=True, choices=("onnx", "openvino"), help="of the file")
    parser.add_argument("--out", type=Path, metavar="PATH", help="where it goes (default: here, named after WEIGHTS)")
    parser.add_argument("--half", action="store_true", help="16 bits: all of an ONNX file, the weights of OpenVINO's")
    parser.add_argument("--int8", action="store_true", help='8 bits, OpenVINO only; needs "reidtrack[int8]"')
    parser.add_argument(
        "--calibrate",
        type=Path,
        metavar="FOLDER",
        help="real pictures, frames or crops of people: --int8 learns from them, and the check is made on them",
    )
    parser.add_argument(
        "--imgsz", type=int, nargs=2, metavar=("H", "W"), help="fix a detector's input to one picture of that size"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Export, and say how near to its source it is."""
    from reidtrack.pipeline.export import ExportRequest, export

    size = None if args.imgsz is None else (args.imgsz[0], args.imgsz[1])
    request = ExportRequest(
        args.weights,
        args.format,
        args.out,
        half=args.half,
        int8=args.int8,
        calibrate=args.calibrate,
        size_hw=size,
        overwrite=args.overwrite,
    )
    with make_progress(quiet=args.quiet):
        done = export(request)
    if args.json:
        print(json.dumps(dataclasses.asdict(done), default=str))
    elif not args.quiet:
        on = f"{done.pictures} pictures" if done.pictures else "random pictures"
        say(f"{done.path}: {done.measure} with {done.reference}, on {on}: {done.agreement:.5f}")
    return EXIT_OK
