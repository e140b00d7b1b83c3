"""TensorBoard events of a training, for those who have it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reidtrack.errors import UsageError


class Events:
    """Writer of each epoch's row as scalars.

    Args:
        folder: Folder of the event files.

    Raises:
        UsageError: If TensorBoard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            hint = "pip install reidtrack[tensorboard]"
            raise UsageError("TensorBoard is not installed", where="tensorboard", hint=hint) from error
        self._writer = SummaryWriter(str(folder))

    def write(self, row: Mapping[str, float]) -> None:
        """Write the row of an epoch."""
        for name, value in row.items():
            if name != "epoch":
                self._writer.add_scalar(name.replace(" ", "/"), value, int(row["epoch"]))
        self._writer.flush()
