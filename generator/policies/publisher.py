"""The publisher's policy: all that publishing may ever take, or what one plan takes, and no administrator's rights. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator import changes
from generator.catalogue import Catalogue, Target
from generator.changes.change import POLICIES, PORTFOLIOS, PRODUCTS, Change, Grants
from generator.errors import fail
from generator.launch_role import Grant
from generator.launch_role import actions as iam_actions
from generator.launch_role.identity import boundary_arn
from generator.launch_role.model import Condition
from generator.launch_role.policy import statements
from generator.plan import Plan
from generator.policies import governance
from generator.policies.policy import ACCOUNT, PARTITION, PATH, Policy, equals, of_grants
from generator.role_report import resolved
from generator.spec import IDENTITY_PORTFOLIO, IDENTITY_PRODUCT

_BY_CLOUDFORMATION: Condition = (
    "ForAnyValue:StringEquals",
    "aws:CalledVia",
    ("cloudformation.amazonaws.com",),
)
_TO_SERVICE_CATALOG: Condition = ("StringEquals", "iam:PassedToService", ("servicecatalog.amazonaws.com",))


def kinds() -> tuple[type[Change], ...]:
    """Every kind of change there is."""
    found = [getattr(changes, name) for name in sorted(changes.__all__)]
    return tuple(
        each for each in found if isinstance(each, type) and issubclass(each, Change) and each is not Change
    )


def publisher(catalogue: Catalogue, target: Target) -> Policy:
    """All that publishing may ever take: each kind of change in each region, on this catalogue's things only.

    Roles are written by CloudFormation's hand only, by their name prefix, and where the target sets a
    `launch_boundary` only with it: then no role that this policy can make, or change, exceeds the boundary.
    """
    permissions: Grants = (*_observing(target), *_asking(catalogue), *changes.RECORD)
    governed = any(each.spec.governance.personas for each in catalogue.portfolios.values())
    permissions += tuple(
        grant
        for kind in kinds()
        # Who writes people's policies could write their own: only where it is asked for.
        if (governed or kind is not changes.DeployPersonas)
        and (target.spec.studio_domains or kind is not changes.SetTemplatesLocation)
        for grant in kind.permissions
    )
    grants = {
        grant
        for region in target.spec.regions
        for grant in _publishing(permissions, region, catalogue, target)
    }
    grants |= {Grant("iam:PassRole", arn, (_TO_SERVICE_CATALOG,)) for arn in _kept_roles(catalogue, target)}
    if target.spec.spoke_reader:
        grants.add(Grant("sts:AssumeRole", target.spec.spoke_reader.replace("{spoke}", "*")))
    notes = []
    if not target.spec.launch_boundary:
        notes.append(
            f"target {target.id} sets no launch_boundary: who publishes can make a launch role with any rights, and is"
            " an administrator in effect"
        )
    if governed:
        notes.append(
            "portfolios with governance.personas: who publishes writes the policies of the personas, which the roles"
            " that attach them should limit by a permissions boundary"
        )
    description = f"Publish the catalogue {catalogue.name}"
    name = f"catalog-publisher-{catalogue.name}"
    return of_grants(name, description, catalogue, target, grants, _guards(catalogue, target), notes)


def _observing(target: Target) -> Grants:
    return (*changes.OBSERVE, *(changes.OBSERVE_DOMAINS if target.spec.studio_domains else ()))


def _asking(catalogue: Catalogue) -> Grants:
    """What narrowing a role that SageMaker's projects run under takes besides."""
    delivered = any("sagemaker-s3" in each.spec.delivery for each in catalogue.products.values())
    return changes.OBSERVE_PROJECTS if delivered else ()


def of_plan(plan: Plan, catalogue: Catalogue, target: Target) -> Mapping[str, Any]:
    """What publishing one plan takes: reading, its changes, and recording them; with the target's account in place."""
    grants: set[Grant] = set()
    for region in target.spec.regions:
        needed = (*_observing(target), *(changes.RECORD if plan.changes else ()))
        if any(isinstance(each, changes.PruneLaunchRoles) for each in plan.changes):
            needed += _asking(catalogue)
        needed += tuple(
            grant for change in plan.changes if change.region == region for grant in change.permissions
        )
        grants |= set(_publishing(needed, region, catalogue, target))
    if any(isinstance(each, changes.CreateConstraint | changes.UpdateConstraint) for each in plan.changes):
        grants |= {
            Grant("iam:PassRole", arn, (_TO_SERVICE_CATALOG,)) for arn in _kept_roles(catalogue, target)
        }
    found = statements(grants)
    return {"Version": "2012-10-17", "Statement": resolved(list(found), target)}


