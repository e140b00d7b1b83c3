"""Learning from other networks: each term against its formula, and steps that bring the student nearer."""

from __future__ import annotations

import math

import pytest
import torch
from small_training import Small, batch, trainer
from torch import Tensor, nn
from torch.nn import functional

from reidtrack.train.augmentation.mixstyle import MixStyle, insert_mixstyle
from reidtrack.train.distill import Projections, embedding_loss, relation_loss
from reidtrack.train.objective import Terms
from reidtrack.train.trainer import Distillation


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
