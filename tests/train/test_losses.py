"""Each loss against its formula written out, one pair and one number at a time."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from reidtrack.train.losses import (
    arcface_logits,
    batch_hard_triplet,
    centre_loss,
    circle_loss,
    euclidean,
    moved_centres,
)
from reidtrack.train.objective import CosineClassifier, Terms, objective, use_cosine_classifier

PERSON = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
CAMERA = torch.tensor([0, 0, 1, 0, 0, 1, 2, -1])


@pytest.fixture
def features() -> Tensor:
    return torch.randn(8, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)


def literal_triplet(x: Tensor, margin: float | str, cameras: bool) -> float:
    """Hermans et al., arXiv 1703.07737, equation 5: a loop over anchors."""
    losses = []
    for a in range(len(x)):
        positives, negatives = [], []
        for o in range(len(x)):
            distance = math.dist(x[a].tolist(), x[o].tolist())
            apart = not cameras or CAMERA[a] != CAMERA[o] or CAMERA[a] == -1
            if PERSON[a] == PERSON[o] and a != o and apart:
                positives.append(distance)
            if PERSON[a] != PERSON[o]:
                negatives.append(distance)
        if positives and negatives:
            gap = max(positives) - min(negatives)
            losses.append(math.log1p(math.exp(gap)) if margin == "soft" else max(0.0, gap + float(margin)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("cameras", [False, True], ids=["any camera", "cross-camera"])
@pytest.mark.parametrize("margin", [0.0, 0.3, 5.0, "soft"])
def test_batch_hard_triplet_is_the_papers(features: Tensor, margin: float, cameras: bool) -> None:
    given = batch_hard_triplet(features, PERSON, CAMERA if cameras else None, margin=margin)
    assert float(given) == pytest.approx(literal_triplet(features, margin, cameras), abs=1e-9)


def test_triplets_between_unit_vectors(features: Tensor) -> None:
    unit = functional.normalize(features)
    given = batch_hard_triplet(7 * features, PERSON, normalise=True)
    assert float(given) == pytest.approx(literal_triplet(unit, 0.3, False), abs=1e-9)


@pytest.mark.parametrize(
    ("person", "camera"),
    [
        pytest.param([0, 0, 0], None, id="one person: no negative"),
        pytest.param([0, 1, 2], None, id="one image each: no positive"),
        pytest.param([0, 0, 1, 1], [4, 4, 5, 5], id="no person in two cameras"),
        pytest.param([0], None, id="one image"),
    ],
)
def test_batches_without_triplets_cost_nothing(person: list[int], camera: list[int] | None) -> None:
    x = torch.randn(len(person), 4, requires_grad=True)
    loss = batch_hard_triplet(x, torch.tensor(person), None if camera is None else torch.tensor(camera))
    loss.backward()
    assert float(loss.detach()) == 0
    assert x.grad is not None
    assert not x.grad.any()
    assert float(circle_loss(x.detach(), torch.tensor(person))) == 0 or camera is not None


def test_equal_features_have_a_finite_derivative() -> None:
    x = torch.ones(4, 3, requires_grad=True)
    batch_hard_triplet(x, torch.tensor([0, 0, 1, 1])).backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    torch.testing.assert_close(euclidean(x).diagonal(), torch.full((4,), 1e-6))


def test_circle_loss_is_the_papers(features: Tensor) -> None:
    margin, gamma, total = 0.25, 16.0, []
    for a in range(8):
        positive = negative = 0.0
        for o in range(8):
            s = float(functional.cosine_similarity(features[a], features[o], dim=0))
            if PERSON[a] == PERSON[o] and a != o:
                positive += math.exp(-gamma * max(0.0, 1 + margin - s) * (s - (1 - margin)))
            elif PERSON[a] != PERSON[o]:
                negative += math.exp(gamma * max(0.0, s + margin) * (s - margin))
        total.append(math.log1p(negative * positive))
    given = circle_loss(features, PERSON, margin=margin, scale=gamma)
    assert float(given) == pytest.approx(sum(total) / 8, rel=1e-9)


@pytest.mark.parametrize("degrees", [0.5, 40.0, 120.0, 170.0], ids=["almost 0", "sharp", "wide", "past the turn"])
def test_arcface_adds_an_angle(degrees: float) -> None:
    angle, margin = math.radians(degrees), 0.3
    cosine = torch.tensor([[0.2, math.cos(angle), -0.4]], dtype=torch.float64)
    logits = arcface_logits(cosine, torch.tensor([1]), margin=margin, scale=30.0)[0] / 30
    turned = math.cos(angle + margin) if angle + margin < math.pi else math.cos(angle) - margin * math.sin(margin)
    assert logits.tolist() == pytest.approx([0.2, turned, -0.4], abs=1e-9)


def test_arcface_is_differentiable_where_feature_and_class_agree() -> None:
    cosine = torch.tensor([[1.0, -1.0]], requires_grad=True)
    arcface_logits(cosine, torch.tensor([0])).sum().backward()
    assert cosine.grad is not None
    assert torch.isfinite(cosine.grad).all()


def test_centres_are_pulled_and_follow(features: Tensor) -> None:
    centres = torch.randn(4, 5, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    half = sum(math.dist(f, centres[p].tolist()) ** 2 for f, p in zip(features.tolist(), PERSON, strict=True)) / 2
    assert float(centre_loss(features, centres, PERSON)) == pytest.approx(half / 8, rel=1e-9)
    moved = moved_centres(centres, features, PERSON, 0.5)
    for person in range(3):
        own = features[person == PERSON]
        delta = (centres[person] - own).sum(dim=0) / (1 + len(own))
        torch.testing.assert_close(moved[person], centres[person] - 0.5 * delta)
    assert torch.equal(moved[3], centres[3])


def test_label_smoothing_is_the_papers() -> None:
    """Szegedy et al., arXiv 1512.00567: (1 - e) on the class, e / C on every one."""
    logits = torch.tensor([[2.0, -1.0, 0.5]])
    log_p = logits.log_softmax(dim=1)[0]
    outcome = objective(
        Terms(smoothing=0.1, triplet=0), logits, torch.zeros(1, 2), torch.tensor([0]), torch.tensor([0])
    )
    expected = -(0.9 * log_p[0] + 0.1 * log_p.mean())
    assert float(outcome.total) == pytest.approx(float(expected), rel=1e-6)


def test_terms_add_up_and_parts_are_averaged(features: Tensor) -> None:
    x = features.float()
    heads = tuple(torch.randn(8, 3, generator=torch.Generator().manual_seed(i)) for i in range(2))
    terms = Terms(identity_weight=0.5, smoothing=0, triplet=2.0, circle=0.1, circle_scale=8, centre=0.01)
    centres = torch.zeros(3, 5)
    outcome = objective(terms, heads, x, PERSON, CAMERA, centres)
    parts = {name: float(value) for name, value in outcome.parts.items()}
    identity = sum(float(functional.cross_entropy(head, PERSON)) for head in heads) / 2
    assert parts == pytest.approx(
        {
            "identity": 0.5 * identity,
            "triplet": 2 * float(batch_hard_triplet(x, PERSON)),
            "circle": 0.1 * float(circle_loss(x, PERSON, scale=8)),
            "centre": 0.01 * float(x.square().sum() / 16),
        },
        rel=1e-5,
    )
    assert float(outcome.total) == pytest.approx(sum(parts.values()), rel=1e-6)
    assert int(outcome.right) == int(((heads[0] + heads[1]).argmax(dim=1) == PERSON).sum())


def test_cosine_classifiers_take_the_linear_ones_places() -> None:
    net = torch.nn.Module()
    net.classifier = torch.nn.ModuleList([torch.nn.Linear(4, 3), torch.nn.Linear(4, 3)])
    net.fc = torch.nn.Linear(4, 4)
    use_cosine_classifier(net)
    assert [type(head) for head in net.classifier] == [CosineClassifier, CosineClassifier]
    assert type(net.fc) is torch.nn.Linear
    x = torch.randn(2, 4)
    expected = functional.cosine_similarity(x[1], net.classifier[0].weight[2], dim=0)
    torch.testing.assert_close(net.classifier[0](x)[1, 2], expected)


def test_a_person_competes_with_his_own_set_only() -> None:
    """Two sets of two and three persons: the softmax over each set's classes alone, written out."""
    logits = torch.randn(6, 5, generator=torch.Generator().manual_seed(7))
    person = torch.tensor([0, 1, 1, 2, 4, 3])
    terms = Terms(smoothing=0.1, triplet=0, per_set=True)
    outcome = objective(terms, logits, torch.zeros(6, 2), person, torch.zeros(6), sets=(2, 3))
    losses = []
    for row, p in zip(logits, person.tolist(), strict=True):
        low, high = (0, 2) if p < 2 else (2, 5)
        log_p = row[low:high].log_softmax(dim=0)
        losses.append(-(0.9 * float(log_p[p - low]) + 0.1 * float(log_p.mean())))
    assert float(outcome.total) == pytest.approx(sum(losses) / 6, rel=1e-5)
    own = [slice(0, 2) if p < 2 else slice(2, 5) for p in person.tolist()]
    right = sum(int(row[s].argmax()) + s.start == p for row, s, p in zip(logits, own, person.tolist(), strict=True))
    assert int(outcome.right) == right
    alone = objective(terms, logits, torch.zeros(6, 2), person, torch.zeros(6), sets=(5,))
    together = objective(Terms(smoothing=0.1, triplet=0), logits, torch.zeros(6, 2), person, torch.zeros(6))
    assert float(alone.total) == pytest.approx(float(together.total))
