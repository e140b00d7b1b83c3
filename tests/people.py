"""Tiny pictures of people who differ by the colours of what they wear, as a folder that data sets are read from."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

SIZE_HW = (64, 32)


def paint_people(root: Path, people: int = 8, images: int = 8, cameras: int = 2, seed: int = 0) -> Path:
    """Write `root/PERSON/cC_II.png`: coat and trousers of one colour per person, over noise and a camera's cast."""
    generator = np.random.default_rng(seed)
    colours = generator.integers(0, 256, (people, 2, 3))
    casts = generator.uniform(0.8, 1.2, (cameras, 3))
    for person in range(people):
        folder = root / f"{person:03d}"
        folder.mkdir(parents=True)
        for image in range(images):
            camera = image % cameras
            picture = generator.integers(60, 120, (*SIZE_HW, 3)).astype(float)
            picture[8:34, 6:26], picture[34:60, 8:24] = colours[person]
            noisy = picture * casts[camera] + generator.normal(0, 12, picture.shape)
            cv2.imwrite(str(folder / f"c{camera + 1}_{image:02d}.png"), noisy.clip(0, 255).astype(np.uint8))
    return root
