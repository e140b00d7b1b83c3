"""Reading what a user knows about the site: homographies, and the ways between cameras (docs/site.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from reidtrack.errors import ConfigError
from reidtrack.geometry import fit_homography, project
from reidtrack.plain_file import read_plain_text
from reidtrack.plain_yaml import MOST_BYTES, PlainYamlError, load_plain
from reidtrack.spacetime.topology import Topology
from reidtrack.spacetime.zones import Line, Zone
from reidtrack.spacetime.zones_yaml import read_zones
from reidtrack.types import DoubleArray

_UNITS = {"m": 1.0, "cm": 0.01, "mm": 0.001, "ft": 0.3048}
_TOP = ("unit", "cameras", "connections", "not_connected", "complete", "zones", "lines")
_LEAST, _MOST = 1e-9, 1e12
"""Of the largest number of a homography, and of any number: pixels and metres of real sites lie far within."""
_MOST_S = 1e10
"""Of a time between cameras: three hundred years."""
_PLACES = ("homography", "image_to_plan", "points")
_CONNECTION = ("from", "to", "min_s", "max_s", "overlap", "one_way")
_ROWS = "three rows of three numbers"
_POINTS = "four or more lines [x, y, X, Y]: a pixel, and its place on the plan"
_OVERLAP_S = -1.0
"""Least time between overlapping views: nobody is too early."""


@dataclass(frozen=True, eq=False)
class SiteFile:
    """What a `site.yaml` says.

    Attributes:
        homographies: Camera to (3, 3) from pixels to the plan.
        unit: `m`, `cm`, `mm` or `ft`; None where the plan's unit is not known.
        topology: The ways between cameras.
        zones: In which people are counted.
        lines: Whose crossings are counted.
    """

    homographies: Mapping[str, DoubleArray] = field(default_factory=dict)
    unit: str | None = None
    topology: Topology = field(default_factory=Topology)
    zones: tuple[Zone, ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def unit_m(self) -> float | None:
        """Metres in a unit of the plan."""
        return None if self.unit is None else _UNITS[self.unit]


def read_site(path: Path, cameras: Sequence[str]) -> SiteFile:
    """Read a `site.yaml`, or a file that gives each camera's calibration, such as `samples/calibration.yaml`.

    Args:
        path: The file; paths in it are relative to its folder.
        cameras: Names of the run; a homography or connection of another one is a mistake.

    Raises:
        ConfigError: If it cannot be read or does not fit.
    """
    data = _read(path)
    if not isinstance(data, dict):
        raise ConfigError("is no site file", where=path, expected="cameras: or connections: (docs/site.md)")
    if "cameras" not in data and any("image_to_plan" in entry for entry in data.values() if isinstance(entry, dict)):
        known = {key: value for key, value in data.items() if key in _TOP}
        data = {**known, "cameras": {key: value for key, value in data.items() if key not in _TOP}}
    unknown = [str(key) for key in data if key not in _TOP]
    if unknown:
        raise ConfigError(f"unknown key {unknown[0]!r}", where=path, expected=" or ".join(_TOP))
    unit = data.get("unit")
    if unit is not None and unit not in [*_UNITS]:
        raise ConfigError(f"unit: got {unit!r}", where=path, expected=" or ".join(_UNITS))
    entries = _mapping(data.get("cameras"), path, "cameras")
    found = {str(name): _camera(entry, path, str(name)) for name, entry in entries.items()}
    _check_names([*found], cameras, path)
    homographies = {name: matrix for name, matrix in found.items() if matrix is not None}
    return SiteFile(homographies, unit, _topology(data, cameras, path), *read_zones(data, cameras, path))


def read_homography(path: Path, camera: str) -> DoubleArray:
    """Read one homography from a YAML or JSON file.

    Taken are OpenCV's FileStorage (`cv2.FileStorage.write`), `Matrix: [nine numbers]`, and three rows of three numbers
    under any key; of several matrices one that is called homography, else the first of nine numbers. A file of several
    cameras has them under their names.

    Args:
        path: The file.
        camera: Whose homography it is.

    Returns:
        (3, 3) from pixels to the plan.

    Raises:
        ConfigError: If the file cannot be read or holds none.
    """
    data = _read(path)
    if isinstance(data, dict) and isinstance(data.get(camera), dict):
        data = data[camera]
    named = list(data.items()) if isinstance(data, dict) else [("", data)]
    named.sort(key=lambda item: str(item[0]) not in ("homography", "image_to_plan", "H", "Matrix"))
    for _, value in named:
        matrix = _numbers(value["data"] if isinstance(value, dict) and "data" in value else value)
        if matrix is not None and matrix.size == 9:
            return _checked(matrix, path, "")
    raise ConfigError("holds no homography", where=path, expected=f"{_ROWS}, or an OpenCV matrix")


def referenced_files(path: Path) -> list[Path]:
    """Files of homographies that a site file names, as `read_site` would open them; none where it is no such file.

    Raises:
        ConfigError: If it cannot be read.
    """
    data = _read(path)
    if not isinstance(data, dict):
        return []
    cameras = data.get("cameras")
    entries = [*data.values(), *(cameras.values() if isinstance(cameras, dict) else ())]
    named = (entry.get(key) for entry in entries if isinstance(entry, dict) for key in _PLACES if key != "points")
    return [path.parent / name for name in named if isinstance(name, str)]


def _read(path: Path) -> Any:
    try:
        text = read_plain_text(path, MOST_BYTES)
    except (OSError, ValueError) as error:  # a path with a zero byte is a ValueError too
        hint = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigError("cannot be read", where=path, hint=hint) from error
    # OpenCV writes "%YAML:1.0" and names its matrix type; neither is YAML that others read.
    lines = [line for line in text.splitlines() if not line.startswith("%YAML")]
    try:
        return load_plain("\n".join(lines).replace("!!opencv-matrix", ""))
    except PlainYamlError as error:
        raise ConfigError(error.what, where=path, expected="key: value lines") from error


def _camera(entry: Any, path: Path, name: str) -> DoubleArray | None:
    """A camera's homography: as rows, from a file, from points, or none."""
    entry = _mapping(entry, path, f"cameras.{name}")
    given = [key for key in _PLACES if entry.get(key) is not None]
    if not given:
        if entry and not entry.keys() & {*_PLACES}:  # other keys are a calibration's own, but not alone
            first, where = str(next(iter(entry))), f"{path}: cameras.{name}"
            raise ConfigError(f"unknown key {first!r}", where=where, expected=" or ".join(_PLACES))
        return None
    key, value = given[0], entry[given[0]]
    where = f"{path}: cameras.{name}.{key}"
    if key == "points":
        return _from_points(value, where)
    if isinstance(value, str):
        return read_homography(path.parent / value, name)
    matrix = _numbers(value)
    if matrix is None or matrix.size != 9:
        raise ConfigError(f"got {_short(value)}", where=where, expected=f"{_ROWS}, or a file")
    return _checked(matrix, where, "")


