"""One vector for each tracklet: its weight, and its camera's bias removed as the association removes it."""

from __future__ import annotations

import numpy as np
import pytest
from associate.people_data import directions, tracklet

from reidtrack.associate.appearance import cosine_distances, tracklet_weights
from reidtrack.associate.associate import appearances, associate
from reidtrack.associate.calibration.prior import FULL_CROPS


@pytest.mark.parametrize(
    ("crops", "weight"),
    [
        pytest.param(1, 1 / FULL_CROPS, id="one crop"),
        pytest.param(FULL_CROPS, 1.0, id="as many as count"),
        pytest.param(FULL_CROPS + 1, 1.0, id="more"),
    ],
)
def test_weight_of_a_tracklet(crops: int, weight: float) -> None:
    one = tracklet("a", 1, directions(1, 0)[0], 0, 20, features=crops)
    assert tracklet_weights([one]).tolist() == [weight]


def test_appearances_are_those_that_are_associated() -> None:
    people, casts = np.split(directions(8, 3), [6])
    tracklets = [
        tracklet("ab"[camera], who + 1, person, 400 * who + 10 * camera, cast=casts[camera])
        for camera in range(2)
        for who, person in enumerate(people)
    ]
    found = dict(zip([t.key for t in tracklets], appearances(tracklets), strict=True))
    links = [(i, link) for i in associate(tracklets, threshold=0.9).identities for link in i.links]
    assert links
    for _, link in links:
        distance = cosine_distances(found[link.a][None], found[link.b][None])
        assert distance == pytest.approx(link.distance, abs=1e-6)
