"""Messages between the server and the process of the live cameras: a head of JSON, and bytes."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

_LENGTHS = struct.Struct(">II")
_HEAD_LENGTH = struct.Struct(">I")
MOST_BYTES = 64 << 20
"""Of a message; more is a fault of whoever sends."""


@dataclass(frozen=True, slots=True)
class Message:
    """Something told.

    Attributes:
        head: What it is: `kind`, and what belongs to that.
        data: Bytes, such as a picture.
    """

    head: Mapping[str, Any]
    data: bytes = b""

    @property
    def kind(self) -> str:
        """What is told."""
        return str(self.head["kind"])

    def packed(self) -> bytes:
        """As it travels."""
        head = json.dumps(self.head, separators=(",", ":")).encode()
        return _LENGTHS.pack(len(head), len(self.data)) + head + self.data


def read_messages(stream: IO[bytes]) -> Iterator[Message]:
    """Messages until the stream ends, also in the middle of one.

    Raises:
        ValueError: If what comes is none.
    """
    while len(lengths := stream.read(_LENGTHS.size)) == _LENGTHS.size:
        head, data = _LENGTHS.unpack(lengths)
        if head + data > MOST_BYTES:
            raise ValueError(f"a message of {head + data} bytes")
        whole = stream.read(head + data)
        if len(whole) < head + data:
            return
        yield Message(json.loads(whole[:head]), whole[head:])


def pack_told(told: Mapping[str, Any], data: Sequence[bytes]) -> bytes:
    """What a browser is told: the length of the head (4 bytes, big-endian), the head as JSON, and bytes."""
    head = json.dumps(told, separators=(",", ":")).encode()
    return b"".join((_HEAD_LENGTH.pack(len(head)), head, *data))
