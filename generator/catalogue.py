"""The loaded catalogue: specs with their ids and the documents they came from. Values only; `load` fills them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from generator.errors import FactoryError, Problem, Where, did_you_mean, fail
from generator.spec import PortfolioSpec, ProductSpec, TargetSpec
from generator.yamlfile import Document, Key

TARGETS = "products/targets.yaml"
PORTFOLIOS = "products/portfolios.yaml"
LOCAL = "local"


@dataclass(frozen=True)
class Product:
    """A product's spec with the document it came from."""

    id: str
    spec: ProductSpec
    document: Document = field(repr=False)

    def where(self, *path: Key) -> Where:
        return self.document.where(*path)


@dataclass(frozen=True)
class Portfolio:
    id: str
    spec: PortfolioSpec
    document: Document = field(repr=False)

    def where(self, *path: Key) -> Where:
        return self.document.where(self.id, *path)

    def audience(self) -> list[str]:
        """Who sees it, for people to read: names, and the telling end of patterns."""
        return [
            each.role or each.user or each.group or each.arn or each.pattern.rpartition("/")[2]
            for each in self.spec.access
        ]


@dataclass(frozen=True)
class Target:
    """Where to publish; `local` is the embedded AWS, all others are real."""

    id: str
    spec: TargetSpec
    document: Document = field(repr=False)

    def where(self, *path: Key) -> Where:
        return self.document.where(self.id, *path)

    @property
    def is_local(self) -> bool:
        return self.id == LOCAL

    @property
    def home_region(self) -> str:
        """The region of what an account has once: the launch roles' stack."""
        return self.spec.regions[0]

    @property
    def partition(self) -> str:
        """The AWS partition of the target's regions, which also starts its ARNs."""
        prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}
        return next((name for start, name in prefixes.items() if self.home_region.startswith(start)), "aws")

    def expand(self, text: str, region: str, where: Where) -> str:
        """Replace {account}, {region} and {target}; any other brace is a mistake."""
        known = {"account": self.spec.account, "region": region, "target": self.id}
        for name in re.findall(r"\{([^{}$]*)\}", text):
            if name not in known:
                raise fail(where, f"'{{{name}}}' is no placeholder", did_you_mean(name, known))
        return re.sub(r"\{(account|region|target)\}", lambda match: known[match.group(1)], text)

    def bucket(self, region: str) -> str:
        name = self.expand(self.spec.bucket, region, self.where("bucket"))
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name):
            raise fail(
                self.where("bucket"),
                f"'{name}' is no bucket name",
                "Use 3 to 63 lower-case letters, digits, dots and hyphens.",
            )
        return name

    def bucket_url(self, region: str) -> str:
        """The address of the artifact bucket, which templates are read by."""
        suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
        return f"https://{self.bucket(region)}.s3.{region}.{suffix}"

    def seed_url(self, seed: str) -> str:
        """Where that seed is published as a git repository; empty where the target names no place."""
        return self.expand(self.spec.seeds.replace("{seed}", seed), self.home_region, self.where("seeds"))


@dataclass(frozen=True)
class Catalogue:
    """All specs of a catalogue root."""

    root: Path
    name: str
    default_target: str
    products: Mapping[str, Product]
    portfolios: Mapping[str, Portfolio]
    targets: Mapping[str, Target]

    def target(self, name: str | None) -> Target:
        name = name or self.default_target
        if name not in self.targets:
            raise fail(TARGETS, f"target '{name}' does not exist", did_you_mean(name, self.targets))
        return self.targets[name]

    def select(self, ids: Iterable[str]) -> dict[str, Product]:
        """The products named, all when none is."""
        wanted = list(dict.fromkeys(ids))
        unknown = [
            Problem(Where("products"), f"product '{name}' does not exist", did_you_mean(name, self.products))
            for name in wanted
            if name not in self.products
        ]
        if unknown:
            raise FactoryError(*unknown)
        return {name: self.products[name] for name in (sorted(wanted) or self.products)}
