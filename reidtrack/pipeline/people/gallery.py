"""`reidtrack gallery`: who is in a gallery; names given, people merged or forgotten by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reidtrack import clock
from reidtrack.corrections.schema import readable_name
from reidtrack.errors import UsageError
from reidtrack.gallery.people import open_gallery
from reidtrack.gallery.views import Known

__all__ = ["GalleryChanges", "Known", "change_gallery", "check_name", "known_to_json", "utc"]

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class GalleryChanges:
    """What is to be done, in this order.

    Attributes:
        rename: Key (or name) and new name.
        merge: Key of somebody, and of who that is too, whose key stays.
        remove: Keys of people who are to be forgotten.
        keep_days: Forget people without a name who were not seen for so long.
        named_too: And those who have one.
    """

    rename: tuple[str, str] | None = None
    merge: tuple[str, str] | None = None
    remove: Sequence[str] = ()
    keep_days: float | None = None
    named_too: bool = False


def change_gallery(path: Path, changes: GalleryChanges) -> list[Known]:
    """Change a gallery; everybody who is in it afterwards.

    Raises:
        UsageError: If a key or name is nobody's, or a name somebody else's, or none that can be shown.
        InputError: If the gallery cannot be read.
        OutputError: If it cannot be written.
    """
    if changes.keep_days is not None and not changes.keep_days > 0:
        raise UsageError(f"got {changes.keep_days:g}", where="--keep-days", expected="more than 0")
    if changes.named_too and changes.keep_days is None:
        raise UsageError("needs --keep-days N", where="--named-too")
    if changes.rename is not None and changes.rename[1]:
        check_name(changes.rename[1], "--rename")
    with open_gallery(path) as gallery:
        if changes != GalleryChanges():
            with gallery.writing():
                if changes.rename is not None:
                    gallery.rename(*changes.rename)
                if changes.merge is not None:
                    gallery.merge(*changes.merge)
                if changes.remove:
                    gallery.remove(changes.remove)
                if changes.keep_days is not None:
                    gallery.expire(clock.now().timestamp() - changes.keep_days * _DAY_S, named=changes.named_too)
        return gallery.people()


def check_name(name: str, where: str) -> None:
    """Refuse what is no name.

    Raises:
        UsageError: If it cannot be shown, or a command would take it for a number.
    """
    try:
        readable_name(name)
    except ValueError as error:
        raise UsageError(f"{name!r} cannot be a name", where=where, expected=str(error)) from error


def known_to_json(known: Known) -> dict[str, Any]:
    """A person as plain values, times in UTC."""
    return {**asdict(known), "first_utc": utc(known.first_utc), "last_utc": utc(known.last_utc)}


def utc(seconds: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
