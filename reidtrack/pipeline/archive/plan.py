"""`reidtrack archive plan`: what an archive holds, what is missing, into which tasks it is cut; nothing is computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reidtrack.clock import in_utc
from reidtrack.config.archive import ArchiveList, read_archive
from reidtrack.errors import InputError, UsageError
from reidtrack.pipeline.archive.tasks import Task, cut
from reidtrack.runtime.progress import Progress
from reidtrack.video.segment_list import SegmentList, told
from reidtrack.video.segments import SegmentTimes, find_segments


@dataclass(frozen=True)
class ArchivePlan:
    """What is to be done.

    Attributes:
        listed: Camera to its files.
        failed: Camera of which no file can be read to the reason.
        tasks: Everything to compute, the earliest first.
        start: Of the first file of any camera.
        end: Of the last.
    """

    listed: Mapping[str, SegmentList]
    failed: Mapping[str, InputError]
    tasks: Sequence[Task]
    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """Recording to read, without leads."""
        return sum(task.seconds for task in self.tasks)

    @property
    def seconds_with_leads(self) -> float:
        """Recording to read, with the lead of each task."""
        return sum(task.seconds + task.lead_s for task in self.tasks)

    def lines(self) -> list[str]:
        """What was found and what is missing, camera by camera."""
        lines = []
        for camera, listed in self.listed.items():
            first, last = listed.segments[0], max(listed.segments, key=lambda one: one.end)
            hours, gaps = listed.seconds / 3600, sum(gap.seconds for gap in listed.gaps)
            holes = f", {gaps / 3600:.2f} h missing in {len(listed.gaps)} gaps" if listed.gaps else ", no gaps"
            span = f"{told(first.start)} to {told(last.end)}"
            lines.append(f"{camera}: {len(listed.segments)} files, {span}, {hours:.2f} h{holes}")
        lines += [f"{camera}: {error}" for camera, error in self.failed.items()]
        return lines

    def remarks(self) -> list[str]:
        """What is wrong or worth knowing, line by line."""
        return [line for camera, listed in self.listed.items() for line in listed.lines(camera)]

    def to_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "start_utc": self.start.isoformat(),
            "end_utc": self.end.isoformat(),
            "hours": round(self.seconds / 3600, 4),
            "hours_with_leads": round(self.seconds_with_leads / 3600, 4),
            "tasks": len(self.tasks),
            "cameras": {camera: _camera_json(listed) for camera, listed in self.listed.items()},
            "failed": {camera: str(error) for camera, error in self.failed.items()},
        }


def _camera_json(listed: SegmentList) -> dict[str, Any]:
    return {
        "files": len(listed.segments),
        "start_utc": listed.segments[0].start.isoformat(),
        "hours": round(listed.seconds / 3600, 4),
        "gaps": [[gap.start.isoformat(), gap.end.isoformat()] for gap in listed.gaps],
        "left_out": {str(path): why for path, why in listed.left_out},
        "notes": list(listed.notes),
    }


def plan_archive(path: Path, progress: Progress, *, task_s: float, lead_s: float) -> ArchivePlan:
    """Find the files of every camera and cut their time into tasks.

    Args:
        path: `archive.yaml`.
        progress: Told how many cameras are looked through.
        task_s: Length of a task.
        lead_s: How much before its beginning each task reads.

    Raises:
        ConfigError: If the list cannot be read.
        InputError: If there is nothing to read of any camera.
        UsageError: If a pattern, a zone or a moment is none.
    """
    archive = read_archive(path)
    since, until = _moment(archive.since, "since"), _moment(archive.until, "until")
    listed, failed = dict[str, SegmentList](), dict[str, InputError]()
    progress.stage("looking", dict.fromkeys((camera.name for camera in archive.cameras), 1), "cameras")
    for camera in archive.cameras:
        times = SegmentTimes(camera.time_pattern or archive.time_pattern, camera.time_zone or archive.time_zone)
        try:
            listed[camera.name] = find_segments(camera.source, times)
        except InputError as error:
            failed[camera.name] = error
        progress.advance(camera.name)
        progress.finish(camera.name)
    progress.close()
    tasks = sorted(
        (task for name, found in listed.items() for task in cut(name, found, task_s, lead_s, since, until)),
        key=lambda task: (task.start, task.camera),
    )
    if not tasks:
        first = next(iter(failed.values()), None)
        raise first if first is not None else InputError("holds nothing between since and until", where=path)
    return ArchivePlan(listed, failed, tasks, min(t.start for t in tasks), max(t.end for t in tasks))


def camera_names(archive: ArchiveList) -> list[str]:
    """Names of the cameras, in the order of the list."""
    return [camera.name for camera in archive.cameras]


def _moment(text: str | None, key: str) -> datetime | None:
    if text is None:
        return None
    try:
        return in_utc(datetime.fromisoformat(text)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"{key}: cannot read {text!r}", expected="a time such as 2026-11-29T10:00:00Z") from error
