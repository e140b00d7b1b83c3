"""`reidtrack calibrate`: the threshold of a finished run, what it is worth, and what another one would do."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reidtrack.associate.calibration.calibration import Calibration, RocPoint
from reidtrack.associate.sweep import Change, change
from reidtrack.corrections.apply import read_corrections
from reidtrack.errors import OutputError
from reidtrack.files import write_whole
from reidtrack.pipeline.associate import open_finished
from reidtrack.pipeline.run.settings import settings_of
from reidtrack.pipeline.run.settle import solve
from reidtrack.pipeline.run.site_files import check_site_files
from reidtrack.runs.calibration_json import calibration_to_json
from reidtrack.runs.lock import RunLock


@dataclass(frozen=True)
class Calibrated:
    """What was found.

    Attributes:
        path: `calibration.json`.
        calibration: Of the run.
        rates: At the threshold asked about, or else the one in use.
        people: How many people the run has.
        change: What the threshold asked about would do; None where none was.
        record: What the file says, and `asked` for the threshold asked about.
        unwritten: Why the file could not be written, as in a folder that may only be read; None where it was.
    """

    path: Path
    calibration: Calibration
    rates: RocPoint
    people: int
    change: Change | None
    record: dict[str, Any]
    unwritten: OutputError | None = None


def calibrate_run(path: Path, *, threshold: float | None = None, false_accept: float | None = None) -> Calibrated:
    """Calibrate a finished run and write its `calibration.json`; its identities stay as they are.

    Args:
        path: Folder of the run.
        threshold: One to ask about.
        false_accept: A share of pairs of two people; asks about the largest threshold that takes no more of them for
            one. At most one of both is given.

    Raises:
        UsageError: If another process is at work in the folder.
        InputError: If the folder holds no run, or its logs cannot be read.
        ConfigError: If corrections in the folder do not fit the run.
    """
    with RunLock(path):
        return _calibrate(path, threshold, false_accept)


def _calibrate(path: Path, threshold: float | None, false_accept: float | None) -> Calibrated:
    folder, manifest = open_finished(path)
    config = settings_of(manifest)
    check_site_files(path, manifest, config.site)
    corrections = read_corrections(folder.corrections, wanted=False)
    association = solve(folder, manifest, config, corrections).association
    calibration, identities = association.calibration, association.identities
    if false_accept is not None:
        threshold = calibration.threshold_for(false_accept)
    difference = None
    written = calibration_to_json(association)
    found = dict(written)
    if threshold is not None:
        steps = [threshold - association.threshold]
        other = solve(folder, manifest, config, corrections, steps=steps).association
        difference = change(identities, other.others[0]) if other.others else None
        rates = calibration.rates(threshold)
        found["asked"] = {
            "threshold": round(threshold, 4),
            "false_accept": round(rates.false_accept, 6),
            "false_reject": round(rates.false_reject, 6),
            "identities": None if difference is None else difference.identities,
        }
    unwritten = None
    try:
        write_whole(folder.calibration, json.dumps(written, indent=1) + "\n")
    except OutputError as error:  # what was found is not lost because of it
        unwritten = error
    rates = calibration.rates(threshold)
    return Calibrated(folder.calibration, calibration, rates, len(identities), difference, found, unwritten)
