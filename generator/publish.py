"""The line in one place: observe and decide into a plan, and carry a plan out.

`prepare` reads and decides; `apply` writes, in order, and leaves a release record. After a failure at any point,
preparing and applying again continues where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from generator import changes as c
from generator import desired, project_templates, role_stacks, spoke_roles, usage
from generator.bundle import Bundle
from generator.catalogue import Catalogue, Target
from generator.errors import AwsError, FactoryError, Problem, Refused, Where
from generator.gateway import Contents, Gateway, Release
from generator.launch_role import Delivery, LaunchRole
from generator.model import Share, State
from generator.plan import Plan, Unchanged, absent_portfolios, diff, namesakes
from generator.policies import governance
from generator.pruning import Needs, Pruned, Pruning, offered_again
from generator.published import comparisons
from generator.spoke_roles import Spokes


@dataclass(frozen=True)
class Prepared:
    """A plan with what is needed to carry it out."""

    plan: Plan
    release: Release
    contents: Contents = field(repr=False)


@dataclass(frozen=True)
class Outcome:
    """What became of a plan."""

    plan: Plan
    done: int  # changes performed
    record: int  # number of the release record; 0 when there was nothing to do
    identifiers: Mapping[str, Mapping[str, str]]  # AWS's ids by region


def guard(target: Target, gateway: Gateway) -> None:
    """Refuse to touch an account that is not the target's."""
    identity = gateway.identity()
    if identity.account != target.spec.account:
        raise Refused(
            Problem(
                target.where("account"),
                f"target '{target.id}' is account {target.spec.account}, but you are {identity.arn}",
                "Use credentials of that account (AWS_PROFILE, or `role:` in the target), or another --target.",
            )
        )


