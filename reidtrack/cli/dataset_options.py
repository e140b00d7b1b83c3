"""What the commands that work on data sets share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


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
    """The options of the data set that were given."""
    values = {name: getattr(args, name) for name in ("boxes", "protocol", "split", "protocol_root")}
    return {name: value for name, value in values.items() if value is not None}
