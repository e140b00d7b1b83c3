"""A few minutes of the soak of live cameras, and the arithmetic of its figures and of the replay's."""

from __future__ import annotations

from pathlib import Path

import live_replay
import live_soak
import numpy as np
import pytest

from reidtrack.associate.online import OnlineIdentities
from reidtrack.types import Tracklet


def test_minutes_of_a_site_with_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_soak, "resident_mib", lambda: 100.0)
    site = live_soak.Site(cameras=3, an_hour=90.0, seed=1)
    soak = live_soak.Soak(tmp_path, 90.0, most_people=4, prior=site.prior(), window_s=60.0)
    soak.run(site.visits(0.05), 0.05, sample_s=60.0)
    figures = soak.figures
    assert len(figures.rows) == 3
    assert live_soak.growth(figures.rows, 0.0) == 0.0
    assert live_soak.growth_at_rest(figures.rows, 0.0) == pytest.approx(0.0, abs=1e-9)
    assert set(figures.numbers) <= set(figures.owner)
    assert figures.counts["state_bytes"] > 0
    assert 0.5 <= figures.shares()["pure"] <= 1.0
    assert np.quantile(figures.delays_s, 0.95) <= 2.0
    assert (tmp_path / "people.db").is_file()


def test_a_replayed_track_is_known_when_it_would_have_been() -> None:
    frame = np.arange(40)
    box = np.tile(np.array([10, 10, 30, 70], np.float32), (40, 1))
    features, ones = np.eye(2, dtype=np.float32), np.ones(40, np.float32)
    track = live_replay.LiveTrack.of(
        Tracklet("a", 1, frame, frame / 10, box, ones, features, np.array([0, 7]), ones[:2])
    )
    assert track.confirmed_s == pytest.approx(0.2)
    np.testing.assert_allclose(track.known_s, [0.6, 1.1])
    assert track.ends_s == pytest.approx(5.9)
    assert (len(track.at(1.0)), len(track.at(1.0).features)) == (11, 1)
    played = live_replay.Replay([track], OnlineIdentities())
    assert played.at_the_moment(track.tracklet, first=False)[[0, -1]].tolist() == [0, 1]
    assert set(played.at_the_moment(track.tracklet, first=True).tolist()) == {1}
    assert set(played.final(track.tracklet).tolist()) == {1}
    assert played.delays_s().tolist() == [pytest.approx(0.8)]


def test_growth_at_equal_work() -> None:
    """Tracks that come and go are no growth; what stays is."""
    hours = np.arange(1, 25, 0.25)
    tracks = 10 + 5 * np.sin(hours)
    rows = [
        {"hours": h, "held_tracks": n, "mib": 100 + 0.05 * (h - 1) + 0.2 * n}
        for h, n in zip(hours.tolist(), tracks.tolist(), strict=True)
    ]
    assert live_soak.growth_at_rest(rows, 1.0) == pytest.approx(0.05 * 23.75)
