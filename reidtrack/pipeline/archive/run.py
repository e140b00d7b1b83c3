"""`reidtrack archive run`: every task once, by whoever is at work; then identities over all as for a run."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from reidtrack import clock
from reidtrack.config.archive import ArchiveCamera
from reidtrack.config.load import dump
from reidtrack.config.run import RunConfig
from reidtrack.detect.fit import FittedSize
from reidtrack.detect.network import NetworkDetector
from reidtrack.errors import InputError, UsageError
from reidtrack.files import write_whole
from reidtrack.pipeline.archive.assemble import Assembly
from reidtrack.pipeline.archive.job import Done, Job, do_job, key_of
from reidtrack.pipeline.archive.plan import ArchivePlan
from reidtrack.pipeline.archive.result import result_path
from reidtrack.pipeline.archive.tasks import Task
from reidtrack.pipeline.people.gallery import check_gallery
from reidtrack.pipeline.run.fit_detector import fit_detector
from reidtrack.pipeline.run.reading import RunNetworks
from reidtrack.pipeline.run.site import site_of
from reidtrack.pipeline.run.site_files import site_digests
from reidtrack.pipeline.run.write_outputs import Outcome, finish
from reidtrack.runs.crops import remove_crops
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.json_file import read_json
from reidtrack.runs.lock import RunLock
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.parquet import check_parquet
from reidtrack.runs.prepare import refuse_links, remove_all_unfinished
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.video.file import VideoFile
from reidtrack.video.inputs import CameraInput
from reidtrack.video.part import Part
from reidtrack.video.source import Source

TASKS = "tasks"
"""Folder of the results within that of the archive."""
_SIZES = "sizes.json"
_TELL_EVERY_S = 30.0
_ALL = "all cameras"


class Workers(Protocol):
    """Whoever does jobs: this process, a pool of processes, machines of a cluster."""

    def work(self, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Done]:
        """Do jobs in any order, anywhere; ends early, with nothing half written, once the token is cancelled."""
        ...


class ThisProcess:
    """Does jobs one after another."""

    def work(self, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Done]:
        """Do them."""
        for job in jobs:
            if cancel.cancelled:
                return
            yield do_job(job)


@dataclass(frozen=True)
class ArchiveRequest:
    """What is asked for.

    Attributes:
        plan: What there is to do.
        cameras: Where the files of each lie, and how their names tell times, in the list's order.
        out: Folder of results and outputs; what is done there is not done again.
        config: Every setting; no videos are rendered.
        part: How names tell times where a camera says nothing, for who opens the sources again.
    """

    plan: ArchivePlan
    cameras: Sequence[ArchiveCamera]
    out: Path
    config: RunConfig
    part: Part

    @property
    def names(self) -> list[str]:
        """Of all cameras."""
        return [camera.name for camera in self.cameras]


def run_archive(request: ArchiveRequest, workers: Workers, progress: Progress, cancel: CancelToken) -> Outcome | None:
    """Do what is not done yet, then settle identities and write every output of a run.

    Args:
        request: What is asked for.
        workers: Who does the tasks.
        progress: Told of each task, for each camera and all.
        cancel: Ends the work early; what is done stays done.

    Returns:
        None where it was ended before all tasks were done: the same call goes on.

    Raises:
        UsageError: If something else lies in the folder, or another process is at work there.
        InputError: If not one task could be done.
        WeightsError: If a network cannot be used.
        OutputError: If something cannot be written.
    """
    with RunLock(request.out) as lock:
        folder = _ready(request.out, request.names)
        lock.take()
        site_of(request.config.site, request.names)
        networks = RunNetworks.load(request.config, {})
        if request.config.output.parquet:
            check_parquet()
        check_gallery(request.config.gallery, networks.weights["reid"])
        jobs = _jobs(request, networks)
        failed = _work(jobs, workers, progress, cancel)
        if cancel.cancelled:
            return None
        done = [(job.task, job.path) for job in jobs if job.path.is_file()]
        if not done:
            raise InputError(
                f"not one of {len(jobs)} tasks could be done", where=request.out, hint=next(iter(failed.values()), None)
            )
        return _outputs(request, folder, networks, done, failed, progress, cancel)


def _ready(out: Path, cameras: Sequence[str]) -> RunFolder:
    """The folder, made; one that holds something else is refused."""
    folder = RunFolder(out)
    if out.is_dir() and any(out.iterdir()) and not (out / TASKS).is_dir():
        raise UsageError("is not empty, and not of an archive", where=out, hint="name another folder")
    (out / TASKS).mkdir(parents=True, exist_ok=True)
    refuse_links(folder, cameras)
    remove_all_unfinished(folder, cameras)
    return folder


def _jobs(request: ArchiveRequest, networks: RunNetworks) -> list[Job]:
    """Each task with the digest of all that its result depends on."""
    settings = dump(request.config)
    sizes = _sizes(request, networks)
    jobs = []
    for task in request.plan.tasks:
        fitted = sizes.get(task.camera)
        key = key_of(task, settings, networks.weights, fitted)
        jobs.append(Job(task, key, result_path(request.out / TASKS, key), settings, fitted))
    return jobs


def _sizes(request: ArchiveRequest, networks: RunNetworks) -> dict[str, FittedSize]:
    """Camera to the size of input and the tiles that fit it, chosen once; nothing where the settings name both."""
    config = request.config.detect
    if not config.is_fitted or not isinstance(networks.detector, NetworkDetector):
        return {}
    path, wish = request.out / _SIZES, f"imgsz {config.imgsz}, tiles {config.tiles}"
    kept = read_json(path) if path.is_file() else {}
    known = {camera: FittedSize(*fitted) for camera, fitted in kept.get(wish, {}).items()}
    for camera, listed in request.plan.listed.items():
        first = listed.segments[0]
        if camera in known:
            continue
        source: Source
        with contextlib.suppress(InputError), VideoFile(first.path, camera) as source:
            inputs = [CameraInput(camera, str(first.path))]
            known |= fit_detector(networks.detector, config, inputs, [source], Part(), {})
    write_whole(path, json.dumps({**kept, wish: known}, indent=1) + "\n")
    return known


def _work(jobs: Sequence[Job], workers: Workers, progress: Progress, cancel: CancelToken) -> dict[str, str]:
    """Have what is not done yet done; camera to what went wrong first."""
    left = {job.key: job for job in jobs if not job.path.is_file()}
    names = list(dict.fromkeys(job.task.camera for job in jobs))
    totals = {name: sum(job.task.camera == name for job in left.values()) for name in names}
    progress.info(f"{len(jobs) - len(left)} of {len(jobs)} tasks are done already, {len(left)} are left")
    progress.stage("computing", {_ALL: len(left), **totals}, "tasks")
    failed: dict[str, str] = {}
    tell = _teller(len(left), progress)
    for done in workers.work(list(left.values()), cancel):
        progress.advance(_ALL)
        progress.advance(done.camera)
        if done.error is not None:
            failed.setdefault(done.camera, done.error)
            progress.fail(f"{done.camera}: {done.error}")
        tell()
    for name in (_ALL, *names):
        progress.finish(name)
    return failed


def _teller(count: int, progress: Progress) -> Callable[[], None]:
    """Told of each task that is done; says now and then when all will be."""
    began, last, done = time.monotonic(), time.monotonic(), 0

    def tell() -> None:
        nonlocal last, done
        done += 1
        now = time.monotonic()
        if now - last >= _TELL_EVERY_S and done < count:
            last = now
            left_s = (now - began) / done * (count - done)
            end = (clock.now() + timedelta(seconds=left_s)).strftime("%Y-%m-%d %H:%M UTC")
            progress.info(f"{done} of {count} tasks, about {left_s / 3600:.1f} h left: done at about {end}")

    return tell


def _outputs(
    request: ArchiveRequest,
    folder: RunFolder,
    networks: RunNetworks,
    done: Sequence[tuple[Task, Path]],
    failed: Mapping[str, str],
    progress: Progress,
    cancel: CancelToken,
) -> Outcome:
    cameras = [camera.name for camera in request.cameras if camera.name in request.plan.listed]
    progress.info(f"putting {len(done)} tasks together")
    remove_crops(folder.crops, cameras)
    assembly = Assembly(folder, cameras, done)
    assembly.write(keep_all_crops=request.config.output.crops == "all")
    for fault in assembly.faults:
        progress.warn(fault)
    origin = min(task.start for task, _ in done)
    inputs = [
        CameraInput(
            camera.name,
            camera.source,
            _begins_s(request.plan, camera.name, origin),
            time_pattern=camera.time_pattern,
            time_zone=camera.time_zone,
        )
        for camera in request.cameras
        if camera.name in cameras
    ]
    manifest = RunManifest.begin(inputs, request.part, dump(request.config), networks.weights, {}, origin)
    manifest.site_files = site_digests(request.config.site)
    for entry in manifest.inputs:
        if entry.camera in assembly.facts:
            entry.size, entry.nominal_fps = assembly.facts[entry.camera]
            entry.duration_s = request.plan.listed[entry.camera].seconds or None
        entry.error = failed.get(entry.camera)
    manifest.note_counts({camera: count for camera, count in assembly.counts.items() if count.frames})
    manifest.status = "rendering"
    folder.write_manifest(manifest)
    lost = {camera: InputError(text) for camera, text in failed.items()} | dict(request.plan.failed)
    return finish(folder, manifest, inputs, request.config, progress, cancel, failed=lost)


def _begins_s(plan: ArchivePlan, camera: str, origin: Any) -> float:
    return float((plan.listed[camera].segments[0].start - origin).total_seconds())
