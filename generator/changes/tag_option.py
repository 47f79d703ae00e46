"""TagOptions, and the portfolios and products that take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from generator.changes.change import (
    Change,
)
from generator.model import TagOption


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
