"""Gathers what `report.html` shows and writes it."""

from __future__ import annotations

from collections.abc import Sequence

from reidtrack import clock
from reidtrack.corrections.schema import Corrections
from reidtrack.files import write_whole
from reidtrack.pipeline.run.confirmed_links import mark_confirmed
from reidtrack.pipeline.run.days_report import DaysReport, is_by_day
from reidtrack.pipeline.run.settle import Settled
from reidtrack.pipeline.run.thumbnails import thumbnail
from reidtrack.report.run.page import render_report
from reidtrack.report.run.report_data import CameraSummary, GalleryMatch, ReportData
from reidtrack.runs.crops import crop_keys, list_crops
from reidtrack.runs.day_pages import remove_day_pages
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.manifest import RunManifest
from reidtrack.types import Identity
from reidtrack.video.palette import colour_of

CROPS_PER_TRACKLET = 3
MANY_TRACKLETS = 2000
"""From here on one picture of each is enough."""


class RunReport:
    """The page of one run, or its pages. They are written before and after the videos.

    The pictures of a run of one page are read from disk once, here; those of a page of a day when it is written.

    Args:
        folder: Of the run, its crops sorted by identity.
        settled: What was settled.
        corrections: What a person said: links that were vouched for are not asked about again.
    """

    def __init__(self, folder: RunFolder, settled: Settled, corrections: Corrections) -> None:
        self._folder, self._settled = folder, settled
        self._identities = mark_confirmed(settled.identities, corrections)
        self._days: DaysReport | None = None
        self._thumbnails: dict[tuple[str, int], list[bytes]] | None = None

    def write(self, manifest: RunManifest) -> None:
        """Write `report.html` as things stand now, and the pages of days where it is the front page of several.

        Args:
            manifest: Of the run, up to date.

        Raises:
            OutputError: If it cannot be written.
        """
        context, found = self._settled.context, manifest.association
        sizes = {entry.camera: entry.size for entry in manifest.inputs}
        cameras = [_camera(self._folder, manifest, name, sizes.get(name)) for name in manifest.cameras]
        if self._days is None and is_by_day(manifest, self._identities):
            self._days = DaysReport(self._folder, manifest, self._settled, self._identities)
        if self._days is None and self._thumbnails is None:
            self._thumbnails = _thumbnails(self._folder, self._identities)
        data = ReportData(
            title=self._folder.path.resolve().name,
            created=clock.now_text(),
            origin=_origin(manifest),
            cameras=cameras,
            identities=self._identities,
            thumbnails=self._thumbnails or {},
            colours={identity.id: _hex(colour_of(identity.id)) for identity in self._identities},
            settings={**manifest.settings, "association found": {} if found is None else found.model_dump()},
            timings=manifest.timings_s,
            notes=[*_notes(manifest), *self._settled.alike, *_stale(self._folder, manifest)],
            gallery={id_: GalleryMatch.from_json(person) for id_, person in context.people.items()},
            folder=str(self._folder.path),
            calibration=context.calibration,
            site=context.site,
            floor_paths=self._settled.floor_paths,
            zones=context.zones,
        )
        if self._days is not None:
            self._days.write(data)
            return
        remove_day_pages(self._folder.day_pages)
        write_whole(self._folder.report, render_report(data))


def _camera(folder: RunFolder, manifest: RunManifest, name: str, size: tuple[int, int] | None) -> CameraSummary:
    entry = manifest.cameras[name]
    return CameraSummary(
        name=name,
        frames=entry.frames,
        first_time_s=entry.first_time_s,
        last_time_s=entry.last_time_s,
        size=size,
        people=entry.people,
        video=folder.video(name).name if folder.video(name).is_file() else None,
    )


def _thumbnails(folder: RunFolder, identities: Sequence[Identity]) -> dict[tuple[str, int], list[bytes]]:
    """The best pictures of each tracklet that are on disk, as small JPEG files."""
    paths = {(crop.camera, crop.track_id, crop.frame): crop.path for crop in list_crops(folder.crops)}
    chosen: dict[tuple[str, int], list[bytes]] = {}
    most = CROPS_PER_TRACKLET if sum(len(identity.tracklets) for identity in identities) < MANY_TRACKLETS else 1
    for tracklet in (t for identity in identities for t in identity):
        worth = zip(-tracklet.feature_quality, crop_keys(tracklet), strict=True)
        found = [paths[key] for _, key in sorted(worth) if key in paths]
        chosen[tracklet.key] = [thumbnail(path) for path in found[:most]]
    return chosen


def _origin(manifest: RunManifest) -> str:
    """When the run's time begins, and how that is known."""
    time = manifest.origin.strftime("%Y-%m-%d %H:%M:%S UTC")
    return time if manifest.origin_known else f"{time} ({manifest.origin_from})"


def _notes(manifest: RunManifest) -> list[str]:
    """Inputs that could not be read, damage, and crops without an embedding."""
    notes = [f"{entry.camera}: {entry.error}" for entry in manifest.inputs if entry.error]
    for camera, entry in manifest.cameras.items():
        if entry.damaged_packets:
            notes.append(f"{camera}: {entry.damaged_packets} damaged packets were passed over")
        if entry.skipped_crops:
            notes.append(f"{camera}: {entry.skipped_crops} crops gave no usable feature")
    return notes


def _stale(folder: RunFolder, manifest: RunManifest) -> list[str]:
    """What to know of videos that are older than the identities."""
    if not folder.identities.is_file() or manifest.status == "rendering":
        return []
    settled_s = folder.identities.stat().st_mtime
    videos = [folder.video(name) for name in manifest.cameras]
    if not any(video.is_file() and video.stat().st_mtime < settled_s for video in videos):
        return []
    return [
        "Identities were settled anew after the videos were rendered: numbers and colours in the videos may be older "
        "ones. reidtrack associate renders the videos again if it is asked to."
    ]


def _hex(bgr: tuple[int, int, int]) -> str:
    blue, green, red = bgr
    return f"#{red:02x}{green:02x}{blue:02x}"
