"""Which recordings can be read a second time: boxes are only drawn into the pictures in which they were found."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from reidtrack.errors import InputError, UsageError, param
from reidtrack.runs.manifest import RunManifest
from reidtrack.runs.manifest_sections import InputEntry, RecordingEntry
from reidtrack.runtime.progress import Progress
from reidtrack.video.fingerprint import Fingerprint, fingerprint
from reidtrack.video.inputs import CameraInput
from reidtrack.video.naming import is_url, redact

logger = logging.getLogger(__name__)

_SERVED = ("http://", "https://", "ftp://", "ftps://", "sftp://", "smb://")
"""Schemes under which files lie, which can be read again."""


def is_stream(entry: InputEntry) -> bool:
    """Whether a recording shows what is there now each time it is opened: an address of no known length."""
    served = entry.source.casefold().startswith(_SERVED) and entry.duration_s is not None
    return is_url(entry.source) and not served


def recordings_to_render(
    manifest: RunManifest, inputs: Sequence[CameraInput], progress: Progress, *, asked_addresses: bool
) -> list[CameraInput]:
    """Recordings that may be opened a second time; a line says of each other one why it is not.

    Args:
        manifest: Of the run.
        inputs: Its recordings.
        progress: Told of those that are left out.
        asked_addresses: Whether addresses were given by the user, not read from a folder that may come from elsewhere.
    """
    entries, kept = {entry.camera: entry for entry in manifest.inputs}, []
    for item in inputs:
        if is_stream(entries[item.camera]):
            progress.warn(
                f"{item.camera}: {redact(item.source)} is a stream, which shows other pictures when it is opened "
                "again: no video of it is rendered; to have one, record it to a file and run on that"
            )
        elif is_url(item.source) and not asked_addresses:
            progress.warn(
                f"{item.camera}: {redact(item.source)} is not asked for pictures again because run.json says so: no "
                "video of it is rendered; `reidtrack run` with its resume option renders it"
            )
        else:
            kept.append(item)
    return kept


def same_recordings(
    inputs: Sequence[CameraInput], manifest: RunManifest, fail: Callable[[str, InputError], None]
) -> list[CameraInput]:
    """Recordings that are those which were read; one that has grown since, as one that is still written, is.

    Args:
        inputs: Recordings.
        manifest: Of the run.
        fail: Told of each that is another one.
    """
    entries, kept = {entry.camera: entry for entry in manifest.inputs}, []
    for item in inputs:
        former = entries[item.camera].recording
        found = None if former is None else fingerprint(item.source, of_bytes=former.bytes)
        if former is not None and found is not None and _differs(former, found) is not None:
            what = f"is another recording than the one that was read: {_differs(former, found)}"
            hint = "put that one back; boxes are not drawn into other pictures"
            fail(item.camera, InputError(what, where=item.source, hint=hint))
        else:
            kept.append(item)
    return kept


def check_same_recordings(former: RunManifest, manifest: RunManifest) -> None:
    """Refuse to go on with a run that read other recordings under the same paths.

    One that was only touched, or copied without its time, is the same, and a line says so.

    Args:
        former: Of the interrupted run.
        manifest: Of the run that is to go on with it.

    Raises:
        UsageError: If a recording is another one, or a stream, of which what was missed cannot be read any more.
    """
    before = {entry.camera: entry for entry in former.inputs}
    for entry in manifest.inputs:
        old = before[entry.camera]
        if is_stream(old):
            raise UsageError(
                f"{entry.camera} is a stream, {entry.source}: what was shown since cannot be read any more",
                field="resume",
                hint="`reidtrack associate` settles what was read; record a stream to a file to go on after a pause",
            )
        told = _difference(old, entry)
        if told is not None:
            raise UsageError(
                f"{entry.camera}: {entry.source} is another recording than the one that was read: {told}",
                field="resume",
                hint=f"put that one back, or use {param('overwrite', True)}",
            )
        if old.recording and entry.recording and old.recording.modified_utc != entry.recording.modified_utc:
            logger.warning(
                "%s: %s was changed at %s, after it was read first; its size and samples of it are the same",
                entry.camera,
                entry.source,
                entry.recording.modified_utc,
            )


def _difference(old: InputEntry, new: InputEntry) -> str | None:
    """The first thing by which a recording differs from the one that was read, or None.

    One that could not be opened then is nobody's former recording; one that cannot be opened now still is another.
    """
    found = new.recording or fingerprint(new.source)
    if old.recording is not None and found is not None:
        told = _differs(old.recording, found)
        if told is not None:
            return told
    for name in ("size", "duration_s", "nominal_fps"):
        was, now = getattr(old, name), getattr(new, name)
        if was is not None and now is not None and was != now:
            return f"its {name} was {was}, and is {now}"
    return None


def _differs(old: RecordingEntry, new: RecordingEntry | Fingerprint) -> str | None:
    if old.bytes != new.bytes:
        return f"it had {old.bytes:,} bytes, and has {new.bytes:,}"
    if old.sha256 != new.sha256:
        return f"its content differs (changed {old.modified_utc} then, {new.modified_utc} now)"
    return None
