"""Registry of the data sets by name."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from reidtrack.datasets.archive import unpacked
from reidtrack.datasets.record import ReidDataset
from reidtrack.errors import UsageError

DATASETS = {
    "market1501": "market1501:load_market1501",
    "dukemtmc": "dukemtmc:load_dukemtmc",
    "msmt17": "msmt17:load_msmt17",
    "cuhk03": "cuhk03:load_cuhk03",
    "cuhk03-np": "cuhk03_np:load_cuhk03_np",
    "cuhk01": "cuhk01:load_cuhk01",
    "viper": "viper:load_viper",
    "folder": "folder:load_folder",
    "csv": "table:load_csv",
}
"""Module and function of each reader, by name, within reidtrack.datasets.readers."""


def load_dataset(name: str, root: Path | str, *, cache: Path | None = None, **options: object) -> ReidDataset:
    """Read the lists of a data set; images are not opened.

    Args:
        name: One of `DATASETS`.
        root: The data set's folder, the folder that contains it, or an archive of it (.zip, .tar, .tar.gz, ...), which
            is unpacked once into the cache folder.
        cache: Cache folder; `fetch.cache_folder()` if None.
        options: Of the data set: `boxes`, `protocol`, `split`, ... (see its function).

    Returns:
        The data set; its notes say what is missing against the published counts.

    Raises:
        UsageError: If the name or an option is unknown.
        InputError: If the folder or archive is absent or holds something else.
        OutputError: If an archive cannot be unpacked.
    """
    load, known = _loader(name), option_names(name)
    for option in options:
        if option not in known:
            raise UsageError(f"no option {option!r}", where=f"data set {name}", expected=", ".join(known) or "none")
    if "cache" in inspect.signature(load).parameters:
        options = {**options, "cache": cache}
    return load(unpacked(Path(root), cache), **options)


def option_names(name: str) -> list[str]:
    """Names of a data set's options.

    Raises:
        UsageError: If the data set is unknown.
    """
    parameters = inspect.signature(_loader(name)).parameters
    return [parameter for parameter in parameters if parameter not in ("root", "cache")]


def _loader(name: str) -> Callable[..., ReidDataset]:
    if name not in DATASETS:
        near = difflib.get_close_matches(name.lower(), DATASETS, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else None
        raise UsageError(f"no data set {name!r}", expected=", ".join(DATASETS), hint=hint)
    module, function = DATASETS[name].split(":")
    load: Callable[..., ReidDataset] = getattr(import_module(f"reidtrack.datasets.readers.{module}"), function)
    return load
