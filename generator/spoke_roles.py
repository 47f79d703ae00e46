"""Launch roles in the accounts that portfolios are shared with: stack sets of the same roles, by the same names. Pure.

Two kinds of stack set: for organisational units, whose accounts CloudFormation knows, and for accounts named one by
one. What got roles keeps them, because what was launched there needs them: targets are added, never removed, and no
account is moved from one kind to the other, since its roles are there already.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from generator import changes as c
from generator.bundle import Bundle
from generator.catalogue import Catalogue, Product, Target
from generator.errors import fail
from generator.launch_role import LaunchRole, stack_template, stackset_template
from generator.model import SpokeSet, State
from generator.pruning import Pruned
from generator.role_stacks import Shelves, added

UNITS, ACCOUNTS = "units", "accounts"
Covered = Callable[[frozenset[str]], frozenset[str]]
Deployment = tuple[c.DeploySpokeRoles, str]


@dataclass(frozen=True)
class Receivers:
    """Where roles shall be: organisational units (a root for a whole organisation) and accounts."""

    units: frozenset[str]
    accounts: frozenset[str]


def receivers(catalogue: Catalogue, target: Target, products: Iterable[Product]) -> Receivers:
    """All that portfolios with these products are shared with.

    Raises FactoryError where that is a whole organisation and nobody says what its root is.
    """
    units: set[str] = set()
    accounts: set[str] = set()
    used = {name for product in products for name in product.spec.portfolios}
    for portfolio in (catalogue.portfolios[name] for name in sorted(used)):
        for index, share in enumerate(portfolio.spec.share):
            if share.organization and not target.spec.organization:
                raise fail(
                    portfolio.where("share", index),
                    f"it is shared with a whole organisation, and target '{target.id}' does not say what its root is",
                    "Set organization: o-…/r-… (the organisation and its root) in products/targets.yaml.",
                )
            if share.account:
                accounts.add(share.account)
            else:
                units.add(share.ou or target.spec.organization.partition("/")[2])
    return Receivers(frozenset(units), frozenset(accounts) - {target.spec.account})


def files(bundle: Bundle, catalogue: Catalogue, target: Target) -> dict[str, bytes]:
    """What brings this version's role to the spokes by hand; nothing where nobody can tell which they are.

    Raises FactoryError where the role is too large for a template that holds it whole.
    """
    if bundle.role is None or target.spec.spoke_roles != "by-hand":
        return {}
    portfolios = [catalogue.portfolios[name] for name in bundle.product.spec.portfolios]
    whole = any(share.organization for portfolio in portfolios for share in portfolio.spec.share)
    if whole and not target.spec.organization:
        return {}
    found = receivers(catalogue, target, [bundle.product])
    if not (found.units or found.accounts):
        return {}
    made = stackset_template(
        [bundle.role],
        name=bundle.role.name,
        hub=target.spec.account,
        region=target.home_region,
        units=found.units,
        accounts=found.accounts,
    )
    return {"launch-role-stackset.json": (json.dumps(made, indent=2) + "\n").encode()}


def stack_set(catalogue: str, kind: str, number: int) -> str:
    """The name of a stack set; like those of the hub's stacks, it never changes."""
    return f"catalog-launch-roles-{catalogue}-{kind}" + (f"-{number + 1}" if number else "")


@dataclass(frozen=True)
class _Wanted:
    """One stack set as it shall be."""

    name: str
    kind: str
    keys: tuple[str, ...]
    targets: frozenset[str]
    excluded: frozenset[str]


@dataclass(frozen=True)
class Spokes:
    """What a plan does to the stack sets; `covered` tells the accounts below some units."""

    shelves: Shelves
    wanted: State
    observed: State
    receivers: Receivers
    covered: Covered
    catalogue: str
    hub: str

    def deployments(self) -> Iterator[Deployment]:
        """The stack sets that differ from the deployed ones, each with its template."""
        for each in self._sets():
            deployed = self.observed.spokes.get(each.name)
            before = deployed.roles if deployed else {}
            roles = [self.shelves.roles[key] for key in each.keys]
            differ = tuple(
                (role.key, added(before.get(role.key), role))
                for role in roles
                if before.get(role.key) != role
            )
            more = each.targets - (deployed.targets if deployed else frozenset())
            again = deployed.outdated if deployed else frozenset()
            if differ or more or again:
                yield self._change(each, roles, differ, more, again, exists=deployed is not None)

    def prunings(self, pruned: Mapping[str, Pruned]) -> Iterator[Deployment]:
        """The stack sets from which permissions go, once all else is done."""
        for each in self._sets():
            differ = tuple(
                (key, added(self.shelves.roles[key], pruned[key].role)) for key in each.keys if key in pruned
            )
            if differ:
                roles = [pruned[key].role if key in pruned else self.shelves.roles[key] for key in each.keys]
                yield self._change(each, roles, differ, frozenset(), frozenset(), exists=True)

    def _sets(self) -> Iterator[_Wanted]:
        there = self.observed.spokes
        units = self.receivers.units | _targets(there, UNITS)
        accounts = self.receivers.accounts | _targets(there, ACCOUNTS)
        new = accounts - _targets(there, ACCOUNTS)
        if new and units:
            accounts -= new & self.covered(units)
        for kind, targets in ((UNITS, units), (ACCOUNTS, accounts)):
            for number in sorted(set(self.shelves.placed.values())) if targets else ():
                name = stack_set(self.catalogue, kind, number)
                keys = _shared(self.wanted, self.observed) | (
                    there[name].roles.keys() if name in there else set()
                )
                here = tuple(key for key in self.shelves.of(number) if key in keys)
                excluded = accounts | {self.hub} if kind == UNITS else frozenset()
                if here:
                    yield _Wanted(name, kind, here, targets, excluded)

    def _change(
        self,
        each: _Wanted,
        roles: Iterable[LaunchRole],
        differ: tuple[tuple[str, int], ...],
        more: frozenset[str],
        again: frozenset[str],
        *,
        exists: bool,
    ) -> Deployment:
        text = json.dumps(stack_template(roles), indent=1)
        change = c.DeploySpokeRoles(
            region=self.shelves.region,
            stack_set=each.name,
            managed="SERVICE" if each.kind == UNITS else "SELF",
            exists=exists,
            roles=differ,
            targets=tuple(sorted(more)),
            again=tuple(sorted(again)),
            excluded=tuple(sorted(each.excluded)),
            template_sha256=sha256(text.encode()).hexdigest(),
        )
        return change, text


def _targets(there: Mapping[str, SpokeSet], kind: str) -> frozenset[str]:
    found: Iterable[SpokeSet] = (each for each in there.values() if each.kind == kind)
    return frozenset(target for each in found for target in each.targets)


def _shared(*states: State) -> frozenset[str]:
    """The keys of roles whose products are in a shared portfolio, in any of the states."""
    return frozenset(
        product
        for state in states
        for portfolio, product in state.offers
        if portfolio in state.portfolios and state.portfolios[portfolio].shares
    )
