"""Who is who in a live folder: taken up from the last session, kept on disk, known to the gallery."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.evidence import PairTerms
from reidtrack.associate.live.constraints import Pair
from reidtrack.associate.live.state import State
from reidtrack.associate.online import OnlineIdentities
from reidtrack.config.live import LiveConfig
from reidtrack.errors import InputError, param
from reidtrack.events import CameraUp, Event, StreamChanged, StreamRestarted, TrackletEnded
from reidtrack.files import write_lines
from reidtrack.gallery.online import GalleryPeople
from reidtrack.pipeline.live.corrections import CorrectionsFile
from reidtrack.pipeline.live.identities import Identities
from reidtrack.pipeline.live.known import known_people
from reidtrack.pipeline.live.plays import Plays
from reidtrack.pipeline.live.request import LiveRequest
from reidtrack.pipeline.live.store import LiveStore
from reidtrack.pipeline.live.told import Told
from reidtrack.pipeline.run.recognise import run_key
from reidtrack.pipeline.run.settle import association_settings
from reidtrack.pipeline.run.site import Site
from reidtrack.plain_file import check_plain
from reidtrack.publish.status import LiveStatus
from reidtrack.runs.features import UNREADABLE, check_unpacked
from reidtrack.runs.manifest_sections import InputEntry
from reidtrack.types import DoubleArray, IntArray, Tracklet, TrackletKey

if TYPE_CHECKING:
    from reidtrack.pipeline.live.shared.link import Link

logger = logging.getLogger(__name__)

_CLOCKS_EVERY_S = 60.0
"""Clocks, where they are learned, are learned anew after so long: they take longest."""
_SAVE_SHARE = 0.05
"""Of the time, at most, goes into storing who is who: after each change while there is little, seldom later."""


class LiveEvidence:
    """Evidence of space and time whose site may become known while cameras are watched.

    Args:
        inputs: The cameras, with the sizes of their pictures where they are known; more may be noted.
        config: Every setting.
    """

    def __init__(self, inputs: list[InputEntry], config: LiveConfig) -> None:
        self._inputs, self._config = inputs, config
        self._plays: dict[str, Plays] = {}
        self.site = self._make()

    def __call__(self, tracklets: Sequence[Tracklet], label: IntArray, appearance: DoubleArray) -> PairTerms:
        """What speaks for or against pairs."""
        found, plays = self.site.evidence(tracklets, label, appearance), dict(self._plays)
        if not plays:
            return found
        play = np.array([plays[t.camera].at(t.first_time_s) if t.camera in plays else 0 for t in tracklets], np.int64)
        kept = play[found.pairs[:, 0]] == play[found.pairs[:, 1]]
        return PairTerms(found.pairs[kept], found.log_odds[kept], {k: v[kept] for k, v in found.values.items()})

    def note_size(self, camera: str, size: tuple[int, int]) -> None:
        """Take in how large a camera's pictures are."""
        entry = next((entry for entry in self._inputs if entry.camera == camera), None)
        if entry is None:
            entry = InputEntry(camera=camera)
            self._inputs.append(entry)
        if entry.size != size:
            entry.size = size
            self.site = self._make()

    def note_restart(self, camera: str, time_s: float) -> None:
        """Take in that a file that is looped has begun again: ways and times hold within one play alone."""
        self._plays.setdefault(camera, Plays()).begin(time_s)

    def _make(self) -> Site:
        return Site(self._inputs, self._config.site, clocks_every_s=_CLOCKS_EVERY_S)


class WhoIsWho(Identities, Protocol):
    """What a session asks of whoever decides who is who: `OnlineIdentities`, or `shared.group.SharedIdentities`."""

    def in_frame(self, camera: str, track_ids: Sequence[int]) -> list[int | None]:
        """Identities of the tracks that have a box in one frame of a camera; nobody is there twice."""
        ...

    def correct(self, must_link: Sequence[Pair], cannot_link: Sequence[Pair]) -> None:
        """Take what a user says of tracks."""
        ...

    def store(self, now_s: float) -> None:
        """Tell the gallery what was seen of people."""
        ...

    def state(self) -> State:
        """What is to be stored so that the next session goes on."""
        ...


