"""Identifiers: UUIDv7 as text, made by us so that a row's id is known before it is written."""

import os
import time
import uuid


def uuid7() -> str:
    """A time-ordered UUID (RFC 9562, version 7) as 36 lower-case characters."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))
