"""Requests (and in tests responses) against botocore's model: types, required members, lengths, patterns, enums.

botocore's own validator checks types, required members and lower bounds only; AWS checks the rest and says so in
the words used here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (datetime, int, float),
    "blob": (bytes, str),
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
}
LETTER = r"\p{L}"


class WrongTypeError(ValueError):
    """A member is not of its type: AWS's parser stops here, before any validation."""


def violations(shape: StructureShape, value: Mapping[str, Any]) -> list[str]:
    """What is wrong, in AWS's words and lower-camel paths; raises WrongTypeError for a type."""
    return list(_structure(shape, value, ""))


def message(found: list[str]) -> str:
    count = len(found)
    return f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(found)}"


def _structure(shape: StructureShape, value: Mapping[str, Any], path: str) -> Iterator[str]:
    for name in shape.required_members:
        if value.get(name) is None:
            yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from _any(member, value[name], _join(path, name))


def _join(path: str, name: str) -> str:
    lower = name[:1].lower() + name[1:]
    return f"{path}.{lower}" if path else lower


def _any(shape: Shape, value: Any, path: str) -> Iterator[str]:
    _check_type(shape, value, path)
    if isinstance(shape, StructureShape):
        yield from _structure(shape, value, path)
    elif isinstance(shape, ListShape):
        yield from _size(shape, len(value), value, path)
        for index, item in enumerate(value, 1):
            yield from _any(shape.member, item, f"{path}.{index}.member")
    elif isinstance(shape, MapShape):
        yield from _size(shape, len(value), value, path)
        for key, item in value.items():
            yield from _any(shape.key, key, f"{path}.key")
            yield from _any(shape.value, item, f"{path}.{key}.member")
    elif isinstance(shape, StringShape):
        yield from _string(shape, value, path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _range(shape, value, path)


def _check_type(shape: Shape, value: Any, path: str) -> None:
    expected = TYPES[shape.type_name]
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        raise WrongTypeError(f"{path}: a {shape.type_name} is expected, not {type(value).__name__}")


def _size(shape: Shape, size: int, value: Any, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and size < low:
        yield _failed(value, path, f"Member must have length greater than or equal to {low}")
    if high is not None and size > high:
        yield _failed(value, path, f"Member must have length less than or equal to {high}")


def _string(shape: StringShape, value: str, path: str) -> Iterator[str]:
    yield from _size(shape, len(value), value, path)
    if shape.enum and value not in shape.enum:
        yield _failed(value, path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not _compiled(pattern).fullmatch(value):
        yield _failed(value, path, f"Member must satisfy regular expression pattern: {pattern}")


def _range(shape: Shape, value: float, path: str) -> Iterator[str]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield _failed(value, path, f"Member must have value greater than or equal to {low}")
    if high is not None and value > high:
        yield _failed(value, path, f"Member must have value less than or equal to {high}")


def _failed(value: Any, path: str, constraint: str) -> str:
    shown = str(value)
    return f"Value '{shown[:200]}' at '{path}' failed to satisfy constraint: {constraint}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_python_pattern(pattern), re.DOTALL)


def _python_pattern(pattern: str) -> str:
    r"""A Java pattern for Python's `re`, which has neither `\p{…}` nor surrogates as characters.

    Inside a character class a letter (`\p{L}`) needs an alternative of its own; digits and separators do not.
    """
    pattern = pattern.replace(r"\uD7FF\uE000-\uFFFD", r"\uD7FF\uE000-\U0010FFFF")  # Java's astral characters

    def character_class(match: re.Match[str]) -> str:
        inside = match[1].replace(r"\p{Z}", r"\s").replace(r"\p{N}", r"\d")
        if r"\p{L}" not in inside:
            return f"[{inside}]"
        return f"(?:[^\\W\\d_]|[{inside.replace(LETTER, '')}])"

    return re.sub(r"\[((?:[^\]\\]|\\.)*)\]", character_class, pattern)
