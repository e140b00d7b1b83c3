"""`reidtrack config`: every setting of `run` or `live`, as YAML that their `--config` takes back."""

from __future__ import annotations

import argparse
from pathlib import Path

from reidtrack.cli.options import add_settings_option

HELP = (
    "Print every setting of `reidtrack run` or `live` as YAML: the defaults, or what a file and overrides make of them."
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack config`."""
    parser.add_argument(
        "what", nargs="?", choices=("run", "live"), default="run", help="of which command (default: run)"
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="start from this YAML file")
    add_settings_option(parser, "override settings")


def run(args: argparse.Namespace) -> int:
    """Print the configuration."""
    from reidtrack.config.live import LiveConfig
    from reidtrack.config.load import document, load
    from reidtrack.config.run import RunConfig

    model = LiveConfig if args.what == "live" else RunConfig
    print(document(load(model, args.config, args.overrides)))
    return 0