class LivePeople:
    """The people of a session.

    Args:
        store: Of the session.
        identities: Decides who is who.
        evidence: Of the site.
        known: The gallery; None where there is none.
        told: What the sessions before have told.
        log_bytes: How much of the log of events is written.
        link: To those who decide, where other processes do.
    """

    def __init__(
        self,
        store: LiveStore,
        identities: WhoIsWho,
        evidence: LiveEvidence,
        known: GalleryPeople | None,
        told: Told,
        log_bytes: Callable[[], int],
        link: Link | None = None,
    ) -> None:
        self._store, self.identities, self.evidence, self._known = store, identities, evidence, known
        self._link = link
        self._save_from_s = 0.0
        self._saved: bytes | None = None
        self._told, self._log_bytes = told, log_bytes
        self._left_open = told.open_tracks()
        self._corrections = CorrectionsFile(store.folder.corrections, lambda text: logger.warning("%s", text))
        self.correct()

    @classmethod
    def open(
        cls,
        store: LiveStore,
        request: LiveRequest,
        dim: int,
        log_bytes: Callable[[], int],
        say: Callable[[str], object],
    ) -> Self:
        """Take up who was who in the sessions before, if there were any.

        Args:
            store: Of the session.
            request: What is asked for.
            dim: Length of a feature.
            log_bytes: How much of the log of events is written.
            say: Told in a line of processes that identities are shared with.

        Raises:
            InputError: If what they left cannot be read.
            UsageError: If identities are to be shared, and that cannot be.
        """
        config = request.config
        evidence = LiveEvidence(store.manifest.inputs, config)
        state = _read_state(store)
        told = Told.read(state, store.folder.events)
        if config.shared.redis is not None:
            from reidtrack.pipeline.live.shared.opening import open_shared

            shared = open_shared(store, config.shared, request.cameras, dim, told, state, say)
            return cls(store, shared, evidence, None, told, log_bytes, shared.link)
        if state is not None and "shared" in state and told.highest:
            from reidtrack.pipeline.live.shared.opening import check_kind

            check_kind(store, told, state, shared=False)
        known = _gallery(store, config)
        options = online_options(config, store.manifest.prior, evidence)
        options |= {"next_identity": told.highest + 1, "known": known}
        identities = OnlineIdentities(**options) if state is None else _restored(store, state, options)
        return cls(store, identities, evidence, known, told, log_bytes)

    @property
    def count(self) -> int:
        """People since the folder began."""
        return self._told.people

    def ended_by_a_kill(self) -> list[TrackletEnded]:
        """The ends of tracks that went on when the session before was killed, which nobody has told yet."""
        time_s = self._store.last_time_s
        keys = self._left_open
        return [
            TrackletEnded(time_s=time_s, camera=camera, track_id=track_id, identity=self.number((camera, track_id)))
            for camera, track_id in keys
        ]

    def number(self, key: TrackletKey) -> int | None:
        """The identity of a tracklet; None while it is not decided."""
        found = self.identities.identity(key)
        return None if found is None else found[0]

    def note(self, event: Event) -> None:
        """Take in what happens to identities and cameras, before it is logged; any thread."""
        if isinstance(event, CameraUp | StreamChanged):
            self.evidence.note_size(event.camera, (event.width, event.height))
        elif isinstance(event, StreamRestarted):
            self.evidence.note_restart(event.camera, event.time_s)
        self._told.note(event)

    def correct(self) -> None:
        """Take over `corrections.yaml` if it was changed: what it says of tracklets holds from now on."""
        said = self._corrections.changed()
        if said is not None:
            self.identities.correct(*said)

    def updated(self) -> None:
        """Store who is who after an update, in the thread that updates.

        Raises:
            OutputError: If that cannot be written.
        """
        if time.monotonic() >= self._save_from_s:
            self.save()

    def finish(self, now_s: float) -> None:
        """Tell the gallery, and store who is who; in the thread that updates, after the last update.

        Raises:
            OutputError: If it cannot be stored.
        """
        self.identities.store(now_s)
        if self._known is not None:
            self._known.close()
        self.save()

    def completed(self, status: LiveStatus) -> LiveStatus:
        """The status, with how it stands with those who decide, where others do."""
        if self._link is None:
            return status
        outlets = {**status.outlets, "redis": self._link.status()}
        return replace(status, outlets=outlets, identities_wait=self._link.problem)

    def end(self) -> None:
        """Let go of a server, whatever came before; nothing waits there."""
        if self._link is not None:
            self._link.close(0.0)

    def save(self) -> None:
        """Store who is who; while no update is under way.

        Raises:
            OutputError: If that cannot be written.
        """
        began_s = time.monotonic()
        packed = io.BytesIO()
        told = self._told.array(self._log_bytes())
        np.savez(packed, allow_pickle=False, **self.identities.state(), **told)
        data = packed.getvalue()
        if data != self._saved:
            write_lines(self._store.people, [data])
            self._saved = data
        ended_s = time.monotonic()
        self._save_from_s = ended_s + (ended_s - began_s) / _SAVE_SHARE


def online_options(config: LiveConfig, prior: AppearancePrior, evidence: LiveEvidence) -> dict[str, Any]:
    """Keyword arguments of `OnlineIdentities` that settings give.

    Args:
        config: Every setting.
        prior: What is known beforehand of the network's embeddings.
        evidence: Of the site.
    """
    settings = association_settings(config, prior)
    del settings["at_once"], settings["workers"]  # a window of live cameras is solved at once
    own = {"window_s": config.stream.window_s, "evidence": [evidence], "spent_s": time.thread_time}
    return {**settings, **own}


def _gallery(store: LiveStore, config: LiveConfig) -> GalleryPeople | None:
    """People of before, also of other folders; None where no gallery is wanted."""
    manifest = store.manifest
    return known_people(
        config.gallery,
        manifest.weights["reid"],
        folder=run_key(manifest),
        place=str(store.folder.path.resolve()),
        origin_utc=manifest.origin.timestamp,
    )


def _read_state(store: LiveStore) -> dict[str, np.ndarray] | None:
    path = store.people
    if not path.exists():
        return None
    try:
        check_plain(path)
        check_unpacked(path)
        with np.load(path, allow_pickle=False) as data:
            return dict(data)
    except UNREADABLE as error:
        raise _unreadable(store) from error


def _restored(store: LiveStore, state: dict[str, np.ndarray], options: dict[str, Any]) -> OnlineIdentities:
    try:
        return OnlineIdentities.restore(state, **options)
    except (KeyError, ValueError) as error:
        raise _unreadable(store) from error


def _unreadable(store: LiveStore) -> InputError:
    hint = f"remove it: people of before get new numbers then; or choose another {param('out')}"
    return InputError("cannot be read: who was who in the sessions before", where=store.people, hint=hint)
