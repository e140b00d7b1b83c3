"""Every kind of odd input, by name."""

from __future__ import annotations

from fuzz import files, runs, words
from fuzz.world import Target

TARGETS: dict[str, Target] = {**words.TARGETS, **runs.TARGETS, **files.TARGETS}
