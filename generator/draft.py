"""From a spec to its template: options validated, assets made, the blueprint built, the target mapped in. Pure.

Assets come first, since their content-addressed keys are inputs of the template. What depends on the target enters
through Mappings.Catalog only, and the fingerprint leaves that out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import Field

from generator import assets as made
from generator import blueprint as blueprints
from generator import lint, template
from generator.blueprint import RAW, Asset, BlueprintParams, Context, Guide, mapping_key
from generator.catalogue import Catalogue, Product, Target
from generator.errors import FactoryError, Problem, Where, did_you_mean, fail
from generator.validation import validate
from generator.yamlfile import inside


class RawParams(BlueprintParams):
    """The options of `raw-template`: a CloudFormation file published byte for byte."""

    template: str = Field(
        min_length=1, description="The file in products/templates/.", examples=["data-lake.yaml"]
    )


@dataclass(frozen=True)
class Draft:
    """A product's template before anything has looked at it."""

    product: Product
    file: str  # of the blueprint, or of the raw template
    template: Mapping[str, Any] = field(repr=False)
    content: bytes = field(repr=False)
    fingerprint: str
    values: Mapping[
        str, str
    ]  # by region, the digest of what the target puts into the template; empty when nothing
    assets: tuple[Asset, ...]
    regions: tuple[str, ...]
    exceptions: tuple[lint.Suppression, ...] = ()
    guide: Guide = field(default_factory=Guide)


def params_of(product: Product, root: Path) -> tuple[blueprints.Blueprint | None, BlueprintParams]:
    """The product's blueprint (None for raw-template) and its validated options."""
    options = _sorted_keys(product.spec.options)
    if product.spec.blueprint == RAW:
        return None, validate(RawParams, product.document, ("options",), data=options)
    loaded = blueprints.load(product.spec.blueprint, root, product.where("blueprint"))
    return loaded, validate(loaded.params, product.document, ("options",), data=options)


def draft(product: Product, catalogue: Catalogue, target: Target) -> Draft:
    """Render one product's assets and template for a target."""
    loaded, params = params_of(product, catalogue.root)
    regions = _regions(product, target)
    if loaded is None:
        assert isinstance(params, RawParams)
        return _raw(product, params, catalogue.root, regions)
    assets = made.make(product, loaded, params, catalogue.root)
    context = Context(
        product.id,
        product.spec.name,
        product.spec.version,
        product.spec.description,
        {asset.name: asset for asset in assets},
    )
    body = json.loads(json.dumps(loaded.build(params, context).to_dict()))  # plain types only
    body.setdefault("Description", product.spec.description[:1024])
    mapping = _mapping(product, type(params), params, target, regions)
    ordered = template.canonical(body, mapping)
    fingerprint = template.fingerprint(
        ordered
    )  # before the target's boundary, so that all targets have the same
    if target.spec.permissions_boundary:
        ordered = _bounded(ordered, mapping, target, loaded.file)
        mapping = ordered.get("Mappings", {}).get(blueprints.CATALOG, {})
    content = template.dump(ordered).encode()
    if len(content) > template.LARGEST:
        raise fail(
            product.where("blueprint"),
            f"its template has {len(content):,} bytes, CloudFormation allows {template.LARGEST:,}",
            "Split the product, or move inline code into a Lambda package.",
        )
    refers = template.refers_to_catalog(ordered)
    values = {region: _digest(own) for region, own in mapping.items()} if refers else {}
    exceptions = loaded.lint_exceptions(params)
    return Draft(
        product,
        loaded.file,
        ordered,
        content,
        fingerprint,
        values,
        assets,
        regions,
        exceptions,
        loaded.guide(params),
    )


def _bounded(
    ordered: Mapping[str, Any], mapping: Mapping[str, Mapping[str, str]], target: Target, file: str
) -> dict[str, Any]:
    """The template with the target's permissions boundary on the roles it makes; as it is where it makes none.

    The policy has the same path and name in every account, and each launching account its own: IAM takes no boundary
    of another account.
    """
    owner, _, policy = target.spec.permissions_boundary.partition("::")[2].partition(":")
    account = owner if owner == "aws" else "${AWS::AccountId}"
    found = {"Fn::FindInMap": [blueprints.CATALOG, {"Ref": "AWS::Region"}, blueprints.BOUNDARY]}
    arn = f"arn:${{AWS::Partition}}:iam::{account}:${{{blueprints.BOUNDARY}}}"
    body = template.bounded(ordered, {"Fn::Sub": [arn, {blueprints.BOUNDARY: found}]})
    if body["Resources"] == ordered["Resources"]:
        return dict(ordered)
    if any(blueprints.BOUNDARY in own for own in mapping.values()):
        raise fail(
            file, f"the name {blueprints.BOUNDARY} belongs to the target's boundary", "Rename the option."
        )
    kept = mapping if template.refers_to_catalog(ordered) else {region: {} for region in mapping}
    return template.canonical(
        body, {region: {**own, blueprints.BOUNDARY: policy} for region, own in kept.items()}
    )


