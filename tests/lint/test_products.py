"""Each product of the catalogue in every region where its types exist, and its names at their longest.

Most regions differ in nothing that a rule looks at, so of those alike `make test` lints one, and `make proof` each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from cfnlint.rules.jsonschema.CfnLintJsonSchemaRegional import CfnLintJsonSchemaRegional

from generator import lint
from generator.catalogue import LOCAL, Catalogue, Target
from generator.draft import Draft, draft
from generator.lint import engine, schemas
from generator.lint.intrinsics import resources
from generator.lint.lengths import Measure
from generator.lint.names import bounded, own_name
from generator.load import load
from tests.conftest import ROOT

PRODUCTS = sorted({path.stem for path in (ROOT / "products").glob("*.yaml")} - {"portfolios", "targets"})

# Names of what is made later, by a pipeline or a build, and their limits (API references of the services).
LATER = {
    "StackName": 128,
    "StackSetName": 128,
    "PIPELINE_NAME": 256,
    "MODEL_PACKAGE_GROUP_NAME": 63,
    "MODEL_EXECUTION_ROLE_NAME": 64,
}


@cache
def catalogue() -> Catalogue:
    return load(ROOT)


@cache
def target(region: str) -> Target:
    """A target that publishes to this region alone."""
    local = catalogue().target(LOCAL)
    return replace(local, spec=local.spec.model_copy(update={"regions": [region]}))


def drafted(product: str, region: str) -> Draft:
    return draft(catalogue().products[product], catalogue(), target(region))


@cache
def types_of(product: str) -> tuple[str, ...]:
    return tuple(sorted({one.type for one in resources(drafted(product, "us-east-1").template)}))


@cache
def regions_of(product: str) -> tuple[str, ...]:
    """Where it can be launched; a region's list that is a copy of another's says nothing."""
    return tuple(sorted(schemas.listed().intersection(*map(schemas.regions_of, types_of(product)))))


@cache
def regional_rules() -> tuple[CfnLintJsonSchemaRegional, ...]:
    """The rules that hold a list of values for each region, such as instance types."""
    return tuple(rule for rule in engine.rules().values() if isinstance(rule, CfnLintJsonSchemaRegional))


def looked_at(types: Sequence[str], region: str) -> tuple[object, ...]:
    """What rules look at that may differ by region: the partition, the schemas of the types, lists of their values."""
    values = [
        rule.schema.get(region)
        for rule in regional_rules()
        if any(f"/{kind}/" in keyword for kind in types for keyword in rule.keywords)
    ]
    return target(region).partition, [schemas.schema(kind, region) for kind in types], values


def alike(types: Sequence[str], regions: Sequence[str]) -> list[list[str]]:
    """The regions in groups among which lint sees no difference but the name."""
    groups: list[tuple[tuple[object, ...], list[str]]] = []
    for region in regions:
        seen = looked_at(types, region)
        group = next((group for known, group in groups if known == seen), None)
        if group is None:
            groups.append((seen, [region]))
        else:
            group.append(region)
    return [group for _, group in groups]


def findings(product: str, regions: Sequence[str]) -> list[str]:
    """What is to be said of it, published to each of these regions alone."""
    drafts = [drafted(product, region) for region in regions]
    jobs = [lint.Job(one.content.decode(), product, one.file, one.regions, one.exceptions) for one in drafts]
    return [
        f"{found.regions[0]}: {found.rule} {found.place}: {found.message}"
        for job in lint.lint_many(jobs, processes=1)
        for found in job
    ]


@pytest.mark.parametrize("product", PRODUCTS)
def test_lint_finds_nothing_wherever_its_types_exist(product: str) -> None:
    regions = regions_of(product)
    assert {"us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1"} <= set(regions)
    # Of those alike the one with the longest name, which is part of names.
    longest = [max(group, key=len) for group in alike(types_of(product), regions)]
    assert findings(product, longest) == []


@pytest.mark.proof
@pytest.mark.parametrize("product", PRODUCTS)
def test_lint_finds_nothing_in_each_region_by_itself(product: str) -> None:
    assert findings(product, regions_of(product)) == []


def test_regions_are_alike_only_where_no_rule_sees_a_difference() -> None:
    regions = ("us-east-1", "us-west-2", "eu-west-1", "us-gov-west-1", "cn-north-1")
    assert alike(["AWS::SQS::Queue"], regions) == [
        ["us-east-1", "us-west-2", "eu-west-1"],
        ["us-gov-west-1"],
        ["cn-north-1"],
    ]
    # Each of these has instance types that others lack.
    assert len(alike(["AWS::RDS::DBInstance"], regions)) == len(regions)


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_name_has_a_limit_and_keeps_it_at_its_longest(product: str) -> None:
    for group in alike(types_of(product), regions_of(product)):
        template = drafted(product, group[0]).template
        held = {one.resource.name: one for one in bounded(template, group) if one.is_name}
        for resource in resources(template):
            if (own_name(resource.type) or "") not in resource.properties:
                continue
            assert resource.name in held, f"{resource.type} {resource.name}: no limit is known"
            longest = held[resource.name].longest
            assert not longest.unknown, f"{resource.name}: {held[resource.name].value}"
            assert not longest.unbounded, f"{resource.name} is made of {longest.unbounded}"
            assert 0 < len(longest.text) <= held[resource.name].limit, f"{resource.name}: {longest.text}"


def called(node: Any) -> Iterator[tuple[str, Any]]:
    """Everything in a template that has a name, with its name: properties, and environment variables of builds."""
    if isinstance(node, dict):
        yield from node.items()
        if set(node) == {"Name", "Value"} and isinstance(node["Name"], str):
            yield node["Name"], node["Value"]
        for each in node.values():
            yield from called(each)
    elif isinstance(node, list):
        for each in node:
            yield from called(each)


@pytest.mark.parametrize("product", PRODUCTS)
def test_names_of_what_is_made_later_fit_too(product: str) -> None:
    template = drafted(product, "us-east-1").template
    measure = Measure(template, ["us-east-1"])
    found = [(name, value) for name, value in called(template["Resources"]) if name in LATER]
    assert found or "AWS::CodePipeline::Pipeline" not in types_of(product)
    for name, value in found:
        longest = measure.longest(value)
        assert not longest.unknown, f"{name}: {value}"
        assert not longest.unbounded, f"{name}: {value}"
        assert 0 < len(longest.text) <= LATER[name], f"{name}: {longest.text}"
