"""Where a network that runs came from: path, digests, engine, and what its card says of its embeddings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.errors import InputError, param


@dataclass(frozen=True)
class Weights:
    """Where a network came from, for `run.json`.

    Attributes:
        path: As given: a path, or a name.
        sha256: File name to its digest.
        engine: What runs it.
        priors: What its card says of its embeddings, see `prior`; empty where it says nothing.
    """

    path: str
    sha256: Mapping[str, str] = field(default_factory=dict)
    engine: str = ""
    priors: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def prior(self) -> AppearancePrior:
        """What is known of the network's embeddings beforehand; `GENERIC` where its card says nothing.

        Raises:
            InputError: If what its card says is damaged.
        """
        if not self.priors:
            return GENERIC
        try:
            return AppearancePrior.from_json(self.priors)
        except ValueError as error:
            hint = f"run again with {param('overwrite', True)}, or name other weights"
            raise InputError(f"the card holds damaged {error}", where=self.path, hint=hint) from error


def digests(path: Path) -> dict[str, str]:
    """sha256 of a file, or of each file of a folder."""
    files = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
