"""What every change has: where, what about, its JSON form and its idempotency token; and the resources IAM knows it by."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from hashlib import sha256
from typing import Any, ClassVar, Literal

Field = tuple[str, str, str]  # name, what is there, what is wanted
Grants = tuple[tuple[str, str], ...]  # IAM action, resource; {placeholders} are filled for the target

PORTFOLIOS = "arn:{partition}:catalog:{region}:{account}:portfolio/*"
PRODUCTS = "arn:{partition}:catalog:{region}:{account}:product/*"
BUCKETS = "arn:{partition}:s3:::{bucket}"
OBJECTS = "arn:{partition}:s3:::{bucket}/*"
STACKS = "arn:{partition}:cloudformation:{region}:{account}:stack/{stack}*/*"
PROJECT_STACKS = "arn:{partition}:cloudformation:{region}:{account}:stack/SP-*/*"
DOMAINS = "arn:{partition}:sagemaker:{region}:{account}:domain/*"
PERSONA_STACK = "arn:{partition}:cloudformation:{region}:{account}:stack/{personas}/*"
PERSONA_POLICIES = "arn:{partition}:iam::{account}:policy/catalog/{persona}*"
ROLES = "arn:{partition}:iam::{account}:role/{roles}*"
POLICIES = "arn:{partition}:iam::{account}:policy/catalog/{stack}-*"  # their stack names them

# What CloudFormation does with a managed policy of a stack; nothing deletes one.
POLICY_WRITES = (
    "iam:CreatePolicy",
    "iam:CreatePolicyVersion",
    "iam:DeletePolicyVersion",
    "iam:GetPolicy",
    "iam:GetPolicyVersion",
    "iam:ListEntitiesForPolicy",
    "iam:ListPolicyVersions",
)

# What reading the catalogue takes; every plan needs it.
OBSERVE: Grants = (
    ("cloudformation:DescribeStacks", STACKS),
    ("cloudformation:GetTemplate", STACKS),
    ("cloudformation:GetTemplate", PERSONA_STACK),
    ("s3:GetBucketCORS", BUCKETS),
    ("s3:GetBucketPolicy", BUCKETS),
    ("s3:ListBucket", BUCKETS),
    ("s3:GetObject", OBJECTS),
    ("s3:GetObjectTagging", OBJECTS),
    ("servicecatalog:DescribeConstraint", "*"),
    ("servicecatalog:DescribePortfolio", PORTFOLIOS),
    ("servicecatalog:DescribePortfolioShares", PORTFOLIOS),
    ("servicecatalog:DescribeProductAsAdmin", PRODUCTS),
    ("servicecatalog:ListConstraintsForPortfolio", PORTFOLIOS),
    ("servicecatalog:ListPortfolios", "*"),
    ("servicecatalog:ListPortfoliosForProduct", PRODUCTS),
    ("servicecatalog:ListPrincipalsForPortfolio", PORTFOLIOS),
    ("servicecatalog:ListProvisioningArtifacts", PRODUCTS),
    ("servicecatalog:ListTagOptions", "*"),
    ("servicecatalog:SearchProductsAsAdmin", "*"),
)
# What reading the domains takes that a target names.
OBSERVE_DOMAINS: Grants = (("sagemaker:ListTags", DOMAINS),)
# What asking takes, before a role is narrowed, which projects run under it; where templates are delivered by S3.
OBSERVE_PROJECTS: Grants = (
    ("cloudformation:ListStacks", "*"),
    ("cloudformation:DescribeStacks", PROJECT_STACKS),
    ("cloudformation:GetTemplate", PROJECT_STACKS),
)
# What recording an outcome takes; every publish needs it.
RECORD: Grants = (("s3:PutObject", OBJECTS), ("s3:DeleteObject", OBJECTS))


@dataclass(frozen=True)
class Change(ABC):
    """One step of a plan, in one region."""

    region: str

    sign: ClassVar[Literal["+", "~", "-"]] = "~"
    operations: ClassVar[tuple[str, ...]] = ()
    permissions: ClassVar[Grants] = ()

    @property
    def kind(self) -> str:
        return type(self).__name__

    @property
    @abstractmethod
    def about(self) -> str:
        """What it changes, in a few words."""

    @property
    def product_id(self) -> str:
        """The product it touches, for the safety limit and for the report; empty for none."""
        return ""

    @property
    def details(self) -> tuple[str, ...]:
        """Lines that say more than `about`."""
        return ()

    def as_json(self) -> dict[str, Any]:
        return {"kind": self.kind, **{each.name: _plain(getattr(self, each.name)) for each in fields(self)}}

    def token(self, catalogue: str, generation: int) -> str:
        """The idempotency token: a repeated call is the same call, a re-creation after a deletion is not."""
        text = json.dumps([catalogue, generation, self.as_json()], sort_keys=True)
        return f"catalog-{sha256(text.encode()).hexdigest()[:48]}"


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in sorted(value)}
    if isinstance(value, frozenset):
        return [_plain(item) for item in sorted(value)]
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def edited(edits: Iterable[Field]) -> tuple[str, ...]:
    return tuple(f"{name}: {before or '(none)'} → {after or '(none)'}" for name, before, after in edits)
