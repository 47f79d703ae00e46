"""Whether a version may be published: kept as it is, published anew, or in conflict. Pure.

Published means frozen: the same version with another fingerprint is refused, never overwritten. The author owns the
number; what the template's changes ask for owns whether it is high enough. As semver.org has it, a pre-release promises
nothing: versions are measured against the highest release, and below 1.0.0 a minor step is enough for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from generator.model import Artifact
from generator.template_diff import Bump, Comparison

REASONS = 3  # of a refused version; the rest is what `catalog diff` is for


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
    """The declared version cannot be published; `use` is the smallest that can."""

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


def base(published: Iterable[str]) -> str | None:
    """The version that a new one is measured against: the highest release; None where nothing was promised yet."""
    releases = [version for version in published if order(version)[0] >= 0 and order(version)[3]]
    return max(releases, key=order, default=None)


def next_version(published: Iterable[str], bump: Bump) -> str:
    """The smallest release above all that is published which is as large a step from the base as `bump` asks for."""
    known = list(published)
    stepped = _stepped(base(known), bump)
    major, minor, patch, *_ = order(max(known, key=order, default=stepped))
    # Above every release, a pre-release of a higher version is the only thing left to pass; its release does.
    return max(stepped, f"{max(major, 0)}.{max(minor, 0)}.{max(patch, 0)}", key=order)


def _stepped(start: str | None, bump: Bump) -> str:
    if start is None:
        return "0.1.0"
    major, minor, patch, *_ = order(start)
    match bump:
        case Bump.MAJOR if major > 0:
            return f"{major + 1}.0.0"
        case Bump.PATCH:
            return f"{major}.{minor}.{patch + 1}"
    return f"{major}.{minor + 1}.0"


def is_enough(version: str, start: str, bump: Bump) -> bool:
    """Whether a higher version is as large a step from a release as the bump asks for; pre-releases by their core."""
    return order(version)[:3] >= order(_stepped(start, bump))[:3]


def decide(
    version: str,
    fingerprint: str,
    values: str,
    published: Mapping[str, Artifact],
    compared: Comparison | None = None,
) -> Decision:
    """Compare a built template with what is published of its product.

    `compared` is what differs from the base; None where there is none, or where its template cannot be read.
    """
    use = next_version(published, compared.bump if compared else Bump.MINOR)
    if version in published:
        there = published[version]
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
        return Conflict(version, f"version {version} is lower than {highest}, which is published", use)
    if compared and not is_enough(version, compared.base, compared.bump):
        return Conflict(
            version, f"version {version} is too small a step from {compared.base}: {_why(compared)}", use
        )
    return Publish(version, fingerprint)


def _why(compared: Comparison) -> str:
    """The first reasons for the bump, in one line."""
    told = [
        f"{each.subject} {each.what}" + ("" if each.certain else " (may be)") for each in compared.reasons
    ]
    rest = len(told) - REASONS
    return f"{compared.bump}, since " + "; ".join(told[:REASONS]) + (f"; and {rest} more" if rest > 0 else "")
