"""Changes of portfolios, of who sees them and with whom they are shared."""

from __future__ import annotations

from dataclasses import dataclass

from generator.changes.change import (
    PORTFOLIOS,
    Change,
    Field,
    edited,
)
from generator.model import Portfolio, Principal, Share


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
        return edited(self.edits)


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
