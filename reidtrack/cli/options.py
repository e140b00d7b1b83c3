"""Options that several commands share, and how parameters that errors name are spelt as options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack.cli.terminal import printable
from reidtrack.engines.names import ENGINES
from reidtrack.errors import ReidtrackError, UsageError

if TYPE_CHECKING:
    from reidtrack.config.run import EmbedConfig

DETECTOR_HELP = (
    "YOLO or RT-DETR detection model: a path (.pt, .onnx, OpenVINO folder) or a name (default: the shipped one)"
)
REID_HELP = (
    "re-ID network: a path (.safetensors, .pth, .onnx, .xml) or a name like osnet_x0_25 (default: the shipped one)"
)

PARQUET_HELP = "write sightings, identities and links as Parquet too, by day and camera (reidtrack[parquet])"
GALLERY_HELP = "recognise people in this file, and keep those of the run there (made where it is not there)"


def add_settings_option(parser: argparse._ActionsContainer, help_text: str) -> None:
    """Add `--set KEY=VALUE ...`, which may be given several times."""
    parser.add_argument(
        "--set", nargs="+", default=[], action="extend", metavar="KEY=VALUE", dest="overrides", help=help_text
    )


def add_threshold_option(parser: argparse._ActionsContainer) -> None:
    """Add `--threshold`, short for `--set associate.threshold=`; beside `add_settings_option`."""
    parser.add_argument(
        "--threshold",
        type=_threshold,
        action="append",
        default=[],
        dest="overrides",
        metavar="T",
        help="largest distance of one person in two cameras, 0 to 2, or auto: found from the recording (default: auto)",
    )


def _threshold(text: str) -> str:
    if text != "auto":
        try:
            fits = 0 <= float(text) <= 2
        except ValueError:
            fits = False
        if not fits:
            raise argparse.ArgumentTypeError(f"got {text!r} (expected auto, or a cosine distance, 0 to 2)")
    return f"associate.threshold={text}"


def add_time_options(parser: argparse._ActionsContainer) -> None:
    """Add `--time-pattern` and `--time-zone`, of cameras whose recording is many files."""
    parser.add_argument(
        "--time-pattern",
        metavar="PATTERN",
        help="how names of a camera's files tell when they begin, such as '%%Y-%%m-%%d/%%H/*/%%M.%%S' (default: the "
        "layouts that are known); a glob then stands for the files of one camera",
    )
    parser.add_argument(
        "--time-zone",
        metavar="ZONE",
        help="zone of times in names that tell none, such as Europe/Berlin (default: UTC)",
    )


def add_output_options(parser: argparse.ArgumentParser) -> None:
    """Add `--quiet` and `--json`."""
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    parser.add_argument("--json", action="store_true", help="print the result as JSON on standard output")


def add_network_options(parser: argparse.ArgumentParser) -> None:
    """Add `--reid`, `--device` and `--engine`."""
    parser.add_argument("--reid", type=Path, metavar="WEIGHTS", help=REID_HELP)
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N (default: auto)")
    parser.add_argument("--engine", choices=ENGINES, default="auto", help="what runs networks (default: auto)")


def embed_config(args: argparse.Namespace) -> EmbedConfig:
    """Settings of the network that `--reid` names."""
    from reidtrack.config.run import EmbedConfig

    return EmbedConfig() if args.reid is None else EmbedConfig(weights=args.reid)


def add_site_options(parser: argparse._ActionsContainer) -> None:
    """Add `--site` and `--homography`."""
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
    """Absolute path of `--site`, for commands run later from elsewhere; None where none is given."""
    path: Path | None = args.site
    return None if path is None else path.resolve()


def homographies(args: argparse.Namespace) -> dict[str, Path] | None:
    """Files of `--homography` by camera, as absolute paths; None where none is given.

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


def add_dataset_options(parser: argparse.ArgumentParser, *, several: bool) -> None:
    """Add DATASET, `--root`, `--hold-out` and the options of single data sets."""
    names = "market1501, cuhk03, cuhk03-np, cuhk01, msmt17, dukemtmc, viper, folder (PERSON/*.jpg) or csv (a table)"
    count: dict[str, Any] = {"nargs": "+"} if several else {}
    parser.add_argument("dataset", metavar="DATASET", help=names, **count)
    roots = "folder or archive of the data set" + (", one for each DATASET" if several else "")
    parser.add_argument("--root", required=True, type=Path, metavar="DIR", help=roots, **count)
    parser.add_argument(
        "--hold-out",
        type=int,
        default=0,
        metavar="N",
        help="set the last N training identities aside as query and gallery",
    )
    parser.add_argument("--boxes", choices=("detected", "labeled"), help="cuhk03, cuhk03-np: whose boxes (detected)")
    parser.add_argument(
        "--protocol", help="cuhk03: new (767/700 identities) or classic; cuhk01, viper: all, half or train"
    )
    parser.add_argument("--split", type=int, metavar="N", help="cuhk03 classic: 0 to 19; cuhk01, viper half: 0 to 9")
    parser.add_argument(
        "--protocol-root",
        type=Path,
        metavar="DIR",
        help="cuhk03 new: folder of the split files, where they are not beside the images",
    )


def dataset_options(args: argparse.Namespace) -> dict[str, object]:
    """Options of single data sets that were given, by name."""
    values = {name: getattr(args, name) for name in ("boxes", "protocol", "split", "protocol_root")}
    return {name: value for name, value in values.items() if value is not None}


_OWN = {"settings": "--set", "name": "NAME"}
"""Parameters whose option is called otherwise, or that have none but stand in their place."""


def option(name: str, value: str = "") -> str:
    """Spell a parameter as an option.

    Args:
        name: Plain name, `"keep_days"`.
        value: As Python writes it, `"'torch'"`; "" for none.

    Returns:
        The option as it is typed: `--keep-days`, `--engine torch`, and `--overwrite` for True.
    """
    spelt = _OWN.get(name, f"--{name.replace('_', '-')}")
    return spelt if value in ("", "True") else f"{spelt} {value.strip(chr(39))}"


def told(error: ReidtrackError | str) -> str:
    """Line that tells of an error with options in place of parameters, printable; a text is a line already."""
    return printable(error if isinstance(error, str) else error.told(option))
