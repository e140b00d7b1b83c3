"""Files that describe the site of a run, and whether those that its `run.json` names are those that it was made with.

The folder of a run may come from elsewhere and name any file of this machine. One that was not given by whoever runs
the command is parsed only if its digest is the one that the run noted: nobody else knows that of a file which is none
of theirs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path

from reidtrack.config.run import SiteConfig
from reidtrack.errors import UsageError, param
from reidtrack.plain_file import read_plain
from reidtrack.plain_yaml import MOST_BYTES
from reidtrack.runs.manifest import RunManifest
from reidtrack.spacetime.site_yaml import referenced_files


def site_digests(config: SiteConfig) -> dict[str, str]:
    """Path of each file that describes the site, those that it names among them, to its sha256.

    Raises:
        ConfigError: If a site file cannot be read.
    """
    named = [] if config.path is None else referenced_files(config.path)
    return {str(path): digest for path in (*_given(config), *named) if (digest := _digest(path)) is not None}


def check_site_files(folder: Path, manifest: RunManifest, config: SiteConfig, given: Collection[Path] = ()) -> None:
    """Raise unless each file that describes the site was given now, or is the one that the run was made with.

    Args:
        folder: Of the run.
        manifest: Of the run.
        config: What describes the site.
        given: Files that the user has given now.

    Raises:
        UsageError: If one is neither.
        ConfigError: If a site file cannot be read.
    """
    for path in _given(config):
        if path not in given:
            _check(path, folder, manifest)
    if config.path is not None and config.path not in given:
        for path in referenced_files(config.path):
            _check(path, folder, manifest)


def _check(path: Path, folder: Path, manifest: RunManifest) -> None:
    noted, found = manifest.site_files.get(str(path)), _digest(path)
    if found is not None and found == noted:
        return
    why = "is not there" if found is None else "has changed since" if noted else "may be anybody's"
    raise UsageError(
        f"its run.json names the file {path} for the site, which {why}",
        where=folder,
        hint=f"give {param('site')} or {param('homography')} to `reidtrack associate` if you want it read",
    )


def _given(config: SiteConfig) -> Iterator[Path]:
    if config.path is not None:
        yield config.path
    yield from config.homographies.values()


def _digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(read_plain(path, MOST_BYTES)).hexdigest()
    except (OSError, ValueError):
        return None
