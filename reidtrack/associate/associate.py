"""Tracklets in, people out: the association of a whole recording, or of what there is of it so far.

`associate` is a pure function: it reads nothing from disk, keeps nothing between calls, and gives the same people for
the same tracklets. A recorded run calls it once, a correction calls it again with what the user said.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from reidtrack.associate.appearance import mean_appearances
from reidtrack.associate.blocks.learned import Told
from reidtrack.associate.blocks.many import AT_ONCE, MOST_WORKERS, associate_many, single_persons_of_many
from reidtrack.associate.calibration.calibration import Calibration
from reidtrack.associate.calibration.prior import GENERIC, AppearancePrior
from reidtrack.associate.evidence import Evidence
from reidtrack.associate.grouping import Recording, group, single_persons
from reidtrack.associate.links import LinkContext
from reidtrack.associate.sweep import OtherClustering, SweepInput, cluster_at
from reidtrack.runtime.processes import cores
from reidtrack.types import DoubleArray, Identity, Tracklet, TrackletKey


class Association(NamedTuple):
    """Who is who, and by which measure it was settled.

    Attributes:
        identities: Numbered from 1 by first appearance.
        threshold: Largest distance of one person's tracklets in two cameras.
        same_camera_threshold: Largest distance of one person's tracklets in one camera.
        calibration: How both were found, and what distances mean.
        others: Who would be who at other thresholds, as far as that was asked for.
        lookalikes: Ids of people who are surely two and whom appearance cannot tell apart.
    """

    identities: list[Identity]
    threshold: float
    same_camera_threshold: float
    calibration: Calibration
    others: Sequence[OtherClustering] = ()
    lookalikes: Sequence[tuple[int, int]] = ()


def associate(
    tracklets: Sequence[Tracklet],
    *,
    threshold: float | None = None,
    same_camera_threshold: float | None = None,
    least_probability: float = 0.5,
    split_threshold: float = 0.85,
    prior: AppearancePrior = GENERIC,
    shrink: float | None = None,
    evidence: Sequence[Evidence] = (),
    must_link: Sequence[tuple[TrackletKey, TrackletKey]] = (),
    cannot_link: Sequence[tuple[TrackletKey, TrackletKey]] = (),
    feedback: Sequence[tuple[TrackletKey, TrackletKey, bool, float]] = (),
    steps: Sequence[float] = (),
    at_once: int = AT_ONCE,
    workers: int | None = 0,
) -> Association:
    """Give every tracklet an identity.

    A live caller passes the tracklets that have ended so far, or the newest window of them, and besides: `threshold`
    and `same_camera_threshold` of the last association over enough tracklets, so that identities do not change with
    every new estimate; the `prior` of its network; as `must_link` the tracklets whose identities it has announced and
    does not want to take back; as `evidence` a `SpaceTime` of its site, made once. Keys of tracklets must stay what
    they were, so it cuts tracklets once, when they end (`cut_switched`), and passes `split_threshold=2.0`. Ids are
    numbered anew in each call; who is who from call to call follows from the tracklets.

    Args:
        tracklets: Tracklets of all cameras, in any order; their boxes, times and features are used, no files.
        threshold: Largest distance at which tracklets of two cameras are one person, 0..2, with each camera's bias
            removed; what shares nothing but chance lies near 1. None finds it by `calibrate`.
        same_camera_threshold: Largest distance within a camera (re-entries, fragments); None is a fixed share of
            `threshold`.
        least_probability: See `calibrate`.
        split_threshold: Distance at which the appearances before and after a moment are two people's, where the
            camera's bias is well known and the tracker had occasion to change over (`split_switched`).
        prior: What is known of the network that made the features.
        shrink: People's worth that biases are drawn towards what is expected by; None leaves it to the prior.
        evidence: What else may speak for or against a pair; each is shown a clustering by appearance alone, then all
            is weighed together.
        must_link: Pairs that are one person, whatever they look like, by camera and track id; a part that is cut off a
            track is called as in the result.
        cannot_link: Pairs that are not.
        feedback: Pairs that a threshold which is found learns from: whether they are one person, and how much each
            counts, 1 for a correction (`threshold_after_feedback`).
        steps: Differences from the threshold at which all is clustered once more, evidence and all.
        at_once: Most tracklets that are solved at once; of more, blocks of half as many are, then their people
            (`blocks`), and `steps` are not tried.
        workers: Processes in which blocks are solved; what comes out is the same, to the byte, whatever their number.
            None: one for each core, at most 8; 0: this one does it. `evidence` is pickled for them.

    Returns:
        Who is who; a tracklet that matches nobody, or has no features, is a person of its own. The same tracklets give
        the same identities in whatever order they come.

    Raises:
        ValueError: If `must_link` and `cannot_link` cannot both be true, or somebody would stand twice in a camera, or
            a key is not known.
        OutputError: If processes that solve blocks are killed again and again.
    """
    if len(tracklets) > at_once:
        many = associate_many(
            tracklets,
            Told(threshold, same_camera_threshold, least_probability, feedback),
            at_once=at_once,
            workers=min(cores(), MOST_WORKERS) if workers is None else workers,
            split_threshold=split_threshold,
            prior=prior,
            shrink=shrink,
            evidence=evidence,
            must_link=must_link,
            cannot_link=cannot_link,
        )
        pairs = [(a + 1, b + 1) for a, b in many.lookalikes]
        return Association(many.identities, *many.calibration.thresholds, many.calibration, (), pairs)
    found = group(
        single_persons(tracklets, split_threshold, prior, shrink),
        threshold=threshold,
        same_camera_threshold=same_camera_threshold,
        least_probability=least_probability,
        prior=prior,
        evidence=evidence,
        must_link=must_link,
        cannot_link=cannot_link,
        feedback=feedback,
    )
    recording, calibration, keys = found.recording, found.calibration, found.keys
    # Clusters become people, with the reasons.
    context = LinkContext(keys, found.appearance, found.near, found.table, found.constraints.must_link, calibration)
    identities = recording.identities(found.label, context)
    # What other thresholds would do.
    dim, share = found.appearance.shape[1], calibration.same_camera_share
    given = SweepInput(found.costs, dim, recording.weight, found.constraints, share)
    others = cluster_at(given, keys, [calibration.threshold + step for step in steps])
    alike = [(a + 1, b + 1) for a, b in found.lookalikes()]
    return Association(identities, *calibration.thresholds, calibration, others, alike)


def cut_switched(
    tracklets: Sequence[Tracklet],
    *,
    split_threshold: float,
    prior: AppearancePrior = GENERIC,
    shrink: float | None = None,
) -> list[Tracklet]:
    """Tracklets, by time, cut where they go over from one person to another, as `associate` begins by cutting them.

    A live caller passes what the cameras saw besides, ended or not: who met nobody is not cut.
    """
    if len(tracklets) > AT_ONCE:
        return single_persons_of_many(tracklets, split_threshold, prior, shrink)[0]
    return single_persons(tracklets, split_threshold, prior, shrink).tracklets


def appearances(
    tracklets: Sequence[Tracklet], *, prior: AppearancePrior = GENERIC, shrink: float | None = None
) -> DoubleArray:
    """Appearance of each tracklet with its camera's bias removed, as `associate` compares them.

    Args:
        tracklets: N of one person each.
        prior: What is known of the network that made the features.
        shrink: As in `associate`.

    Returns:
        (N, D) unit rows; zero where nothing was embedded.
    """
    recording = Recording.of(list(tracklets), prior, shrink)
    return mean_appearances(recording.tracklets, recording.bias.without)