def _raw(product: Product, params: RawParams, root: Path, regions: tuple[str, ...]) -> Draft:
    """A CloudFormation file as it is; it is parsed only to analyse it."""
    where = product.where("options", "template")
    folder = root / "products" / "templates"
    path = inside(folder / params.template, folder, where)
    if not path.is_file():
        known = [each.relative_to(folder).as_posix() for each in folder.rglob("*") if each.is_file()]
        raise fail(
            where,
            f"products/templates/{params.template} does not exist",
            did_you_mean(params.template, known),
        )
    if path.stat().st_size > template.LARGEST:
        raise fail(
            where,
            f"{params.template} has {path.stat().st_size:,} bytes, CloudFormation allows {template.LARGEST:,}",
            "Split the template into nested stacks, or shorten it.",
        )
    content = path.read_bytes()
    file = f"products/templates/{params.template}"
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise fail(
            where, f"{params.template} is not UTF-8 text (byte {error.start})", "Save it as UTF-8."
        ) from None
    body = template.parse(text, Where(file, 1, 1))
    _refuse_unpackaged(body, file)
    return Draft(product, file, body, content, sha256(content).hexdigest(), {}, (), regions)


def _refuse_unpackaged(body: Mapping[str, Any], file: str) -> None:
    """Service Catalog copies one file: what lies beside the template would be missing at launch."""
    problems = []
    for name, resource in body["Resources"].items():
        for key in ("TemplateURL", "CodeUri", "ContentUri", "DefinitionUri", "Code"):
            value = resource.get("Properties", {}).get(key) if isinstance(resource, dict) else None
            if isinstance(value, str) and not value.startswith(("https://", "s3://")):
                problems.append(
                    Problem(
                        Where(file),
                        f"Resources/{name}/Properties/{key} is the local path '{value}'",
                        "Package it first: aws cloudformation package.",
                    )
                )
    if problems:
        raise FactoryError(*problems)


def _regions(product: Product, target: Target) -> tuple[str, ...]:
    if not product.spec.regions:
        return tuple(target.spec.regions)
    offered = tuple(region for region in target.spec.regions if region in product.spec.regions)
    if not offered:
        raise fail(
            product.where("regions"),
            f"none of its regions is one of target '{target.id}' ({', '.join(target.spec.regions)})",
            "Add a region to the product or to the target.",
        )
    return offered


def _mapping(
    product: Product,
    kind: type[BlueprintParams],
    params: BlueprintParams,
    target: Target,
    regions: tuple[str, ...],
) -> dict[str, dict[str, str]]:
    """Mappings.Catalog: by region, the asset bucket and the options that a target may set."""
    overrides = target.spec.options.get(product.id, {})
    allowed = kind.per_target()
    for name in overrides:
        if name not in allowed:
            raise fail(
                target.where("options", product.id, name),
                f"the option '{name}' of blueprint '{product.spec.blueprint}' cannot differ by target",
                did_you_mean(name, allowed) or "It takes none of its options from the target.",
            )
    mapping: dict[str, dict[str, str]] = {}
    place = (target.id, "options", product.id)
    for region in regions:
        own = {
            name: target.expand(text, region, target.where("options", product.id, name))
            for name, text in overrides.items()
        }
        if own:  # held to the option's own limits, at the target's lines
            validate(kind, target.document, place, data={**product.spec.options, **own})
        values = {blueprints.BUCKET: target.bucket(region)}
        for name in sorted(allowed):
            text = target.expand(getattr(params, name), region, product.where("options", name))
            values[mapping_key(name)] = own.get(name, text)
        mapping[region] = values
    return mapping


def _digest(mapping: Mapping[str, str]) -> str:
    return sha256(json.dumps(mapping, sort_keys=True).encode()).hexdigest()[:16]


def _sorted_keys(value: Any) -> Any:
    """The order of keys in YAML must not show in a template."""
    if isinstance(value, dict):
        return {key: _sorted_keys(value[key]) for key in sorted(value)}
    return [_sorted_keys(item) for item in value] if isinstance(value, list) else value
