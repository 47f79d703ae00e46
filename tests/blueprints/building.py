"""Blueprints built for a test: through the loader, as the factory does it, to plain types."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from generator import lint, template
from generator.blueprint import Asset, Context, LambdaPackage, Seed, load, mapping_key
from generator.errors import Where

ROOT = Path(__file__).parents[2]
REGIONS = ("us-east-1", "eu-west-1")


def build(kind: str, product: str = "sample", **options: Any) -> dict[str, Any]:
    """The template of a blueprint with these options, assets standing in by name only."""
    blueprint = load(kind, ROOT, Where("test"))
    params = blueprint.params(**options)
    assets = {
        one.name: Asset(one.name, one.name.encode())
        for one in blueprint.assets(params)
        if isinstance(one, Seed | LambdaPackage)
    }
    context = Context(product, "Sample", "1.0.0", "A sample product.", assets)
    built: dict[str, Any] = json.loads(json.dumps(blueprint.build(params, context).to_dict()))
    return built


def refusal(kind: str, **options: Any) -> str:
    """Why the options are refused; empty when they are not."""
    blueprint = load(kind, ROOT, Where("test"))
    try:
        blueprint.params(**options)
    except ValidationError as error:
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return ""


def findings(
    kind: str, product: str = "sample", regions: Sequence[str] = REGIONS, **options: Any
) -> list[str]:
    """What lint says about the template, as it would be published."""
    blueprint = load(kind, ROOT, Where("test"))
    params = blueprint.params(**options)
    mapping = {
        region: {
            "AssetBucket": "catalog-assets",
            **{
                mapping_key(name): getattr(params, name)
                .replace("{region}", region)
                .replace("{account}", "111122223333")
                for name in sorted(params.per_target())
            },
        }
        for region in regions
    }
    text = template.dump(template.canonical(build(kind, product, **options), mapping))
    job = lint.Job(text, product, blueprint.file, tuple(regions), blueprint.lint_exceptions(params))
    return [f"{one.rule} {one.place}: {one.message}" for one in lint.lint_many([job], processes=1)[0]]


def only(template: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The one resource of a type, `Properties` and attributes."""
    found = resources(template, kind)
    assert len(found) == 1, f"{len(found)} resources of {kind}"
    return next(iter(found.values()))


def resources(template: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The resources of a type, by logical id."""
    return {title: one for title, one in template["Resources"].items() if one["Type"] == kind}


def properties(template: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The properties of the one resource of a type."""
    found: dict[str, Any] = only(template, kind)["Properties"]
    return found


def statements(role: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a role's inline policies; of a conditional one, what holds under its condition."""
    listed = [
        statement
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    return [one["Fn::If"][1] | {"If": one["Fn::If"][0]} if "Fn::If" in one else one for one in listed]


def granted(role: Mapping[str, Any], action: str) -> list[Any]:
    """The resources on which a role may do something."""
    return [
        resource["Fn::Sub"] if isinstance(resource, dict) and "Fn::Sub" in resource else resource
        for statement in statements(role)
        if action in statement["Action"]
        for resource in (
            statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        )
    ]
