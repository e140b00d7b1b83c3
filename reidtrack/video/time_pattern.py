"""When a segment of a recording begins, by its name and folders: layouts of recorders, patterns of users."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from reidtrack.errors import UsageError

_DATE = r"(?P<Y>(?:19|20)\d\d)[-_.]?(?P<m>0[1-9]|1[0-2])[-_.]?(?P<d>[0-3]\d)"
_HOUR, _MINUTE, _SECOND = r"(?P<H>[0-2]\d)", r"(?P<M>[0-5]\d)", r"(?P<S>[0-5]\d)"
_TIME = rf"{_HOUR}[-_.:h]?{_MINUTE}[-_.:m]?{_SECOND}(?:[.,]?(?P<f>\d{{3}}))?"
_ZONE = r"(?P<z>Z|\+\d\d:?\d\d|-\d\d:\d\d)?"


@dataclass(frozen=True)
class Layout:
    """How names tell a time.

    Attributes:
        name: What it is called when it is told of.
        pattern: Matches paths without their ending, from "/" to the last letter.
        utc: Whether such times are in UTC whatever the user's zone.
    """

    name: str
    pattern: re.Pattern[str]
    utc: bool = False


def _layout(name: str, pattern: str, *, utc: bool = False) -> Layout:
    return Layout(name, re.compile(pattern, re.ASCII | re.DOTALL), utc)


LAYOUTS = (
    _layout("date and time in the name", rf"(?P<before>.*/[^/]*?)(?<!\d){_DATE}[-_ T.@]?{_TIME}{_ZONE}(?!\d)[^/]*"),
    _layout("Frigate: DATE/HOUR/CAMERA/MM.SS", rf".*/{_DATE}/{_HOUR}/[^/]+/{_MINUTE}\.{_SECOND}", utc=True),
    _layout(
        "a folder for each day, the time in the name",
        rf".*/[^/]*?(?<!\d){_DATE}(?!\d)[^/]*(?:/[^/]+){{0,4}}/(?P<before>[^/]*?)(?<!\d){_TIME}{_ZONE}(?!\d)[^/]*",
    ),
    _layout("a folder for each hour", rf".*/{_DATE}[-_/T]{_HOUR}/{_MINUTE}(?:[-_.m]?{_SECOND})?(?!\d)[^/]*"),
    _layout("folders of year, month, day, hour", rf".*/(?P<Y>(?:19|20)\d\d)/(?P<m>\d\d)/(?P<d>\d\d)/{_HOUR}/{_MINUTE}"),
    _layout("seconds since 1970", r"(?P<before>.*/[^/]*?)(?<!\d)(?P<s>1\d{9})(?P<f>\d{3})?(?!\d)[^/]*", utc=True),
)
"""How recorders name their files; the first that fits counts. Hikvision's and Dahua's downloads are of the first kind
(`NVR_ch1_main_20261129100000_20261129101000`), Dahua's folders of the third
(`2026-11-29/001/dav/10/10.00.00-10.10.00`)."""

_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})",
    "y": r"(?P<y>\d{2})",
    "m": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
    "H": r"(?P<H>\d{1,2})",
    "M": r"(?P<M>\d{1,2})",
    "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,6})",
    "s": r"(?P<s>\d{9,11})",
    "z": r"(?P<z>Z|[+-]\d\d:?\d\d)",
    "%": "%",
}
_EXAMPLE = "%Y-%m-%d/%H/*/%M.%S"


@dataclass(frozen=True)
class NamedTime:
    """The time that a name tells.

    Attributes:
        moment: With a zone where the name or its layout says which, else without.
        layout: Name of the layout.
        before: What stands in the name before the time; names of one camera's files share it.
    """

    moment: datetime
    layout: str
    before: str


def pattern_layout(text: str) -> Layout:
    """The layout that a user's pattern describes.

    Args:
        text: End of the files' paths with `%Y %m %d %H %M %S` (also `%y %f %s %z`) for the time, `*` for anything
            within one folder's or file's name; with or without the files' ending.

    Raises:
        UsageError: If it holds other directives, one twice, or tells no date and time.
    """
    found, pieces = list[str](), list[str]()
    for piece in re.split(r"(%.|\*)", text, flags=re.DOTALL):
        if piece == "*":
            pieces.append("[^/]*")
        elif piece.startswith("%"):
            if piece[1:] not in _DIRECTIVES or (piece != "%%" and piece in found):
                _refuse(text, f"{piece} stands twice" if piece in found else f"{piece} is not known")
            found.append(piece)
            pieces.append(_DIRECTIVES[piece[1:]])
        else:
            pieces.append(re.escape(piece))
    if "%s" not in found and not ({"%m", "%d", "%H"} <= set(found) and {"%Y", "%y"} & set(found)):
        _refuse(text, "it tells no date and hour")
    return _layout(text, rf"(?:.*/)?{''.join(pieces)}", utc="%s" in found)


def _refuse(text: str, why: str) -> None:
    expected = f"directives such as {_EXAMPLE}, and * for anything in one name"
    raise UsageError(f"{text!r}: {why}", field="time_pattern", expected=expected)


def time_of(path: Path, layouts: tuple[Layout, ...] = LAYOUTS) -> NamedTime | None:
    """The time that a file's path tells; None where no layout fits, or it is none, such as a 31st of February."""
    whole = path.absolute().as_posix()
    for layout in layouts:
        for text in (whole[: len(whole) - len(path.suffix)], whole):
            found = layout.pattern.fullmatch(text)
            moment = None if found is None else _moment(found.groupdict(), layout)
            if found is not None and moment is not None:
                before = found.groupdict().get("before") or ""
                return NamedTime(moment, layout.name, before.rpartition("/")[2])
    return None


def _moment(parts: dict[str, str | None], layout: Layout) -> datetime | None:
    fraction = timedelta(seconds=float(f"0.{parts.get('f') or 0}"))
    try:
        seconds = parts.get("s")
        if seconds is not None:
            return datetime.fromtimestamp(int(seconds), UTC) + fraction
        year = int(parts.get("Y") or f"20{parts['y']}")
        numbers = [int(parts.get(key) or 0) for key in ("m", "d", "H", "M", "S")]
        moment = datetime(year, *numbers) + fraction  # type: ignore[arg-type]  # noqa: DTZ001 - the zone follows
        zone = parts.get("z")
        if zone is None:
            return moment.replace(tzinfo=UTC) if layout.utc else moment
        return moment.replace(tzinfo=UTC if zone == "Z" else _offset(zone)).astimezone(UTC)
    except (ValueError, OverflowError, KeyError):
        return None


def _offset(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))
