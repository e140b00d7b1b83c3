from datetime import UTC, datetime

import pytest

from reidtrack.events import Event
from reidtrack.video.camera_state import CameraState
from reidtrack.video.failure import Failure
from reidtrack.video.wall_time import WallTime

SMALL, LARGE = (320, 240), (1920, 1080)


class Ticks:
    now_s = 0.0

    def now(self) -> float:
        return self.now_s

    def wait(self, *_: object) -> None:
        raise AssertionError


class Case:
    """A camera of ten frames a second, whose session began at 0."""

    def __init__(self, last_s: float | None = None) -> None:
        self.ticks = Ticks()
        origin = datetime(2500, 1, 1, tzinfo=UTC)
        self.events: list[Event] = []
        self.state = CameraState("cam", WallTime(origin, 0.0, self.ticks), self.events.append, last_s)

    def frames(self, *times_s: float, size: tuple[int, int] = SMALL, codec: str = "h264") -> None:
        for time_s in times_s:
            self.ticks.now_s = time_s
            self.state.picture(time_s, size, codec, 10.0, 10.0)

    def down(self, time_s: float, reason: str = "ended", retry_s: float | None = 1.0) -> None:
        self.ticks.now_s = time_s
        self.state.down(Failure(reason, "why"), retry_s)

    def end(self, time_s: float) -> None:
        self.ticks.now_s = time_s
        self.state.end()

    def told(self) -> list[str]:
        return [event.event for event in self.events]


def play(script: str, last_s: float | None = None) -> Case:
    """A camera to which this happens, each with its second.

    f: a frame; l: a large one; c: one in another codec; d: down; s: stalled; x: down for good; e: the end.
    """
    case = Case(last_s)
    for word in script.split():
        time_s = float(word[1:])
        match word[0]:
            case "f":
                case.frames(time_s)
            case "l":
                case.frames(time_s, size=LARGE)
            case "c":
                case.frames(time_s, codec="hevc")
            case "d":
                case.down(time_s)
            case "s":
                case.down(time_s, "stalled")
            case "x":
                case.down(time_s, "refused", None)
            case "e":
                case.end(time_s)
    return case


@pytest.mark.parametrize(
    ("script", "told"),
    [
        pytest.param("e5", [], id="nothing at all"),
        pytest.param("f3", ["camera_up"], id="slow to begin is no hole"),
        pytest.param("f0.1 f0.2 f1.2", ["camera_up"], id="at the threshold"),
        pytest.param("f0.1 f0.2 f1.3", ["camera_up", "gap"], id="above"),
        pytest.param("d0.5 f3", ["camera_down", "camera_up", "gap"], id="down at first"),
        pytest.param("d0.5 e3", ["camera_down", "gap"], id="never there"),
        pytest.param("d0.1 d1 d2 d3", ["camera_down"], id="the same failure is told once"),
        pytest.param("d0.1 s1 s2 d3", ["camera_down", "camera_retry", "camera_retry"], id="others are told"),
        pytest.param("f0.1 d0.2 f0.9", ["camera_up", "camera_down", "camera_up"], id="back at once"),
        pytest.param("f0.1 d0.2 f3", ["camera_up", "camera_down", "camera_up", "gap"], id="back"),
        pytest.param("f0.1 d0.2 f3 d4 f6", ["camera_up", *["camera_down", "camera_up", "gap"] * 2], id="twice"),
        pytest.param("f0.1 l0.2 l0.3", ["camera_up", "stream_changed"], id="another size"),
        pytest.param("f0.1 c0.2 f0.3", ["camera_up", "stream_changed", "stream_changed"], id="another codec and back"),
        pytest.param(
            "f0.1 d0.2 l3", ["camera_up", "camera_down", "camera_up", "stream_changed", "gap"], id="back and another"
        ),
        pytest.param("f0.1 d2 e4", ["camera_up", "camera_down", "gap"], id="ended while down"),
        pytest.param("f0.1 e4", ["camera_up"], id="ended while up"),
        pytest.param("f0.1 d0.2 x1", ["camera_up", "camera_down", "camera_down"], id="given up for good"),
    ],
)
def test_what_is_told(script: str, told: list[str]) -> None:
    case = play(script)
    assert case.told() == told
    times_s = [event.time_s for event in case.events]
    assert times_s == sorted(times_s)


def test_the_hole_between_two_sessions_is_told() -> None:
    gap = play("f100", last_s=40.0).events[1]
    assert (gap.from_s, gap.until_s) == (40.0, 100.0)


def test_a_slow_camera_has_no_hole_between_its_frames() -> None:
    case = play(" ".join(f"f{number * 5}" for number in range(20)))
    assert case.told().count("gap") <= 4, "until its pace is known"
    assert case.told()[-1] == "gap" or case.events[-1].time_s < 30
    assert case.state.step_s == pytest.approx(5, rel=0.2)
