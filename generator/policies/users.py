"""The policies of end users, who launch what their portfolio offers, in Service Catalog and as SageMaker projects. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from generator.catalogue import Catalogue, Portfolio, Product, Target
from generator.launch_role import Grant
from generator.policies.policy import ACCOUNT, PARTITION, Policy, equals, of_grants
from generator.spec import IDENTITY_PORTFOLIO, IDENTITY_PRODUCT

TEAM = "team"  # a product with this tag is launched by principals with the same tag only
STUDIO = "sagemaker:studio-visibility"  # the tag of products that SageMaker offers as project templates
_VALUES = 25  # of one condition, so that a statement stays far below a policy's size

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
    grants |= {Grant(action, "*", (equals("servicecatalog:userLevel", "self"),)) for action in _OWN}
    theirs = equals(f"aws:ResourceTag/{IDENTITY_PORTFOLIO}", f"{catalogue.name}/{portfolio.id}")
    for region in target.spec.regions:
        stacks = f"arn:{PARTITION}:cloudformation:{region}:{ACCOUNT}:stack/SC-{ACCOUNT}-pp-*/*"
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
    return of_grants(name, description, catalogue, target, grants, denials, notes)


def _launching(offered: Iterable[Product], catalogue: str, target: Target) -> Iterator[Grant]:
    """Launching, by the tags of the product: one statement for those open to all, one for those of a team."""
    by_team: dict[bool, list[str]] = {}
    for product in offered:
        by_team.setdefault(TEAM in product.spec.tags, []).append(f"{catalogue}/{product.id}")
    for teams, names in by_team.items():
        own_team = equals(f"aws:ResourceTag/{TEAM}", f"${{aws:PrincipalTag/{TEAM}}}")
        for start in range(0, len(names), _VALUES):
            part = equals(f"aws:ResourceTag/{IDENTITY_PRODUCT}", *sorted(names)[start : start + _VALUES])
            where = tuple(sorted((part, own_team))) if teams else (part,)
            for region in target.spec.regions:
                # The hub's own, in every account that the portfolio is shared with.
                arn = f"arn:{PARTITION}:catalog:{region}:{target.spec.account}:product/*"
                yield from (Grant(action, arn, where) for action in _LAUNCH)


def _projects(target: Target) -> Iterator[Grant]:
    yield Grant("sagemaker:ListProjects", "*")
    for region in target.spec.regions:
        arn = f"arn:{PARTITION}:sagemaker:{region}:{ACCOUNT}:project/*"
        yield from (Grant(action, arn) for action in _PROJECT)
        yield Grant("sagemaker:AddTags", arn, (equals("sagemaker:TaggingAction", "CreateProject"),))


def _untagged(key: str, values: Iterable[str]) -> dict[str, Any]:
    """A denial of projects without the tag, or with another value: a negated condition holds for a missing key too."""
    return {
        "Effect": "Deny",
        "Action": "sagemaker:CreateProject",
        "Resource": "*",
        "Condition": {"StringNotEquals": {f"aws:RequestTag/{key}": sorted(values)}},
    }
