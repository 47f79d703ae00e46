"""Wildcards, policy variables and ARNs: does a written pattern cover a value of the request?

Owns text matching only. Which texts are compared, and what a match means, is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

# What a variable stands for; None when the request does not say.
Lookup = Callable[[str], str | None]

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_WITH_DEFAULT = re.compile(r"\s*([^,]+?)\s*,\s*'([^']*)'\s*")
_LITERALS = frozenset("*?$")
_WILDCARDS = re.compile(r"([*?])")

# A written text in pieces: literal text, or one of the wildcards.
Piece = tuple[bool, str]


def nothing(_: str) -> str | None:
    """The lookup of a request that knows no variables."""
    return None


def pieces(text: str, lookup: Lookup | None, *, wildcards: bool = True) -> tuple[Piece, ...] | None:
    """The text with its variables filled in, as (is wildcard, text) pieces.

    None when a variable without default has no value: such a text matches nothing. Substituted values are
    literal, so that a `*` in a tag does not widen a policy. `lookup=None` is the language of 2008, where
    `${…}` is plain text.
    """
    if lookup is None or "${" not in text:
        return _written(text, wildcards=wildcards)
    found: list[Piece] = []
    position = 0
    for variable in _VARIABLE.finditer(text):
        value = _value(variable[1], lookup)
        if value is None:
            return None
        found += _written(text[position : variable.start()], wildcards=wildcards)
        found.append((False, value))
        position = variable.end()
    return (*found, *_written(text[position:], wildcards=wildcards))


@lru_cache(maxsize=16_384)
def _written(text: str, *, wildcards: bool) -> tuple[Piece, ...]:
    if not wildcards:
        return ((False, text),)
    return tuple((split in ("*", "?"), split) for split in _WILDCARDS.split(text) if split)


def _value(name: str, lookup: Lookup) -> str | None:
    if name in _LITERALS:
        return name
    default = _WITH_DEFAULT.fullmatch(name)
    value = lookup(default[1] if default else name.strip())
    return default[2] if value is None and default else value


def _regex(parts: Iterable[tuple[bool, str]], *, one: str = ".", many: str = ".") -> str:
    """A regular expression for the pieces. Each star takes the shortest text that lets its literal match and
    never gives it back: for globs that is as good as backtracking, and linear."""
    out: list[str] = []
    pending = False
    literal: list[str] = []

    def flush() -> None:
        nonlocal pending
        text = "".join(literal)
        literal.clear()
        if pending and text:
            out.append(f"(?>{many}*?{text})")
            pending = False
        else:
            out.append(text)

    for wild, text in parts:
        if not wild:
            literal.append(re.escape(text))
        elif text == "?":
            literal.append(one)
        else:
            flush()
            pending = True
    # What follows the last star must reach the end, so there backtracking is wanted.
    tail = "".join(literal)
    out.append(f"{many}*{tail}" if pending else tail)
    return "".join(out)


@lru_cache(maxsize=16_384)
def _compiled(parts: tuple[Piece, ...], flags: re.RegexFlag) -> re.Pattern[str]:
    return re.compile(_regex(parts), flags)


def like(
    value: str,
    pattern: str,
    lookup: Lookup | None = None,
    *,
    wildcards: bool = True,
    ignore_case: bool = False,
) -> bool:
    """Whether the value is what the pattern says, `*` and `?` crossing anything."""
    parts = pieces(pattern, lookup, wildcards=wildcards)
    flags = re.DOTALL | re.IGNORECASE if ignore_case else re.DOTALL
    return parts is not None and _compiled(parts, flags).fullmatch(value) is not None


def action_like(action: str, pattern: str) -> bool:
    """Actions ignore case and take wildcards, but no variables, and no wildcard in the service's name."""
    vendor, colon, _ = pattern.partition(":")
    if colon and vendor.lower() != action.partition(":")[0].lower():
        return False
    return like(action, pattern, ignore_case=True)


def segments(parts: tuple[Piece, ...]) -> list[list[Piece]]:
    """The pieces of an ARN pattern in at most six segments. Only colons that were written divide: one that
    came in with a variable belongs to its value."""
    divided: list[list[Piece]] = [[]]
    for wild, text in parts:
        if wild:
            divided[-1].append((wild, text))
            continue
        while len(divided) < 6 and ":" in text:
            before, _, text = text.partition(":")
            divided[-1].append((False, before))
            divided.append([])
        divided[-1].append((False, text))
    return [[piece for piece in segment if piece[1]] for segment in divided]


@lru_cache(maxsize=16_384)
def _resource_regex(parts: tuple[Piece, ...]) -> re.Pattern[str]:
    divided = segments(parts)
    # An ARN with fewer than six fields is completed with stars: `arn:aws:sqs` is every queue.
    divided += [[(True, "*")] for _ in range(6 - len(divided))]
    out: list[str] = []
    for segment in divided[:5]:
        # A star that ends its segment may run past the colon; any other wildcard stays within.
        if segment and segment[-1] == (True, "*"):
            out.append(_regex(segment[:-1], one="[^:]", many="[^:]") + ".*")
        else:
            out.append(_regex(segment, one="[^:]", many="[^:]"))
    # Lambda's and CloudWatch Logs' names hold colons of their own: the resource is one segment.
    out.append(_regex(divided[5]))
    return re.compile(":".join(out), re.DOTALL)


def resource_like(resource: str, pattern: str, lookup: Lookup | None = None) -> bool:
    """Whether a Resource entry covers the resource of the request (`*` where an action has none)."""
    parts = pieces(pattern, lookup)
    if parts is None:
        return False
    if all(part == (True, "*") for part in parts):
        return True
    return _resource_regex(parts).fullmatch(resource) is not None


@lru_cache(maxsize=16_384)
def _arn_regex(parts: tuple[Piece, ...]) -> re.Pattern[str]:
    divided = segments(parts)
    if len(divided) == 1 and all(piece == (True, "*") for piece in divided[0]):
        return re.compile("arn:.*", re.DOTALL)
    head = [_regex(segment, one="[^:]", many="[^:]") for segment in divided[:5]]
    return re.compile(":".join([*head, *(_regex(segment) for segment in divided[5:])]), re.DOTALL)


def arn_like(value: str, pattern: str, lookup: Lookup | None = None) -> bool:
    """ArnLike and ArnEquals: six segments, each compared by itself, so no star crosses a colon."""
    parts = pieces(pattern, lookup)
    return parts is not None and _arn_regex(parts).fullmatch(value) is not None


def account_of(arn: str) -> str:
    """The account of an ARN. S3's have none, and `aws` in its place is AWS's own: anybody's to use."""
    fields = arn.split(":", 5)
    return fields[4] if len(fields) == 6 and fields[4].isdigit() else ""
