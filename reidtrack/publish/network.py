"""What went wrong with a network, in words without addresses or secrets, and when to try again."""

from __future__ import annotations

import random
import socket
import ssl

LONGEST_WAIT_S = 60.0


def reason(error: BaseException) -> str:
    """What is wrong, for a site operator: nothing of the error's own text that could hold an address goes in."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return "it does not speak TLS as asked"
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, ConnectionError):
        return "it closed the connection"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "it does not answer as it should"


def wait_s(tries: int, jitter: random.Random) -> float:
    """Seconds to wait after so many failed tries (from 1): 1, 2, 4 and so on up to a minute, a fifth more or less."""
    return min(LONGEST_WAIT_S, 2.0 ** min(tries - 1, 10)) * jitter.uniform(0.8, 1.2)
