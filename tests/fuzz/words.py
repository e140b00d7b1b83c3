"""Odd words: settings, options, and tables of numbers and names."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import yaml
from hypothesis import strategies as st

from fuzz.harness import Place
from fuzz.mutate import (
    NUMBERS,
    TOKENS,
    VALUES,
    change_bytes,
    change_json,
    change_text,
    fill,
    json_steps,
    text_steps,
)
from fuzz.world import Target, World, copy_gallery, copy_run, one_of, write


def _sections() -> dict[str, Any]:
    from reidtrack.config.benchmark import BenchmarkConfig
    from reidtrack.config.run import RunConfig, TrackConfig
    from reidtrack.config.train import TrainConfig

    return {"run": RunConfig, "track": TrackConfig, "train": TrainConfig, "benchmark": BenchmarkConfig}


def _plain(model: Any) -> Any:
    found = {}
    for name, info in model.model_fields.items():
        default = info.get_default(call_default_factory=True)
        found[name] = default.model_dump(mode="json") if hasattr(default, "model_dump") else default
    return json.loads(json.dumps(found, default=str))


def _settings(world: World, place: Place, drawn: Any) -> None:
    from reidtrack.config.load import document, load

    name, how, steps = drawn
    model = _sections()[name]
    path = place.inputs / "settings.yaml"
    good = yaml.safe_dump(_plain(model))
    if how == "json":
        text = yaml.safe_dump(change_json(_plain(model), steps, place.parent))
    else:
        text = change_text(good, steps, place.parent)
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    if name == "run":
        place.run("config", "--config", path)
    else:
        place.call(lambda: document(load(model, path)))


def _overrides(world: World, place: Place, drawn: Any) -> None:
    words = []
    for number, value, token in drawn:
        keys = _keys(_plain(_sections()["run"]))
        text = (
            f"{keys[number % len(keys)]}={fill(value, place.parent) if isinstance(value, str) else json.dumps(value)}"
        )
        words.append(f"{text[: number % (len(text) + 1)]}{token}" if number % 3 == 0 else text)
    place.run("config", "--set", *words)


def _keys(document: Any, prefix: str = "") -> list[str]:
    found = []
    for key, value in document.items():
        found += [f"{prefix}{key}", *(_keys(value, f"{prefix}{key}.") if isinstance(value, dict) else [])]
    return found


def _options(world: World, place: Place, drawn: Any) -> None:
    number, value, more = drawn
    text = str(fill(value, place.parent)).replace("\0", "")  # no word of a command line can hold it
    more = str(more).replace("\0", "")
    run, out = copy_run(world, place), place.given / "out.txt"
    det = world.scene.detections["left"]
    commands: list[list[object]] = [
        ["track", "--detections", det, "--out", out, "--fps", text],
        ["track", "--detections", text, "--out", out],
        ["calibrate", run, "--threshold", text],
        ["calibrate", run, "--false-accept", text],
        ["calibrate", text],
        ["merge", run, text, str(more), "--no-associate"],
        ["split", run, "left", text, "--at", str(more), "--no-associate"],
        ["split", run, text, "--no-associate"],
        ["name", run, "1", text, "--no-associate"],
        ["name", run, text, "Anna", "--no-associate"],
        ["lock", run, text, "--no-associate"],
        ["ignore", run, f"left/{text}", "--no-associate"],
        ["evaluate", run, "--gt", f"left={text}"],
        ["evaluate", run, "--gt", text],
        ["associate", run, "--homography", f"left={text}", "--quiet"],
        ["associate", run, "--threshold", text, "--quiet"],
        ["gallery", copy_gallery(world, place), "--keep-days", text],
        ["gallery", copy_gallery(world, place), "--remove", text],
        ["gallery", copy_gallery(world, place), "--rename", text, str(more)],
        ["export", "--reid", text, "--out", place.given / "net.onnx"],
        ["embed", text, "--out", place.given / "features.npz"],
        [text, str(more)],
    ]
    for start in (["--offsets", text, "0"], ["--start", text], ["--end", text], ["--stride", text], ["--origin", text]):
        # The camera is not there: nothing is read, but all that was said is checked.
        commands.append(["run", "--videos", place.inputs / "no.mp4", "--out", place.given / "new", *start])
    place.run(*commands[number % len(commands)])


def _tracked(world: World, place: Place, drawn: Any) -> None:
    kind, steps, overrides = drawn
    folder = place.inputs / "seq"
    text = "".join(world.scene.detections["left"].read_text(encoding="utf-8").splitlines(keepends=True)[:60])
    info = "[Sequence]\nname=seq\nframeRate=10\nseqLength=40\nimWidth=224\nimHeight=160\nimDir=img1\n"
    if kind == "det":
        text = change_text(text, steps, place.parent)
    elif kind == "ini":
        info = change_text(info, steps, place.parent)
    det = write(folder / "det/det.txt", text)
    write(folder / "seqinfo.ini", info)
    words = ["--set", *(f"{key}={json.dumps(value)}" for key, value in overrides)] if overrides else []
    place.run("track", "--detections", det, "--out", place.given / "tracks.txt", *words)


_TRACK_KEYS = ["max_age", "min_hits", "iou_threshold", "fill_gap", "smooth", "time_unit", "cascade.low", "cascade.high"]
_TRACK_KEYS += ["cascade.start", "cascade.gate", "cascade.acceleration_noise", "cascade.min_confirmation_time", "kind"]


def _evaluated(world: World, place: Place, drawn: Any) -> None:
    kind, steps = drawn
    folder = place.inputs / "mot"
    truth = "".join(world.scene.truth["left"].read_text(encoding="utf-8").splitlines(keepends=True)[:80])
    tracks = truth
    info = "[Sequence]\nname=MOT17-01\nframeRate=10\nseqLength=40\nimWidth=224\nimHeight=160\n"
    if kind == "gt":
        truth = change_text(truth, steps, place.parent)
    elif kind == "tracks":
        tracks = change_text(tracks, steps, place.parent)
    else:
        info = change_text(info, steps, place.parent)
    write(folder / "MOT17-01/gt/gt.txt", truth)
    write(folder / "MOT17-01/seqinfo.ini", info)
    write(place.inputs / "out/MOT17-01.txt", tracks)
    place.run("evaluate", "--mot", folder, "--tracks", place.inputs / "out")


def _table(world: World, place: Place, drawn: Any) -> None:
    kind, steps, encoding = drawn
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["path", "person", "camera", "split", "sequence", "frame"])
    for person in range(4):
        for camera in range(2):
            name = f"{person}_{camera}.png"
            (place.inputs / name).write_bytes(world.media["picture.png"])
            writer.writerow([name, person, camera, "train", 0, camera])
    path = place.inputs / "table.csv"
    path.write_bytes(change_text(out.getvalue(), steps, place.parent).encode(encoding, "replace"))
    if kind == "bytes":
        path.write_bytes(change_bytes(path.read_bytes(), [("flip", 0.5, 200), ("flip", 0.1, 129)]))
    place.run("explore", "csv", "--root", path, "--out", place.given / "page.html", "--quiet")


_value = st.sampled_from([*VALUES, *NUMBERS])
_number = st.integers(0, 1 << 10)
TARGETS = {
    "settings as values": Target(st.tuples(one_of(*_sections()), st.just("json"), json_steps()), _settings, 60),
    "settings as text": Target(st.tuples(one_of(*_sections()), st.just("text"), text_steps()), _settings, 60),
    "--set": Target(
        st.lists(st.tuples(_number, _value, st.sampled_from(TOKENS)), min_size=1, max_size=3), _overrides, 60
    ),
    "options": Target(st.tuples(_number, _value, _value), _options, 60),
    "detections": Target(
        st.tuples(
            one_of("det", "ini", "settings"),
            text_steps(),
            st.lists(st.tuples(st.sampled_from(_TRACK_KEYS), _value), max_size=2),
        ),
        _tracked,
        60,
    ),
    "truth": Target(st.tuples(one_of("gt", "tracks", "ini"), text_steps()), _evaluated, 40),
    "table": Target(
        st.tuples(one_of("text", "text", "bytes"), text_steps(), one_of("utf-8", "utf-16", "cp1252")), _table, 25
    ),
}
