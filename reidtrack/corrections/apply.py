"""Corrections of a run, applied: read, checked against its tracklets, handed to the association as constraints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reidtrack.associate.associate import cut_switched
from reidtrack.corrections.constraints import Constraints, constrain
from reidtrack.corrections.cut import cut
from reidtrack.corrections.parse import parse
from reidtrack.corrections.schema import Corrections
from reidtrack.errors import ConfigError
from reidtrack.plain_file import read_plain_text
from reidtrack.plain_yaml import MOST_BYTES
from reidtrack.types import Identity, Tracklet


@dataclass(frozen=True)
class Corrected:
    """Tracklets after corrections, and the constraints that `associate` has to keep to.

    Attributes:
        tracklets: Cut, and without those to be ignored.
        settings: Keyword arguments of `associate`.
        constraints: What must hold.
    """

    tracklets: Sequence[Tracklet]
    settings: Mapping[str, Any]
    constraints: Constraints = field(default_factory=Constraints)

    def named(self, identities: Sequence[Identity]) -> list[Identity]:
        """Identities with the names that corrections give to their people."""
        return self.constraints.named(identities)


def read_corrections(path: Path, *, wanted: bool) -> Corrections:
    """Read a file of corrections.

    Args:
        path: The file.
        wanted: Whether it has to be there; else there are no corrections where there is no file.

    Raises:
        ConfigError: If it cannot be read, or what it says is not understood.
    """
    if not wanted and not path.exists():
        return Corrections(str(path))
    return parse(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Read the text of a file of corrections.

    Raises:
        ConfigError: If it cannot be read.
    """
    try:
        return read_plain_text(path, MOST_BYTES)
    except OSError as error:
        raise ConfigError("cannot be read", where=path, hint=error.strerror) from error
    except UnicodeDecodeError as error:
        raise ConfigError("is not text", where=path, expected="YAML in UTF-8") from error


def correct(tracklets: Sequence[Tracklet], settings: Mapping[str, Any], corrections: Corrections) -> Corrected:
    """Apply corrections to the tracklets and settings of an association.

    Args:
        tracklets: As they were read.
        settings: Keyword arguments of `associate`.
        corrections: The whole file.

    Raises:
        ConfigError: If a tracklet is not there, or two corrections contradict each other.
    """
    if not corrections.entries:
        return Corrected(tracklets, settings)
    parts = cut(tracklets, corrections)
    # Cut here, so that corrections can speak of the parts; association finds nothing more to cut.
    cutting = {key: settings[key] for key in ("split_threshold", "shrink", "prior") if key in settings}
    parts = cut_switched(parts, **cutting)
    found = constrain(parts, corrections)
    kept = [t for t in parts if t.key not in found.ignored]
    more = {
        "must_link": found.must_link,
        "cannot_link": found.cannot_link,
        "feedback": found.feedback,
        "split_threshold": 2.0,
    }
    return Corrected(kept, {**settings, **more}, found)
