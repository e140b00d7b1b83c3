"""`reidtrack associate`: identities of a finished run settled anew, without inference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from reidtrack.config.run import RunConfig
from reidtrack.corrections.apply import read_corrections
from reidtrack.errors import ConfigError, InputError, UsageError, param
from reidtrack.gallery.people import open_gallery
from reidtrack.pipeline.live.compare import compared, live_numbers
from reidtrack.pipeline.live.pack import pack_logs
from reidtrack.pipeline.run.recognise import run_key
from reidtrack.pipeline.run.settings import settings_of
from reidtrack.pipeline.run.site_files import check_site_files, site_digests
from reidtrack.pipeline.run.write_outputs import Outcome, finish
from reidtrack.runs.event_log import read_events
from reidtrack.runs.folder import RunFolder
from reidtrack.runs.live_folder import LiveFolder
from reidtrack.runs.lock import RunLock
from reidtrack.runs.manifest import READ, RunManifest
from reidtrack.runs.parquet import check_parquet
from reidtrack.runs.prepare import refuse_links, remove_all_unfinished
from reidtrack.runtime.cancel import CancelToken
from reidtrack.runtime.progress import Progress
from reidtrack.types import TrackletKey

_SETTABLE = ("associate", "gallery", "site", "output", "hwaccel")


def associate_again(
    path: Path,
    overrides: Sequence[str],
    *,
    video: bool,
    mosaic: bool,
    progress: Progress,
    cancel: CancelToken,
    corrections: Path | None = None,
    gallery: Path | None = None,
    site: Path | None = None,
    homographies: Mapping[str, Path] | None = None,
    parquet: bool = False,
) -> Outcome:
    """Settle the identities of a run anew and write every output, videos only if asked.

    Args:
        path: Folder of the run.
        overrides: Settings of association, gallery, site, output or decoding that differ from the run's,
            `key.sub=value`.
        video: Render the videos as well.
        mosaic: And the mosaic.
        progress: Told of what goes on.
        cancel: Whether to end early.
        corrections: A file of corrections; None takes `corrections.yaml` of the folder, if there is one.
        gallery: Where people are kept over runs; None takes the run's, if it has one.
        site: What is known of the site; None takes the run's.
        homographies: Camera to a file with its homography; None takes the run's.
        parquet: Write tables too; where they are there, they follow anyway.

    Raises:
        UsageError: If another process is at work in the folder.
        InputError: If the folder holds no run, or its logs or the gallery cannot be read.
        WeightsError: If the gallery's features were made by other weights.
        ConfigError: If an override does not fit, or would need inference; if corrections are wrong.
        OutputError: If an output cannot be written.
        DeviceError: If tables are wanted and cannot be written here.
    """
    for text in overrides:
        section = _key(text).partition(".")[0].strip()
        if section in RunConfig.model_fields and section not in _SETTABLE:
            raise ConfigError(
                f"{section!r} cannot change without inference",
                field="settings",
                where=text,
                expected="hwaccel, or a setting of associate, gallery, site or output",
                hint="run again",
            )
    if parquet:
        check_parquet()
    with RunLock(path):
        live = _pack_live(path, video=video or mosaic)
        folder, manifest = open_finished(path)
        wanted: dict[str, Any] = {"output.video": video or mosaic, "output.mosaic": mosaic}
        if parquet:
            wanted["output.parquet"] = True
        if gallery is not None:
            wanted["gallery.path"] = gallery
        if site is not None:
            wanted["site.path"] = site
        if homographies:
            wanted["site.homographies"] = homographies
        config = settings_of(manifest, overrides, wanted)
        if gallery is None and not any(_key(text) in ("gallery", "gallery.path") for text in overrides):
            check_gallery(folder, manifest, config.gallery.path)
        if any(_key(text).startswith(("site.path", "site.homographies")) or _key(text) == "site" for text in overrides):
            given = {config.site.path, *config.site.homographies.values()}
        else:
            given = {site, *(homographies or {}).values()}
        check_site_files(path, manifest, config.site, {one for one in given if one is not None})
        manifest.site_files = site_digests(config.site)
        for section in ("associate", "gallery", "site"):
            manifest.settings[section] = getattr(config, section).model_dump(mode="json")
        said = read_corrections(corrections or folder.corrections, wanted=corrections is not None)
        read_whole, inputs = manifest.status in READ or manifest.is_live, manifest.camera_inputs()
        done = finish(folder, manifest, inputs, config, progress, cancel, read_whole=read_whole, corrections=said)
    for line in compared(live, done.identities) if manifest.is_live else ():
        progress.info(line)
    return done


def _pack_live(path: Path, *, video: bool) -> dict[TrackletKey, int]:
    """Make the logs of live cameras those of a run; what live said last of each tracklet. Nothing of another run.

    Raises:
        InputError: If they cannot be read.
        UsageError: If videos are wanted, which `reidtrack render` makes of what was recorded.
    """
    folder = LiveFolder(path)
    manifest = folder.read_manifest()
    if not manifest.is_live:
        return {}
    if video:
        hint = f"run `reidtrack render {path}`"
        raise UsageError("videos of live cameras are made of what was recorded", field="video", hint=hint)
    refuse_links(folder, [entry.camera for entry in manifest.inputs])
    pack_logs(folder, manifest)
    return live_numbers(read_events(folder.events))


def open_finished(path: Path) -> tuple[RunFolder, RunManifest]:
    """The folder of a run whose pass one is over, and its manifest.

    Raises:
        InputError: If the folder holds none.
        OutputError: If one of its outputs is a link to somewhere else.
    """
    folder = RunFolder(path)
    manifest = folder.read_manifest()
    if (manifest.status == "reading" and not manifest.is_live) or not folder.tracklets.is_file():
        raise InputError(
            "its reading has not ended", where=path, hint=f"finish it: `reidtrack run` with {param('resume', True)}"
        )
    cameras = [entry.camera for entry in manifest.inputs]
    refuse_links(folder, cameras)
    remove_all_unfinished(folder, cameras)
    return folder, manifest


def _key(override: str) -> str:
    return override.partition("=")[0].strip()


def check_gallery(folder: RunFolder, manifest: RunManifest, path: Path | None, first: str = "") -> None:
    """Raise unless a gallery that a run's settings name knows that run: a folder from elsewhere may name any file.

    Args:
        folder: Of the run.
        manifest: Its manifest.
        path: The gallery that it names.
        first: What to do before the present command, which cannot be told of another gallery.

    Raises:
        UsageError: If it does not, or is not there.
        InputError: If it is no gallery.
    """
    if path is None or path.resolve().is_relative_to(folder.path.resolve()):
        return
    if path.is_file():
        with open_gallery(path) as gallery:
            if gallery.has_source(run_key(manifest)):
                return
    raise UsageError(
        f"its run.json names the gallery {path}, which {'knows nothing of it' if path.exists() else 'is not there'}",
        where=folder.path,
        hint=f"{first}give {param('gallery')} if that is yours, or the setting gallery.path=null to go on without",
    )
