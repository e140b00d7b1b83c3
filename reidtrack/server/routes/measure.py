"""Measure: how good a run is where there is ground truth, and what the points were lost by.

Figures are of the union of all cameras, so they are for who sees all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from pydantic import Field

from reidtrack.errors import InputError, UsageError
from reidtrack.pipeline.evaluate.attribution import attribute_run_errors
from reidtrack.pipeline.evaluate.evaluate import evaluate_run
from reidtrack.server.access.rules import Role, Rule
from reidtrack.server.answers import Measured, Sources
from reidtrack.server.data.library import RunSeen
from reidtrack.server.data.measured import measured
from reidtrack.server.data.places import TRUTH_SUFFIXES
from reidtrack.server.endpoint import Call, Endpoint, Refused, Words
from reidtrack.server.routes.found import whole_run
from reidtrack.server.routes.paging import Page, paged

_Files = Annotated[
    dict[
        Annotated[str, Field(min_length=1, max_length=300)],
        Annotated[str, Field(min_length=1, max_length=4096)],
    ],
    Field(max_length=1000),
]
_MEASURING = threading.Lock()


class GroundTruth(Words):
    """Ground truth, camera to file, as `GET /ground-truth` gives them.

    Attributes:
        gt: Of the tracklets.
        gt_person: Of the people over all cameras, where their ids differ from those of `gt`.
        ignore: Boxes that are not scored.
    """

    gt: Annotated[_Files, Field(min_length=1)]
    gt_person: _Files = Field(default_factory=dict)
    ignore: _Files = Field(default_factory=dict)


def show_measured(call: Call) -> Any:
    """What was measured; files on the disk are named to admins alone."""
    run: RunSeen = call.loaded.run
    found = measured(run)
    if found["evaluation"] is not None and call.who.role < Role.ADMIN:
        del found["evaluation"]["basis"]
    return found


def measure(call: Call) -> Any:
    """Score a run against ground truth, and say what the points were lost by."""
    run, asked = call.loaded.run, call.body
    if not run.folder.identities.is_file():
        raise InputError("has no identities yet", expected="a run that is done")
    texts = {part: _texts(call, files) for part, files in asked.model_dump().items()}
    if not _MEASURING.acquire(blocking=False):
        raise Refused(HTTPStatus.CONFLICT, "another measurement is under way: try again when it is done")
    try:
        with call.services.settling[run.id]:
            _require_own_files(run)
            evaluation = evaluate_run(run.folder.path, texts["gt"], texts["gt_person"], texts["ignore"])
            attribution = attribute_run_errors(run.folder.path, evaluation.people)
    finally:
        _MEASURING.release()
    for unwritten in (evaluation.unwritten, attribution.unwritten):
        if unwritten is not None:
            raise unwritten
    call.services.audit.write(call.who.name, "measured a run", run=run.id)
    return show_measured(call)


def _texts(call: Call, files: Mapping[str, str]) -> list[str]:
    """Camera and file as the command line takes them, each in a folder that may be read."""
    texts = []
    for camera, source in files.items():
        path = call.services.allowed.find(source)
        if path.suffix.lower() not in TRUTH_SUFFIXES or not path.is_file():
            raise UsageError(f"{path.name} is no ground truth", field="gt", expected="a .txt file of MOTChallenge")
        texts.append(f"{camera}={path}")
    return texts


def _require_own_files(run: RunSeen) -> None:
    """Refuse links in the folder: what they lead to is not the run's.

    Raises:
        InputError: If there are any among what is read.
    """
    path = run.folder.path
    read = [path / "sightings.jsonl", run.folder.identities, run.folder.tracklets, run.folder.detections]
    folders = [path / "tracks", path / "mot", run.folder.crops]
    read += [file for folder in folders[:2] if folder.is_dir() for file in folder.iterdir()]
    if any(one.is_symlink() for one in [*folders, *read]):
        raise InputError("there are links among the files of the run", expected="files of its own")


def list_truth(call: Call) -> Any:
    """Files that may be ground truth."""
    return paged(list(call.services.allowed.truth()), call.query, lambda path: {"source": str(path)})


PLACE = "/runs/{run}/measurement"
ENDPOINTS = (
    Endpoint(
        "GET",
        PLACE,
        Rule(Role.VIEWER, whole_run, "all"),
        show_measured,
        "How good a run is, for who sees all its cameras",
        gives=Measured,
    ),
    Endpoint(
        "POST",
        PLACE,
        Rule(Role.ADMIN, whole_run, "all"),
        measure,
        "Score a run against ground truth, and say what the points were lost by",
        body=GroundTruth,
        gives=Measured,
    ),
    Endpoint(
        "GET",
        "/ground-truth",
        Rule(Role.ADMIN),
        list_truth,
        "Files that may be ground truth",
        query=Page,
        gives=Sources,
    ),
)
