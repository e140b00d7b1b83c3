"""Score a run, or plain tracker output, against ground truth."""

from __future__ import annotations

import difflib
import hashlib
import json
import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.benchmark.trackeval_input import repeated_id
from reidtrack.benchmark.tracking import (
    NEUTRAL_CLASSES,
    NEUTRAL_CLASSES_MOT20,
    TrackingPair,
    TrackingScore,
    people_only,
    score_sequences,
    score_tracking,
    score_union,
)
from reidtrack.errors import InputError, OutputError, UsageError, param
from reidtrack.files import write_whole
from reidtrack.mot import PEDESTRIAN, MotRows, read_mot
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.logs import read_frame_times
from reidtrack.types import IntArray

logger = logging.getLogger(__name__)

Figures = dict[str, float | int]


@dataclass(frozen=True, slots=True)
class Basis:
    """What an evaluation rests on.

    Attributes:
        gt: Camera to ground truth of `tracks/`.
        gt_person: The same for the union of the cameras.
        ignore: Boxes that were not scored.
        identities_sha256: Of `identities.json` as it was; None where the folder has none.
    """

    gt: Mapping[str, Path]
    gt_person: Mapping[str, Path]
    ignore: Mapping[str, Path]
    identities_sha256: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain values; paths are whole, so that they can be read again from elsewhere."""
        parts = {"gt": self.gt, "gt_person": self.gt_person, "ignore": self.ignore}
        files = {part: {camera: str(path.resolve()) for camera, path in of.items()} for part, of in parts.items()}
        return {**files, "identities_sha256": self.identities_sha256}


@dataclass(frozen=True, slots=True)
class RunEvaluation:
    """Figures of a run.

    Attributes:
        cameras: Per camera, by `tracks/<camera>.txt`.
        cross: The union of the cameras, by `mot/<camera>.txt`.
        people: What the union was scored on, by camera.
        basis: The files it was scored against, by camera, and the digest of the identities that were scored.
        unwritten: Why `evaluation.json` could not be written; None where it was.
    """

    cameras: dict[str, TrackingScore]
    cross: TrackingScore
    people: dict[str, TrackingPair]
    basis: Basis
    unwritten: OutputError | None = None

    def cross_figures(self) -> Figures:
        """The figures that mean something over the union: passing from one camera to the next is no switch."""
        all_figures = figures(self.cross)
        return {name: all_figures[name] for name in ("HOTA", "IDF1", "DetA", "AssA", "IDP", "IDR")}

    def to_json(self) -> dict[str, Any]:
        """The content of `evaluation.json`, in percent and counts."""
        return {
            "cameras": {name: figures(score) for name, score in self.cameras.items()},
            "cross": self.cross_figures(),
            "basis": self.basis.to_json(),
        }


@dataclass(frozen=True, slots=True)
class MotEvaluation:
    """Figures of tracker output on MOTChallenge folders, per sequence and combined."""

    sequences: dict[str, TrackingScore]
    combined: TrackingScore

    def to_json(self) -> dict[str, dict[str, Figures] | Figures]:
        """Figures in percent and counts."""
        return {
            "sequences": {name: figures(score) for name, score in self.sequences.items()},
            "combined": figures(self.combined),
        }


def figures(score: TrackingScore) -> Figures:
    """The figures of one score under their usual names, percent to three decimals."""
    percent = {
        "HOTA": score.hota,
        "IDF1": score.idf1,
        "MOTA": score.mota,
        "DetA": score.deta,
        "AssA": score.assa,
        "LocA": score.loca,
        "IDP": score.idp,
        "IDR": score.idr,
        "MOTP": score.motp,
    }
    counts = {
        "IDSW": score.idsw,
        "FP": score.fp,
        "FN": score.fn,
        "MT": score.mt,
        "ML": score.ml,
        "GT_boxes": score.gt_boxes,
        "GT_ids": score.gt_ids,
    }
    return {name: round(value, 3) for name, value in percent.items()} | counts


def evaluate_run(
    folder: Path, gt: Sequence[str], gt_person: Sequence[str] = (), ignore: Sequence[str] = ()
) -> RunEvaluation:
    """Score the tracks and identities of a run and write `evaluation.json` into its folder.

    Args:
        folder: A folder that `reidtrack run` wrote.
        gt: `CAMERA=PATH` texts (or `PATH`, where it is clear whose it is): ground truth of `tracks/`.
        gt_person: The same for the union of the cameras, one id per person over all of them; `gt` where absent.
        ignore: The same for boxes that are not scored.

    Returns:
        The figures of each camera that has ground truth and of their union.

    Raises:
        UsageError: If a text names a camera that is not there or that is not clear.
        InputError: If a file is missing, damaged, or has nothing in common with the run.
    """
    run = RunFolder(folder)
    if run.run_json.is_file():
        run.read_manifest().require_settled(folder)
    known = run_cameras(folder)
    truth_files = assign_cameras(gt, known, "gt")
    person_files = assign_cameras(gt_person, known, "gt_person") if gt_person else truth_files
    ignore_files = assign_cameras(ignore, known, "ignore")
    _require_same_cameras(truth_files, person_files)
    for camera in known:
        if camera not in truth_files:
            logger.warning("camera %s has no ground truth and is not scored", camera)
    ignored = {camera: read_mot(path) for camera, path in ignore_files.items()}
    read = _frames_read(folder)
    tracks = {
        camera: _pair(path, folder / "tracks" / f"{camera}.txt", ignored.get(camera), read.get(camera))
        for camera, path in truth_files.items()
    }
    people = {
        camera: _pair(path, folder / "mot" / f"{camera}.txt", ignored.get(camera), read.get(camera), quiet=True)
        for camera, path in person_files.items()
    }
    cameras = {name: score_tracking(pair.gt, pair.predicted, pair.ignore) for name, pair in tracks.items()}
    basis = Basis(truth_files, person_files, ignore_files, identities_digest(run))
    evaluation = RunEvaluation(cameras, score_union(people), people, basis)
    try:
        write_whole(run.evaluation, json.dumps(evaluation.to_json(), indent=2) + "\n")
    except OutputError as error:  # what was found is not lost because of it
        return replace(evaluation, unwritten=error)
    return evaluation


def evaluate_mot(folder: Path, tracks: Path, sequences: Sequence[str] = ()) -> MotEvaluation:
    """Score `<tracks>/<sequence>.txt` against `<folder>/<sequence>/gt/gt.txt` by MOTChallenge's rules.

    Ground truth of flag 0 and of other classes than pedestrian is dropped, and what is found of people behind glass, on
    vehicles and the like counts neither way (`people_only`).

    Args:
        folder: MOTChallenge's, such as `MOT17/train`.
        tracks: Folder with the tracker's output.
        sequences: Which of them; all if empty.

    Raises:
        UsageError: If a sequence is not there.
        InputError: If there is no sequence, or a file is missing or damaged.
    """
    names = sorted(path.parents[1].name for path in folder.glob("*/gt/gt.txt"))
    if not names:
        raise InputError("no sequences", where=folder, expected="<sequence>/gt/gt.txt")
    names = _chosen(names, sequences) if sequences else names
    pairs = {name: _pair(folder / name / "gt" / "gt.txt", tracks / f"{name}.txt", None) for name in names}
    return MotEvaluation(*score_sequences(pairs))


def _chosen(names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    for name in wanted:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]!r}?" if near else None
            raise UsageError(
                f"no sequence {name!r}", field="sequences", expected=f"one of {', '.join(names)}", hint=hint
            )
    return [name for name in names if name in wanted]


def identities_digest(run: RunFolder) -> str | None:
    """SHA-256 of a run's `identities.json`, by which a measurement knows whether they are still the same."""
    return hashlib.sha256(run.identities.read_bytes()).hexdigest() if run.identities.is_file() else None


