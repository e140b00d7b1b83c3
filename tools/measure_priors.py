"""What is known of a network's embeddings beforehand, measured on people it was not trained on, and put into its card.

python -m tools.measure_priors weights/osnet_x1_0.safetensors --hold-out 150 \
    --data market1501=market1501-train.tar.gz cuhk03-np=cuhk03-np-detected-train.tar.gz

The people are the ones that `reidtrack train --hold-out N` with `data.hold_out_by: random` set aside. Where the network
learnt them after all, in a last training on everybody, `--judge` names the one from before: variances and distances are
then its, and only the mean is the network's own. With `--out` the priors go to a JSON file and the weights stay as they
are, which is how networks are measured that are no `.safetensors` file.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reidtrack.associate.calibration.prior import AppearancePrior
from reidtrack.associate.calibration.prior_fit import SeenPeople, measure_prior
from reidtrack.config.run import EmbedConfig
from reidtrack.datasets.carve import random_people
from reidtrack.datasets.embed_samples import embed_samples
from reidtrack.datasets.record import Sample
from reidtrack.datasets.zoo import load_dataset
from reidtrack.models.checkpoint import load_checkpoint, save_checkpoint
from reidtrack.networks.build import make_embedder


class Site(NamedTuple):
    """People of one data set.

    Attributes:
        name: Of the data set.
        samples: Their pictures.
    """

    name: str
    samples: Sequence[Sample]


def held_out_people(data: Sequence[str], people: int) -> list[Site]:
    """The pictures of people that trainings set aside.

    Args:
        data: Words NAME=PATH.
        people: How many of each; 0 takes all.
    """
    sites = []
    for word in data:
        name, _, path = word.partition("=")
        train = load_dataset(name, path).require_train().train
        chosen = random_people(train, people) if people else {sample.person_id for sample in train}
        sites.append(Site(name, [sample for sample in train if sample.person_id in chosen]))
    return sites


def measure(weights: Path, sites: Sequence[Site]) -> AppearancePrior:
    """What is known of a network, by the people of some sites."""
    embedder, _ = make_embedder(EmbedConfig(weights=weights), "auto", "auto")
    found = []
    for site in sites:
        done = embed_samples(site.samples, embedder)
        unit = done.values / np.linalg.norm(done.values.astype(np.float64), axis=1, keepdims=True)
        samples = [site.samples[row] for row in done.rows.tolist()]
        columns = np.array([(s.person_id, s.camera_id, s.sequence or 0) for s in samples], np.int64)
        found.append(SeenPeople(unit.astype(np.float32), *columns.T))
    told = ", ".join(f"{len({s.person_id for s in site.samples})} people of {site.name}" for site in sites)
    return measure_prior(found, told)


def measure_with(weights: Path, judge: Path | None, sites: Sequence[Site]) -> AppearancePrior:
    """The same, variances and distances from the judge's embeddings where there is one."""
    own = measure(weights, sites)
    if judge is None:
        return own
    return dataclasses.replace(measure(judge, sites), mean=own.mean)


def give(weights: Path, prior: AppearancePrior) -> str:
    """Put priors into the card of a `.safetensors` file in half precision; the file's new sha256."""
    found = load_checkpoint(weights)
    return save_checkpoint(weights, found.model, dataclasses.replace(found.card, priors=prior.to_json()), "float16")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of what is measured on."""
    parser.add_argument(
        "--data", nargs="+", metavar="NAME=PATH", default=[], help="data sets, as `reidtrack train` has"
    )
    parser.add_argument("--hold-out", type=int, default=150, help="people of each set aside in training; 0: all")


def main() -> None:
    """Parse the command line, measure, and write."""
    parser = argparse.ArgumentParser(prog="python -m tools.measure_priors", description=__doc__.partition("\n")[0])
    parser.add_argument("weights", type=Path, help="of a network; a .safetensors file gets the priors into its card")
    add_options(parser)
    parser.add_argument("--judge", type=Path, help="the network of before the last training, which knew none of them")
    parser.add_argument("--out", type=Path, help="a JSON file to write in place of the card")
    args = parser.parse_args()
    if args.out is None and args.weights.suffix != ".safetensors":
        parser.error(f"{args.weights}: no .safetensors file, whose card could take them: give --out FILE")
    try:
        prior = measure_with(args.weights, args.judge, held_out_people(args.data, args.hold_out))
    except ValueError as error:  # too few people whom two cameras saw
        parser.error(f"{' '.join(args.data)}: {error}; pictures have to say who took them (docs/datasets.md)")
    told = json.dumps({**prior.to_json(), "mean": f"{len(prior.mean)} numbers" if prior.mean is not None else None})
    if args.out is not None:
        args.out.write_text(json.dumps(prior.to_json(), indent=1) + "\n", encoding="utf-8")
        print(f"{args.out}: {told}")
    else:
        print(f"{args.weights}: sha256 {give(args.weights, prior)}, {told}")


if __name__ == "__main__":
    main()