def prepare(
    catalogue: Catalogue,
    bundles: Sequence[Bundle],
    target: Target,
    gateway: Gateway,
    *,
    selected: bool,
    prune: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Prepared:
    """The plan for a target. `selected`: only the bundles' products were asked for, all else stays as it is.

    `prune`: launch roles lose the permissions that nobody can need any more; else they only grow.
    """
    guard(target, gateway)
    release = gateway.release()
    changes: list[c.Change] = []
    unchanged: list[Unchanged] = []
    notes = desired.warnings(catalogue, [bundle.product for bundle in bundles], target)
    problems: list[Problem] = []
    existing: set[str] = set()
    by_id = {bundle.id: bundle for bundle in bundles}
    texts: dict[str, str] = {}
    states: dict[str, State] = {}
    for region in target.spec.regions:
        progress(f"read the catalogue in {region}")
        states[region] = gateway.observe(region)
    notes += namesakes(catalogue.name, states.values())
    needs = Needs(catalogue.name, target, gateway, states)
    for region, observed in states.items():
        wanted = desired.state(catalogue, bundles, target, region)
        wanted = replace(wanted, personas=governance.grown(wanted.personas, observed.personas))
        stacks: list[tuple[c.DeployLaunchRoles | c.DeploySpokeRoles, str]] = []
        if region == target.home_region:
            revived = list(_revived(needs, observed, by_id, notes))
            shelves = role_stacks.grown(wanted, observed, revived, gateway.role_stack)
            spokes = _spokes(catalogue, target, gateway, shelves, (wanted, observed))
            stacks = [*role_stacks.deployments(shelves, observed), *(spokes.deployments() if spokes else ())]
        texts |= {stack.template_sha256: text for stack, text in stacks}
        texts[sha256(wanted.personas.encode()).hexdigest()] = wanted.personas
        existing |= observed.products.keys()
        try:
            compared, more_notes = comparisons(wanted, observed, by_id, gateway)
            notes += more_notes
            more, same = diff(
                wanted,
                observed,
                by_id,
                compared=compared,
                stacks=[stack for stack, _ in stacks],
                selected=selected,
            )
        except FactoryError as error:
            problems += error.problems
            continue
        changes += more
        unchanged += same
        notes += project_templates.notes(by_id, target, region, catalogue.name)
        if not selected:
            notes += absent_portfolios(wanted, observed)
    if problems:
        raise FactoryError(*problems)
    if prune:
        progress("ask who runs what")
        pruning = Pruning(target, needs, usage.Census(target, gateway), states)
        pruned = _pruned(pruning, shelves, by_id, selected=selected)
        last: list[tuple[c.PruneLaunchRoles | c.DeploySpokeRoles, str]] = [
            *role_stacks.prunings(shelves, pruned),
            *(spokes.prunings(pruned) if spokes else ()),
        ]
        texts |= {change.template_sha256: text for change, text in last}
        changes += [change for change, _ in last]
        notes += pruning.notes
    plan = Plan(
        catalogue=catalogue.name,
        target=target.id,
        account=target.spec.account,
        changes=tuple(changes),
        unchanged=tuple(unchanged),
        notes=tuple(notes),
        existing=len(existing),
        generation=release.number,
    )
    return Prepared(plan, release, Contents(by_id, texts))


def _revived(
    needs: Needs, observed: State, bundles: Mapping[str, Bundle], notes: list[str]
) -> Iterator[LaunchRole]:
    """Versions that the YAML puts back on offer may need what was taken away while nobody could launch them."""
    for key, role in observed.roles.items():
        bundle = bundles.get(role.product)
        again = (
            project_templates.offered_again([observed], role.product, project_templates.spec_of(bundle))
            if role.delivery is Delivery.SAGEMAKER
            else offered_again(bundle, [observed])
        )
        for version in sorted(again):
            try:
                yield replace(role, grants=needs.of(role, version))
            except FactoryError as error:
                notes.append(
                    f"version {version} of {key} is offered again with the permissions there are: {error}"
                )


def _pruned(
    pruning: Pruning, shelves: role_stacks.Shelves, bundles: Mapping[str, Bundle], *, selected: bool
) -> dict[str, Pruned]:
    found = {
        key: pruning.pruned(role, bundles.get(role.product))
        for key, role in sorted(shelves.roles.items())
        if not selected or role.product in bundles
    }
    return {key: each for key, each in found.items() if each}


def _spokes(
    catalogue: Catalogue,
    target: Target,
    gateway: Gateway,
    shelves: role_stacks.Shelves,
    states: tuple[State, State],
) -> Spokes | None:
    """The launch roles' stack sets for wanted and observed state; None where the target asks for none."""
    if target.spec.spoke_roles != "stack-set":
        return None

    def covered(units: frozenset[str]) -> frozenset[str]:
        shares = [Share("ORGANIZATIONAL_UNIT", unit) for unit in sorted(units)]
        return frozenset(account for share in shares for account in gateway.members(share))

    receivers = spoke_roles.receivers(catalogue, target, catalogue.products.values())
    return Spokes(shelves, *states, receivers, covered, catalogue.name, target.spec.account)


def apply(
    prepared: Prepared, gateway: Gateway, *, progress: Callable[[int, int, c.Change], None] = lambda *_: None
) -> Outcome:
    """Carry a plan out, change by change, and record what was done.

    Raises Refused when another publisher is at work or was faster, AwsError when AWS refuses a change; what was done
    before is in the record, and the next plan continues from there.
    """
    plan, release = prepared.plan, prepared.release
    regions = sorted({change.region for change in plan.changes})
    if not plan.changes:
        return Outcome(plan, 0, 0, {})
    if release.holder:
        raise Refused(
            Problem(
                Where("publish"),
                f"another publisher is at work ({release.holder})",
                "Wait for it, then run again; a claim of a dead publisher lapses after 15 minutes.",
            )
        )
    done: list[c.Change] = []
    claimed = False
    try:
        for index, change in enumerate(plan.changes):
            if not claimed and not isinstance(change, c.CreateBucket):
                gateway.claim(release)  # the first publish makes the bucket that the claim is written to
                claimed = True
            progress(index, len(plan.changes), change)
            gateway.perform(change, change.token(plan.catalogue, release.finished), prepared.contents)
            done.append(change)
            if claimed:
                gateway.renew(release)
    except (AwsError, KeyboardInterrupt) as error:
        # A plain kill leaves the claim as it is, and the next publisher continues under the same tokens.
        if claimed and isinstance(error, AwsError):
            gateway.record(release.number + 1, _record(plan, done, "failed", str(error)))
        raise
    if not claimed:
        gateway.claim(release)
    gateway.record(release.number + 1, _record(plan, done, "done", ""))
    identifiers = {region: gateway.identifiers(region) for region in regions}
    return Outcome(plan, len(done), release.number + 1, identifiers)


def _record(plan: Plan, done: Iterable[c.Change], status: str, error: str) -> dict[str, object]:
    return {
        "status": status,
        "catalogue": plan.catalogue,
        "target": plan.target,
        "account": plan.account,
        "plan": plan.checksum,
        "changes": [change.as_json() for change in done],
        **({"error": error} if error else {}),
    }
