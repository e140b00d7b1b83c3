"""PCB, the part-based baseline (Sun et al., ECCV 2018, arXiv 1711.09349): a feature and a classifier for each stripe.

Parameter names of the trunk are torchvision's ResNet50's.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from reidtrack.models.resnet import FEATURE_DIM, ResNetTrunk

PARTS = 6
PART_DIM = 256


class PCB(ResNetTrunk):
    """ResNet50 whose last map is cut into horizontal stripes.

    Args:
        num_classes: Identities of the classifiers; 0 builds none.
    """

    def __init__(self, num_classes: int = 0) -> None:
        super().__init__(last_stride=1)
        self.reduce = nn.ModuleList(
            nn.Sequential(nn.Linear(FEATURE_DIM, PART_DIM, bias=False), nn.BatchNorm1d(PART_DIM), nn.ReLU())
            for _ in range(PARTS)
        )
        self.classifier = nn.ModuleList(nn.Linear(PART_DIM, num_classes) for _ in range(PARTS if num_classes else 0))
        for head in self.classifier:
            nn.init.normal_(head.weight, std=0.001)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor | tuple[tuple[Tensor, ...], Tensor]:
        """Turn crops into the features of their stripes, one after the other.

        Args:
            x: (N, 3, H, W) normalised RGB; 384x128 in the paper.

        Returns:
            In evaluation (N, 1536), each stripe's 256 values of unit norm; in training one (N, classes) of logits for
            each stripe, and the (N, 1536) features.
        """
        stripes = functional.adaptive_avg_pool2d(self.maps(x), (PARTS, 1)).squeeze(3)  # (N, 2048, 6)
        parts = [reduce(stripes[:, :, i]) for i, reduce in enumerate(self.reduce)]  # 6 of (N, 256)
        feature = torch.cat([functional.normalize(part) for part in parts], dim=1)  # (N, 1536)
        if not self.training:
            return feature
        if not len(self.classifier):
            raise ValueError("training needs classifiers: build the network with num_classes of 1 or more")
        return tuple(head(part) for head, part in zip(self.classifier, parts, strict=True)), feature
