"""The policies of end users, who launch what their portfolio offers, in Service Catalog and as SageMaker projects. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from generator.catalogue import Catalogue, Portfolio, Product, Target
from generator.launch_role import Grant
from generator.policies import projects
from generator.policies.policy import ACCOUNT, PARTITION, Policy, equals, of_grants
from generator.policies.teams import launching
from generator.spec import IDENTITY_PORTFOLIO

# AWSServiceCatalogEndUserFullAccess, less plans: CreateProvisionedProductPlan launches, but takes no product.
_BROWSE = ("servicecatalog:DescribeProductView", "servicecatalog:SearchProducts")
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


@dataclass(frozen=True)
class Rights:
    """What the users of a portfolio may, and what is denied them whatever else they have."""

    grants: frozenset[Grant]
    denials: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...]


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
    found = rights(portfolio, catalogue, target)
    description = f"Launch the products of portfolio {catalogue.name}/{portfolio.id}"
    name = f"catalog-user-{catalogue.name}-{portfolio.id}"
    return of_grants(name, description, catalogue, target, found.grants, found.denials, found.notes)


def rights(portfolio: Portfolio, catalogue: Catalogue, target: Target) -> Rights:
    offered = _offered(portfolio, catalogue)
    team = portfolio.spec.governance.team
    grants = set(launching(offered, catalogue.name, target, team))
    grants |= {Grant(action, "*") for action in _BROWSE}
    grants |= {Grant(action, "*", (equals("servicecatalog:userLevel", "self"),)) for action in _OWN}
    theirs = equals(f"aws:ResourceTag/{IDENTITY_PORTFOLIO}", f"{catalogue.name}/{portfolio.id}")
    for region in target.spec.regions:
        stacks = f"arn:{PARTITION}:cloudformation:{region}:{ACCOUNT}:stack/SC-{ACCOUNT}-pp-*/*"
        grants |= {Grant(action, stacks, (theirs,)) for action in _STACK_READ}
    denials: list[dict[str, Any]] = []
    notes: list[str] = []
    if projects.are_projects(offered):
        grants |= set(projects.grants(offered, catalogue.name, target))
        denials = projects.denials(portfolio)
    if any(product.spec.launch.role == "none" for product in offered):
        notes.append(
            f"portfolio {portfolio.id}: products with `launch: {{role: none}}` are launched with the users' own rights,"
            " which this policy does not hold"
        )
    return Rights(frozenset(grants), tuple(denials), tuple(notes))
