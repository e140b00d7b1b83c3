"""Pictures named by a pattern: `frames/img%06d.jpg` as FFmpeg writes it, or a quoted glob, `frames/*.jpg`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import translate
from pathlib import Path

from reidtrack.errors import InputError, UsageError
from reidtrack.image import IMAGE_SUFFIXES
from reidtrack.video.naming import is_url

_COUNTER = re.compile(r"%(?:0(\d{1,2}))?d|%%")
_GLOB = re.compile(r"[*?\[]")
_AROUND = " ._-"
"""What joins a name to its number."""


@dataclass(frozen=True)
class Pattern:
    """A pattern of pictures of one folder.

    Attributes:
        folder: Where they lie.
        name: Matches the names of files from beginning to end; its only group, where it has one, is the number.
        prefix: What all names begin with.
    """

    folder: Path
    name: re.Pattern[str]
    prefix: str

    @classmethod
    def of(cls, source: str | Path) -> Pattern | None:
        """The pattern that `source` is; None of an address, of what lies at that path, and where no folder is.

        The last part of the path alone is a pattern: with one counter (`%d`, `%06d`; `%%` is a percent sign), or with
        `*`, `?` and `[...]`.
        """
        path = Path(source)
        counters = [match for match in _COUNTER.finditer(path.name) if match[0] != "%%"]
        if is_url(source) or not (len(counters) == 1 or _GLOB.search(path.name)) or _is_there(path):
            return None
        if len(counters) == 1:
            return cls(path.parent, _counted(path.name), path.name[: counters[0].start()].replace("%%", "%"))
        return cls(path.parent, re.compile(translate(path.name)), _GLOB.split(path.name)[0])

    def files(self) -> list[Path]:
        """Whatever it matches, hidden files left out, unsorted.

        Raises:
            InputError: If the folder cannot be read.
        """
        try:
            return [p for p in self.folder.iterdir() if not p.name.startswith(".") and self.name.match(p.name)]
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=self.folder, expected="a folder") from error

    def number(self, path: Path) -> int | None:
        """The number in a file's name; None where the pattern has no counter."""
        match = self.name.match(path.name)
        return int(match[1]) if match is not None and self.name.groups else None

    @property
    def called(self) -> str:
        """A name for what it matches: the folder's and the beginning of the files'."""
        parts = (self.folder.resolve().name, self.prefix.strip(_AROUND))
        return "_".join(part for part in parts if part)


def expand(sources: Sequence[str]) -> list[str]:
    """Sources with globs of recordings in place of which each recording stands; globs of pictures stay: one camera.

    Shells expand globs that are not quoted, but that of Windows.

    Raises:
        UsageError: If a glob matches both.
        InputError: If its folder cannot be read.
    """
    expanded = []
    for source in sources:
        pattern = Pattern.of(source)
        found = [] if pattern is None or pattern.name.groups else sorted(pattern.files())
        pictures = [path for path in found if path.suffix.lower() in IMAGE_SUFFIXES]
        if pictures and len(pictures) < len(found):
            other = next(path for path in found if path not in pictures)
            raise UsageError(
                f"{source} matches pictures and others, such as {pictures[0].name} and {other.name}",
                field="videos",
                expected="pictures of one camera, or recordings, one for each camera",
            )
        expanded += [source] if pictures or not found else [str(path) for path in found]
    return expanded


def _counted(name: str) -> re.Pattern[str]:
    def written(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        width = int(match[1] or 1)
        return rf"(\d{{{width}}}|[1-9]\d{{{width},17}})"  # a longer number is one without zeros before it

    pieces = re.split(r"(%(?:0\d{1,2})?d|%%)", name)
    text = "".join(_COUNTER.sub(written, piece) if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
    return re.compile(text + r"\Z", re.ASCII | re.DOTALL)


def _is_there(path: Path) -> bool:
    """Whether something lies at the path, or nothing can: in no folder, with NUL or too many letters in its name."""
    try:
        path.lstat()
    except FileNotFoundError:
        return not path.parent.is_dir()
    except (OSError, ValueError):
        return True
    return True
