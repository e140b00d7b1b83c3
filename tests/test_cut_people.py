"""People cut out of labelled pictures: whose box is worth a picture, and whose is not."""

from pathlib import Path

import cv2
import numpy as np

from tools.cut_people import cut_folder


def test_people_seen_well_are_cut_out(tmp_path: Path) -> None:
    folder, out = tmp_path / "street", tmp_path / "out"
    for below in (folder / "images", folder / "labels", out):
        below.mkdir(parents=True)
    picture = np.zeros((200, 400, 3), np.uint8)
    picture[20:180, 40:100] = (10, 200, 30)
    cv2.imwrite(str(folder / "images" / "a.png"), picture)
    cv2.imwrite(str(folder / "images" / "b.png"), picture)  # without labels
    boxes = {
        "in full view": "0 0.175 0.5 0.15 0.8",
        "too small": "0 0.5 0.5 0.05 0.2",
        "wider than high": "0 0.8 0.5 0.4 0.5",
        "behind the first": "0 0.175 0.6 0.1 0.4",
        "no person": "2 0.5 0.5 0.2 0.9",
        "partly outside": "0 0.0 0.5 0.2 0.9",
    }
    (folder / "labels" / "a.txt").write_text("\n".join(boxes.values()) + "\n\n")
    (folder / "labels" / "c.txt").write_text("")
    assert cut_folder(folder, out) == 2
    first, second = (cv2.imread(str(out / f"street-a-{number}.jpg")) for number in (1, 2))
    assert first.shape == (160, 60, 3)
    assert np.abs(first.astype(int) - (10, 200, 30)).max() < 12
    assert second.shape == (180, 40, 3)  # the part of the box that is in the picture
