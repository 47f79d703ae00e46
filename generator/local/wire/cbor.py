"""CBOR (RFC 8949), the subset that smithy-rpc-v2-cbor sends: definite and indefinite items, tag 1 for times.

It knows nothing of botocore's shapes.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any

EPOCH_TAG = 1
BREAK = object()
MAX_DEPTH = 64  # a request nested deeper is an attack on the stack, not a request


def dumps(value: Any) -> bytes:
    out = bytearray()
    _write(out, value)
    return bytes(out)


def loads(content: bytes) -> Any:
    """The value; ValueError when the bytes are no single CBOR item."""
    reader = _Reader(content)
    value = reader.item(0)
    if value is BREAK or reader.at != len(content):
        raise ValueError("not one CBOR item")
    return value


def _head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major << 5 | number)
    elif number < 1 << 8:
        out += bytes((major << 5 | 24, number))
    elif number < 1 << 16:
        out += bytes((major << 5 | 25,)) + number.to_bytes(2, "big")
    elif number < 1 << 32:
        out += bytes((major << 5 | 26,)) + number.to_bytes(4, "big")
    else:
        out += bytes((major << 5 | 27,)) + number.to_bytes(8, "big")


def _write(out: bytearray, value: Any) -> None:
    if value is None:
        out.append(0xF6)
    elif isinstance(value, bool):  # before int, which it is a kind of
        out.append(0xF5 if value else 0xF4)
    elif isinstance(value, int):
        _head(out, 0, value) if value >= 0 else _head(out, 1, -1 - value)
    elif isinstance(value, float):
        out += b"\xfb" + struct.pack(">d", value)
    elif isinstance(value, str):
        encoded = value.encode()
        _head(out, 3, len(encoded))
        out += encoded
    elif isinstance(value, bytes):
        _head(out, 2, len(value))
        out += value
    elif isinstance(value, datetime):
        _head(out, 6, EPOCH_TAG)
        _write(out, value.timestamp())
    elif isinstance(value, dict):
        _head(out, 5, len(value))
        for key, item in value.items():
            _write(out, key)
            _write(out, item)
    elif isinstance(value, (list, tuple)):
        _head(out, 4, len(value))
        for item in value:
            _write(out, item)
    else:
        raise TypeError(f"CBOR cannot carry {type(value).__name__}")


class _Reader:
    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, count: int) -> bytes:
        if self.at + count > len(self.content):
            raise ValueError("CBOR item ends early")
        self.at += count
        return self.content[self.at - count : self.at]

    def item(self, depth: int) -> Any:
        if depth > MAX_DEPTH:
            raise ValueError("CBOR nested too deeply")
        first = self.take(1)[0]
        major, info = first >> 5, first & 31
        if major == 7:
            return self.simple(info)
        if info == 31:
            return self.indefinite(major, depth)
        number = self.number(info)
        match major:
            case 0:
                return number
            case 1:
                return -1 - number
            case 2:
                return self.take(number)
            case 3:
                return self.take(number).decode()
            case 4:
                return [self.item(depth + 1) for _ in range(number)]
            case 5:
                return {self.item(depth + 1): self.item(depth + 1) for _ in range(number)}
            case _:
                return self.tagged(number, depth)

    def number(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise ValueError("CBOR length is reserved")
        return int.from_bytes(self.take(1 << (info - 24)), "big")

    def indefinite(self, major: int, depth: int) -> Any:
        parts: list[Any] = []
        while (item := self.item(depth + 1)) is not BREAK:
            parts.append(item)
        match major:
            case 2:
                return b"".join(parts)
            case 3:
                return "".join(parts)
            case 4:
                return parts
            case 5 if len(parts) % 2 == 0:
                return dict(zip(parts[::2], parts[1::2], strict=True))
            case _:
                raise ValueError("CBOR item cannot be indefinite")

    def tagged(self, tag: int, depth: int) -> Any:
        value = self.item(depth + 1)
        if tag != EPOCH_TAG:
            raise ValueError(f"CBOR tag {tag} is not used by AWS")
        return datetime.fromtimestamp(value, UTC)

    def simple(self, info: int) -> Any:
        match info:
            case 20:
                return False
            case 21:
                return True
            case 22 | 23:
                return None
            case 25:
                return struct.unpack(">e", self.take(2))[0]
            case 26:
                return struct.unpack(">f", self.take(4))[0]
            case 27:
                return struct.unpack(">d", self.take(8))[0]
            case 31:
                return BREAK
            case _:
                raise ValueError("CBOR simple value is not used by AWS")
