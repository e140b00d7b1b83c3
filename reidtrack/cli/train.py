"""`reidtrack train`: a re-identification network from images."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack.cli.options import add_settings_option
from reidtrack.cli.progress import make_progress
from reidtrack.cli.terminal import say
from reidtrack.errors import EXIT_INTERRUPTED, EXIT_OK, UsageError

if TYPE_CHECKING:
    from reidtrack.config.train import StageConfig, TrainConfig

HELP = (
    "Train a re-identification network on one or several data sets. Ctrl-C leaves a state that --resume goes on from "
    "with the very next step; --resume --epochs N adds to a training that has ended. "
    "With several GPUs: torchrun --nproc-per-node N -m reidtrack train ..."
)


_LINE_EVERY_S = 15.0
"""Lines of a training, which takes hours, come less often."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack train`."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="weights, log, curves and state")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, such as configs/train/osnet_x1_0.yaml")
    parser.add_argument(
        "--data",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=DIR",
        help="data sets and their folders or archives, such as market1501=DIR",
    )
    parser.add_argument("--hold-out", type=int, metavar="N", help="rank the last N identities of each data set")
    parser.add_argument("--init", metavar="WEIGHTS", help="starting weights, whose classifier is dropped")
    parser.add_argument("--resume", action="store_true", help="go on with the training in DIR, as its config.yaml says")
    parser.add_argument(
        "--epochs", type=int, metavar="N", help="epochs in all: the last stage is as long as that takes"
    )
    parser.add_argument("--device", metavar="D", help="auto, cpu, cuda or cuda:N")
    add_settings_option(parser, "other settings: optim.lr=1e-4")
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")


def run(args: argparse.Namespace) -> int:
    """Train, and say what came of it."""
    from reidtrack.pipeline.training.train import train
    from reidtrack.runtime.cancel import CancelToken, cancel_on_signals

    cancel = CancelToken()
    config = _configuration(args)
    quiet = args.quiet or os.environ.get("RANK", "0") != "0"  # of several processes the first one speaks
    with cancel_on_signals(cancel), make_progress(quiet=quiet, line_every_s=_LINE_EVERY_S) as progress:
        trained = train(config, args.out, resume=args.resume, progress=progress, cancel=cancel)
    if not trained.finished:
        say(f"interrupted after {len(trained.log)} epochs: --resume --out {args.out} goes on", error=True)
        return EXIT_INTERRUPTED
    if not quiet:
        say(f"{trained.weights}: {len(trained.log)} epochs; log.csv and curves.png beside it")
    return EXIT_OK


def _configuration(args: argparse.Namespace) -> TrainConfig:
    """The settings; those of the folder where a training is resumed."""
    from reidtrack.config.load import load
    from reidtrack.config.train import TrainConfig

    source = args.config
    if args.resume and source is None:
        source = args.out / "config.yaml"
        if not source.exists():
            raise UsageError("no training to resume", where=args.out, hint="leave --resume away to begin one")
    options: dict[str, Any] = {}
    if args.data:
        named = {entry.name: entry.options for entry in load(TrainConfig, source, args.overrides).data.sets}
        options["data.sets"] = [_data_set(text, named) for text in args.data]
    for key, value in (("data.hold_out", args.hold_out), ("model.init", args.init), ("device", args.device)):
        if value is not None:
            options[key] = value
    if args.epochs is not None:
        options["stages"] = _stages(load(TrainConfig, source, args.overrides).stages, args.epochs)
    return load(TrainConfig, source, args.overrides, options=options)


def _stages(stages: Sequence[StageConfig], epochs: int) -> list[dict[str, Any]]:
    """Stages of so many epochs in all, the last one shorter or longer than it was."""
    *first, last = stages
    left = epochs - sum(stage.epochs for stage in first)
    if left < 1:
        raise UsageError(
            f"got {epochs}", field="epochs", expected=f"{epochs - left + 1} or more: stages before the last"
        )
    return [stage.model_dump() for stage in (*first, last.model_copy(update={"epochs": left}))]


def _data_set(text: str, options: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`NAME=DIR`, with the options that the settings have for that name."""
    name, equals, root = text.partition("=")
    if not equals or not name or not root:
        raise UsageError(f"cannot read {text!r}", field="data", expected="NAME=DIR, such as market1501=DIR")
    return {"name": name, "root": root, "options": dict(options.get(name, {}))}
