"""`parquet/`: sightings, identities and links as tables that other programs read without going through every line.

Each table is a folder, cut as Hive has it by day and, but for identities, by camera
(`day=2026-11-29/camera=door/part-0.parquet`): who asks for one camera and day reads one file. Days are those of the
report, by the recorder's clocks; times are in UTC. Columns: docs/scale.md.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from reidtrack.errors import DeviceError, OutputError
from reidtrack.report.days.calendar import day_of
from reidtrack.runs.boxes import CameraBoxes, boxes_of
from reidtrack.types import DoubleArray, Identity, IntArray, Link, Tracklet

if TYPE_CHECKING:
    import pyarrow

logger = logging.getLogger(__name__)
_FILE = "part-0.parquet"
_UNFINISHED = ".parquet-unfinished"
_HINT = "pip install 'reidtrack[parquet]'"


def check_parquet() -> None:
    """Make sure that tables can be written, before any work.

    Raises:
        DeviceError: If pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise DeviceError("writing Parquet needs pyarrow", hint=_HINT) from error


def write_parquet(
    folder: Path, identities: Sequence[Identity], people: Mapping[int, str], origin: datetime, zone: tzinfo = UTC
) -> None:
    """Write all tables; those of an earlier settling go when the new ones are whole.

    Args:
        folder: Where they go.
        identities: Everybody.
        people: Identity to the key of that person in a gallery.
        origin: The moment from which times count.
        zone: Whose midnights cut the days.

    Raises:
        DeviceError: If pyarrow is not installed.
        OutputError: If they cannot be written.
    """
    check_parquet()
    unfinished = folder.with_name(_UNFINISHED)
    try:
        _remove(unfinished)
        for table in ("sightings", "identities", "links"):
            (unfinished / table).mkdir(parents=True)
        by_camera: dict[str, list[tuple[Identity, Tracklet]]] = {}
        for identity in identities:
            for tracklet in identity:
                by_camera.setdefault(tracklet.camera, []).append((identity, tracklet))
        links = {link.a: link for identity in identities for link in identity.links}
        for camera, seen in sorted(by_camera.items()):
            _write_sightings(unfinished / "sightings", camera, seen, origin, zone)
            _write_links(unfinished / "links", camera, seen, links, origin, zone)
        _write_identities(unfinished / "identities", identities, people, origin, zone)
        if folder.is_dir():
            shutil.rmtree(folder)
        unfinished.replace(folder)
    except OSError as error:
        raise OutputError("cannot be written", where=folder, hint=error.strerror) from error


def remove_parquet(folder: Path) -> None:
    """Remove the tables of an earlier settling, which would tell of other people, and what a killed one left."""
    with contextlib.suppress(OSError):
        _remove(folder.with_name(_UNFINISHED))
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder)


