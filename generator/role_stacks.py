"""The stacks of launch roles: what their templates become when permissions come, and when some go. Pure.

A role stays in the stack that it is in: one that moved would have to be deleted and made again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from generator import changes as c
from generator.launch_role import LaunchRole, merge, shards, stack_template, widened
from generator.launch_role.policy import statements
from generator.model import State
from generator.pruning import Pruned


@dataclass(frozen=True)
class Shelves:
    """All launch roles of a catalogue by their keys, and the number of the stack that each lies in."""

    region: str
    name: Callable[[int], str]
    roles: Mapping[str, LaunchRole]
    placed: Mapping[str, int]

    def of(self, number: int) -> list[str]:
        return [key for key in sorted(self.roles) if self.placed[key] == number]

    def text(self, number: int, changed: Mapping[str, LaunchRole]) -> str:
        """The template of a stack, with some roles changed."""
        return json.dumps(
            stack_template(changed.get(key, self.roles[key]) for key in self.of(number)), indent=1
        )


def grown(wanted: State, observed: State, also: Iterable[LaunchRole], name: Callable[[int], str]) -> Shelves:
    """The deployed roles with all that the wanted ones, and `also`, need beside it.

    Roles only grow here: versions published before may still run under them. Roles of products that are not asked
    for, or are gone, stay as they are, and where they are.
    """
    roles: dict[str, LaunchRole] = dict(observed.roles)
    for role in (*also, *wanted.roles.values()):
        roles[role.key] = merge(roles[role.key], role) if role.key in roles else role
    return Shelves(wanted.region, name, roles, shards(roles, observed.placed))


def deployments(shelves: Shelves, observed: State) -> Iterator[tuple[c.DeployLaunchRoles, str]]:
    """The stacks that differ from the deployed ones, each with its template."""
    for number in sorted(set(shelves.placed.values())):
        changed = [key for key in shelves.of(number) if shelves.roles[key] != observed.roles.get(key)]
        if not changed:
            continue
        text = shelves.text(number, {})
        known = tuple(key for key in changed if key in observed.roles)
        more = tuple((key, added(observed.roles.get(key), shelves.roles[key])) for key in changed)
        exists = number in observed.placed.values()
        digest = sha256(text.encode()).hexdigest()
        yield (
            c.DeployLaunchRoles(shelves.region, shelves.name(number), exists, more, known, digest),
            text,
        )


def added(before: LaunchRole | None, after: LaunchRole) -> int:
    """How many grants a role has more; below zero where it only lost some."""
    if before is None:
        return len(after.grants)
    return len(widened(before, after)) or -len(before.grants - after.grants)


def prunings(shelves: Shelves, pruned: Mapping[str, Pruned]) -> Iterator[tuple[c.PruneLaunchRoles, str]]:
    """The stacks from which permissions go, once all else is done."""
    changed = {key: each.role for key, each in pruned.items()}
    for number in sorted({shelves.placed[key] for key in pruned}):
        text = shelves.text(number, changed)
        gone = tuple(
            (key, tuple(json.dumps(statement) for statement in statements(pruned[key].gone)))
            for key in shelves.of(number)
            if key in pruned
        )
        yield (
            c.PruneLaunchRoles(shelves.region, shelves.name(number), gone, sha256(text.encode()).hexdigest()),
            text,
        )
