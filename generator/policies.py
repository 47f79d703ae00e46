"""The IAM policies of people: end users, who launch what their portfolio offers, and the publisher, no administrator.

Launch roles are not made here. Which resources and condition keys an action takes is read from IAM's action table, a
copy of the service authorization reference (list_awsservicecatalog): `ProvisionProduct` and its like take a product
with `aws:ResourceTag`, but no `aws:RequestTag`; actions on provisioned products take no resource, only
`servicecatalog:userLevel`; associations of products take neither. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator import changes
from generator.catalogue import Catalogue, Portfolio, Product, Target
from generator.changes.change import POLICIES, PORTFOLIOS, PRODUCTS, Change, Grants
from generator.errors import fail
from generator.launch_role import Grant, LaunchRole, documents, substituted
from generator.launch_role import actions as iam_actions
from generator.launch_role.identity import boundary_arn
from generator.launch_role.model import Condition
from generator.launch_role.policy import MANAGED_POLICY_LIMIT, size, statements
from generator.plan import Plan
from generator.role_report import resolved
from generator.spec import IDENTITY_PORTFOLIO, IDENTITY_PRODUCT

PATH = "/catalog/"
TEAM = "team"  # a product with this tag is launched by principals with the same tag only
STUDIO = "sagemaker:studio-visibility"  # the tag of products that SageMaker offers as project templates
_VALUES = 25  # of one condition, so that a statement stays far below a policy's size

_PARTITION, _ACCOUNT = "${AWS::Partition}", "${AWS::AccountId}"
_BY_CLOUDFORMATION: Condition = (
    "ForAnyValue:StringEquals",
    "aws:CalledVia",
    ("cloudformation.amazonaws.com",),
)
_TO_SERVICE_CATALOG: Condition = ("StringEquals", "iam:PassedToService", ("servicecatalog.amazonaws.com",))

# AWSServiceCatalogEndUserFullAccess, less plans: CreateProvisionedProductPlan launches, but takes no product.
_BROWSE = ("servicecatalog:DescribeProductView", "servicecatalog:SearchProducts")
_LAUNCH = (
    "servicecatalog:DescribeProduct",
    "servicecatalog:DescribeProvisioningArtifact",
    "servicecatalog:DescribeProvisioningParameters",
    "servicecatalog:ListLaunchPaths",
    "servicecatalog:ProvisionProduct",
)
_OWN = (
    "servicecatalog:DescribeProvisionedProduct",
    "servicecatalog:DescribeRecord",
    "servicecatalog:DescribeServiceActionExecutionParameters",
    "servicecatalog:ExecuteProvisionedProductServiceAction",
    "servicecatalog:ListRecordHistory",
    "servicecatalog:ListServiceActionsForProvisioningArtifact",
    "servicecatalog:ScanProvisionedProducts",
    "servicecatalog:SearchProvisionedProducts",
    "servicecatalog:TerminateProvisionedProduct",
    "servicecatalog:UpdateProvisionedProduct",
)
# What the console shows of a launch. Without a launch role, CloudFormation's writing would be the user's own.
_STACK_READ = (
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:GetTemplateSummary",
    "cloudformation:ListStackResources",
)
# Deleting a project terminates its product as the user, which `servicecatalog:userLevel` holds to their own.
_PROJECT = (
    "sagemaker:CreateProject",
    "sagemaker:DeleteProject",
    "sagemaker:DescribeProject",
    "sagemaker:UpdateProject",
)


@dataclass(frozen=True)
class Policy:
    """One persona's policy, in as many documents as IAM's size asks for; pseudo parameters still in them."""

    name: str
    description: str
    documents: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()


# --- end users


def end_users(catalogue: Catalogue, target: Target) -> list[Policy]:
    """A policy for the users of each portfolio, to attach to the principals of its `access`, in each account.

    Products are told by their identity tag: a new product is launched once the policy has been made anew. TagOptions
    are enforced by Service Catalog itself; on SageMaker's way, where tags come with the request, by a denial.
    """
    return [
        _of_portfolio(portfolio, catalogue, target)
        for portfolio in catalogue.portfolios.values()
        if _offered(portfolio, catalogue)
    ]


def _offered(portfolio: Portfolio, catalogue: Catalogue) -> list[Product]:
    return [product for product in catalogue.products.values() if portfolio.id in product.spec.portfolios]


def _of_portfolio(portfolio: Portfolio, catalogue: Catalogue, target: Target) -> Policy:
    offered = _offered(portfolio, catalogue)
    grants = set(_launching(offered, catalogue.name, target))
    grants |= {Grant(action, "*") for action in _BROWSE}
    grants |= {Grant(action, "*", (_equals("servicecatalog:userLevel", "self"),)) for action in _OWN}
    theirs = _equals(f"aws:ResourceTag/{IDENTITY_PORTFOLIO}", f"{catalogue.name}/{portfolio.id}")
    for region in target.spec.regions:
        stacks = f"arn:{_PARTITION}:cloudformation:{region}:{_ACCOUNT}:stack/SC-{_ACCOUNT}-pp-*/*"
        grants |= {Grant(action, stacks, (theirs,)) for action in _STACK_READ}
    denials: list[dict[str, Any]] = []
    notes: list[str] = []
    if any(STUDIO in product.spec.tags for product in offered):
        grants |= set(_projects(target))
        denials = [_untagged(key, values) for key, values in sorted(portfolio.spec.tag_options.items())]
    if any(product.spec.launch.role == "none" for product in offered):
        notes.append(
            f"portfolio {portfolio.id}: products with `launch: {{role: none}}` are launched with the users' own rights,"
            " which this policy does not hold"
        )
    description = f"Launch the products of portfolio {catalogue.name}/{portfolio.id}"
    name = f"catalog-user-{catalogue.name}-{portfolio.id}"
    return _policy(name, description, catalogue, target, grants, denials, notes)


def _launching(offered: Iterable[Product], catalogue: str, target: Target) -> Iterator[Grant]:
    """Launching, by the tags of the product: one statement for those open to all, one for those of a team."""
    by_team: dict[bool, list[str]] = {}
    for product in offered:
        by_team.setdefault(TEAM in product.spec.tags, []).append(f"{catalogue}/{product.id}")
    for teams, names in by_team.items():
        own_team = _equals(f"aws:ResourceTag/{TEAM}", f"${{aws:PrincipalTag/{TEAM}}}")
        for start in range(0, len(names), _VALUES):
            part = _equals(f"aws:ResourceTag/{IDENTITY_PRODUCT}", *sorted(names)[start : start + _VALUES])
            where = tuple(sorted((part, own_team))) if teams else (part,)
            for region in target.spec.regions:
                # The hub's own, in every account that the portfolio is shared with.
                arn = f"arn:{_PARTITION}:catalog:{region}:{target.spec.account}:product/*"
                yield from (Grant(action, arn, where) for action in _LAUNCH)


def _projects(target: Target) -> Iterator[Grant]:
    yield Grant("sagemaker:ListProjects", "*")
    for region in target.spec.regions:
        arn = f"arn:{_PARTITION}:sagemaker:{region}:{_ACCOUNT}:project/*"
        yield from (Grant(action, arn) for action in _PROJECT)
        yield Grant("sagemaker:AddTags", arn, (_equals("sagemaker:TaggingAction", "CreateProject"),))


def _untagged(key: str, values: Iterable[str]) -> dict[str, Any]:
    """A denial of projects without the tag, or with another value: a negated condition holds for a missing key too."""
    return {
        "Effect": "Deny",
        "Action": "sagemaker:CreateProject",
        "Resource": "*",
        "Condition": {"StringNotEquals": {f"aws:RequestTag/{key}": sorted(values)}},
    }


# --- the publisher


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
    permissions: Grants = (*changes.OBSERVE, *changes.RECORD)
    permissions += tuple(grant for kind in kinds() for grant in kind.permissions)
    grants = {
        grant
        for region in target.spec.regions
        for grant in _publishing(permissions, region, catalogue, target)
    }
    grants |= {Grant("iam:PassRole", arn, (_TO_SERVICE_CATALOG,)) for arn in _kept_roles(catalogue, target)}
    notes = []
    if not target.spec.launch_boundary:
        notes.append(
            f"target {target.id} sets no launch_boundary: who publishes can make a launch role with any rights, and is"
            " an administrator in effect"
        )
    description = f"Publish the catalogue {catalogue.name}"
    name = f"catalog-publisher-{catalogue.name}"
    return _policy(name, description, catalogue, target, grants, _guards(catalogue, target), notes)


def of_plan(plan: Plan, catalogue: Catalogue, target: Target) -> Mapping[str, Any]:
    """What publishing one plan takes: reading, its changes, and recording them; with the target's account in place."""
    grants: set[Grant] = set()
    for region in target.spec.regions:
        needed = (*changes.OBSERVE, *(changes.RECORD if plan.changes else ()))
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
        "partition": _PARTITION,
        "account": target.spec.account,
        "region": region,
        "bucket": target.bucket(region),
        "stack": role_stacks(catalogue.name),
        "roles": f"catalog-launch-{catalogue.name}-",
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
            yield _equals("iam:PermissionsBoundary", boundary_arn(target.spec.launch_boundary))
        if "iam:PolicyARN" in known.keys:
            yield ("ArnLike", "iam:PolicyARN", (POLICIES.format(**values),))


