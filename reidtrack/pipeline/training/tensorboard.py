"""TensorBoard events of a training, for those who have it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reidtrack.errors import UsageError
from reidtrack.train.progress import Status, Watcher


class Events:
    """Watcher that writes each epoch's row as scalars, and passes everything on.

    Args:
        folder: Folder of the event files.
        watcher: What is passed on goes here.

    Raises:
        UsageError: If TensorBoard is not installed.
    """

    def __init__(self, folder: Path, watcher: Watcher) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            hint = "pip install reidtrack[tensorboard]"
            raise UsageError("TensorBoard is not installed", where="tensorboard", hint=hint) from error
        self._writer = SummaryWriter(str(folder))
        self._watcher = watcher

    def step(self, status: Status) -> None:
        """Pass it on."""
        self._watcher.step(status)

    def epoch(self, row: Mapping[str, float]) -> None:
        """Write the row."""
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name.replace(" ", "/"), value, int(row["epoch"]))
        self._writer.flush()
        self._watcher.epoch(row)
