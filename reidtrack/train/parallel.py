"""The processes that train one network together, as `torchrun` starts them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import torch
from torch import Tensor, distributed

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Group:
    """This process among its peers; alone where `torchrun` did not start it.

    Attributes:
        rank: Index of this process, from 0; 0 writes files and validates.
        size: Number of processes.
        local_rank: Index of this process on its machine: which GPU is its own.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def first(self) -> bool:
        """Whether this process writes files."""
        return self.rank == 0

    def sum(self, values: Tensor) -> Tensor:
        """Sum of a tensor over all processes, in place."""
        if self.size > 1:
            distributed.all_reduce(values)
        return values

    def any(self, flag: bool, device: torch.device) -> bool:
        """Whether a flag is set in any process."""
        return flag if self.size == 1 else bool(self.sum(torch.tensor(float(flag), device=device)) > 0)

    def gather(self, values: Tensor) -> Tensor:
        """Concatenation of equally long tensors of all processes."""
        if self.size == 1:
            return values
        parts = [torch.empty_like(values) for _ in range(self.size)]
        distributed.all_gather(parts, values.contiguous())
        return torch.cat(parts)

    def from_first(self, make: Callable[[], T]) -> T:
        """What the first process makes, in all processes; the others wait for it and make nothing.

        Args:
            make: Makes something that can be pickled.
        """
        if self.size == 1:
            return make()
        box = [make() if self.first else None]
        distributed.broadcast_object_list(box, src=0)
        made: Any = box[0]
        return cast(T, made)

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.size > 1:
            distributed.barrier()


@contextmanager
def joined(use_gpu: bool) -> Iterator[Group]:
    """Join the group that torchrun describes in the environment, and leave it at the end."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Group()
        return
    local = int(os.environ.get("LOCAL_RANK", "0"))
    if use_gpu:
        torch.cuda.set_device(local)
    distributed.init_process_group("nccl" if use_gpu else "gloo")
    try:
        yield Group(distributed.get_rank(), size, local)
    finally:
        distributed.destroy_process_group()


def share(rows: int, group: Group) -> slice:
    """Slice of a batch of `rows` that is this process's; all shares are equally large."""
    each = rows // group.size
    return slice(group.rank * each, (group.rank + 1) * each)
