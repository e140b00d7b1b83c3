"""The report of a run of several days: a front page, `report.html`, and a page for each day in `report/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reidtrack.files import write_whole
from reidtrack.pipeline.run.settle import Settled
from reidtrack.pipeline.run.thumbnails import best_of
from reidtrack.report.days.calendar import Day, days_between
from reidtrack.report.days.front import FrontData, render_front
from reidtrack.report.days.pages import DaysData, page_name, render_day
from reidtrack.report.days.split import DayTable
from reidtrack.report.run.people import MOST_PICTURES
from reidtrack.report.run.report_data import ReportData
from reidtrack.runs.day_pages import DAY_PAGES, remove_day_pages
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.manifest import RunManifest
from reidtrack.types import Identity, TrackletKey

MOST_PEOPLE = 1000
MOST_VISITS = 5000
"""People and visits up to which a run of one day has one page."""
SHORT_S = 6 * 3600.0
"""A shorter run that goes over midnight has one page."""
MOST_DAYS = 3660
"""Ten years: a longer run has one page, whatever it holds."""
_UNKNOWN_TIME = "When the recordings were made is not known: days and times count from when the run was started."


def is_by_day(manifest: RunManifest, identities: Sequence[Identity]) -> bool:
    """Whether the report of a run has a front page and a page for each day.

    Args:
        manifest: Of the run.
        identities: Everybody.
    """
    if len(identities) > MOST_PEOPLE or sum(len(identity.tracklets) for identity in identities) > MOST_VISITS:
        return bool(_days(manifest, identities))
    return bool(several_days(manifest))


def several_days(manifest: RunManifest) -> list[Day]:
    """Days of a run of more than one; none of a short one, and where it is not known when it was.

    Args:
        manifest: Of the run.
    """
    first_s, last_s = _ends(manifest, ())
    if not manifest.origin_known or last_s - first_s < SHORT_S:
        return []
    days = _days(manifest, ())
    return days if len(days) > 1 else []


def _days(manifest: RunManifest, identities: Sequence[Identity]) -> list[Day]:
    """The days of a run; none where its times lie centuries apart, as those of a damaged `run.json` may."""
    first_s, last_s = _ends(manifest, identities)
    if last_s - first_s > MOST_DAYS * 86_400:
        return []
    try:
        return days_between(manifest.origin, first_s, last_s, manifest.zone[0])
    except OverflowError:
        return []


def _ends(manifest: RunManifest, identities: Sequence[Identity]) -> tuple[float, float]:
    times = [t for entry in manifest.cameras.values() for t in (entry.first_time_s, entry.last_time_s) if t is not None]
    times += [t for identity in identities for t in (identity.first_time_s, identity.last_time_s)]
    return min(times, default=0.0), max(times, default=0.0)


class DaysReport:
    """The pages of a run; at any time one of them is held in memory.

    Args:
        folder: Of the run, its crops sorted by identity.
        manifest: Of the run.
        settled: What was settled.
        identities: Everybody, with links that were vouched for marked.
    """

    def __init__(
        self, folder: RunFolder, manifest: RunManifest, settled: Settled, identities: Sequence[Identity]
    ) -> None:
        self._folder, self._settled = folder, settled
        self._zone = manifest.zone[1]
        self._table = DayTable.of(identities, list(manifest.cameras), _days(manifest, identities))
        self._notes = [] if manifest.origin_known else [_UNKNOWN_TIME]
        self._videos: list[str | None] | None = None

    def write(self, run: ReportData) -> None:
        """Write the front page, and the pages of days unless they are as they were written last.

        Args:
            run: What a run of one page would show.

        Raises:
            OutputError: If a page cannot be written.
        """
        colours = run.colours
        data = DaysData(
            title=run.title,
            folder=run.folder,
            front=self._folder.report.name,
            zone=self._zone,
            cameras=run.cameras,
            recorded=self._settled.recorded,
            colour=lambda number: colours[number],
            gallery=run.gallery,
            floor_paths=run.floor_paths,
            notes=self._notes,
        )
        videos = [camera.video for camera in run.cameras]
        if videos != self._videos:
            self._write_days(data)
            self._videos = videos
        front = FrontData(
            created=run.created,
            origin=run.origin,
            notes=run.notes,
            settings=run.settings,
            timings=run.timings,
            calibration=run.calibration,
            site=run.site,
            zones=run.zones,
            pages=DAY_PAGES,
        )
        write_whole(self._folder.report, render_front(self._table, data, front, self._one_picture))

    def _write_days(self, data: DaysData) -> None:
        names = [page_name(self._table.days[day], number) for day, number, _ in self._table.pages]
        for place, name in enumerate(names):
            write_whole(self._folder.day_pages / name, render_day(self._table, data, place, self._pictures))
        remove_day_pages(self._folder.day_pages, keep=set(names))

    def _pictures(self, identity: Identity) -> Mapping[TrackletKey, Sequence[bytes]]:
        return best_of(self._folder.crops, identity, MOST_PICTURES)

    def _one_picture(self, identity: Identity) -> Mapping[TrackletKey, Sequence[bytes]]:
        return best_of(self._folder.crops, identity, 1)
