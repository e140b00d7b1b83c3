"""`reidtrack gallery`: who is in a gallery; people named, merged or removed by hand, and what each use of one needs."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reidtrack import clock
from reidtrack.config.run import GalleryConfig
from reidtrack.corrections.schema import readable_name
from reidtrack.engines.provenance import Weights
from reidtrack.errors import OutputError, UsageError, param
from reidtrack.gallery.dates import check_date
from reidtrack.gallery.people import Gallery, open_gallery
from reidtrack.gallery.store import Signature, is_unmade
from reidtrack.gallery.views import KnownPerson

logger = logging.getLogger(__name__)

PREPROCESSING = (
    "boxes cut outwards to whole pixels, bilinear up, area average down, RGB, mean and deviation of the card"
)
"""What a picture goes through before the network; a gallery keeps it beside the digest of the weights."""

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class GalleryChanges:
    """Changes of a gallery by hand, made in this order.

    Attributes:
        rename: Key (or name) and new name.
        merge: Key of somebody, and of who that is too, whose key stays.
        consent: Key, and the day on which they agreed to be known, `YYYY-MM-DD`; empty takes it away.
        until: Key, and the last day on which they are kept; empty keeps them without an end.
        remove: Keys of people to remove.
        keep_days: Remove people without a name who were not seen for so many days.
        named_too: And those who have one.
    """

    rename: tuple[str, str] | None = None
    merge: tuple[str, str] | None = None
    consent: tuple[str, str] | None = None
    until: tuple[str, str] | None = None
    remove: Sequence[str] = ()
    keep_days: float | None = None
    named_too: bool = False


def change_gallery(path: Path, changes: GalleryChanges) -> list[KnownPerson]:
    """Change a gallery, and return everybody who is in it afterwards.

    Raises:
        UsageError: If a key or name is nobody's, or a name somebody else's, or none that can be shown; or a day is no
            date, or a last day that is over.
        InputError: If the gallery cannot be read.
        OutputError: If it cannot be written.
    """
    if changes.keep_days is not None and not changes.keep_days > 0:
        raise UsageError(f"got {changes.keep_days:g}", field="keep_days", expected="more than 0")
    if changes.named_too and changes.keep_days is None:
        raise UsageError(f"needs {param('keep_days')} N", field="named_too")
    if changes.rename is not None and changes.rename[1]:
        check_name(changes.rename[1], "rename")
    for field in ("consent", "until"):
        if (given := getattr(changes, field)) is not None and given[1]:
            check_date(given[1], field)
    with open_gallery(path) as gallery:
        if changes != GalleryChanges():
            with gallery.writing():
                if changes.rename is not None:
                    gallery.rename(*changes.rename)
                if changes.merge is not None:
                    gallery.merge(*changes.merge)
                if changes.consent is not None:
                    gallery.set_dates(changes.consent[0], consent=changes.consent[1] or None)
                if changes.until is not None:
                    gallery.set_dates(changes.until[0], until=changes.until[1] or None)
                if changes.remove:
                    gallery.remove(changes.remove)
                if changes.keep_days is not None:
                    gallery.expire(clock.now().timestamp() - changes.keep_days * _DAY_S, named=changes.named_too)
        return gallery.people()


def check_name(name: str, field: str) -> None:
    """Raise unless a name, given for the parameter `field`, can be used.

    Raises:
        UsageError: If it cannot be shown, or a command would take it for a number.
    """
    try:
        readable_name(name)
    except ValueError as error:
        raise UsageError(f"{name!r} cannot be a name", field=field, expected=str(error)) from error


def check_gallery(config: GalleryConfig, weights: Weights | None) -> None:
    """Check before a run whether its people can be kept; nothing is made or changed.

    Args:
        config: Which gallery.
        weights: That will make the run's features; None where they are not known yet.

    Raises:
        InputError: If the file is no gallery, or damaged.
        WeightsError: If its features were made by other weights.
        OutputError: If it cannot be opened or made.
    """
    path = config.path
    if path is None:
        return
    if path.is_dir() or not path.parent.is_dir():
        what = "is a folder" if path.is_dir() else "lies in a folder that is not there"
        raise OutputError(what, where=path, expected="a file such as people.db")
    if path.exists() and not is_unmade(path):
        with open_gallery(path, None if weights is None else gallery_signature(weights.sha256)) as gallery:
            for _ in gallery.blocks():  # what is damaged is told now, not after hours of reading
                pass


def gallery_signature(sha256: Mapping[str, str]) -> Signature:
    """Signature of a gallery whose features a checkpoint of one file makes.

    Args:
        sha256: Name of the file to its digest, as in `Weights`.
    """
    (digest,) = sha256.values()
    return Signature(digest, PREPROCESSING)


def keep_within_limits(gallery: Gallery, config: GalleryConfig) -> None:
    """Remove who was not seen for `keep_days`, and what is beyond `most_people` and `most_views`."""
    if config.keep_days is not None:
        gone = gallery.expire(clock.now().timestamp() - config.keep_days * _DAY_S)
        if gone:
            logger.info("%s: %d people not seen for %g days are forgotten", gallery.path, gone, config.keep_days)
    gallery.limit(config.most_people, config.most_views)


def person_to_json(known: KnownPerson) -> dict[str, Any]:
    """Plain values of a person, times in UTC as ISO 8601."""
    return {**asdict(known), "first_utc": utc(known.first_utc), "last_utc": utc(known.last_utc)}


def utc(seconds: float | None) -> str | None:
    """ISO 8601 text of a time in seconds since 1970, in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
