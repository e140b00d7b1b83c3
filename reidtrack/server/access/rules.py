"""Who may do what: a role, and the cameras of the very object that is asked for.

Each route has a `Rule`, and none can be made without one. A rule that names an object loads it through the runs as the
user sees them, and what decides is the loaded object's own cameras, never a word of the address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from reidtrack.server.endpoint import Call


class Role(IntEnum):
    """What somebody may do; each may do what those before it may."""

    VIEWER = 1
    REVIEWER = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """As the command line and the interface write it."""
        return self.name.lower()

    @classmethod
    def of(cls, word: str) -> Role:
        """The role of a word.

        Raises:
            ValueError: If it is none.
        """
        try:
            return cls[word.upper()]
        except KeyError:
            raise ValueError(word) from None


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who asks.

    Attributes:
        name: What they are called.
        role: What they may do.
        cameras: Which they may see; None for all.
    """

    name: str
    role: Role
    cameras: frozenset[str] | None = None

    def sees(self, camera: str) -> bool:
        """Whether they may see a camera."""
        return self.cameras is None or camera in self.cameras

    def sees_any(self, cameras: Iterable[str]) -> bool:
        """Whether they may see one of some cameras; of none, only who may see all."""
        return self.cameras is None or any(camera in self.cameras for camera in cameras)

    def sees_all(self, cameras: Iterable[str]) -> bool:
        """Whether they may see each of some cameras."""
        return self.cameras is None or all(camera in self.cameras for camera in cameras)


LOCAL = Principal("local", Role.ADMIN)
"""Who uses this machine while there are no accounts."""


class Object(Protocol):
    """What a rule loads: something that belongs to cameras."""

    @property
    def cameras(self) -> Iterable[str]:
        """Those that it shows, or is about."""
        ...


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may use a route.

    Attributes:
        role: The least role; None lets everybody in, logged in or not.
        load: Gives the object that the address names, from what the user sees; None where the route has none and
            gives only what `Call.runs` holds for the user.
        sees: Whether one or all of the object's cameras have to be the user's.
        why: For a rule without role, why nobody has to be known.
    """

    role: Role | None
    load: Callable[[Call], Object] | None = None
    sees: Literal["any", "all"] = "any"
    why: str = ""

    def __post_init__(self) -> None:
        if self.role is None and not self.why:
            raise ValueError("a route for everybody says why")

    def allows(self, user: Principal | None) -> bool:
        """Whether the role suffices."""
        return self.role is None or (user is not None and user.role >= self.role)

    def covers(self, user: Principal, found: Object) -> bool:
        """Whether the object's cameras are the user's."""
        return user.sees_all(found.cameras) if self.sees == "all" else user.sees_any(found.cameras)
