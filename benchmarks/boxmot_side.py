"""BoxMOT as the other side of a comparison: its own virtual environment, its exports, its command, its report.

Weights come from the disk: the environment of its commands leads every download to a port where nobody listens.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from spending import free_environment

PACKAGES = (
    "boxmot[onnx,openvino]==25.0.0",
    "loguru==0.7.3",
    "openvino==2026.4.1",
    "torch==2.13.0",
    "torchvision==0.28.0",
    "ultralytics==8.4.190",
)
_MADE = "made_by_a_benchmark"
_IMPORTS = "import boxmot, cv2, openvino, torchvision, ultralytics"
_NOBODY = "http://127.0.0.1:9"
_STAGES = ("Source", "Detector", "ReID encoder", "Pipeline", "Tracker", "Output", "Other overhead", "Overall")


def make_environment(venv: Path, cache: Path) -> Path:
    """The folder of commands of a virtual environment with BoxMOT, made where it is not there yet.

    One that is there and can import everything is taken as it is, with whatever versions: results tell them. For a new
    one pip's own settings come first. Where they lead to a torch without CUDA, the torchvision of PyPI, which wants
    CUDA's library, cannot be imported beside it: then all packages are those of PyPI.

    Raises:
        SystemExit: If the packages cannot be installed or imported.
    """
    commands = venv / "bin"
    if (commands / "python").exists():
        fault = _missing(commands, cache)
        if not fault:
            return commands
        if any(venv.iterdir()) and not (venv / _MADE).exists():
            raise SystemExit(f"BoxMOT cannot be used in {venv}: {fault}")  # somebody else's: not to be made anew
    plain = {k: v for k, v in os.environ.items() if k not in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_INDEX_URL")}
    fault = ""
    for settings in (dict(os.environ), {**plain, "PIP_CONFIG_FILE": os.devnull}):
        print(f"installing BoxMOT into {venv} (some minutes, several GB)", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
        (venv / _MADE).touch()
        install = [str(commands / "python"), "-m", "pip", "install", "--quiet", *PACKAGES]
        if subprocess.run(install, env=settings).returncode == 0:
            fault = _missing(commands, cache)
            if not fault:
                return commands
    raise SystemExit(f"BoxMOT cannot be used in {venv}: {fault}")


def _missing(commands: Path, cache: Path) -> str:
    """Why what is needed cannot be imported; empty where it can."""
    imported = subprocess.run(
        [commands / "python", "-c", _IMPORTS], env=offline(cache), capture_output=True, text=True, errors="replace"
    )
    return "" if imported.returncode == 0 else imported.stderr[-500:] or "it cannot be imported"


def offline(cache: Path) -> dict[str, str]:
    """The environment of its commands: threads as they come, nothing downloaded, wide enough a page for its report."""
    nothing = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), _NOBODY)
    quiet = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false", "HF_HUB_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    here = {"YOLO_CONFIG_DIR": str(cache), "COLUMNS": "160", "NO_COLOR": "1", "PYTHONPATH": ""}
    return free_environment() | nothing | quiet | here


def versions(commands: Path) -> dict[str, str]:
    """Versions of what it runs on."""
    said = subprocess.run(
        [str(commands / "python"), "-m", "pip", "list", "--format=json"], check=True, capture_output=True, text=True
    )
    wanted = {"boxmot", "numpy", "opencv-python", "openvino", "torch", "torchvision", "ultralytics"}
    return {entry["name"]: entry["version"] for entry in json.loads(said.stdout) if entry["name"] in wanted}


def place_weights(detector: Path, reid: Path, folder: Path) -> tuple[Path, Path]:
    """Copies of a YOLO and an OSNet checkpoint under names that it takes."""
    folder.mkdir(parents=True, exist_ok=True)
    copies = folder / detector.name, folder / f"{reid.stem}.pt"
    for source, copy in zip((detector, reid), copies, strict=True):
        if not copy.exists():
            shutil.copyfile(source, copy)
    return copies


def export_detector(commands: Path, weights: Path, folder: Path, size_hw: tuple[int, int], cache: Path) -> Path:
    """YOLO as OpenVINO by its own exporter, made once; a file whose name BoxMOT and Ultralytics both accept."""
    name = f"{weights.stem}_openvino_model"
    target = folder / name / f"{name}.xml"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        copy = Path(shutil.copy(weights, folder))
        words = [f"model={copy}", "format=openvino", f"imgsz={size_hw[0]},{size_hw[1]}", "device=cpu"]
        subprocess.run([str(commands / "yolo"), "export", *words], check=True, env=offline(cache), stdout=sys.stderr)
        for suffix in (".bin", ".xml"):  # the .xml last: it says that all is there
            (folder / name / copy.with_suffix(suffix).name).rename(target.with_suffix(suffix))
    return target


def export_reid(commands: Path, weights: Path, folder: Path, cache: Path) -> Path:
    """OSNet as OpenVINO by BoxMOT's own exporter, made once, with any length of batch."""
    target = folder / f"{weights.stem}_openvino_model"
    if not (target / f"{weights.stem}.xml").exists():
        folder.mkdir(parents=True, exist_ok=True)
        copy = shutil.copy(weights, folder)
        words = ["--weights", str(copy), "--include", "openvino", "--dynamic"]
        subprocess.run([str(commands / "boxmot"), "export", *words], check=True, env=offline(cache), stdout=sys.stderr)
    return target


def track_words(commands: Path, detector: Path, reid: Path, video: Path, out: Path) -> list[str]:
    """Everything of one video: persons, appearance, BoT-SORT, annotated video and MOT text, into `out`/exp*."""
    words = ["track", "--source", str(video), "--detector", str(detector), "--reid", str(reid)]
    words += ["--tracker", "botsort", "--classes", "0", "--device", "cpu", "--save", "--save-txt"]
    return [str(commands / "boxmot"), *words, "--project", str(out)]


def read_report(text: str) -> dict[str, float]:
    """Milliseconds a frame of each of its stages, out of the report at the end of `boxmot track`."""
    found = {}
    for line in text.splitlines():
        row = line.strip().strip("│").strip()
        for stage in _STAGES:
            match = re.match(rf"{stage}\s{{2,}}.*?([\d,]+\.\d+)\s+\S+$", row)
            if match:
                found[stage] = float(match.group(1).replace(",", ""))
    return found


def mean_stages(reports: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean over recordings of equal length."""
    return {stage: sum(one.get(stage, 0.0) for one in reports) / len(reports) for stage in _STAGES}
