"""Shipped files by name, wherever reidtrack is installed from, and each one as its digest says.

A wheel carries `weights/` and `samples/` beside this file; in a checkout, also an editable one, they are the folders at
its top.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from reidtrack.errors import InputError, WeightsError

HERE = Path(__file__).parent

DIGESTS = "sha256.txt"
"""In `weights/`, as `sha256sum` writes it: every shipped file, by its path within that folder."""

EXPORT = "_int8_openvino_model"
"""A network's folder for CPUs is named after its weights and this."""

SAMPLE = ("entrance", "plaza", "alley")
"""Cameras of the sample scene."""

_ANEW = "install reidtrack anew"

Kind = Literal["detector", "reid"]


class Sample(NamedTuple):
    """The sample scene.

    Attributes:
        videos: Camera to its recording.
        truth: Camera to its ground truth.
        ignore: Camera to boxes that are not scored.
        site: Where the cameras stand, or None.
    """

    videos: Mapping[str, Path]
    truth: Mapping[str, Path]
    ignore: Mapping[str, Path]
    site: Path | None = None


def sample_scene() -> Sample:
    """The sample scene.

    Raises:
        InputError: If it, or a part of it, is not there.
    """
    folder = _folder("samples")
    if folder is None:
        raise InputError("the sample scene is not there", where=HERE, hint="clone the whole repository, or use a wheel")
    names = {"videos": "{}.mp4", "truth": "gt/{}.txt", "ignore": "gt/ignore_{}.txt"}
    parts = {part: {c: folder / name.format(c) for c in SAMPLE} for part, name in names.items()}
    site = folder / "site.yaml"
    for path in [*(path for part in parts.values() for path in part.values()), site]:
        if not path.is_file():
            raise InputError("is missing from the sample scene", where=path, hint=_ANEW)
    return Sample(**parts, site=site)


def shipped_names(kind: Kind) -> list[str]:
    """Names by which shipped weights of a kind are found, without endings; none where no weights came along."""
    folder = _folder("weights")
    return [] if folder is None else sorted({Path(entry).stem.removesuffix(EXPORT) for entry in _entries(folder, kind)})


def find_shipped(name: str, kind: Kind, *, exported: bool = False) -> Path | None:
    """A shipped file or folder, its digests checked.

    Args:
        name: As it is called in `weights/`, or that without its ending.
        kind: Of network.
        exported: Of a name without ending, take the form for CPUs where there is one.

    Returns:
        None where nothing of that name ships.

    Raises:
        WeightsError: If it is missing, cut short, or not what was shipped.
    """
    folder = _folder("weights")
    if folder is None:
        return None
    entries = _entries(folder, kind)
    wanted = [f"{name}{EXPORT}"] if exported else []
    wanted += [name, *(entry for entry in entries if Path(entry).suffix and Path(entry).stem == name)]
    entry = next((entry for entry in wanted if entry in entries), None)
    if entry is None:
        return None
    for file, digest in entries[entry].items():
        _check(folder / file, digest)
    return folder / entry


def check_listed(path: Path) -> None:
    """Check weights given by their path against the list of digests that lies beside them, if one does.

    Args:
        path: A file or folder; what the list does not name is not checked.

    Raises:
        WeightsError: If it is not what the list says.
    """
    for folder in (path.parent, path.parent.parent):
        try:
            lines = (folder / DIGESTS).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            continue
        for line in lines:
            digest, _, name = line.partition("  ")
            file = folder / name
            own = file.is_relative_to(path) or (path.suffix == ".xml" and file == path.with_suffix(".bin"))
            if len(digest) == 64 and name and own:
                _check(file, digest)


def read_digests(folder: Path) -> dict[str, str]:
    """Path within `folder` to sha256, of each file its list names.

    Raises:
        WeightsError: If the list is damaged.
    """
    path, digests = folder / DIGESTS, {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        digest, space, name = line.partition("  ")
        if not space or len(digest) != 64:
            raise WeightsError(f"line {number} cannot be read", where=path, expected="lines of sha256sum")
        digests[name] = digest
    return digests


def _folder(part: Literal["weights", "samples"]) -> Path | None:
    proof = {"weights": DIGESTS, "samples": "gt"}[part]
    checkout = HERE.parents[1]
    places = [HERE / part]
    if (checkout / "pyproject.toml").is_file():  # else it is where packages of others lie
        places.append(checkout / part)
    return next((place for place in places if (place / proof).exists()), None)


def _entries(folder: Path, kind: Kind) -> dict[str, dict[str, str]]:
    """Name in `weights/`, of a file or a folder, to the digests of its files."""
    entries: dict[str, dict[str, str]] = {}
    for file, digest in read_digests(folder).items():
        entries.setdefault(file.partition("/")[0], {})[file] = digest
    embedders = {Path(entry).stem for entry in entries if entry.endswith(".safetensors")}
    # An export is of the kind of the weights beside it, after which it is named.
    return {
        entry: files
        for entry, files in entries.items()
        if (kind == "reid") == (Path(entry).stem.removesuffix(EXPORT) in embedders)
    }


def _check(path: Path, expected: str) -> None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        what = f"shipped weights that cannot be read: {error.strerror}"
        raise WeightsError(what, where=path, expected=f"the file of sha256 {expected[:12]}", hint=_ANEW) from error
    if digest != expected:
        what = f"is not what was shipped, its sha256 is {digest[:12]}"
        raise WeightsError(what, where=path, expected=expected[:12], hint=f"{_ANEW}, or give the path of other weights")
