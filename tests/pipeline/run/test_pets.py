"""The whole way on a real pair of recordings: what was reached is held, with room for other processors' rounding."""

from __future__ import annotations

from pathlib import Path

import pytest
from installed import needs_openvino

from reidtrack.cli.main import main
from reidtrack.pipeline.evaluate.evaluate import RunEvaluation, evaluate_run

pytestmark = needs_openvino  # the detector is an OpenVINO file

VIEWS = ("View_001", "View_006")


@pytest.fixture(scope="module")
def scores(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> RunEvaluation:
    out, pets = tmp_path_factory.mktemp("pets") / "run", shared / "data/pets-s2l1"
    words = ["run", "--videos", *(str(pets / f"{view}.mp4") for view in VIEWS), "--out", str(out)]
    words += ["--detector", str(shared / "weights/yolo11n_int8_openvino_model")]
    words += ["--reid", str(shared / "weights/osnet_x0_25_msmt17.pth"), "--no-video", "--quiet"]
    assert main(words) == 0
    return evaluate_run(
        out,
        [f"{view}={pets / f'gt_{view}.txt'}" for view in VIEWS],
        [f"{view}={pets / f'gt_{view}_person.txt'}" for view in VIEWS],
        [f"{view}={pets / f'ignore_{view}.txt'}" for view in VIEWS],
    )


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize(
    ("view", "hota", "idf1", "mota"),
    [
        # docs/results/tracking.md: 65.9 / 86.8 / 85.1 and 82.6 / 80.9 / 97.5; better than what is listed with the data.
        # The detector is in 8 bits: on a processor without VNNI (AVX2 alone) it gives 65.0 / 85.3 and 80.8 / 76.5.
        pytest.param("View_001", 64.0, 84.0, 83.5, id="View_001"),
        pytest.param("View_006", 80.0, 75.0, 96.5, id="View_006"),
    ],
)
def test_visits_of_one_camera(scores: RunEvaluation, view: str, hota: float, idf1: float, mota: float) -> None:
    score = scores.cameras[view]
    assert score.hota > hota
    assert score.idf1 > idf1
    assert score.mota > mota


@pytest.mark.shared
@pytest.mark.slow
def test_persons_over_both_cameras(scores: RunEvaluation) -> None:
    """docs/results/association.md: IDF1 94.8."""
    assert scores.cross.idf1 > 90
