"""Opening the data sets that the command line names, each with the options that it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reidtrack.datasets.carve import carve
from reidtrack.datasets.combine import combine
from reidtrack.datasets.record import ReidDataset
from reidtrack.datasets.zoo import load_dataset, option_names
from reidtrack.errors import UsageError, param


def own_options(names: Sequence[str], roots: Sequence[Path], options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Options of each data set: of all options those that it knows.

    Raises:
        UsageError: If a name is unknown, an option is nobody's, or there are not as many folders as names.
    """
    if len(names) != len(roots):
        what = f"{len(names)} data sets but {len(roots)} folders"
        raise UsageError(what, expected=f"{param('root')} with one for each")
    known = [option_names(name) for name in names]
    for option in options:
        if not any(option in own for own in known):
            raise UsageError(f"none of {', '.join(names)} has an option {option!r}")
    return [{option: value for option, value in options.items() if option in own} for own in known]


def open_datasets(
    names: Sequence[str],
    roots: Sequence[Path],
    options: Mapping[str, Any] | None = None,
    hold_out: int = 0,
) -> ReidDataset:
    """Open one data set, or several as one.

    Args:
        names: Of the data sets.
        roots: As many folders or archives.
        options: Of the data sets; with several, each takes those it knows.
        hold_out: This many training identities become the test split; 0 leaves the splits as they are.

    Raises:
        UsageError: If a name or option is unknown, or there are not as many folders as names.
        InputError: If a folder holds something else.
    """
    own = own_options(names, roots, options or {})
    dataset = combine([load_dataset(name, root, **o) for name, root, o in zip(names, roots, own, strict=True)])
    return carve(dataset, hold_out) if hold_out else dataset


def open_splits(name: str, root: Path, options: Mapping[str, Any], hold_out: int, splits: int) -> list[ReidDataset]:
    """Open a data set as the test splits whose figures are averaged; one where its protocol has no several splits.

    Args:
        name: Of the data set.
        root: Its folder or archive.
        options: Its own.
        hold_out: As in `open_datasets`.
        splits: How many splits are averaged.

    Raises:
        UsageError: If options do not fit each other.
        InputError: If the data set cannot be read, or has nothing to rank.
    """
    if splits == 1 or "split" not in option_names(name) or options.get("protocol") not in ("classic", "half"):
        return [_open_test(name, root, options, hold_out)]
    if hold_out:
        raise UsageError(f"{param('hold_out')} has no splits to average", where="rank.splits", expected="1")
    first = options.get("split", 0)
    start = first if isinstance(first, int) else 0
    return [_open_test(name, root, {**options, "split": start + i}, hold_out) for i in range(splits)]


def _open_test(name: str, root: Path, options: Mapping[str, Any], hold_out: int) -> ReidDataset:
    dataset = load_dataset(name, root, **options)
    if hold_out:
        dataset = carve(dataset.require_train(), hold_out)
    return dataset.require_test()
