"""JSON files of a run, read with care: a run may come from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from reidtrack.errors import InputError
from reidtrack.plain_file import MOST_BYTES, read_plain


def read_json(path: Path, most_bytes: int = MOST_BYTES) -> Any:
    """Content of a JSON file; NaN and infinity, which are no JSON, are refused.

    Raises:
        InputError: If it cannot be read, is too large, nested too deeply, or no JSON.
    """
    try:
        return json.loads(read_plain(path, most_bytes), parse_constant=_refuse_constant)
    except OSError as error:
        raise InputError("cannot be read", where=path, hint=error.strerror) from error
    except (ValueError, RecursionError) as error:
        raise InputError("is not JSON", where=path, hint="it was cut short or damaged") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(name)
