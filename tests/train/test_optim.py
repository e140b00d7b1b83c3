"""Learning rates over time, groups of parameters, the running average, and what happens when memory is short."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from small_training import Small, batch, trainer
from torch import nn

from reidtrack.errors import DeviceError, InputError
from reidtrack.train.initial import copy_weights, freeze, set_class_weights, set_training
from reidtrack.train.numerics import halve, is_out_of_memory
from reidtrack.train.optim import Average, make_optimiser, rate_factor
from reidtrack.train.state import load_state, save_state


@pytest.mark.parametrize(
    ("epoch", "schedule", "expected"),
    [
        pytest.param(0, "cosine", 0.01, id="begin of the warm-up"),
        pytest.param(1, "cosine", 0.505, id="half of it"),
        pytest.param(2, "cosine", 1.0, id="its end"),
        pytest.param(6, "cosine", 0.55, id="half of the fall"),
        pytest.param(10, "cosine", 0.1, id="end"),
        pytest.param(11, "cosine", 0.1, id="beyond"),
        pytest.param(3.99, "steps", 1.0, id="before a step"),
        pytest.param(4, "steps", 0.5, id="at a step"),
        pytest.param(9, "steps", 0.25, id="after two"),
        pytest.param(1, "steps", 0.505, id="warm-up before steps"),
    ],
)
def test_rates(epoch: float, schedule: Any, expected: float) -> None:
    given = rate_factor(epoch, 10, schedule, warmup_epochs=2, final=0.1, steps=(4, 8), gamma=0.5)
    assert given == pytest.approx(expected)


def test_no_warm_up() -> None:
    assert rate_factor(0, 10, "cosine", warmup_epochs=0) == 1.0


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))


def test_groups_of_parameters() -> None:
    optimiser = make_optimiser(
        net(), "adamw", lr=0.1, weight_decay=0.5, momentum=0, loaded=["0.weight", "0.bias"], new_layers=2
    )
    found = {(g["base_lr"], g["weight_decay"]): sum(p.numel() for p in g["params"]) for g in optimiser.param_groups}
    assert found == {(0.1, 0.5): 12, (0.1, 0.0): 4, (0.2, 0.0): 4 + 4 + 2, (0.2, 0.5): 8}
    for name, kind in (("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)):
        one = make_optimiser(net(), name, lr=0.1, weight_decay=0.5, momentum=0.9)  # type: ignore[arg-type]
        assert isinstance(one, kind)
        assert [(g["lr"], g["weight_decay"]) for g in one.param_groups] == [(0.1, 0.5)]


def test_the_average_follows() -> None:
    model = net()
    average = Average(model, 0.9)
    with torch.no_grad():
        model[0].weight.fill_(1.0)
        model[1].num_batches_tracked.fill_(7)
    before = average.model[0].weight.clone()
    average.follow(model, 10_000)
    torch.testing.assert_close(average.model[0].weight, 0.9 * before + 0.1)
    assert int(average.model[1].num_batches_tracked) == 7
    average.follow(model, 1)  # the first steps count for more
    torch.testing.assert_close(average.model[0].weight, (0.9 * before + 0.1) * 2 / 11 + 9 / 11)


def test_loaded_layers_are_held() -> None:
    model = net()
    loaded = copy_weights(model, net())
    assert len(loaded) == len(model.state_dict())
    set_training(model, loaded[:7], frozen=True)
    assert [p.requires_grad for p in model.parameters()] == [False] * 4 + [True] * 2
    assert [m.training for m in model] == [False, False, True]
    set_training(model, loaded, frozen=False, fixed=["2.bias"])
    assert [p.requires_grad for p in model.parameters()] == [True] * 5 + [False]
    assert all(m.training for m in model)


def test_layers_and_statistics_that_stay() -> None:
    model = net()
    set_training(model, (), frozen=False, statistics=False)
    assert [m.training for m in model] == [True, False, True]
    freeze(model, ["1"])
    assert [p.requires_grad for p in model.parameters()] == [True, True, False, False, True, True]
    set_training(model, (), frozen=False, fixed=["1.weight", "1.bias"])
    assert [m.training for m in model] == [True, False, True]
    with pytest.raises(ValueError, match=r"no layer '1\.w'"):
        freeze(model, ["1.w"])


def test_classes_begin_as_mean_embeddings() -> None:
    classifier = torch.nn.Linear(2, 2, bias=False)
    set_class_weights(classifier, torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 3.0]]), torch.tensor([0, 0, 1]))
    torch.testing.assert_close(classifier.weight, torch.tensor([[0.5**0.5, 0.5**0.5], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="embeddings of 3 numbers for features of 2"):
        set_class_weights(classifier, torch.zeros(1, 3), torch.tensor([0]))


def test_out_of_memory_halves_the_batch_and_the_step_is_the_same(caplog: pytest.LogCaptureFixture) -> None:
    roomy, cramped = trainer(Small()), trainer(Small(fits=4))
    roomy.take(batch(), rate=1.0)
    cramped.take(batch(), rate=1.0)
    assert cramped.parts == 4
    assert "out of memory: from now on 8 images at once" in caplog.text
    assert "from now on 4 images at once" in caplog.text
    for one, other in zip(roomy.model.parameters(), cramped.model.parameters(), strict=True):
        torch.testing.assert_close(one, other)
    assert roomy.sums() == pytest.approx(cramped.sums())


def test_out_of_memory_however_small_the_parts() -> None:
    with pytest.raises(DeviceError, match="out of memory with 4 images at once"):
        trainer(Small(fits=3)).take(batch(), rate=1.0)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        pytest.param(torch.OutOfMemoryError("CUDA out of memory"), True, id="GPU"),
        pytest.param(MemoryError(), True, id="Python"),
        pytest.param(RuntimeError("DefaultCPUAllocator: not enough memory: you tried"), True, id="CPU"),
        pytest.param(RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False, id="a bug"),
    ],
)
def test_what_counts_as_out_of_memory(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected
    if not expected:
        model = Small()
        model.forward = lambda x: (_ for _ in ()).throw(error)  # type: ignore[method-assign]
        with pytest.raises(RuntimeError, match="mat1"):
            trainer(model).take(batch(), rate=1.0)


def test_parts_hold_whole_persons() -> None:
    assert halve(1, 64, 8) == 2
    assert halve(4, 64, 8) == 8
    with pytest.raises(DeviceError):
        halve(8, 64, 8)
    with pytest.raises(DeviceError):
        halve(1, 24, 16)


def test_state_survives_and_damage_is_told(tmp_path: Any) -> None:
    path = tmp_path / "state.pt"
    with pytest.raises(InputError, match="no training to resume"):
        load_state(path)
    save_state(path, {"a": torch.ones(2), "big": 2**127 + 1, "none": None, "list": [1.5, "x"]})
    state = load_state(path)
    assert state["big"] == 2**127 + 1
    assert torch.equal(state["a"], torch.ones(2))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match="damaged, cannot be resumed"):
        load_state(path)
    torch.save({"version": 0}, path)
    with pytest.raises(InputError, match="not a state of this version"):
        load_state(path)
