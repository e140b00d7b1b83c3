"""What was measured of a run: `evaluation.json` and `blame.json`, read as what comes from elsewhere is.

Mistakes are told with the moments at which they happen, so that a page can go there; they hold for the identities that
were measured, which a digest in the files names.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, FiniteFloat, StrictInt, ValidationError

from reidtrack.errors import InputError
from reidtrack.pipeline.evaluate.evaluate import identities_digest
from reidtrack.runs.json_file import read_json
from reidtrack.server.data.library import RunSeen

Figures = dict[str, StrictInt | FiniteFloat | None]
_Number = Annotated[int, Field(ge=-(1 << 60), le=1 << 60)]
_Model = TypeVar("_Model", bound=BaseModel)


class _Basis(BaseModel):
    gt: dict[str, str] = Field(default_factory=dict)
    gt_person: dict[str, str] = Field(default_factory=dict)
    ignore: dict[str, str] = Field(default_factory=dict)
    identities_sha256: str | None = None


class _Evaluation(BaseModel):
    cameras: dict[str, Figures]
    cross: Figures
    basis: _Basis = Field(default_factory=_Basis)


class _Key(BaseModel):
    camera: str
    track_id: _Number


class _Link(BaseModel):
    a: _Key
    b: _Key
    distance: FiniteFloat | None
    probability: FiniteFloat | None = None


class _Linking(BaseModel):
    kind: str
    person: _Number
    tracklets: list[_Key]
    identity: _Number
    owner: _Number | None
    home: _Number | None
    boxes: _Number
    IDF1: FiniteFloat
    wrong_links: list[_Link]
    missing_link: _Link | None


class _Tracking(_Key):
    owner: _Number
    person: _Number
    boxes: _Number
    first_frame: _Number
    last_frame: _Number
    IDF1: FiniteFloat


class _Pair(BaseModel):
    cameras: list[str]
    splits: _Number
    merges: _Number
    IDF1: FiniteFloat


class _Blame(BaseModel):
    result: Figures
    loss: dict[str, Figures]
    detection: dict[str, Figures]
    tracking: list[_Tracking]
    linking: list[_Linking]
    camera_pairs: list[_Pair]
    identities_sha256: str | None = None


def measured(run: RunSeen) -> dict[str, Any]:
    """What was measured of a whole run; None in place of what was not.

    Returns:
        `evaluation`: figures of each camera and of their union; `blame`: what the points were lost by. Each says
        `current`: whether identities are as they were; None where the file does not tell.

    Raises:
        InputError: If a file is there and cannot be read.
    """
    digest = run.made_once("identities digest", lambda: identities_digest(run.folder))
    found = _read(run.folder.evaluation, _Evaluation)
    blamed = _read(run.folder.blame, _Blame)
    evaluation: dict[str, Any] | None = None
    if found is not None:
        basis = found.basis.model_dump(exclude={"identities_sha256"})
        current = _is(digest, found.basis.identities_sha256)
        evaluation = {"cameras": found.cameras, "cross": found.cross, "current": current, "basis": basis}
    blame: dict[str, Any] | None = None
    if blamed is not None:
        blame = {**blamed.model_dump(exclude={"identities_sha256"}), "current": _is(digest, blamed.identities_sha256)}
        if blame["current"]:
            _add_moments(blame, {(t["camera"], t["track_id"]): t for e in run.identities for t in e["tracklets"]})
    return {"evaluation": evaluation, "blame": blame}


def _is(digest: str | None, former: str | None) -> bool | None:
    return None if digest is None or former is None else digest == former


def _read(path: Path, model: type[_Model]) -> _Model | None:
    if path.is_symlink() or not path.is_file():
        return None
    try:
        return model.model_validate(read_json(path))
    except ValidationError as error:
        raise InputError(f"{path.name} cannot be read", hint="measure anew") from error


def _add_moments(blame: Mapping[str, Any], tracklets: Mapping[tuple[str, int], Mapping[str, Any]]) -> None:
    """Add `time_s`, at which each tracklet begins, or each slip of one, seconds since the run's origin."""
    for error in blame["linking"]:
        links = [*error["wrong_links"], *([error["missing_link"]] if error["missing_link"] else [])]
        for key in [*error["tracklets"], *(link[side] for link in links for side in ("a", "b"))]:
            entry = tracklets.get((key["camera"], key["track_id"]))
            key["time_s"] = None if entry is None else entry["first_time_s"]
    for slip in blame["tracking"]:
        entry = tracklets.get((slip["camera"], slip["track_id"]))
        slip["time_s"] = None if entry is None else _time_of(entry, slip["first_frame"])


def _time_of(entry: Mapping[str, Any], frame: int) -> float:
    """About when a frame of a tracklet was: in proportion between its first and last."""
    first, last = entry["first_frame"], entry["last_frame"]
    share = min(1.0, max(0.0, (frame - first) / max(1, last - first)))
    return round(float(entry["first_time_s"] + share * (entry["last_time_s"] - entry["first_time_s"])), 3)
