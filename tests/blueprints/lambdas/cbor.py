"""As much of CBOR (RFC 8949) as AWS's protocol of that name uses: maps, lists, text, bytes, integers, booleans, null."""

from __future__ import annotations

from typing import Any

_SIMPLE = {20: False, 21: True, 22: None}


def encode(value: Any) -> bytes:
    if isinstance(value, bool) or value is None:
        return bytes([0xE0 | next(code for code, simple in _SIMPLE.items() if simple is value)])
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, str):
        return _head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(encode, value))
    if isinstance(value, dict):
        return _head(5, len(value)) + b"".join(encode(key) + encode(each) for key, each in value.items())
    raise TypeError(type(value))


def decode(content: bytes) -> Any:
    value, end = _decode(content, 0)
    if end != len(content):
        raise ValueError("more than one value")
    return value


def _head(major: int, number: int) -> bytes:
    if number < 24:
        return bytes([major << 5 | number])
    size = next(size for size in (1, 2, 4, 8) if number < 1 << 8 * size)
    return bytes([major << 5 | 23 + size.bit_length()]) + number.to_bytes(size, "big")


def _decode(content: bytes, at: int) -> tuple[Any, int]:
    major, number = content[at] >> 5, content[at] & 31
    at += 1
    if major == 7:
        return _SIMPLE[number], at
    if 24 <= number <= 27:
        size = 1 << number - 24
        number, at = int.from_bytes(content[at : at + size], "big"), at + size
    elif number > 27:
        raise ValueError("lengths are always given here")
    if major in (0, 1):
        return (number if major == 0 else -1 - number), at
    if major in (2, 3):
        text = content[at : at + number]
        return (text if major == 2 else text.decode()), at + number
    if major == 4:
        items = []
        for _ in range(number):
            item, at = _decode(content, at)
            items.append(item)
        return items, at
    if major == 5:
        pairs = {}
        for _ in range(number):
            key, at = _decode(content, at)
            pairs[key], at = _decode(content, at)
        return pairs, at
    raise ValueError(f"major type {major}")