def _guards(catalogue: Catalogue, target: Target) -> list[dict[str, Any]]:
    """Denials that hold whatever else is attached: boundaries are neither removed nor rewritten."""
    boundaries = sorted(
        {boundary_arn(arn) for arn in (target.spec.launch_boundary, target.spec.permissions_boundary) if arn}
    )
    if not boundaries:
        return []
    prefix = f"arn:{_PARTITION}:iam::{_ACCOUNT}:policy{PATH}{role_stacks(catalogue.name)}-"
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
            yield f"arn:{_PARTITION}:iam::{_ACCOUNT}:role/{launch.local_name}"


# --- both


def _equals(key: str, *values: str) -> Condition:
    return ("StringEquals", key, values)


def _policy(
    name: str,
    description: str,
    catalogue: Catalogue,
    target: Target,
    grants: Iterable[Grant],
    denials: Iterable[Mapping[str, Any]],
    notes: Iterable[str],
) -> Policy:
    # Sized and grouped as a launch role's policies are; no role of this name is ever made.
    sized = LaunchRole(name, catalogue.name, "", frozenset(grants), tuple(target.spec.regions))
    found: list[Mapping[str, Any]] = [*documents(sized)]
    denied = list(denials)
    if denied:
        last = {**found[-1], "Statement": [*found[-1]["Statement"], *denied]}
        fits = size(last) <= MANAGED_POLICY_LIMIT
        found[-1 if fits else len(found) :] = [last if fits else {**last, "Statement": denied}]
    return Policy(name, description, tuple(found), tuple(notes))


def as_files(policy: Policy) -> dict[str, Mapping[str, Any]]:
    """The documents by the names of the managed policies that they make; a single one has no number."""
    if len(policy.documents) == 1:
        return {policy.name: policy.documents[0]}
    return {f"{policy.name}-{number}": each for number, each in enumerate(policy.documents, start=1)}


def as_template(found: Iterable[Policy]) -> dict[str, Any]:
    """Managed policies as CloudFormation, attached to nobody: `Outputs` has their ARNs."""
    resources: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    for policy in found:
        for name, document in as_files(policy).items():
            logical_id = "".join(word.capitalize() for word in name.split("-"))
            resources[logical_id] = {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "ManagedPolicyName": name,
                    "Path": PATH,
                    "Description": policy.description,
                    "PolicyDocument": substituted(document),
                },
            }
            outputs[logical_id] = {"Description": policy.description, "Value": {"Ref": logical_id}}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "IAM policies of a Service Catalog catalogue",
        "Resources": resources,
        "Outputs": outputs,
    }
