"""Names and ids that CloudFormation makes up: stack ids, physical names, random-looking suffixes.

Everything is derived from what it names, so that the same stack in the same state gets the same names.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from typing import Final

_MIXED: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LOWER: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
SUFFIX: Final = 12


def token(*parts: str, length: int = SUFFIX, alphabet: str = _MIXED) -> str:
    """A random-looking string that depends on the parts alone."""
    number = int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        letters.append(alphabet[index])
    return "".join(letters)


def lower_token(*parts: str, length: int = SUFFIX) -> str:
    """The same in lower case."""
    return token(*parts, length=length, alphabet=_LOWER)


def hex_token(*parts: str, length: int = 17) -> str:
    """Hexadecimal digits, as EC2's ids have them."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:length]


def unique(*parts: str) -> str:
    """A UUID that depends on the parts alone."""
    return str(uuid.UUID(bytes=hashlib.sha256("\0".join(parts).encode()).digest()[:16], version=4))


def physical_name(
    stack_id: str, logical_id: str, generation: int, *, limit: int = 255, lower: bool = False
) -> str:
    """`stack-logical-SUFFIX` within a limit, shortened as CloudFormation does: stack and logical id share the room.

    `generation` counts the replacements of a resource, because a replacement needs a new name.
    """
    stack = re.sub("-{2,}", "-", stack_id.split("/")[1].lstrip("-"))
    suffix = token(stack_id, logical_id, str(generation))
    room = limit - SUFFIX - 2
    if room < 2:
        name = (stack + logical_id)[: max(limit - SUFFIX, 0)] + suffix[:limit]
    else:
        for_stack, for_logical = _fair(room, len(stack), len(logical_id))
        name = f"{stack[:for_stack]}-{logical_id[:for_logical]}-{suffix}"
    return name.lower() if lower else name


def logical_name(stack_id: str, logical_id: str, generation: int, *, limit: int) -> str:
    """`logical-SUFFIX` within a limit."""
    return f"{logical_id[: limit - SUFFIX - 1]}-{token(stack_id, logical_id, str(generation))}"


def _fair(room: int, first: int, second: int) -> tuple[int, int]:
    if first + second <= room:
        return first, second
    half = room // 2
    if first <= half:
        return first, room - first
    if second <= half:
        return room - second, second
    return room - half, half
