"""Whether a version may be published: kept as it is, published anew, or in conflict. Pure.

Published means frozen: the same version with another fingerprint is refused, never overwritten.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from generator.model import Artifact


@dataclass(frozen=True)
class Keep:
    version: str
    fingerprint: str


@dataclass(frozen=True)
class Publish:
    version: str
    fingerprint: str


@dataclass(frozen=True)
class Conflict:
    """The declared version cannot be published; `use` can."""

    version: str
    reason: str
    use: str


Decision = Keep | Publish | Conflict


Identifier = tuple[bool, int, str]
Order = tuple[int, int, int, bool, tuple[Identifier, ...]]


def order(version: str) -> Order:
    """Sort key of a version, as semver.org orders them; what is no version sorts first."""
    match = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:-(.+))?", version)
    if not match:
        return (-1, 0, 0, False, (_identifier(version),))
    major, minor, patch, pre = match.groups()
    identifiers = tuple(_identifier(each) for each in pre.split(".")) if pre else ()
    return (int(major), int(minor), int(patch), not pre, identifiers)


def _identifier(text: str) -> Identifier:
    """Numbers come before words, and by their value: rc.2 before rc.11."""
    return (False, int(text), "") if re.fullmatch(r"[0-9]+", text) else (True, 0, text)


def next_minor(version: str) -> str:
    major, minor, *_ = order(version)
    return f"{max(major, 0)}.{minor + 1}.0"


def decide(version: str, fingerprint: str, values: str, published: Mapping[str, Artifact]) -> Decision:
    """Compare a built template with what is published of its product."""
    if version in published:
        there = published[version]
        use = next_minor(max(published, key=order))
        if there.fingerprint != fingerprint:
            return Conflict(
                version,
                f"version {version} is already published with other content"
                f" (sha256 {there.fingerprint[:12] or 'unknown'}… there, {fingerprint[:12]}… here)",
                use,
            )
        if there.values != values:
            return Conflict(
                version,
                f"version {version} is already published with other values of this target"
                f" (Mappings.Catalog {there.values or 'empty'} there, {values or 'empty'} here)",
                use,
            )
        return Keep(version, fingerprint)
    highest = max(published, key=order, default=None)
    if highest and order(version) < order(highest):
        return Conflict(
            version, f"version {version} is lower than {highest}, which is published", next_minor(highest)
        )
    return Publish(version, fingerprint)
