"""What making SageMaker projects takes: in both ways the projects themselves, and for templates in S3 what Studio and
CloudFormation then do as the user. Pure.

With Service Catalog nobody but that service can use a launch role. Here the user passes it to CloudFormation, so what
keeps it from making anything else is that the stack's template must be one of the catalogue's
(`cloudformation:TemplateUrl`), which only the publisher can write.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from generator import project_templates
from generator.catalogue import Portfolio, Product, Target
from generator.launch_role import Delivery, Grant, role_name
from generator.launch_role.model import Condition
from generator.policies.policy import ACCOUNT, PARTITION, equals
from generator.spec import TEAM

STUDIO = project_templates.VISIBLE  # the tag of products that SageMaker offers as project templates

# Deleting a project terminates its product as the user, which `servicecatalog:userLevel` holds to their own.
_PROJECT = (
    "sagemaker:CreateProject",
    "sagemaker:DeleteProject",
    "sagemaker:DescribeProject",
    "sagemaker:UpdateProject",
)
_STACK = (
    "cloudformation:DeleteStack",
    "cloudformation:DescribeStackEvents",
    "cloudformation:DescribeStackResources",
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
)
_FROM_TEMPLATE = ("cloudformation:CreateStack", "cloudformation:UpdateStack")


def are_projects(offered: Iterable[Product]) -> bool:
    """Whether SageMaker offers one of the products as a project template."""
    return any(STUDIO in product.spec.tags or _in_s3(product) for product in offered)


def _in_s3(product: Product) -> bool:
    return "sagemaker-s3" in product.spec.delivery


def grants(offered: Iterable[Product], catalogue: str, target: Target) -> Iterator[Grant]:
    """Projects of the products that a portfolio offers."""
    yield Grant("sagemaker:ListProjects", "*")
    for region in target.spec.regions:
        arn = f"arn:{PARTITION}:sagemaker:{region}:{ACCOUNT}:project/*"
        yield from (Grant(action, arn) for action in _PROJECT)
        yield Grant("sagemaker:AddTags", arn, (equals("sagemaker:TaggingAction", "CreateProject"),))
    delivered = [product for product in offered if _in_s3(product)]
    if delivered:
        yield from _from_s3(delivered, catalogue, target)


def _from_s3(delivered: list[Product], catalogue: str, target: Target) -> Iterator[Grant]:
    to_cloudformation = equals("iam:PassedToService", "cloudformation.amazonaws.com")
    for product in delivered:
        role = role_name(catalogue, product.id, Delivery.SAGEMAKER)
        yield Grant("iam:PassRole", f"arn:{PARTITION}:iam::{ACCOUNT}:role/{role}", (to_cloudformation,))
    for region in target.spec.regions:
        bucket = f"arn:{PARTITION}:s3:::{target.bucket(region)}"
        yield Grant("s3:GetBucketCORS", bucket)
        below = ("StringLike", "s3:prefix", (f"{project_templates.PREFIX}*",))
        yield Grant("s3:ListBucket", bucket, (below,))
        stacks = f"arn:{PARTITION}:cloudformation:{region}:{ACCOUNT}:stack/SP-*/*"
        yield from (Grant(action, stacks) for action in _STACK)
        made = equals("cloudformation:CreateAction", "CreateStack", "UpdateStack")
        yield Grant("cloudformation:TagResource", stacks, (made,))
        domains = f"arn:{PARTITION}:sagemaker:{region}:{ACCOUNT}:domain/*"
        yield from (Grant(f"sagemaker:{name}", domains) for name in ("DescribeDomain", "ListTags"))
        for product in delivered:
            objects = project_templates.key(product.id, "*")
            yield from (
                Grant(f"s3:{name}", f"{bucket}/{objects}") for name in ("GetObject", "GetObjectTagging")
            )
        for where, names in _by_team(delivered).items():
            urls = tuple(f"{target.bucket_url(region)}/{project_templates.key(name, '*')}" for name in names)
            from_ours: Condition = ("StringLike", "cloudformation:TemplateUrl", urls)
            yield from (
                Grant(action, stacks, tuple(sorted((from_ours, *where)))) for action in _FROM_TEMPLATE
            )


def _by_team(delivered: list[Product]) -> dict[tuple[Condition, ...], list[str]]:
    """The products by who may make projects of them: an object has no tags that CloudFormation judges by."""
    found: dict[tuple[Condition, ...], list[str]] = {}
    for product in sorted(delivered, key=lambda each: each.id):
        team = product.spec.tags.get(TEAM)
        where = (equals(f"aws:PrincipalTag/{TEAM}", team),) if team else ()
        found.setdefault(where, []).append(product.id)
    return found


def denials(portfolio: Portfolio) -> list[dict[str, Any]]:
    """Projects without the tags that the portfolio asks for, or with values that its TagOptions do not have."""
    options = portfolio.spec.tag_options
    required = [key for key in portfolio.spec.governance.required_tags if key not in options]
    found = [
        # A negated condition holds for a missing key too.
        _refused("StringNotEquals", {f"aws:RequestTag/{key}": sorted(values)})
        for key, values in sorted(options.items())
    ]
    # One statement for each: keys of one condition would have to be missing together.
    return found + [_refused("Null", {f"aws:RequestTag/{key}": "true"}) for key in sorted(required)]


def _refused(operator: str, condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Action": "sagemaker:CreateProject",
        "Resource": "*",
        "Condition": {operator: condition},
    }
