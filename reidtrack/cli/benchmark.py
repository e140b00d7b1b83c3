"""`reidtrack benchmark`: how well weights find people again in image data sets."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reidtrack.cli.options import add_dataset_options, add_output_options, add_settings_option, dataset_options
from reidtrack.cli.progress import make_progress
from reidtrack.errors import EXIT_OK, InputError

if TYPE_CHECKING:
    from rich.table import Table

    from reidtrack.pipeline.images.output import Written

HELP = """Rank images of data sets by weights: Rank-k, mAP, mINP, verification figures, plots, ranked lists, one page.
Example: reidtrack benchmark market1501 --root Market-1501-v15.09.15 --weights osnet.pth --out runs/market"""
_COLUMNS = {
    "rank1": "Rank-1",
    "rank5": "Rank-5",
    "rank10": "Rank-10",
    "rank20": "Rank-20",
    "mAP": "mAP",
    "mINP": "mINP",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of `reidtrack benchmark`."""
    add_dataset_options(parser, several=True)
    parser.add_argument(
        "--weights",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="checkpoints, .onnx or .xml files, or names, each scored on each data set (default: the shipped one)",
    )
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="where results.json and the rest go")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings, such as configs/benchmark/default.yaml")
    add_settings_option(parser, "override settings: rerank.k1=25")
    group = parser.add_argument_group("settings in short")
    group.add_argument("--device", help="auto, cpu, cuda or cuda:N")
    group.add_argument("--metric", choices=("cosine", "euclidean"), help="distance of features (cosine)")
    group.add_argument("--flip", action="store_true", default=None, help="add the features of the mirrored image")
    group.add_argument("--ap-rule", choices=("step", "trapezoid"), help="of average precision (step)")
    group.add_argument("--shots", choices=("all", "single", "multi"), help="gallery of images, or of people (CUHK03)")
    group.add_argument("--splits", type=int, metavar="N", help="protocols classic and half: average N splits")
    group.add_argument("--rerank", action="store_true", default=None, help="k-reciprocal re-ranking")
    group.add_argument(
        "--st-reid", action="store_true", default=None, help="join appearance with times between cameras"
    )
    add_output_options(parser)


def run(args: argparse.Namespace) -> int:
    """Score, write, print; the exit code tells of images that could not be used."""
    from reidtrack.config.benchmark import BenchmarkConfig
    from reidtrack.config.load import load
    from reidtrack.config.run import DEFAULT_REID
    from reidtrack.pipeline.images.benchmark import BenchmarkRequest, run_benchmark
    from reidtrack.pipeline.images.output import write_benchmark

    config = load(BenchmarkConfig, args.config, args.overrides, options=_settings(args))
    options = dataset_options(args)
    weights = args.weights or [DEFAULT_REID]
    request = BenchmarkRequest(args.dataset, args.root, weights, config, options, args.hold_out)
    with make_progress(quiet=args.quiet) as progress:
        written = write_benchmark(run_benchmark(request, progress), request, args.out)
    if args.json:
        print(json.dumps([one.results for one in written] if len(written) > 1 else written[0].results, indent=2))
    elif not args.quiet:
        _print(written, args.out)
    return InputError.exit_code if any(one.evaluated.faults for one in written) else EXIT_OK


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """Options that stand for settings, where they were given."""
    named = {
        "device": args.device,
        "metric": args.metric,
        "flip": args.flip,
        "rank.ap_rule": args.ap_rule,
        "rank.shots": args.shots,
        "rank.splits": args.splits,
        "rerank.use": args.rerank,
        "times.use": args.st_reid,
    }
    return {key: value for key, value in named.items() if value is not None}


def _print(written: list[Written], out: Path) -> None:
    from reidtrack.cli.console import SafeConsole

    console = SafeConsole(highlight=False, soft_wrap=True)
    console.print(_variants(written[0]) if len(written) == 1 else _matrix(written))
    protocol = written[0].results["protocol"]
    if protocol["shots"] == "all":
        console.print(f"mAP by the {protocol['ap_rule']} rule: {protocol['ap_rule_meaning']}", markup=False)
    for note in dict.fromkeys(note for one in written for note in one.results["notes"]):
        console.print(f"note: {note}", style="yellow", markup=False)
    console.print(f"{out}: benchmark.html, results.json, plots, ranked lists", markup=False)


def _variants(one: Written) -> Table:
    """The figures of one evaluation, a line for each variant."""
    table = _empty(f"{one.evaluated.name} on {one.evaluated.dataset.name}", list(_COLUMNS.values()))
    for variant, figures in one.results["variants"].items():
        table.add_row(variant, *(f"{100 * figures[key]:.1f}" for key in _COLUMNS))
    return table


def _matrix(written: list[Written]) -> Table:
    """Weights down, data sets across, Rank-1 / mAP in the cells."""
    from rich.markup import escape

    datasets = list(dict.fromkeys(one.evaluated.dataset.name for one in written))
    variant = written[0].results["protocol"]["variant"]
    table = _empty(f"Rank-1 / mAP, {variant}", datasets)
    for name in dict.fromkeys(one.evaluated.name for one in written):
        cells = [
            "\n".join(
                f"{100 * one.results['rank1']:.1f} / {100 * one.results['mAP']:.1f}"
                for one in written
                if (one.evaluated.name, one.evaluated.dataset.name) == (name, dataset)
            )
            for dataset in datasets
        ]
        table.add_row(escape(name), *cells)
    return table


def _empty(title: str, columns: list[str]) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=escape(title), title_justify="left", title_style="bold")
    table.add_column("")
    for name in columns:
        table.add_column(escape(name), justify="right")
    return table
