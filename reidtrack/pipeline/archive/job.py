"""A task with all that a process needs to do it, wherever that process is, and the name of what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reidtrack.config.load import load
from reidtrack.config.run import RunConfig
from reidtrack.detect.fit import FittedSize
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError, WeightsError
from reidtrack.pipeline.archive.result import TaskResult, write_result
from reidtrack.pipeline.archive.tasks import Task
from reidtrack.pipeline.archive.work import do_task
from reidtrack.pipeline.run.reading import RunNetworks


@dataclass(frozen=True)
class Job:
    """A task with all that a process needs to do it.

    Attributes:
        task: What is to be found out.
        key: Its digest, see `key_of`.
        path: Where its result goes.
        settings: Of a `RunConfig`, as plain values.
        fitted: Size of the detector's input and tiles; None for what the settings say.
    """

    task: Task
    key: str
    path: Path
    settings: Mapping[str, Any]
    fitted: FittedSize | None = None


@dataclass(frozen=True)
class Done:
    """How a job ended.

    Attributes:
        key: Of the job.
        camera: Of its task.
        frames: How many frames were read.
        error: Why it could not be done; None where it was.
    """

    key: str
    camera: str
    frames: int = 0
    error: str | None = None


def key_of(task: Task, settings: Mapping[str, Any], weights: Mapping[str, Weights], fitted: FittedSize | None) -> str:
    """Digest of all that a task's result depends on: files, settings, networks and what runs them.

    Args:
        task: What is to be found out.
        settings: Of a `RunConfig`, as plain values.
        weights: `detector` and `reid` to what was loaded.
        fitted: Size of the detector's input and tiles, where they are fitted to the camera.
    """
    said = {name: {k: v for k, v in settings[name].items() if k != "weights"} for name in ("detect", "track", "embed")}
    size = None if fitted is None else [fitted.imgsz, fitted.tiles]
    decisive = {**said, "precision": settings["precision"], "crops": settings["output"]["crops"], "fitted": size}
    return task.key(decisive, {kind: [dict(found.sha256), found.engine] for kind, found in weights.items()})


def do_job(job: Job) -> Done:
    """Do a job in this process, whose networks are loaded once, and write its result.

    Raises:
        WeightsError: If a network cannot be used.
        OutputError: If the result cannot be written.
    """
    done, result = compute(job)
    if result is not None:
        write_result(job.path, result)
    return done


def compute(job: Job, *, elsewhere: bool = False) -> tuple[Done, TaskResult | None]:
    """Do a job in this process, and write nothing; without a result where its files cannot be read.

    Args:
        job: What to do.
        elsewhere: Whether this may be another machine than that which made the job: then its version, its networks and
            what runs them are compared, for a result of others must not bear the job's name.

    Raises:
        WeightsError: If a network cannot be used, or is another one than the job's.
    """
    config = load(RunConfig, base=job.settings)
    networks = _networks(config.model_dump_json())
    if elsewhere and key_of(job.task, job.settings, networks.weights, job.fitted) != job.key:
        engines = ", ".join(f"{kind} by {found.engine}" for kind, found in networks.weights.items())
        raise WeightsError(
            f"version, networks or engines of this machine are others ({engines})",
            expected="those of the machine that began the archive",
            hint="install the same version and weights there, and name device and engine",
        )
    try:
        result = do_task(job.task, config, networks, job.fitted)
    except InputError as error:
        return Done(job.key, job.task.camera, error=str(error)), None
    return Done(job.key, job.task.camera, len(result.frame)), result


@cache
def _networks(settings: str) -> RunNetworks:
    return RunNetworks.load(RunConfig.model_validate_json(settings), {})
