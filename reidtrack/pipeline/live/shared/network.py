"""Which network makes the features of a site's groups, as it stands in Redis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.engines.provenance import Weights
from reidtrack.errors import InputError
from reidtrack.pipeline.live.shared.checked import RefusedError, read_json, whole, word
from reidtrack.pipeline.live.shared.wire import MOST_DIM

_MOST_FILES = 100


class Network(NamedTuple):
    """What an associator has to know of the network.

    Attributes:
        dim: Length of a feature.
        weights: Where it came from.
    """

    dim: int
    weights: Weights


def network_json(weights: Weights, dim: int) -> dict[str, Any]:
    """What a group says of its network."""
    return {"sha256": dict(weights.sha256), "dim": dim, "priors": dict(weights.priors)}


def read_network(data: object) -> Network | None:
    """What groups have agreed on; None where none has come yet.

    Raises:
        InputError: If it is damaged.
    """
    if data is None:
        return None
    try:
        found: Mapping[str, Any] = read_json(data, "network")
        dim, priors = whole(found.get("dim"), "dim", 1, MOST_DIM), found.get("priors") or {}
        prior = AppearancePrior() if not priors else AppearancePrior.from_json(priors)
        digests = found.get("sha256")
        if not isinstance(digests, dict) or len(digests) > _MOST_FILES:
            raise RefusedError("network.sha256: expected digests of files")
        sha256 = {name: word(digest, "sha256") for name, digest in digests.items()}
    except (RefusedError, ValueError) as error:
        raise InputError(f"what Redis holds of the groups' network is damaged: {error}", field="redis") from error
    if not prior.fits(dim):
        raise InputError(
            "what Redis holds of the groups' network is damaged: its mean has another length", field="redis"
        )
    return Network(dim, Weights("of the groups", sha256, priors=priors))
