"""Learning from other networks: each term against its formula, and steps that bring the student nearer."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from small_training import Small, batch, beside, taught, trainer
from torch import Tensor, nn
from torch.nn import functional

from reidtrack.train.augmentation.augment import augment
from reidtrack.train.augmentation.mixstyle import MixStyle, insert_mixstyle
from reidtrack.train.augmentation.settings import Augmentation
from reidtrack.train.distill import Projections, embedding_loss, relation_loss
from reidtrack.train.objective import BatchTeaching, Terms, objective
from reidtrack.train.plan import Unlabelled
from reidtrack.train.trainer import Batch, Distillation, Trainer


def unit(rows: int, length: int, seed: int = 0) -> Tensor:
    return functional.normalize(torch.randn(rows, length, generator=torch.Generator().manual_seed(seed)))


def test_projections_begin_as_the_identity_where_lengths_agree() -> None:
    maps = Projections(6, (6, 4))
    x = unit(3, 6)
    torch.testing.assert_close(maps[0](x), x)
    assert maps[1](x).shape == (3, 4)
    rows = maps[1].weight
    torch.testing.assert_close(rows @ rows.T, torch.eye(4), rtol=0, atol=1e-5)


def test_embedding_loss_is_the_mean_cosine_distance() -> None:
    maps = Projections(6, (6, 4))
    x, target = 3 * unit(5, 6), torch.cat([unit(5, 6, 1), unit(5, 4, 2)], dim=1)
    by_hand = []
    for layer, (low, high) in zip(maps, ((0, 6), (6, 10)), strict=True):
        for row, wanted in zip(layer(x).detach(), target[:, low:high], strict=True):
            by_hand.append(1 - float(row @ wanted) / math.sqrt(float(row @ row) * float(wanted @ wanted)))
    assert embedding_loss(maps, x, target).item() == pytest.approx(sum(by_hand) / 10, rel=1e-5)
    assert embedding_loss(Projections(6, (6,)), x, functional.normalize(x)).item() == pytest.approx(0, abs=1e-6)


def test_relation_loss_compares_cosines_of_different_pictures() -> None:
    x, target = 2 * unit(4, 6), torch.cat([unit(4, 3, 1), unit(4, 5, 2)], dim=1)
    squares = []
    for i in range(4):
        for j in range(4):
            own = float(functional.cosine_similarity(x[i], x[j], dim=0))
            wanted = (float(target[i, :3] @ target[j, :3]) + float(target[i, 3:] @ target[j, 3:])) / 2
            if i != j:
                squares.append((own - wanted) ** 2)
    assert float(relation_loss(x, target, (3, 5))) == pytest.approx(sum(squares) / 12, rel=1e-5)
    assert float(relation_loss(x[:1], target[:1], (3, 5))) == 0.0


def test_a_student_comes_nearer_to_its_teacher_and_goes_on_after_a_stop() -> None:
    taught = batch()._replace(target=unit(16, 9, 5))

    def student(maps: Projections) -> tuple[nn.Module, list[float]]:
        model = Small()
        terms = Terms(identity_weight=0, triplet=0)
        steps = trainer(model, terms=terms, distillation=Distillation(maps, 1.0, 0.5))
        steps._optimiser.add_param_group({"params": list(maps.parameters()), "lr": 0.1, "base_lr": 0.1})
        losses = []
        for _ in range(8):
            steps.take(taught, rate=1.0)
            losses.append(steps.sums()["embedding"] / steps.sums()["images"])
            steps.clear_sums()
        state = steps.state()
        other = trainer(Small(), terms=terms, distillation=Distillation(Projections(6, (9,)), 1.0, 0.5))
        other._optimiser.add_param_group(
            {"params": list(other._distillation.projections.parameters()), "lr": 0.1, "base_lr": 0.1}
        )
        other.restore(state)
        for one in (steps, other):
            one.take(taught, rate=1.0)
        assert all(torch.equal(a, b) for a, b in zip(steps.model.parameters(), other.model.parameters(), strict=True))
        return model, losses

    torch.manual_seed(0)
    losses = student(Projections(6, (9,)))[1]
    assert losses[-1] < losses[0]


def after(steps: Trainer, given: Batch) -> dict[str, Any]:
    for _ in range(3):
        steps.take(given, rate=1.0)
    return steps.state()


def test_without_unlabelled_pictures_nothing_is_different() -> None:
    """Empty ones, as `batch.unlabelled: 0` gives, change no bit of a step."""
    plain, empty = after(taught(), batch()), after(taught(), beside(0))
    assert "unlabelled" not in plain["sums"]
    assert plain["sums"] == empty["sums"]
    assert all(torch.equal(plain["model"][key], empty["model"][key]) for key in plain["model"])


@pytest.mark.parametrize("parts", [1, 2])
def test_an_unlabelled_picture_counts_for_the_teachers_alone(parts: int) -> None:
    def first(given: Batch) -> dict[str, float]:
        steps = taught(parts=parts)
        steps.take(given, rate=1.0)
        return steps.sums()

    plain, more, other = first(batch()), first(beside(8)), first(beside(8, 11))
    for same in ("identity", "centre", "right", "images"):
        assert more[same] == pytest.approx(plain[same], rel=1e-6)
    assert len({round(sums["embedding"], 6) for sums in (plain, more, other)}) == 3
    assert len({round(sums["relation"], 6) for sums in (plain, more, other)}) == 3
    assert more["unlabelled_images"] == 8
    # The mean over all: 16 with labels and 8 without.
    assert 3 * more["embedding"] == pytest.approx(2 * plain["embedding"] + more["unlabelled"], rel=1e-5)
    terms = ("identity", "centre", "embedding", "relation")
    assert more["loss"] == pytest.approx(sum(more[name] for name in terms), rel=1e-5)


def test_relations_reach_from_labelled_to_unlabelled_pictures() -> None:
    """Each kind is as its teacher has it; what lies between them is not, and moves both."""
    features = unit(6, 9).requires_grad_()
    target = features.detach().clone()
    target[4:] = target[4:] @ torch.linalg.qr(torch.randn(9, 9, generator=torch.Generator().manual_seed(1)))[0]
    for part in (slice(0, 4), slice(4, 6)):
        assert float(relation_loss(features[part], target[part], (9,)).detach()) == pytest.approx(0, abs=1e-9)
    teaching = BatchTeaching(Projections(9, (9,)), 0.0, 1.0, target)
    terms = Terms(identity_weight=0, triplet=0)
    person = torch.arange(4)
    outcome = objective(terms, torch.zeros(4, 4), features, person, person, teaching=teaching)
    outcome.total.backward()
    assert float(outcome.total.detach()) > 0.01
    assert bool((features.grad.norm(dim=1) > 1e-4).all())


def test_labelled_pictures_are_varied_the_same_with_others_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def noted(*given: Any) -> Tensor:
        seen.append(augment(given[0], Augmentation(flip=0.5, erase=1.0, hue=0.3), *given[2:]))
        return seen[-1]

    monkeypatch.setattr("reidtrack.train.trainer.augment", noted)
    taught().take(batch(), rate=1.0)
    taught().take(beside(8), rate=1.0)
    assert torch.equal(seen[0], seen[1])
    # Not by the numbers of the labelled ones once more.
    assert not torch.equal(seen[2] == 0, seen[1][:8] == 0)


def test_unlabelled_pictures_go_round() -> None:
    given = Unlabelled((), np.zeros((10, 9), np.float32), 4)._replace(samples=[None] * 10)  # type: ignore[list-item]
    steps = [given.rows(step, 3) for step in range(5)]
    assert sorted(np.concatenate(steps).tolist()) == sorted([*range(10), *range(10)])
    first = np.concatenate(steps)[:10]
    assert sorted(first.tolist()) == list(range(10))
    assert first.tolist() != np.concatenate(steps)[10:].tolist()
    assert np.array_equal(given.rows(2, 3), steps[2])
    assert not np.array_equal(given.rows(2, 4), steps[2])


def test_mixstyle_swaps_mean_and_deviation_and_nothing_else() -> None:
    x = torch.randn(6, 4, 8, 5, generator=torch.Generator().manual_seed(1)) * 3 + 2
    mix = MixStyle(1.0)
    torch.manual_seed(3)
    out = mix(x)
    normal = (x - x.mean(dim=(2, 3), keepdim=True)) / x.std(dim=(2, 3), keepdim=True)
    again = (out - out.mean(dim=(2, 3), keepdim=True)) / out.std(dim=(2, 3), keepdim=True)
    torch.testing.assert_close(again, normal, rtol=1e-3, atol=1e-3)
    assert not torch.allclose(out, x)
    assert torch.equal(mix.eval()(x), x)
    assert torch.equal(MixStyle(0.0)(x), x)


def test_mixstyle_is_put_behind_layers_by_name() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU())
    x = torch.randn(4, 3, 6, 6)
    plain = model.eval()(x)
    insert_mixstyle(model, ["0"], 1.0)
    assert torch.equal(model.eval()(x), plain)
    assert not torch.equal(model.train()(x), plain)
    assert list(model.state_dict()) == ["0.weight", "0.bias"]
    with pytest.raises(ValueError, match="no layer 'conv9'"):
        insert_mixstyle(model, ["conv9"], 1.0)
