"""`--site` and `--homography`, of every command that settles identities."""

from __future__ import annotations

import argparse
from pathlib import Path

from reidtrack.errors import UsageError


def add_site_options(parser: argparse._ActionsContainer) -> None:
    """Add the options."""
    parser.add_argument(
        "--site", type=Path, metavar="SITE.YAML", help="homographies and ways between cameras (docs/site.md)"
    )
    parser.add_argument(
        "--homography",
        nargs="+",
        default=[],
        action="extend",
        metavar="CAMERA=FILE",
        help="from a camera's pixels to the plan: YAML or OpenCV's matrix file",
    )


def site_path(args: argparse.Namespace) -> Path | None:
    """The file of `--site`, wherever the command is run from later."""
    path: Path | None = args.site
    return None if path is None else path.resolve()


def homographies(args: argparse.Namespace) -> dict[str, Path] | None:
    """Camera to file; None where none is given.

    Raises:
        UsageError: If one of them is not `CAMERA=FILE`.
    """
    found = {}
    for text in args.homography:
        camera, equals, path = text.partition("=")
        if not (equals and camera and path):
            raise UsageError(f"cannot tell the camera of {text!r}", field="homography", expected="CAMERA=FILE")
        found[camera] = Path(path).resolve()
    return found or None
