"""Identities while people are still there: numbers for the tracks of live cameras, that last.

The same evidence, calibration and clustering as for recordings are applied, again and again, to the tracks that are
open, those that ended within a window, and what is held of people of before. A track is given a number provisionally as
soon as its first crops are known, and keeps it once more was seen of it, or when it ends; from then on only merges and
splits change it. Numbers are never given to somebody else, and nobody is in one camera twice at a time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

from numpy.typing import NDArray

from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.associate.evidence import Evidence
from reidtrack.associate.live.constraints import Pair, Said
from reidtrack.associate.live.handover import Leaver, leavers, remember, unite
from reidtrack.associate.live.known import KnownAs, KnownPeople
from reidtrack.associate.live.numbering import Numbering
from reidtrack.associate.live.parts import Part
from reidtrack.associate.live.people import Person
from reidtrack.associate.live.quick import give_at_once
from reidtrack.associate.live.register import Register
from reidtrack.associate.live.settling import Rules, Settling
from reidtrack.associate.live.state import State, fill, state_of
from reidtrack.associate.live.threshold import RunningThreshold
from reidtrack.errors import ReidtrackError
from reidtrack.events import Event
from reidtrack.types import Tracklet, TrackletKey

logger = logging.getLogger(__name__)

WINDOW_S = 600.0
"""How long an ended tracklet may still be joined to others, seconds."""
MOST_PEOPLE = 512
"""People of before who are held in memory."""
MOST_TRACKLETS = 300
"""Tracklets that are clustered; of more, those that ended first are pooled before the window is over."""
_MOST_OF_PERSON = 12
"""Ended tracklets of one person that are clustered singly."""
_FEW_S, _LONG_S = 1.0, 1.5
"""A track waits so long after its first box for its second crop, by the time of its frames, so that it does not wait
longer where these come late; and so long after it was first told for its first crop."""
_KEEP_FEATURES, _KEEP_S = 5, 3.0
"""A number is kept after so many crops and so long under it, seconds."""
_HOLD_S = 2.0
"""So long clusterings agree before what was kept is changed, seconds."""
_PAUSE_S, _MOST_PAUSE_S = 0.02, 5.0
"""Between two clusterings lies so long for each tracklet, and the most, seconds."""
_SHARE = 0.15
"""Of one processor that clusterings take at most, by the time that the last one took, up to that longest pause."""
_CALM, _CALM_S = 4.0, 2.0
"""So many times longer, and at least so long, where nobody waits for a number or has one provisionally."""
_LOST_S = 30.0
"""A track of which nothing was told for so long is over."""
_STORE_S = 60.0
"""A gallery is told so often what was seen of people, seconds."""
_BESIDE = 32
"""People whom cameras saw lately who tell a gallery what the cameras do to appearances."""


class HeldPart(NamedTuple):
    """A track, or a part of one, that is in memory.

    Attributes:
        key: Camera and track id.
        first_frame: First frame that belongs to it; 0 for all from the beginning.
        identity: Its number; None while undecided.
        provisional: Whether that may still change.
        is_open: Whether more of it may come.
    """

    key: TrackletKey
    first_frame: int
    identity: int | None
    provisional: bool
    is_open: bool


class OnlineIdentities:
    """Who is who, live; to be called by one thread, about twice a second.

    Args:
        prior: What is known of the network that makes the features.
        window_s: How long an ended tracklet may still be joined to others one by one, seconds.
        known: People of before who are not in memory, such as a gallery's; None for nobody.
        next_identity: The lowest number that nobody has had.
        evidence: As in `associate`.
        must_link: Tracks that are one person, as a user said; see `correct`.
        cannot_link: Tracks that are two.
        threshold: As in `associate`; None finds it, and goes on finding it.
        same_camera_threshold: As in `associate`.
        least_probability: As in `associate`.
        split_threshold: As in `associate`.
        shrink: As in `associate`.
        most_people: People of before who are held in memory.
        most_tracklets: Tracklets that are clustered; bounds time and memory.
        spent_s: Says how much time the calling thread has had of the processor, so that clusterings take a bounded
            share of it; without, what is told depends on nothing but what comes in.
    """

    def __init__(
        self,
        *,
        prior: AppearancePrior = GENERIC,
        window_s: float = WINDOW_S,
        known: KnownPeople | None = None,
        next_identity: int = 1,
        evidence: Sequence[Evidence] = (),
        must_link: Sequence[Pair] = (),
        cannot_link: Sequence[Pair] = (),
        threshold: float | None = None,
        same_camera_threshold: float | None = None,
        least_probability: float = 0.5,
        split_threshold: float = 0.85,
        shrink: float | None = None,
        most_people: int = MOST_PEOPLE,
        most_tracklets: int = MOST_TRACKLETS,
        spent_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._window_s, self._known, self._most_tracklets = window_s, known, most_tracklets
        self._said = Said(must_link, cannot_link)
        self._register = Register(next_identity, most_people)
        self._running = RunningThreshold(threshold)
        rules = Rules(prior, evidence, same_camera_threshold, threshold, least_probability, split_threshold, shrink)
        self._settling = Settling(self._register, rules, self._running)
        self._numbering = Numbering(self._register, _HOLD_S)
        self._told_s: dict[TrackletKey, float] = {}
        self._stored_s: float | None = None
        self._complained = False
        self._settled_s = self._asked_s = float("-inf")
        self._spent_s, self._took_s = spent_s, 0.0
        self._changed = self._unsure = False

    # What callers ask.

    @property
    def next_identity(self) -> int:
        """The lowest number that nobody has had."""
        return self._register.next_identity

    @property
    def threshold(self) -> float | None:
        """The threshold in use; None before there was anything to compare."""
        return self._running.threshold

    def skip_to(self, number: int) -> None:
        """Give numbers from this one on, no lower than `next_identity`: those below are somebody else's to give."""
        self._register.next_identity = max(self._register.next_identity, number)

    def identity(self, key: TrackletKey) -> tuple[int, bool] | None:
        """Identity of a track and whether it is provisional; None while it has none, or long after it was over."""
        part = self._register.newest.get(key)
        if part is not None:
            given = part.number
            return None if given is None else (given, not part.kept)
        number = self._register.over.get(key)
        return None if number is None else (number, False)

    def in_frame(self, camera: str, track_ids: Sequence[int]) -> list[int | None]:
        """Identities of the tracks that have a box in one frame of a camera; nobody is there twice.

        Of two that have one number until the next update, the one that is less sure has none meanwhile. Other threads
        may ask this, and `identity`, while one updates.
        """
        parts = [self._register.newest.get((camera, track_id)) for track_id in track_ids]
        numbers = [None if part is None else part.number for part in parts]
        best: dict[int, Part] = {}
        for part, number in zip(parts, numbers, strict=True):
            if part is not None and number is not None:
                other = best.setdefault(number, part)
                if (part.kept, -part.serial) > (other.kept, -other.serial):
                    best[number] = part
        found = zip(parts, numbers, strict=True)
        return [number if number is not None and best[number] is part else None for part, number in found]

    def held(self) -> list[HeldPart]:
        """Every track in memory, and where one was cut because it went over to somebody else, each part, by time."""
        parts = sorted(self._register.parts.values(), key=lambda part: part.serial)
        return [HeldPart(p.key, p.begins_at, p.number, not p.kept, p.is_open) for p in parts]

    def name(self, number: int) -> str | None:
        """What a person in memory is called, or None."""
        person = self._register.people.get(number)
        return None if person is None else person.name

    def correct(self, must_link: Sequence[Pair], cannot_link: Sequence[Pair]) -> None:
        """Take what a user says of tracks now, in place of what was said before.

        What contradicts what was seen, or itself, is passed over. It takes effect with the next updates, as merges and
        splits.
        """
        self._said, self._changed = Said(must_link, cannot_link), True

    # Who goes over to cameras of another process, or comes from there.

    def knows(self, number: int) -> bool:
        """Whether a person is in memory."""
        return number in self._register.people

    def leavers(self, told: Mapping[int, float]) -> list[Leaver]:
        """People of whom no track goes on and of whom more was seen than was told: number to when that was."""
        return leavers(self._register, told)

    def remember(self, people: Iterable[Leaver]) -> None:
        """Know people whom other cameras saw, by their numbers there, as people of before are known."""
        for leaver in people:
            remember(self._register, leaver)
        self._register.drop_unused()
        self._changed = True

    def unite(self, number: int, into: int, now_s: float) -> None:
        """Take it that an identity was another one all along; the next update tells it, if anybody here had it."""
        unite(self._register, number, into, now_s)
        self._changed = True

    # What outlasts the program.

    def state(self, *, going_on: bool = False) -> State:
        """What is to be stored so that `restore` goes on with the same identities: arrays, for `numpy.savez`.

        Args:
            going_on: Whether tracks that are open are to go on then: somebody else takes over at once.
        """
        return state_of(self._register, self._running.threshold, going_on=going_on)

    @classmethod
    def restore(cls, state: Mapping[str, NDArray[Any]], *, going_on: bool = False, **options: Any) -> OnlineIdentities:
        """Go on from a state: the same people have the same numbers; all tracks have ended, unless they go on.

        Args:
            state: What `state` gave, as `numpy.load(path, allow_pickle=False)` reads it.
            going_on: As in `state`, which was asked the same.
            options: Arguments of the class; `next_identity` counts where it is higher than the state's.

        Raises:
            ValueError: If it is damaged, or was made by a network with features of another length.
        """
        found = cls(**options)
        prior: AppearancePrior = options.get("prior", GENERIC)
        threshold = fill(found._register, state, going_on=going_on)
        dim = state["features"].shape[1]
        if len(state["features"]) and not prior.fits(dim):
            raise ValueError(f"state.features: they have {dim} numbers, and those of the network another length")
        if options.get("threshold") is None:
            found._running.start(threshold)
        found._told_s = {key: part.last_s for key, part in found._register.newest.items() if part.is_open}
        return found

    def open_tracklets(self) -> list[Tracklet]:
        """What is held of the tracks that go on, thinned; after `restore`, what more of them is to be added to."""
        newest = self._register.newest.items()
        return [replace(part.tracklet, camera=key[0], track_id=key[1]) for key, part in newest if part.is_open]

    # What comes in.

    def close(self) -> list[Event]:
        """End; nothing is left to be told, since `update` told everything."""
        return []

    def update(self, open_: Sequence[Tracklet], ended: Sequence[Tracklet], now_s: float) -> list[Event]:
        """Take what there is now, and tell what changed.

        Args:
            open_: Every confirmed track that has not ended, with what there is of it so far.
            ended: The tracks that ended since the last call, whole.
            now_s: The time, seconds since the origin, never less than before.

        Returns:
            `IdentityGiven`, `Merged` and `Split` events, in the order in which they happened.
        """
        for tracklet in open_:
            self._take(tracklet, now_s, ended=False)
        for tracklet in ended:
            self._take(tracklet, now_s, ended=True)
        self._end_lost(now_s)
        ready = self._ready(now_s)
        if self._is_due(bool(ready), now_s):
            self._settle(ready, now_s)
        elif ready and self._settling.quick is not None:
            give_at_once(self._settling.quick, self._register, ready, now_s)
            self._changed = self._unsure = True
        elif self._stored_s is not None and now_s - self._stored_s >= _STORE_S:
            self._let_go(now_s)  # nobody is there, but what was seen gets old
        return self._register.take_events()

    def _take(self, tracklet: Tracklet, now_s: float, *, ended: bool) -> None:
        before = self._register.newest.get(tracklet.key)
        newest = -2 if before is None else before.newest_crop
        last_s = float("-inf") if before is None else before.last_s
        part = self._register.take(tracklet, now_s, ended=ended)
        if part is None:
            return
        if ended:
            self._told_s.pop(tracklet.key, None)
        elif part.last_s > last_s:
            self._told_s[tracklet.key] = now_s
        grown = part.newest_crop != newest
        self._changed = self._changed or ended or grown
        self._unsure = self._unsure or (grown and part.number is not None and not part.kept)

    def _end_lost(self, now_s: float) -> None:
        """End tracks of which nothing was told for long: their camera was taken away, or its tracker began anew."""
        for key in [key for key, told_s in self._told_s.items() if now_s - told_s > _LOST_S]:
            del self._told_s[key]
            part = self._register.newest.get(key)
            if part is not None:
                part.is_open, part.is_lost, self._changed = False, True, True

    def _ready(self, now_s: float) -> set[int]:
        """Serials of parts that have no number and may be given one."""
        found = set()
        for part in self._register.parts.values():
            if part.number is None:
                waited_s = now_s - part.tracklet.first_time_s
                enough = part.features > 1 or (part.features == 1 and waited_s >= _FEW_S)
                if enough or now_s - part.confirmed_s >= _LONG_S or not part.is_open:
                    found.add(part.serial)
        return found

    def _is_due(self, waiting: bool, now_s: float) -> bool:
        if self._register.clashing() is not None:
            return True
        if not (waiting or self._changed or self._numbering.is_waiting) or not self._register.parts:
            return False
        pause_s = self._pause_s()
        if not (waiting or self._unsure or self._numbering.is_waiting):
            pause_s = self._calm_s()
        return now_s - self._settled_s >= pause_s  # until then who waits is given a number by a quick look

    def _pause_s(self) -> float:
        return min(max(_PAUSE_S * len(self._register.parts), self._took_s / _SHARE), _MOST_PAUSE_S)

    def _calm_s(self) -> float:
        return max(_CALM * self._pause_s(), _CALM_S)

    def _settle(self, ready: set[int], now_s: float) -> None:
        """Cluster what is held, number it, and let go what is old."""
        self._settled_s, self._changed, self._unsure = now_s, False, False
        begun_s = self._spent_s()
        ask = bool(ready) or now_s - self._asked_s >= self._calm_s()
        self._asked_s = now_s if ask else self._asked_s
        clusters, probability = self._settling.clusters(self._said, now_s, ask=ask)
        self._numbering.take(clusters, {serial: probability.get(serial) for serial in ready}, now_s)
        self._tell_merges()
        self._keep(probability, now_s)
        self._let_go(now_s)
        self._took_s = self._spent_s() - begun_s

    def _keep(self, probability: dict[int, float], now_s: float) -> None:
        """Keep the numbers of parts of which enough was seen; a gallery is asked who new people are before."""
        settled = [part for part in self._register.parts.values() if self._is_settled(part, now_s)]
        self._ask({part.number for part in settled if part.number is not None}, now_s)
        for part in settled:
            self._register.keep(part, now_s, probability.get(part.serial))

    def _is_settled(self, part: Part, now_s: float) -> bool:
        if part.number is None or part.kept:
            return False
        return not part.is_open or (part.features >= _KEEP_FEATURES and now_s - part.given_s >= _KEEP_S)

    def _ask(self, numbers: set[int], now_s: float) -> None:
        """Ask who those of some people are who are new."""
        people, calibration = self._register.people, self._running.now
        new = [people[n] for n in sorted(numbers) if not people[n].kept]
        if self._known is None or calibration is None or not new:
            return
        parts = self._register.numbered()
        lately = sorted((p for p in people.values() if p.kept), key=lambda p: (-p.last_s, p.number))[:_BESIDE]
        seen, beside = ([p.views(parts.get(p.number, ())) for p in some] for some in (new, lately))
        thresholds = calibration.threshold, calibration.slope
        with self._forgiving():
            found = self._known.recognise(seen, beside, sorted(people), *thresholds)
            self._take_known(new, found, now_s)

    def _take_known(self, new: Sequence[Person], found: Sequence[KnownAs | None], now_s: float) -> None:
        people = self._register.people
        for person, known in zip(new, found, strict=True):
            if known is not None:
                person.name = person.name or known.name
                if known.number is not None and known.number not in people:
                    self._register.become(person, known.number, now_s)

    def store(self, now_s: float) -> None:
        """Tell the gallery what was seen of people since it was told last: to be called at the end, too."""
        self._stored_s = now_s
        shown = [person for person in self._register.people.values() if person.kept and person.shown]
        if self._known is not None and shown:
            parts = self._register.numbered()
            with self._forgiving():
                self._known.keep([person.views(parts.get(person.number, ())) for person in shown])
        for person in shown:
            person.shown = False

    def _tell_merges(self) -> None:
        """Tell the gallery which numbers are one person."""
        merges, self._register.merges = self._register.merges, []
        if self._known is not None:
            for number, into in merges:
                with self._forgiving():
                    self._known.merge(number, into)

    @contextmanager
    def _forgiving(self) -> Iterator[None]:
        """Go on without a gallery that cannot be read or written just now, and say so once."""
        try:
            yield
            self._complained = False
        except ReidtrackError as error:
            if not self._complained:
                logger.warning("people of before are not recognised or kept for now: %s", error)
            self._complained = True

    def _let_go(self, now_s: float) -> None:
        """Pool parts that are too old or too many, and forget people who are."""
        ended = [part for part in self._register.parts.values() if part.kept and not part.is_open]
        ended.sort(key=lambda part: (part.last_s, part.serial))
        over = len(self._register.parts) - self._most_tracklets
        of_person: dict[int | None, int] = {}
        for part in reversed(ended):
            of_person[part.number] = of_person.get(part.number, 0) + 1
            if of_person[part.number] > _MOST_OF_PERSON or now_s - part.last_s > self._window_s:
                self._register.forget(part)
                over -= 1
        for part in ended:
            if over <= 0:
                break
            if part.serial in self._register.parts:
                self._register.forget(part)
                over -= 1
        if self._stored_s is None:
            self._stored_s = now_s
        if now_s - self._stored_s >= _STORE_S:
            self.store(now_s)
        gone = [person for person in self._register.drop_unused() if person.shown and person.before]
        if self._known is not None and gone:
            with self._forgiving():
                self._known.keep([person.views(()) for person in gone])