def _frames_read(folder: Path) -> dict[str, IntArray]:
    """Camera to the 0-based frames that a run has read; empty where its folder does not tell."""
    log = folder / "detections.jsonl"
    return {camera: frame for camera, (frame, _) in read_frame_times(log).items()} if log.is_file() else {}


def run_cameras(folder: Path) -> list[str]:
    """Names of the cameras of a run, sorted.

    Raises:
        InputError: If `folder` holds no tracks.
    """
    names = sorted({path.stem for part in ("tracks", "mot") for path in (folder / part).glob("*.txt")})
    if not names:
        raise InputError("no tracks", where=folder, expected="a folder that `reidtrack run` wrote, with tracks/*.txt")
    return names


def assign_cameras(texts: Iterable[str], cameras: Sequence[str], field: str) -> dict[str, Path]:
    """Turn `CAMERA=PATH` texts into camera name to path.

    A text without a name belongs to the one camera whose name stands in the file's name, or to the only camera.

    Raises:
        UsageError: If a camera is unknown, named twice, or not clear.
    """
    files: dict[str, Path] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or "/" in name or "\\" in name:
            name, path = _camera_of(text, cameras, field), text
        if name not in cameras:
            near = difflib.get_close_matches(name, cameras, n=1)
            hint = f"did you mean {near[0]!r}?" if near else None
            raise UsageError(f"no camera {name!r}", field=field, expected=f"one of {', '.join(cameras)}", hint=hint)
        if name in files:
            raise UsageError(f"two files for camera {name!r}: {files[name]} and {path}", field=field)
        files[name] = Path(path)
    return files


