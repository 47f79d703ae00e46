"""Whether a new template gives more permissions than the published one: new holders, actions, resources, fewer conditions.

Pure. What is allowed on resources that are themselves new takes nothing from anybody, unless it opens them to other
accounts; a new role whose predecessor with the same trust is gone counts as that one under another name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache

from generator.launch_role import actions
from generator.template_diff.model import Bump, Effect, joined
from generator.template_diff.normal import shown
from generator.template_diff.permissions import ATTACHED, Permission, Permissions, Where, read
from generator.template_diff.resources import Resource, named_by

_SUBSETS = (
    "StringEquals",
    "StringLike",
    "StringEqualsIgnoreCase",
    "ArnEquals",
    "ArnLike",
    "IpAddress",
    "Bool",
)
_OWN_ACCOUNT = ("AWS ${AWS::AccountId}", "AWS arn:${AWS::Partition}:iam::${AWS::AccountId}:root")
_VARIABLE = re.compile(r"\$\{[^}]*\}")
_TELLING = 4  # literal characters that a name needs, to be told from others in the text of an ARN


def compare(before: Mapping[str, Resource], after: Mapping[str, Resource]) -> Iterator[Effect]:
    old, new = read(before), read(after)
    added = [after[name] for name in after if name not in before]
    known = {*old.allowed, *_renamed(old, new, before, after)}
    more = [
        each
        for each in new.allowed - known
        if not _covered(each, known) and not any(_is_about(each, one) for one in added)
    ]
    yield from _told(more, known)
    yield from _denials(old, new, after)
    for name, boundary in old.boundaries.items():
        if name in after and new.boundaries.get(name) != boundary:
            gone = name not in new.boundaries
            what = "no permissions boundary any more" if gone else "another permissions boundary"
            yield Effect(Bump.MAJOR, name, f"has {what}", certain=gone)


def covers(older: Permission, newer: Permission) -> bool:
    """Whether the older permission gives all that the newer one gives."""
    return _covers_but_for_conditions(older, newer) and _narrower(older.where, newer.where)


def _covers_but_for_conditions(older: Permission, newer: Permission) -> bool:
    return (
        _holder_covers(older.holder, newer.holder)
        and _matches(older.action, newer.action)
        and older.negated == newer.negated
        and older.when <= newer.when
        and _matches(_generic(older.resource), _generic(newer.resource))
    )


def _covered(permission: Permission, known: Iterable[Permission]) -> bool:
    if any(covers(other, permission) for other in known):
        return True
    if "*" not in permission.action and "?" not in permission.action:
        return False
    names = actions.expand(permission.action)
    return bool(names) and all(
        any(covers(other, replace(permission, action=name.lower())) for other in known) for name in names
    )


def _holder_covers(older: str, newer: str) -> bool:
    through = " through " in newer
    return (
        older == newer
        or (older == "*" and not through)
        or (older[:1] == "*" and through and newer.endswith(older[1:]))
    )


def _matches(pattern: str, text: str) -> bool:
    return pattern in ("*", text) or fnmatchcase(text, pattern.replace("[", "[[]"))


@cache
def _generic(arn: str) -> str:
    """The ways to write one ARN as one."""
    arn = arn.replace("arn:aws:", "arn:${AWS::Partition}:")
    # The one ARN that is commonly put together by hand from what Ref gives.
    return re.sub(r"\$\{(\w+)\.Arn\}", r"arn:${AWS::Partition}:s3:::${\1}", arn)


def _narrower(older: Where, newer: Where) -> bool:
    """Whether the newer conditions ask for all that the older ones ask for."""
    return all(
        any(
            (operator, key) == (other, name) and _implies(operator, values, wanted)
            for other, name, wanted in newer
        )
        for operator, key, values in older
    )


def _implies(operator: str, older: frozenset[str], newer: frozenset[str]) -> bool:
    plain = operator.partition(":")[2] or operator
    if "Not" in plain:
        return older <= newer
    if plain.removesuffix("IfExists") in _SUBSETS:
        like = "Like" in plain
        return all(one in older or (like and any(_matches(each, one) for each in older)) for one in newer)
    return older == newer


def _renamed(
    old: Permissions, new: Permissions, before: Mapping[str, Resource], after: Mapping[str, Resource]
) -> Iterator[Permission]:
    gone = {name: trusted for name, trusted in old.trusted.items() if name not in after}
    for name, trusted in new.trusted.items():
        for other in (each for each in gone if name not in before and trusted and trusted <= gone[each]):
            for permission in old.allowed:
                if permission.holder == other:
                    yield replace(permission, holder=name)
                elif permission.resource == f"${{{other}}}":
                    yield replace(permission, resource=f"${{{name}}}")


def _is_about(permission: Permission, added: Resource) -> bool:
    """Whether a permission is on a resource that this very version adds, for somebody in its own account."""
    if added.type == "AWS::EC2::VPCEndpoint" and permission.source == added.name:
        return True  # its policy limits what goes through it
    kind = permission.holder.partition(" ")[0]
    own = permission.holder in _OWN_ACCOUNT or permission.holder.startswith("AWS ${")
    if permission.holder == "*" or (kind in ("AWS", "Federated", "CanonicalUser") and not own):
        return False
    if re.search(rf"\$\{{{added.name}[.}}]", permission.resource):
        return True
    called = (shown(added.properties[name]) for name in named_by(added.type) if name in added.properties)
    return any(text in permission.resource and len(_VARIABLE.sub("", text)) >= _TELLING for text in called)


def _told(more: list[Permission], known: Iterable[Permission]) -> Iterator[Effect]:
    by_resource: dict[tuple[str, str, str, bool], set[str]] = {}
    for each in more:
        fewer = any(_covers_but_for_conditions(other, each) for other in known)
        certain = not each.negated and not each.resource.startswith("{")
        how = " under other conditions than before" if fewer else ""
        by_resource.setdefault((each.holder, each.resource, how, certain), set()).add(each.action)
    by_actions: dict[tuple[str, str, bool, frozenset[str]], list[str]] = {}
    for (holder, resource, how, certain), names in sorted(by_resource.items()):
        by_actions.setdefault((holder, how, certain, frozenset(names)), []).append(resource)
    for (holder, how, certain, found), on in by_actions.items():
        if found == {ATTACHED}:
            yield Effect(Bump.MAJOR, holder, f"is given the policy {joined(on)}", certain)
        else:
            what = f"may now do {joined(sorted(map(_spelt, found)))} on {joined(on, 2)}{how}"
            yield Effect(Bump.MAJOR, holder, what, certain)


def _spelt(action: str) -> str:
    return str(actions.action(action) or action)


def _denials(old: Permissions, new: Permissions, after: Mapping[str, Resource]) -> Iterator[Effect]:
    """A denial that is gone, or denies less, lets through what other policies allow."""
    gone: dict[tuple[str, str], set[str]] = {}
    for each in old.denied - new.denied:
        target = re.match(r"\$\{(\w+)", each.resource)
        stays = each.holder in after or " " in each.holder or each.holder == "*"
        if stays and (target is None or target[1] in after) and not _covered(each, new.denied):
            gone.setdefault((each.holder, each.resource), set()).add(each.action)
    for (holder, resource), names in sorted(gone.items()):
        who = "everybody" if holder == "*" else holder
        yield Effect(
            Bump.MAJOR, who, f"is no longer denied {joined(sorted(map(_spelt, names)))} on {resource}"
        )
