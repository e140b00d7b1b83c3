"""Shipped weights and the sample scene: found in a checkout and in a wheel, refused where they are changed."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reidtrack.config.run import EmbedConfig
from reidtrack.errors import InputError, WeightsError
from reidtrack.networks.build import make_embedder
from reidtrack.shipped import files
from reidtrack.shipped.files import find_shipped, read_digests, sample_scene, shipped_names

ROOT = Path(__file__).resolve().parents[2]
CONTENT = {
    "osnet_x1_0.safetensors": b"large",
    "osnet_x1_0_int8_openvino_model/osnet_x1_0.xml": b"<net/>",
    "osnet_x0_25.safetensors": b"small",
    "yolo11n_person.pt": b"detector",
    "yolo11n_person_int8_openvino_model/yolo11n_person.xml": b"<net/>",
    "yolo11n_person_int8_openvino_model/yolo11n_person.bin": b"numbers",
}

Lay = Callable[[str], Path]


@pytest.fixture
def lay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lay:
    """Installs reidtrack as named and gives the folder of its weights."""

    def lay_out(layout: str) -> Path:
        here = tmp_path / "reidtrack" / "shipped"
        here.mkdir(parents=True)
        monkeypatch.setattr(files, "HERE", here)
        if layout == "checkout":
            (tmp_path / "pyproject.toml").touch()
        folder = (here if layout == "wheel" else tmp_path) / "weights"
        lines = []
        for name, content in CONTENT.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
            lines.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")
        (folder / "sha256.txt").write_text("".join(lines))
        return folder

    return lay_out


@pytest.mark.parametrize("layout", ["checkout", "wheel"])
@pytest.mark.parametrize(
    ("name", "kind", "exported", "found"),
    [
        pytest.param("osnet_x1_0", "reid", False, "osnet_x1_0.safetensors", id="a name"),
        pytest.param("osnet_x0_25.safetensors", "reid", False, "osnet_x0_25.safetensors", id="a file's name"),
        pytest.param("yolo11n_person", "detector", False, "yolo11n_person.pt", id="for a GPU"),
        pytest.param("yolo11n_person", "detector", True, "yolo11n_person_int8_openvino_model", id="for a CPU"),
        pytest.param("yolo11n_person.pt", "detector", True, "yolo11n_person.pt", id="a form by its ending"),
        pytest.param(
            "yolo11n_person_int8_openvino_model",
            "detector",
            False,
            "yolo11n_person_int8_openvino_model",
            id="a form by its folder",
        ),
        pytest.param("osnet_x1_0", "reid", True, "osnet_x1_0_int8_openvino_model", id="an embedder for a CPU"),
        pytest.param("osnet_x0_25", "reid", True, "osnet_x0_25.safetensors", id="no form for a CPU"),
        pytest.param("osnet_x1_0_int8_openvino_model", "detector", False, None, id="an embedder is no detector"),
        pytest.param("yolo11n_person", "reid", True, None, id="of another kind"),
        pytest.param("osnet_x1_0.pth", "reid", False, None, id="another ending"),
        pytest.param("osnet", "reid", False, None, id="part of a name"),
        pytest.param("sha256", "detector", False, None, id="the list itself"),
    ],
)
def test_weights_by_name(lay: Lay, layout: str, name: str, kind: files.Kind, exported: bool, found: str | None) -> None:
    folder = lay(layout)
    assert find_shipped(name, kind, exported=exported) == (None if found is None else folder / found)


def test_names_without_endings(lay: Lay) -> None:
    lay("wheel")
    assert shipped_names("reid") == ["osnet_x0_25", "osnet_x1_0"]
    assert shipped_names("detector") == ["yolo11n_person"]


def test_a_folder_of_somebody_else_is_not_ours(lay: Lay) -> None:
    lay("beside the package")  # as in site-packages
    assert shipped_names("reid") == []
    assert find_shipped("osnet_x1_0", "reid") is None


@pytest.mark.parametrize(
    ("name", "spoil", "said"),
    [
        pytest.param("osnet_x1_0.safetensors", b"larger", "is not what was shipped", id="changed"),
        pytest.param("osnet_x1_0.safetensors", b"larg", "is not what was shipped", id="cut short"),
        pytest.param("osnet_x1_0.safetensors", None, "cannot be read: No such file", id="missing"),
        pytest.param(
            "yolo11n_person_int8_openvino_model/yolo11n_person.bin", b"", "is not what was shipped", id="in a folder"
        ),
        pytest.param("sha256.txt", b"nonsense", "line 1 cannot be read", id="the list"),
    ],
)
def test_what_is_not_as_it_was_shipped(lay: Lay, name: str, spoil: bytes | None, said: str) -> None:
    folder = lay("checkout")
    (folder / name).unlink() if spoil is None else (folder / name).write_bytes(spoil)
    kind: files.Kind = "detector" if "yolo" in name else "reid"
    with pytest.raises(WeightsError, match=said) as caught:
        find_shipped("yolo11n_person" if kind == "detector" else "osnet_x1_0", kind, exported=kind == "detector")
    assert caught.value.where == str(folder / name)
    assert caught.value.expected


def test_the_sample_of_the_checkout() -> None:
    scene = sample_scene()
    assert [path.relative_to(ROOT).as_posix() for part in scene[:3] for path in part.values()] == [
        *(f"samples/{camera}.mp4" for camera in files.SAMPLE),
        *(f"samples/gt/{camera}.txt" for camera in files.SAMPLE),
        *(f"samples/gt/ignore_{camera}.txt" for camera in files.SAMPLE),
    ]
    assert scene.site == ROOT / "samples" / "site.yaml"


def test_the_sample_of_a_wheel(lay: Lay) -> None:
    lay("wheel")
    with pytest.raises(InputError, match="the sample scene is not there"):
        sample_scene()
    shutil.copytree(ROOT / "samples", files.HERE / "samples")
    assert sample_scene().videos["alley"] == files.HERE / "samples" / "alley.mp4"
    (files.HERE / "samples" / "gt" / "alley.txt").unlink()
    with pytest.raises(InputError, match="is missing from the sample scene"):
        sample_scene()


@pytest.mark.skipif(not (ROOT / "weights" / files.DIGESTS).exists(), reason="weights/ is still empty")
def test_every_shipped_file_is_listed_and_as_listed() -> None:
    folder = ROOT / "weights"
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    digests = read_digests(folder)
    assert there - {"README.md", files.DIGESTS} == set(digests)
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in digests} == digests


@pytest.mark.parametrize("name", ["osnet_x1_0", "osnet_x0_25"])
def test_exports_for_cpus_are_of_the_weights_beside_them(name: str) -> None:
    """A gallery made with one is read with the other: the export says which weights it is of, and has their priors."""
    pytest.importorskip("openvino", reason="openvino is not installed")
    folder = ROOT / "weights"
    whole, exported = (
        make_embedder(EmbedConfig(weights=folder / f"{name}{ending}"), "cpu", engine)[1]
        for ending, engine in ((".safetensors", "torch"), ("_int8_openvino_model", "openvino"))
    )
    digest = hashlib.sha256((folder / f"{name}.safetensors").read_bytes()).hexdigest()
    assert list(whole.sha256.values()) == list(exported.sha256.values()) == [digest]
    assert whole.priors == exported.priors
    assert whole.priors["measured"]
