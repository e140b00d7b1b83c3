"""The same network for OpenVINO: weights and activations in 8 bits, an input of any size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from reidtrack.detect.families import YOLO
from reidtrack.detect.letterbox import fit_letterbox, letterbox
from reidtrack.engines.convert import open_shape, to_openvino
from reidtrack.engines.openvino_package import import_openvino
from reidtrack.engines.pictures import to_planes
from reidtrack.engines.quantise import quantise
from reidtrack.types import FloatArray
from tools.train_detector.data import Picture
from tools.train_detector.network import for_inference

FLOAT = (r".*\.dfl.*", r".*__module\.model\.23/.*")
"""What stays in floating point: the arithmetic that turns the head's convolutions into boxes. In 8 bits, pixels of a
640 x 640 picture come in steps of 2.5, and AP50-95 falls by ten points."""


def export_int8(network: Any, pictures: Sequence[Picture], folder: Path, stem: str, imgsz: int = 640) -> None:
    """Write `<stem>.xml`, `<stem>.bin` and `metadata.yaml`.

    Args:
        network: The one-class network, left as it is.
        pictures: Training pictures, to learn the ranges of activations from.
        folder: Where the files go.
        stem: Their name.
        imgsz: Side of the square that the pictures are scaled into, pixels.
    """
    converted = to_openvino(for_inference(network), open_shape(None))
    quantised = quantise(converted, [_input(picture, imgsz) for picture in pictures], exact=FLOAT)
    quantised.set_rt_info("YOLO", ["model_info", "model_type"])
    quantised.set_rt_info("person", ["model_info", "labels"])
    folder.mkdir(parents=True, exist_ok=True)
    import_openvino().save_model(quantised, folder / f"{stem}.xml", compress_to_fp16=False)
    (folder / "metadata.yaml").write_text(yaml.safe_dump(_metadata(imgsz), sort_keys=False), encoding="ascii")


def _input(picture: Picture, imgsz: int) -> FloatArray:
    height, width = picture.image.shape[:2]
    return to_planes(letterbox([picture.image], fit_letterbox((width, height), imgsz, imgsz)), YOLO.pixels)


def _metadata(imgsz: int) -> dict[str, Any]:
    return {
        "description": "YOLO11n fine-tuned to the class person by reidtrack's tools/train_detector",
        "license": "AGPL-3.0 License (https://ultralytics.com/license)",
        "stride": 32,
        "task": "detect",
        "batch": 1,
        "imgsz": [imgsz, imgsz],
        "names": {0: "person"},
        "args": {"batch": 1, "half": False, "int8": True, "dynamic": True, "nms": False},
        "channels": 3,
    }