def _camera_of(path: str, cameras: Sequence[str], field: str) -> str:
    # A name must stand alone: camera "cam1" is not meant by "gt_cam11.txt", nor camera "a" by "map.txt".
    named = [c for c in cameras if re.search(rf"(?<![^\W_]){re.escape(c)}(?![^\W_])", Path(path).stem)]
    # Of "left" and "left_door" the file "gt_left_door.txt" means the longer.
    longest = max(named, key=len, default="")
    if named and all(camera in longest for camera in named):
        return longest
    if len(cameras) == 1:
        return cameras[0]
    raise UsageError(
        f"which camera is {path} of?", field=field, expected=f"CAMERA=PATH, CAMERA one of {', '.join(cameras)}"
    )


def _require_same_cameras(truth: Mapping[str, Path], person: Mapping[str, Path]) -> None:
    if truth.keys() != person.keys():
        odd = ", ".join(sorted(truth.keys() ^ person.keys()))
        raise UsageError(
            f"one of {param('gt')} and {param('gt_person')} leaves out {odd}", expected="the same cameras in both"
        )


def _pair(
    gt_path: Path, predicted_path: Path, ignore: MotRows | None, read: IntArray | None = None, *, quiet: bool = False
) -> TrackingPair:
    """Tracks beside the ground truth they are scored by.

    Args:
        gt_path: Ground truth.
        predicted_path: Tracks.
        ignore: Boxes that count neither way.
        read: The frames that were read, where that is known: what nobody looked at was not missed.
        quiet: Whether what is left out has been said already.
    """
    gt, predicted = read_mot(gt_path), _unique(read_mot(predicted_path), predicted_path)
    gt, predicted = people_only(_with_people(gt, gt_path, quiet=quiet), predicted, _neutral_classes(gt_path))
    _unique(gt, gt_path)
    if not len(gt):
        raise InputError("no ground truth", where=gt_path, expected="rows of people with a flag other than 0")
    if len(predicted) and (predicted.frame[0] > gt.frame[-1] or predicted.frame[-1] < gt.frame[0]):
        raise InputError(f"no frame in common with {predicted_path}", where=gt_path, hint="is it of this recording?")
    after = int((predicted.frame > gt.frame[-1]).sum())
    if after:
        logger.warning(
            "%s: %d boxes come after the last frame of the ground truth and count as false", predicted_path, after
        )
    if read is not None:
        gt = _only_read(gt, read, gt_path, quiet=quiet)
    return TrackingPair(gt, predicted, ignore)


def _only_read(gt: MotRows, read: IntArray, path: Path, *, quiet: bool) -> MotRows:
    known = np.isin(gt.frame, read)
    if known.all():
        return gt
    if not known.any():
        raise InputError("none of its frames was read", where=path, hint="is it of this recording, and of this part?")
    frames = np.unique(gt.frame)
    unread = len(frames) - len(np.unique(gt.frame[known]))
    if not quiet:
        logger.warning("%s: %d of %d frames were not read by the run and are not scored", path, unread, len(frames))
    return gt[known]


def _with_people(gt: MotRows, path: Path, *, quiet: bool) -> MotRows:
    """Ground truth in which people are of MOTChallenge's class, 1.

    Raises:
        InputError: If there are several classes and none of them is.
    """
    classes = np.unique(gt.class_id)
    if not len(gt) or np.isin(classes, (-1, PEDESTRIAN)).any():
        return gt
    if len(classes) > 1:
        found = f"classes {', '.join(map(str, classes.tolist()))} and no people"
        raise InputError(found, where=path, expected="people as class 1, or as the word person in the eighth column")
    if not quiet:
        logger.warning("%s: all rows are of class %d; they are taken to be people", path, classes[0])
    return replace(gt, class_id=np.full(len(gt), PEDESTRIAN))


def _neutral_classes(path: Path) -> tuple[int, ...]:
    """Classes that count neither way in the year that a path names."""
    return NEUTRAL_CLASSES_MOT20 if any("MOT20" in part for part in path.parts) else NEUTRAL_CLASSES


def _unique(rows: MotRows, path: Path) -> MotRows:
    """Rows that hold no id twice in a frame.

    Raises:
        InputError: If they do.
    """
    repeated = repeated_id(rows)
    if repeated is not None:
        frame, number = repeated
        raise InputError(f"id {number} stands twice in frame {frame + 1}", where=path, expected="an id once a frame")
    return rows