def _remove(path: Path) -> None:
    """Remove what is there, a link as a link: nothing is written or removed where it leads."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)


def _write_sightings(
    folder: Path, camera: str, seen: Sequence[tuple[Identity, Tracklet]], origin: datetime, zone: tzinfo
) -> None:
    boxes = boxes_of([(identity.id, tracklet) for identity, tracklet in seen])
    boxes = boxes.take(np.lexsort((boxes.track_id, boxes.time_s)))
    names = {identity.id: identity.name for identity, _ in seen if identity.name is not None}
    for day, rows in _days(boxes.time_s, origin, zone):
        _write(folder / day / _part(camera), _sightings(boxes.take(rows), names, origin))


def _sightings(boxes: CameraBoxes, names: Mapping[int, str], origin: datetime) -> pyarrow.Table:
    import pyarrow as pa

    called = pa.array([names.get(identity) for identity in boxes.identity.tolist()], pa.string())
    columns = {
        "time": _moments(boxes.time_s, origin),
        "time_s": pa.array(boxes.time_s),
        "frame": pa.array(boxes.frame),
        "track_id": pa.array(boxes.track_id),
        "identity": pa.array(boxes.identity),
        "name": called.dictionary_encode(),
        **{side: pa.array(boxes.xyxy[:, k]) for k, side in enumerate(("left", "top", "right", "bottom"))},
        "score": pa.array(boxes.score),
    }
    return pa.table(columns)


def _write_links(
    folder: Path,
    camera: str,
    seen: Sequence[tuple[Identity, Tracklet]],
    links: Mapping[tuple[str, int], Link],
    origin: datetime,
    zone: tzinfo,
) -> None:
    first_s = np.array([tracklet.first_time_s for _, tracklet in seen])
    order = np.lexsort((np.array([tracklet.track_id for _, tracklet in seen]), first_s))
    ordered = [seen[i] for i in order.tolist()]
    for day, rows in _days(first_s[order], origin, zone):
        _write(folder / day / _part(camera), _links([ordered[i] for i in rows.tolist()], links, origin))


def _links(
    seen: Sequence[tuple[Identity, Tracklet]], links: Mapping[tuple[str, int], Link], origin: datetime
) -> pyarrow.Table:
    import pyarrow as pa

    joined = [links.get(tracklet.key) for _, tracklet in seen]
    first_s, last_s = (np.array([getattr(t, f"{end}_time_s") for _, t in seen]) for end in ("first", "last"))

    def of_link(read: str) -> list[Any]:
        return [None if link is None else getattr(link, read) for link in joined]

    margin = [None if m is None or not np.isfinite(m) else m for m in of_link("margin")]
    columns = {
        "track_id": pa.array([t.track_id for _, t in seen], pa.int64()),
        "identity": pa.array([identity.id for identity, _ in seen], pa.int64()),
        "first_time": _moments(first_s, origin),
        "last_time": _moments(last_s, origin),
        "first_frame": pa.array([int(t.frame[0]) for _, t in seen], pa.int64()),
        "last_frame": pa.array([int(t.frame[-1]) for _, t in seen], pa.int64()),
        "boxes": pa.array([len(t) for _, t in seen], pa.int64()),
        "logged_id": pa.array([t.logged_id for _, t in seen], pa.int64()),
        "to_camera": pa.array([None if link is None else link.b[0] for link in joined], pa.string()),
        "to_track_id": pa.array([None if link is None else link.b[1] for link in joined], pa.int64()),
        "distance": pa.array(of_link("distance"), pa.float64()),
        "margin": pa.array(margin, pa.float64()),
        "probability": pa.array(of_link("probability"), pa.float64()),
        "decision": pa.array(of_link("decision"), pa.string()),
        "terms": pa.array(
            [None if link is None else sorted(link.terms.items()) for link in joined],
            pa.map_(pa.string(), pa.float64()),
        ),
    }
    return pa.table(columns)


def _write_identities(
    folder: Path, identities: Sequence[Identity], people: Mapping[int, str], origin: datetime, zone: tzinfo
) -> None:
    import pyarrow as pa

    first_s = np.array([identity.first_time_s for identity in identities], np.float64)
    for day, rows in _days(first_s, origin, zone):
        some = [identities[i] for i in rows.tolist()]
        columns = {
            "identity": pa.array([one.id for one in some], pa.int64()),
            "name": pa.array([one.name for one in some], pa.string()),
            "person": pa.array([people.get(one.id) for one in some], pa.string()),
            "first_time": _moments(first_s[rows], origin),
            "last_time": _moments(np.array([one.last_time_s for one in some]), origin),
            "cameras": pa.array([list(one.cameras) for one in some], pa.list_(pa.string())),
            "visits": pa.array([len(one.tracklets) for one in some], pa.int64()),
            "boxes": pa.array([sum(len(t) for t in one) for one in some], pa.int64()),
        }
        _write(folder / day / _FILE, pa.table(columns))


def _days(time_s: DoubleArray, origin: datetime, zone: tzinfo) -> Iterator[tuple[str, IntArray]]:
    """Each day on which there is something, as its folder is called, and the rows of it, increasing."""
    order, at = np.argsort(time_s, kind="stable"), 0
    while at < len(order):
        day = day_of(origin, float(time_s[order[at]]), zone)
        end = int(np.searchsorted(time_s, day.last_s, sorter=order))
        yield f"day={day.name}", np.sort(order[at:end])
        at = end


def _part(camera: str) -> str:
    return f"camera={quote(camera, safe='')}/{_FILE}"


def _moments(time_s: DoubleArray, origin: datetime) -> pyarrow.Array:
    """Moments in microseconds, UTC."""
    import pyarrow as pa

    since = np.datetime64(origin.astimezone(UTC).replace(tzinfo=None), "us")
    return pa.array(since + np.round(time_s * 1e6).astype("timedelta64[us]")).cast(pa.timestamp("us", "UTC"))


def _write(path: Path, table: pyarrow.Table) -> None:
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, compression="zstd")
