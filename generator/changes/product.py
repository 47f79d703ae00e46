"""Changes of products, their versions, their portfolios and the constraints there."""

from __future__ import annotations

from dataclasses import dataclass

from generator.changes.change import (
    OBJECTS,
    PORTFOLIOS,
    PRODUCTS,
    ROLES,
    Change,
    Field,
    edited,
)
from generator.model import Artifact, Constraint, Product
from generator.template_diff.model import SHOWN, Comparison


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
        return edited(self.edits)


@dataclass(frozen=True)
class _OfProduct(Change):
    product: str

    @property
    def product_id(self) -> str:
        return self.product


@dataclass(frozen=True)
class PublishArtifact(_OfProduct):
    """`compared`: what differs from the release before; None where there is none, or nobody can tell."""

    artifact: Artifact
    template_key: str
    compared: Comparison | None = None
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
        differs = self.compared.lines(SHOWN) if self.compared else ()
        return (f"sha256:{self.artifact.fingerprint}", *differs)


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
        return edited(self.edits)


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
        ("iam:PassRole", ROLES),
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
    permissions = (("servicecatalog:UpdateConstraint", "*"), ("iam:GetRole", "*"), ("iam:PassRole", ROLES))

    @property
    def about(self) -> str:
        return f"{self.constraint.type} constraint on {self.product} in {self.portfolio}"

    @property
    def details(self) -> tuple[str, ...]:
        return edited([("parameters", self.before, self.constraint.parameters)])


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
