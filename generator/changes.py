"""The kinds of change, as values: what each is about, the API operations it takes and the IAM actions it needs.

A change refers to things by their ids in YAML. It performs nothing: a gateway does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from hashlib import sha256
from typing import Any, ClassVar, Literal

from generator.model import Artifact, Constraint, Portfolio, Principal, Product, Share, TagOption

Field = tuple[str, str, str]  # name, what is there, what is wanted
Grants = tuple[tuple[str, str], ...]  # IAM action, resource; {placeholders} are filled for the target

PORTFOLIOS = "arn:{partition}:catalog:{region}:{account}:portfolio/*"
PRODUCTS = "arn:{partition}:catalog:{region}:{account}:product/*"
BUCKETS = "arn:{partition}:s3:::{bucket}"
OBJECTS = "arn:{partition}:s3:::{bucket}/*"
STACKS = "arn:{partition}:cloudformation:{region}:{account}:stack/{stack}*/*"
ROLES = "arn:{partition}:iam::{account}:role/{roles}*"
POLICIES = "arn:{partition}:iam::{account}:policy/{roles}*"

# What reading the catalogue takes; every plan needs it.
OBSERVE: Grants = (
    ("cloudformation:DescribeStacks", STACKS),
    ("cloudformation:GetTemplate", STACKS),
    ("s3:GetBucketPolicy", BUCKETS),
    ("s3:ListBucket", BUCKETS),
    ("s3:GetObject", OBJECTS),
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
# What recording an outcome takes; every publish needs it.
RECORD: Grants = (("s3:PutObject", OBJECTS), ("s3:DeleteObject", OBJECTS))


@dataclass(frozen=True)
class Change:
    """One step of a plan, in one region."""

    region: str

    sign: ClassVar[Literal["+", "~", "-"]] = "~"
    operations: ClassVar[tuple[str, ...]] = ()
    permissions: ClassVar[Grants] = ()

    @property
    def kind(self) -> str:
        return type(self).__name__

    @property
    def about(self) -> str:
        """What it changes, in a few words."""
        raise NotImplementedError(self.kind)

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


def _edits(edits: Iterable[Field]) -> tuple[str, ...]:
    return tuple(f"{name}: {before or '(none)'} → {after or '(none)'}" for name, before, after in edits)


@dataclass(frozen=True)
class CreateBucket(Change):
    """The artifact bucket: versioned, encrypted, private."""

    bucket: str
    sign = "+"
    operations = (
        "s3:CreateBucket",
        "s3:PutPublicAccessBlock",
        "s3:PutBucketEncryption",
        "s3:PutBucketVersioning",
        "s3:PutBucketTagging",
    )
    permissions = (
        ("s3:CreateBucket", BUCKETS),
        ("s3:PutBucketPublicAccessBlock", BUCKETS),
        ("s3:PutEncryptionConfiguration", BUCKETS),
        ("s3:PutBucketVersioning", BUCKETS),
        ("s3:PutBucketTagging", BUCKETS),
    )

    @property
    def about(self) -> str:
        return f"artifact bucket {self.bucket}"


@dataclass(frozen=True)
class SetBucketPolicy(Change):
    """TLS only, and the accounts and organisations whose launch roles read seeds and Lambda packages from it.

    Statements of others in the policy stay.
    """

    bucket: str
    readers: tuple[str, ...]
    operations = ("s3:GetBucketPolicy", "s3:PutBucketPolicy")
    permissions = (("s3:GetBucketPolicy", BUCKETS), ("s3:PutBucketPolicy", BUCKETS))

    @property
    def about(self) -> str:
        return f"policy of bucket {self.bucket}"

    @property
    def details(self) -> tuple[str, ...]:
        return ("TLS only", *(f"assets readable by {reader}" for reader in self.readers))


@dataclass(frozen=True)
class DeployLaunchRoles(Change):
    """The stack of launch roles.

    `products` are those whose role is new or changed, with the number of grants added; `known` those of them whose
    role is deployed already, so that a broadened one stands out.
    """

    stack: str
    exists: bool
    products: tuple[tuple[str, int], ...]
    known: tuple[str, ...]
    template_sha256: str
    operations = ("s3:PutObject", "cloudformation:CreateStack", "cloudformation:UpdateStack")
    permissions = (
        ("s3:PutObject", OBJECTS),
        ("s3:GetObject", OBJECTS),
        ("cloudformation:CreateStack", STACKS),
        ("cloudformation:UpdateStack", STACKS),
        ("cloudformation:DescribeStackEvents", STACKS),
        ("cloudformation:TagResource", STACKS),
        *(
            (f"iam:{action}", ROLES)
            for action in (
                "AttachRolePolicy",
                "CreateRole",
                "DetachRolePolicy",
                "GetRole",
                "ListAttachedRolePolicies",
                "ListRolePolicies",
                "TagRole",
                "UntagRole",
                "UpdateAssumeRolePolicy",
            )
        ),
        *(
            (f"iam:{action}", POLICIES)
            for action in (
                "CreatePolicy",
                "CreatePolicyVersion",
                "DeletePolicyVersion",
                "GetPolicy",
                "GetPolicyVersion",
                "ListPolicyVersions",
            )
        ),
    )

    @property
    def about(self) -> str:
        return f"launch roles of {len(self.products)} products (stack {self.stack})"

    @property
    def details(self) -> tuple[str, ...]:
        return tuple(
            f"{product}: new, {added} grants"
            if product not in self.known
            else f"{product}: BROADENED by {added} grants"
            if added
            else f"{product}: rewritten"
            for product, added in self.products
        )


@dataclass(frozen=True)
class CreateTagOption(Change):
    option: TagOption
    sign = "+"
    operations = ("servicecatalog:CreateTagOption",)
    permissions = (("servicecatalog:CreateTagOption", "*"), ("servicecatalog:UpdateTagOption", "*"))

    @property
    def about(self) -> str:
        return f"TagOption {self.option.key}={self.option.value}"


@dataclass(frozen=True)
class CreatePortfolio(Change):
    portfolio: Portfolio
    sign = "+"
    operations = ("servicecatalog:CreatePortfolio",)
    permissions = (("servicecatalog:CreatePortfolio", "*"), ("servicecatalog:TagResource", "*"))

    @property
    def about(self) -> str:
        return f"portfolio {self.portfolio.id} ('{self.portfolio.name}')"


@dataclass(frozen=True)
class UpdatePortfolio(Change):
    portfolio: Portfolio
    edits: tuple[Field, ...]
    operations = ("servicecatalog:UpdatePortfolio",)
    permissions = (
        ("servicecatalog:UpdatePortfolio", PORTFOLIOS),
        ("servicecatalog:TagResource", "*"),
        ("servicecatalog:UntagResource", "*"),
    )

    @property
    def about(self) -> str:
        return f"portfolio {self.portfolio.id}"

    @property
    def details(self) -> tuple[str, ...]:
        return _edits(self.edits)


@dataclass(frozen=True)
class _OfProduct(Change):
    product: str

    @property
    def product_id(self) -> str:
        return self.product


@dataclass(frozen=True)
class CreateProduct(Change):
    """A product with its first provisioning artifact; AWS takes both in one call."""

    product: Product
    artifact: Artifact
    template_key: str
    sign = "+"
    operations = (
        "s3:PutObject",
        "servicecatalog:CreateProduct",
        "servicecatalog:DescribeProvisioningArtifact",
    )
    permissions = (
        ("s3:PutObject", OBJECTS),
        ("s3:GetObject", OBJECTS),
        ("servicecatalog:CreateProduct", "*"),
        ("servicecatalog:TagResource", "*"),
        ("servicecatalog:DescribeProvisioningArtifact", PRODUCTS),
        ("cloudformation:ValidateTemplate", "*"),
    )

    @property
    def about(self) -> str:
        return f"product {self.product.id} ('{self.product.name}') with version {self.artifact.version}"

    @property
    def product_id(self) -> str:
        return self.product.id


@dataclass(frozen=True)
class UpdateProduct(Change):
    product: Product
    edits: tuple[Field, ...]
    operations = ("servicecatalog:UpdateProduct",)
    permissions = (
        ("servicecatalog:UpdateProduct", PRODUCTS),
        ("servicecatalog:TagResource", "*"),
        ("servicecatalog:UntagResource", "*"),
    )

    @property
    def about(self) -> str:
        return f"product {self.product.id}"

    @property
    def product_id(self) -> str:
        return self.product.id

    @property
    def details(self) -> tuple[str, ...]:
        return _edits(self.edits)


@dataclass(frozen=True)
class PublishArtifact(_OfProduct):
    artifact: Artifact
    template_key: str
    sign = "+"
    operations = (
        "s3:PutObject",
        "servicecatalog:CreateProvisioningArtifact",
        "servicecatalog:DescribeProvisioningArtifact",
    )
    permissions = (
        ("s3:PutObject", OBJECTS),
        ("s3:GetObject", OBJECTS),
        ("servicecatalog:CreateProvisioningArtifact", PRODUCTS),
        ("servicecatalog:DescribeProvisioningArtifact", PRODUCTS),
        ("cloudformation:ValidateTemplate", "*"),
    )

    @property
    def about(self) -> str:
        return f"version {self.artifact.version} of product {self.product}"

    @property
    def details(self) -> tuple[str, ...]:
        return (f"sha256:{self.artifact.fingerprint}",)


@dataclass(frozen=True)
class UpdateArtifact(_OfProduct):
    """What may change of a published version: description, visibility, guidance."""

    artifact: Artifact
    edits: tuple[Field, ...]
    operations = ("servicecatalog:UpdateProvisioningArtifact",)
    permissions = (("servicecatalog:UpdateProvisioningArtifact", PRODUCTS),)

    @property
    def about(self) -> str:
        return f"version {self.artifact.version} of product {self.product}"

    @property
    def details(self) -> tuple[str, ...]:
        return _edits(self.edits)


@dataclass(frozen=True)
class DeprecateArtifact(_OfProduct):
    """Nobody launches it newly any more; who has it may update."""

    version: str
    why: str
    sign = "-"
    operations = ("servicecatalog:UpdateProvisioningArtifact",)
    permissions = (("servicecatalog:UpdateProvisioningArtifact", PRODUCTS),)

    @property
    def about(self) -> str:
        return f"deprecate version {self.version} of product {self.product}"

    @property
    def details(self) -> tuple[str, ...]:
        return (self.why,)


@dataclass(frozen=True)
class AssociateProduct(_OfProduct):
    portfolio: str
    sign = "+"
    operations = ("servicecatalog:AssociateProductWithPortfolio",)
    permissions = (
        ("servicecatalog:AssociateProductWithPortfolio", PORTFOLIOS),
        ("servicecatalog:AssociateProductWithPortfolio", PRODUCTS),
    )

    @property
    def about(self) -> str:
        return f"product {self.product} in portfolio {self.portfolio}"


@dataclass(frozen=True)
class DisassociateProduct(_OfProduct):
    portfolio: str
    sign = "-"
    operations = ("servicecatalog:DisassociateProductFromPortfolio",)
    permissions = (
        ("servicecatalog:DisassociateProductFromPortfolio", PORTFOLIOS),
        ("servicecatalog:DisassociateProductFromPortfolio", PRODUCTS),
    )

    @property
    def about(self) -> str:
        return f"product {self.product} in portfolio {self.portfolio}"


@dataclass(frozen=True)
class CreateConstraint(_OfProduct):
    portfolio: str
    constraint: Constraint
    sign = "+"
    operations = ("servicecatalog:CreateConstraint",)
    permissions = (
        ("servicecatalog:CreateConstraint", PORTFOLIOS),
        ("servicecatalog:CreateConstraint", PRODUCTS),
        ("iam:GetRole", "*"),
    )

    @property
    def about(self) -> str:
        return f"{self.constraint.type} constraint on {self.product} in {self.portfolio}"

    @property
    def details(self) -> tuple[str, ...]:
        return (self.constraint.parameters,)


@dataclass(frozen=True)
class UpdateConstraint(_OfProduct):
    portfolio: str
    constraint: Constraint
    before: str
    operations = ("servicecatalog:UpdateConstraint",)
    permissions = (("servicecatalog:UpdateConstraint", "*"), ("iam:GetRole", "*"))

    @property
    def about(self) -> str:
        return f"{self.constraint.type} constraint on {self.product} in {self.portfolio}"

    @property
    def details(self) -> tuple[str, ...]:
        return _edits([("parameters", self.before, self.constraint.parameters)])


@dataclass(frozen=True)
class DeleteConstraint(_OfProduct):
    portfolio: str
    constraint: Constraint
    sign = "-"
    operations = ("servicecatalog:DeleteConstraint",)
    permissions = (("servicecatalog:DeleteConstraint", "*"),)

    @property
    def about(self) -> str:
        return f"{self.constraint.type} constraint on {self.product} in {self.portfolio}"


@dataclass(frozen=True)
class _TagOptionChange(Change):
    holder: Literal["portfolio", "product"]
    id: str
    option: TagOption

    @property
    def about(self) -> str:
        return f"TagOption {self.option.key}={self.option.value} on {self.holder} {self.id}"

    @property
    def product_id(self) -> str:
        return self.id if self.holder == "product" else ""


@dataclass(frozen=True)
class AssociateTagOption(_TagOptionChange):
    sign = "+"
    operations = ("servicecatalog:AssociateTagOptionWithResource",)
    permissions = (("servicecatalog:AssociateTagOptionWithResource", "*"),)


@dataclass(frozen=True)
class DisassociateTagOption(_TagOptionChange):
    sign = "-"
    operations = ("servicecatalog:DisassociateTagOptionFromResource",)
    permissions = (("servicecatalog:DisassociateTagOptionFromResource", "*"),)


@dataclass(frozen=True)
class _PrincipalChange(Change):
    portfolio: str
    principal: Principal

    @property
    def about(self) -> str:
        return f"access of {self.principal.arn} to portfolio {self.portfolio}"


@dataclass(frozen=True)
class AssociatePrincipal(_PrincipalChange):
    sign = "+"
    operations = ("servicecatalog:AssociatePrincipalWithPortfolio",)
    permissions = (("servicecatalog:AssociatePrincipalWithPortfolio", PORTFOLIOS),)


@dataclass(frozen=True)
class DisassociatePrincipal(_PrincipalChange):
    sign = "-"
    operations = ("servicecatalog:DisassociatePrincipalFromPortfolio",)
    permissions = (("servicecatalog:DisassociatePrincipalFromPortfolio", PORTFOLIOS),)


@dataclass(frozen=True)
class _ShareChange(Change):
    portfolio: str
    share: Share

    @property
    def about(self) -> str:
        along = [
            name
            for name, on in (("principals", self.share.principals), ("TagOptions", self.share.tag_options))
            if on
        ]
        return f"share of portfolio {self.portfolio} with {self.share.id}" + (
            f" ({', '.join(along)})" if along else ""
        )


@dataclass(frozen=True)
class SharePortfolio(_ShareChange):
    sign = "+"
    operations = ("servicecatalog:CreatePortfolioShare", "servicecatalog:DescribePortfolioShareStatus")
    permissions = (
        ("servicecatalog:CreatePortfolioShare", PORTFOLIOS),
        ("servicecatalog:DescribePortfolioShareStatus", "*"),
    )


@dataclass(frozen=True)
class UpdateShare(_ShareChange):
    operations = ("servicecatalog:UpdatePortfolioShare", "servicecatalog:DescribePortfolioShareStatus")
    permissions = (
        ("servicecatalog:UpdatePortfolioShare", PORTFOLIOS),
        ("servicecatalog:DescribePortfolioShareStatus", "*"),
    )


@dataclass(frozen=True)
class UnsharePortfolio(_ShareChange):
    sign = "-"
    operations = ("servicecatalog:DeletePortfolioShare", "servicecatalog:DescribePortfolioShareStatus")
    permissions = (
        ("servicecatalog:DeletePortfolioShare", PORTFOLIOS),
        ("servicecatalog:DescribePortfolioShareStatus", "*"),
    )
