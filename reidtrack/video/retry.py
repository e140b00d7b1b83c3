"""When a camera that is not there is tried again."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from reidtrack.events import DownReason

STEPS = ((5, 1.0), (10, 5.0), (20, 10.0))
"""Up to which try in a row how many seconds pass before it, as go2rtc has it."""
REST_S = 60.0
_FIRST_AFTER_REFUSAL = 11
"""A wrong password is tried as if ten tries were over: many cameras lock out who tries often."""


@dataclass
class RetrySchedule:
    """Seconds between tries: short at first, longer as they go on failing, a little different for each camera.

    Attributes:
        steps: Up to which try how many seconds pass before it, in order.
        rest_s: Seconds before each later one.
        jitter: The share by which each wait varies, so that cameras behind one switch do not all come at once; it is
            never longer than the schedule says.
        chance: Where the variation comes from.
    """

    steps: Sequence[tuple[int, float]] = STEPS
    rest_s: float = REST_S
    jitter: float = 0.1
    chance: random.Random = field(default_factory=random.Random)

    def wait_s(self, tries: int, reason: DownReason) -> float:
        """Seconds before the next try.

        Args:
            tries: How many in a row have failed, 1 after the first.
            reason: Why the last one did.
        """
        number = max(tries, _FIRST_AFTER_REFUSAL) if reason == "unauthorised" else tries
        wait_s = next((seconds for most, seconds in self.steps if number <= most), self.rest_s)
        return wait_s * (1 - self.jitter * self.chance.random())