def role_stacks(catalogue: str) -> str:
    """How the names of the stacks of launch roles begin."""
    return f"catalog-launch-roles-{catalogue}"


def _publishing(permissions: Grants, region: str, catalogue: Catalogue, target: Target) -> Iterator[Grant]:
    values = {
        "partition": PARTITION,
        "account": target.spec.account,
        "region": region,
        "bucket": target.bucket(region),
        "stack": role_stacks(catalogue.name),
        "roles": f"catalog-launch-{catalogue.name}-",
        "personas": governance.stack(catalogue.name),
        "persona": governance.name(catalogue.name, "", "").rstrip("-") + "-",
    }
    for name, resource in permissions:
        known = iam_actions.action(name)
        if known is None:
            raise ValueError(f"{name} is no IAM action")
        if known.service == "servicecatalog":
            yield from _on_catalogue(name, values, catalogue.name)
        else:
            filled = resource.format(**values)
            yield Grant(name, filled, tuple(sorted(_bound(known, values, target))))


def _on_catalogue(name: str, values: Mapping[str, str], catalogue: str) -> Iterator[Grant]:
    """A Service Catalog action on what the action table lets it be limited to; writing needs the identity tag there.

    Reading goes over all portfolios and products, because only their tags tell whose they are.
    """
    known = iam_actions.action(name)
    assert known is not None
    own = {"portfolio": (PORTFOLIOS, IDENTITY_PORTFOLIO), "product": (PRODUCTS, IDENTITY_PRODUCT)}
    types = sorted({each.name.lower() for each in known.arn_types} & own.keys())
    if not types:
        yield Grant(name, "*")
    for kind in types:
        pattern, tag = own[kind]
        place = "RequestTag" if known.name in ("CreatePortfolio", "CreateProduct") else "ResourceTag"
        where: Condition = ("StringLike", f"aws:{place}/{tag}", (f"{catalogue}/*",))
        yield Grant(name, pattern.format(**values), (where,) if known.writes else ())


def _bound(known: iam_actions.Action, values: Mapping[str, str], target: Target) -> Iterator[Condition]:
    if str(known) == "iam:PassRole":
        yield _TO_SERVICE_CATALOG
    elif known.service == "iam" and known.writes:
        yield _BY_CLOUDFORMATION
        if target.spec.launch_boundary and "iam:PermissionsBoundary" in known.keys:
            yield equals("iam:PermissionsBoundary", boundary_arn(target.spec.launch_boundary))
        if "iam:PolicyARN" in known.keys:
            yield ("ArnLike", "iam:PolicyARN", (POLICIES.format(**values),))


def _guards(catalogue: Catalogue, target: Target) -> list[dict[str, Any]]:
    """Denials that hold whatever else is attached: boundaries are neither removed nor rewritten."""
    boundaries = sorted(
        {boundary_arn(arn) for arn in (target.spec.launch_boundary, target.spec.permissions_boundary) if arn}
    )
    if not boundaries:
        return []
    prefix = f"arn:{PARTITION}:iam::{ACCOUNT}:policy{PATH}{role_stacks(catalogue.name)}-"
    for arn in boundaries:
        if arn.startswith(prefix):
            raise fail(
                target.where("launch_boundary"),
                f"the boundary is named like the launch roles' own policies ({role_stacks(catalogue.name)}-…)",
                "Give it another name.",
            )
    rewriting = ["CreatePolicyVersion", "DeletePolicy", "DeletePolicyVersion", "SetDefaultPolicyVersion"]
    return [
        {"Effect": "Deny", "Action": ["iam:DeleteRolePermissionsBoundary"], "Resource": ["*"]},
        {"Effect": "Deny", "Action": [f"iam:{name}" for name in rewriting], "Resource": boundaries},
    ]


def _kept_roles(catalogue: Catalogue, target: Target) -> Iterator[str]:
    """Roles kept elsewhere that launch constraints name."""
    for product in catalogue.products.values():
        launch = product.spec.launch
        if launch.arn:
            yield target.expand(launch.arn, target.home_region, product.where("launch", "arn"))
        elif launch.local_name:
            yield f"arn:{PARTITION}:iam::{ACCOUNT}:role/{launch.local_name}"
