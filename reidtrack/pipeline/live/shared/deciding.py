"""Who decides in a sector: `OnlineIdentities`, with the evidence and the gallery that one process has too."""

from __future__ import annotations

from collections.abc import Sequence

from reidtrack.associate.online import OnlineIdentities
from reidtrack.config.live import LiveConfig
from reidtrack.errors import InputError
from reidtrack.pipeline.live.known import known_people
from reidtrack.pipeline.live.people import LiveEvidence, online_options
from reidtrack.pipeline.live.shared.network import Network
from reidtrack.pipeline.live.shared.sector import Deciding
from reidtrack.pipeline.live.shared.stored import SectorState
from reidtrack.runs.manifest_sections import InputEntry


def make_evidence(config: LiveConfig, cameras: Sequence[str]) -> LiveEvidence:
    """Evidence of space and time, of cameras of which nothing else is known yet.

    Raises:
        ConfigError: If the site file is wrong.
    """
    return LiveEvidence([InputEntry(camera=name) for name in cameras], config)


def make_deciding(
    config: LiveConfig, cameras: Sequence[str], sector: str, network: Network, site: str, state: SectorState
) -> Deciding:
    """Who decides in a sector, going on from what was stored of it.

    Args:
        config: Every setting.
        cameras: Names of cameras that the site file speaks of.
        sector: Its name.
        network: That makes the features.
        site: What tells the site's numbers from all others.
        state: What was stored; its origin may come to be known later.

    Raises:
        ConfigError: If the site file is wrong.
        InputError: If the gallery is none, or damaged, or the groups do not say which weights they have.
        WeightsError: If it is of other weights.
        OutputError: If it cannot be opened or made.
        KeyError, ValueError: If what was stored is damaged.
    """
    evidence = make_evidence(config, cameras)
    if config.gallery.path is not None and len(network.weights.sha256) != 1:
        raise InputError("the groups do not say which weights make their features", field="redis")
    place = f"sector {sector} of {config.shared.prefix}"
    known = known_people(
        config.gallery,
        network.weights,
        folder=site,
        place=place,
        origin_utc=lambda: state.origin_s,
        source=sector,
    )
    options = online_options(config, network.weights.prior, evidence) | {"known": known}
    if state.people:
        identities = OnlineIdentities.restore(state.people, going_on=True, **options)
    else:
        identities = OnlineIdentities(**options)
    numbers = [] if known is None else known.numbers()
    if any(identities.next_identity <= number <= state.reserved for number in numbers):
        identities.skip_to(numbers[-1] + 1)  # the server lost what was stored last
    return Deciding(identities, evidence.note_size, known, max(numbers, default=0))