def _from_points(value: Any, where: str) -> DoubleArray:
    rows = value if isinstance(value, list) else []
    pairs = [_numbers([r.get("image"), r.get("plan")] if isinstance(r, dict) else r) for r in rows]
    points = [p for p in pairs if p is not None and p.size == 4]
    if len(points) < 4 or len(points) < len(rows):
        raise ConfigError(f"got {_short(value)}", where=where, expected=_POINTS)
    table = np.array([p.reshape(4) for p in points])
    matrix = fit_homography(table[:, :2], table[:, 2:])
    if matrix is None or not np.isfinite(project(matrix, table[:, :2])).all():
        raise ConfigError(
            "these points determine no homography", where=where, expected="points of which no three lie on one line"
        )
    return matrix


def _checked(matrix: DoubleArray, where: object, hint: str) -> DoubleArray:
    square = matrix.reshape(3, 3)
    largest = np.abs(square).max()
    if largest < _LEAST:
        raise ConfigError(f"holds no number beyond {largest:.3g}", where=where, expected=_ROWS, hint=hint or None)
    if not np.isfinite(square).all() or np.linalg.matrix_rank(square) < 3:
        raise ConfigError("is no homography: it cannot be inverted", where=where, expected=_ROWS, hint=hint or None)
    return square


def _numbers(value: Any) -> DoubleArray | None:
    try:
        found = np.array(value, np.float64)
    except (TypeError, ValueError):
        return None
    fits = found.ndim and (np.abs(found) <= _MOST).all()  # NaN does not
    return found.reshape(-1) if fits else None


def _topology(data: Mapping[str, Any], cameras: Sequence[str], path: Path) -> Topology:
    travel: dict[tuple[str, str], tuple[float, float | None]] = {}
    for number, entry in enumerate(_list(data.get("connections"), path, "connections"), start=1):
        where = f"{path}: connections, number {number}"
        start, end, least, most, both = _connection(entry, where)
        _check_names([start, end], cameras, where)
        for pair in ((start, end), (end, start)) if both else ((start, end),):
            travel[pair] = (least, most)
    barred = set()
    for number, pair in enumerate(_list(data.get("not_connected"), path, "not_connected"), start=1):
        where = f"{path}: not_connected, number {number}"
        if not isinstance(pair, list) or len(pair) != 2:
            raise ConfigError(f"got {_short(pair)}", where=where, expected="two cameras, [hall, yard]")
        first, second = str(pair[0]), str(pair[1])
        _check_names([first, second], cameras, where)
        if (first, second) in travel:
            raise ConfigError(f"{first} and {second} are connected and not connected", where=where)
        barred |= {(first, second), (second, first)}
    return Topology(travel, frozenset(barred), bool(data.get("complete", False)))


def _connection(entry: Any, where: str) -> tuple[str, str, float, float | None, bool]:
    entry = _mapping(entry, where, "")
    unknown = [str(key) for key in entry if key not in _CONNECTION]
    if unknown:
        raise ConfigError(f"unknown key {unknown[0]!r}", where=where, expected=" or ".join(_CONNECTION))
    if "from" not in entry or "to" not in entry:
        raise ConfigError("lacks a camera", where=where, expected="from: and to:")
    least, most = entry.get("min_s", 0.0), entry.get("max_s")
    for value in (least, most):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if value is not None and not (number and 0 <= value <= _MOST_S):
            raise ConfigError(f"got {value!r}", where=where, expected="seconds")
    if most is not None and most < least:
        raise ConfigError("max_s is less than min_s", where=where)
    if entry.get("overlap"):
        least = _OVERLAP_S
    return str(entry["from"]), str(entry["to"]), float(least), most, not entry.get("one_way", False)


def _check_names(names: Sequence[str], cameras: Sequence[str], where: object) -> None:
    for name in names:
        if name not in cameras:
            raise ConfigError(f"no camera is called {name!r}", where=where, expected=" or ".join(cameras))


def _mapping(value: Any, where: object, key: str) -> dict[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigError(f"{key or 'entry'}: got {_short(value)}", where=where, expected="key: value lines")
    return value


def _list(value: Any, where: object, key: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise ConfigError(f"{key}: got {_short(value)}", where=where, expected="a list")
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
