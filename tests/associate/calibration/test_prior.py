"""What is known of a network's embeddings beforehand: kept, read back, and measured on people it does not know."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from reidtrack.associate.calibration.mixture import Belief, Mixture
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior, Variances
from reidtrack.associate.calibration.prior_fit import LEAST_PEOPLE, SeenPeople, measure_prior

DIM = 200
MEAN = np.eye(DIM)[0]


def site(people: int, seed: int, *, shift: float = 0.2, cameras: int = 3, person: float = 1.0) -> SeenPeople:
    """People whose embeddings are sums of parts of known size; two visits of five crops to each camera."""
    rng = np.random.default_rng(seed)

    def part(size: float, *count: int) -> np.ndarray:
        return rng.normal(size=(*count, DIM)) * size / np.sqrt(DIM)

    who, where, visit, _ = (i.ravel() for i in np.indices((people, cameras, 2, 5)))
    group = (who * cameras + where) * 2 + visit
    rows = 0.6 * MEAN + part(shift) + part(0.1, cameras)[where] + part(0.6 * person, people)[who]
    rows = rows + part(0.4, people * cameras * 2)[group] + part(0.4, len(who))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return SeenPeople(rows.astype(np.float32), who, where, visit)


def test_what_was_drawn_is_measured() -> None:
    found = measure_prior([site(60, 1), site(60, 2)], "drawn")
    length = 0.6**2 + 0.2**2 + 0.1**2 + 0.6**2 + 2 * 0.4**2  # rows were brought to length 1
    parts = found.variances
    assert (parts.person, parts.tracklet, parts.crop) == pytest.approx(
        (0.36 / length, 0.16 / length, 0.16 / length), rel=0.1
    )
    assert parts.camera == pytest.approx((0.2**2 + 0.1**2) / length, rel=0.25)
    assert found.mean is not None
    assert found.mean @ MEAN / np.linalg.norm(found.mean) > 0.9
    one = 0.36 / (0.36 + 0.16 + 0.16 / 5)
    general = GENERIC.distances  # two sites' worth of it
    assert found.distances.same == pytest.approx((1 - one + general.same) / 2, abs=0.03)
    assert found.distances.other == pytest.approx((1 + general.other) / 2, abs=0.02)
    assert found.measured == "drawn"


def test_of_one_site_how_much_sites_differ_is_what_networks_in_general_have() -> None:
    found = measure_prior([site(60, 1)])
    assert found.variances.worth == pytest.approx(7.0)
    assert found.belief.same == Belief().same


def test_people_who_look_more_alike_are_measured_so() -> None:
    near, far = (measure_prior([site(60, 1, person=p)]).distances.same for p in (0.5, 1.5))
    assert near > far + 0.07


@pytest.mark.parametrize(
    ("people", "cameras"),
    [
        pytest.param(LEAST_PEOPLE - 1, 3, id="too few people"),
        pytest.param(100, 1, id="one camera"),
    ],
)
def test_too_few_are_refused(people: int, cameras: int) -> None:
    with pytest.raises(ValueError, match=f"expected {LEAST_PEOPLE} people or more that two cameras saw"):
        measure_prior([site(people, 1, cameras=cameras)])
    with pytest.raises(ValueError, match="one site"):
        measure_prior([])


def test_columns_of_another_length_are_refused() -> None:
    seen = site(30, 1)
    with pytest.raises(ValueError, match="camera"):
        replace(seen, camera=seen.camera[1:])


KNOWN = AppearancePrior(
    np.linspace(-0.2, 0.2, 512), Variances(0.4, 0.2, 0.26, 0.09), Mixture(same=0.42), Belief(same=3.0), "us"
)


@pytest.mark.parametrize("prior", [pytest.param(KNOWN, id="measured"), pytest.param(GENERIC, id="no mean")])
def test_json_and_back(prior: AppearancePrior) -> None:
    text = json.dumps(prior.to_json())
    found = AppearancePrior.from_json(json.loads(text))
    assert len(text) < 2000
    assert (found.variances, found.distances, found.belief, found.measured) == (
        prior.variances,
        prior.distances,
        prior.belief,
        prior.measured,
    )
    if prior.mean is None:
        assert found.mean is None
    else:
        np.testing.assert_allclose(found.mean, prior.mean, atol=1e-4)


def damaged(**changes: Any) -> dict[str, Any]:
    return {**KNOWN.to_json(), **changes}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param({}, "priors: 'variances'", id="empty"),
        pytest.param(damaged(more=1), "unknown key 'more'", id="unknown key"),
        pytest.param(damaged(mean=[0.1]), "priors.mean", id="a list"),
        pytest.param(damaged(mean="*"), "priors.mean", id="no base64"),
        pytest.param(damaged(mean="AAAA"), "priors.mean", id="half a number"),
        pytest.param(damaged(mean="AHw="), "finite", id="infinite"),
        pytest.param(damaged(mean="A" * 10**6), "priors.mean", id="far too long"),
        pytest.param(damaged(variances={"person": -1.0}), "Variances.person", id="a negative variance"),
        pytest.param(damaged(variances={"people": 1.0}), "people", id="no such variance"),
        pytest.param(damaged(variances=3), "priors", id="a number in place of an object"),
        pytest.param(damaged(distances={"spread": 0.0}), "spread", id="no spread"),
        pytest.param(damaged(distances={"same": "near"}), "near", id="text"),
        pytest.param(damaged(distances={"share": float("nan")}), "share", id="not a number"),
        pytest.param(damaged(belief={"other": -1.0}), "other", id="a negative number of pairs"),
    ],
)
def test_damaged_priors_are_refused(data: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AppearancePrior.from_json(data)
