"""How it stands with a live session: who is there now, where cameras go and frames of before are still under way."""

from __future__ import annotations

import numpy as np
import pytest

from reidtrack.events import CameraDown, CameraUp, DownReason
from reidtrack.pipeline.live.board import Board, Unseen
from reidtrack.pipeline.live.delays import MeasureDelays
from reidtrack.types import Frame, Tracks


class Site:
    """A board whose clock is set by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.board = Board(["hall"], lambda: self.now_s, lambda key: key[1], MeasureDelays(["hall"]))

    def comes_up(self) -> None:
        self.board.note(CameraUp(time_s=self.now_s, camera="hall", width=64, height=48, codec="h264"))

    def goes_down(self, reason: DownReason = "ended") -> None:
        self.board.note(CameraDown(time_s=self.now_s, camera="hall", reason=reason, detail="gone", retry_s=1.0))

    def sees(self, index: int, *track_ids: int) -> None:
        n = len(track_ids)
        frame = Frame("hall", index, self.now_s, np.zeros((48, 64, 3), np.uint8))
        self.board.on_tracks(
            frame,
            Tracks(
                np.array(track_ids, np.int64),
                np.full(n, index, np.int64),
                np.full(n, self.now_s),
                np.zeros((n, 4), np.float32),
                np.ones(n, np.float32),
            ),
        )
        self.board.on_frame(frame)

    def people(self) -> tuple[int, int]:
        status = self.board.status(Unseen())
        return status.people_now, status.cameras["hall"].people


@pytest.mark.parametrize("reason", ["ended", "removed", "stalled"])
def test_who_is_seen_in_frames_that_were_under_way_is_not_there(reason: DownReason) -> None:
    site = Site()
    site.comes_up()
    site.sees(1, 7, 8)
    assert site.people() == (2, 2)
    site.goes_down(reason)
    assert site.people() == (0, 0)
    site.sees(2, 7, 8)
    assert site.people() == (0, 0)
    site.comes_up()
    site.sees(3, 9)
    assert site.people() == (1, 1)


def test_the_rate_of_frames_leaves_out_the_time_without_any() -> None:
    site = Site()
    site.comes_up()
    for index in range(21):
        site.now_s = index / 2
        site.sees(index)
    assert site.board.status(Unseen()).cameras["hall"].fps_seen == pytest.approx(2.1)
    site.goes_down()
    assert site.board.status(Unseen()).cameras["hall"].fps_seen is None
    site.now_s = 1000.0
    site.comes_up()
    for index in range(21):
        site.now_s = 1000.0 + index / 2
        site.sees(100 + index)
    assert site.board.status(Unseen()).cameras["hall"].fps_seen == pytest.approx(2.1)


def test_frames_by_what_became_of_them() -> None:
    site = Site()
    site.comes_up()
    for index in range(3):
        site.sees(index)
    site.board.on_frame(Frame("hall", 3, 0.3, np.zeros((48, 64, 3), np.uint8)))  # not looked at
    status = site.board.status(Unseen(between={"hall": 1}, dropped={"hall": 2}, left_out={"door": 3})).cameras["hall"]
    assert (status.frames, status.between, status.dropped, status.left_out) == (3, 1, 2, 0)
    overall = site.board.overall(Unseen(between={"hall": 1}, damaged={"hall": 4}))["hall"]
    assert (overall["between"], overall["damaged"]) == (1, 4)
