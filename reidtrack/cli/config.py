"""`reidtrack config`: every setting of `run`, as YAML that `run --config` takes back."""

from __future__ import annotations

import argparse
from pathlib import Path

from reidtrack.cli.options import add_settings_option

HELP = "Print every setting of `reidtrack run` as YAML: the defaults, or what a file and overrides make of them."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack config`."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="start from this YAML file")
    add_settings_option(parser, "override settings")


def run(args: argparse.Namespace) -> int:
    """Print the configuration."""
    from reidtrack.config.load import document, load
    from reidtrack.config.run import RunConfig

    print(document(load(RunConfig, args.config, args.overrides)))
    return 0
