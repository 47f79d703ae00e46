"""Pages: a stable order, a size, and a token that only fits the question it was given for."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, TypeVar

from generator.local.service import Call
from generator.local.servicecatalog.catalog import invalid

T = TypeVar("T")
DEFAULT = 20
IGNORED = frozenset({"PageToken", "PageSize", "AcceptLanguage"})


def page(call: Call, items: Sequence[T], *, token: str = "NextPageToken") -> tuple[list[T], dict[str, str]]:  # noqa: S107 - a member's name
    """The items of the page that is asked for, and the member with the next token where there is one."""
    start = _start(call)
    size = call.params.get("PageSize") or DEFAULT
    found = list(items[start : start + size])
    if start + size >= len(items):
        return found, {}
    return found, {token: _token(call, start + size)}


def _question(call: Call) -> str:
    asked: dict[str, Any] = {k: v for k, v in call.params.items() if k not in IGNORED}
    who = [call.operation, call.account, call.region]
    return sha256(json.dumps([who, asked], sort_keys=True, default=str).encode()).hexdigest()[:16]


def _token(call: Call, start: int) -> str:
    return urlsafe_b64encode(f"{_question(call)}:{start}".encode()).decode().rstrip("=")


def _start(call: Call) -> int:
    token = call.params.get("PageToken")
    if not token:
        return 0
    try:
        question, _, start = urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().partition(":")
        number = int(start)
    except ValueError:
        raise invalid("Invalid page token.") from None
    if question != _question(call):
        raise invalid("Invalid page token: it belongs to another request.")
    return number
