"""From a spec to everything that publishing it needs: the pure half in one place.

Seeds and Lambda packages are made first, since their content-addressed keys are inputs of the template; then the
template, its fingerprint, the launch role and the findings. Nothing is written and no AWS is asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import Field

from generator import blueprint as blueprints
from generator import launch_role, lint, seed, template
from generator.blueprint import RAW, Asset, BlueprintParams, Context, LambdaPackage, Seed, mapping_key
from generator.catalogue import Catalogue, Product, Target
from generator.errors import FactoryError, Problem, Where, did_you_mean, fail
from generator.launch_role import LaunchRole, Reason, Scope
from generator.spec import FORMAT
from generator.validation import validate
from generator.yamlfile import inside

Progress = Callable[[str], None]


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


@dataclass(frozen=True)
class Bundle:
    """A product's version, ready to publish."""

    draft: Draft
    findings: tuple[lint.Finding, ...]
    role: LaunchRole | None
    reasons: tuple[Reason, ...] = field(repr=False, default=())

    @property
    def product(self) -> Product:
        return self.draft.product

    @property
    def id(self) -> str:
        return self.draft.product.id

    @property
    def template_key(self) -> str:
        """Where the artifact bucket holds it; the content is in the key, so that two contents never meet."""
        digest = sha256(self.draft.content).hexdigest()
        return f"templates/{self.id}/{self.product.spec.version}/{digest}.yaml"

    def describe(self) -> dict[str, Any]:
        """The content of bundle.json: what was made, without a word of where or when."""
        draft = self.draft
        return {
            "format": FORMAT,
            "product": self.id,
            "name": self.product.spec.name,
            "version": self.product.spec.version,
            "blueprint": self.product.spec.blueprint,
            "fingerprint": draft.fingerprint,
            "target_values": dict(draft.values),
            "regions": list(draft.regions),
            "template": {"key": self.template_key, "bytes": len(draft.content)},
            "assets": [
                {
                    "file": f"{asset.name}.zip",
                    "key": asset.key,
                    "sha256": asset.digest,
                    "bytes": len(asset.content),
                }
                for asset in draft.assets
            ],
            "launch_role": self.role.name if self.role else None,
            "parameters": sorted(draft.template.get("Parameters", {})),
        }


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
    assets = _assets(product, loaded, params, catalogue.root)
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


def seeds_of(
    product: Product, loaded: blueprints.Blueprint | None, params: BlueprintParams, root: Path
) -> tuple[Seed | LambdaPackage, ...]:
    """The assets the blueprint asks for, once the spec's seed answers are known to belong to them. Renders nothing."""
    wanted = loaded.assets(params) if loaded else ()
    seeds = {one.seed for one in wanted if isinstance(one, Seed)}
    problems = []
    for name, answers in product.spec.seed_answers.items():
        where = product.where("seed_answers", name)
        if name not in seeds:
            remedy = did_you_mean(name, seeds) or "It uses none with these options."
            problems.append(Problem(where, f"seed '{name}' is not one that this product uses", remedy))
            continue
        known = seed.questions(_seed_folder(name, product, root))
        problems += [
            Problem(
                product.where("seed_answers", name, answer),
                f"seed '{name}' has no question '{answer}'",
                did_you_mean(answer, known),
            )
            for answer in answers
            if answer not in known
        ]
    if problems:
        raise FactoryError(*problems)
    return wanted


def _assets(
    product: Product, loaded: blueprints.Blueprint, params: BlueprintParams, root: Path
) -> tuple[Asset, ...]:
    wanted = seeds_of(product, loaded, params, root)
    return tuple(
        _seed(one, product, root) if isinstance(one, Seed) else _package(one, loaded, root) for one in wanted
    )


def _seed_folder(name: str, product: Product, root: Path) -> Path:
    folder = root / "seedcode" / name
    if not folder.is_dir():
        known = [path.name for path in (root / "seedcode").glob("*/") if path.is_dir()]
        raise fail(product.where("blueprint"), f"seed '{name}' does not exist", did_you_mean(name, known))
    return folder


def _seed(use: Seed, product: Product, root: Path) -> Asset:
    folder = _seed_folder(use.seed, product, root)
    own = product.spec.seed_answers.get(use.seed, {})

    def where(*answer: str) -> Where:
        return product.where("seed_answers", use.seed, *answer)

    tree = seed.render(folder, {**use.answers, **own}, where=where)
    return Asset(use.name, seed.archive(tree))


def _package(use: LambdaPackage, loaded: blueprints.Blueprint, root: Path) -> Asset:
    folder = root / "blueprints" / "lambdas" / use.package
    if not folder.is_dir():
        raise fail(
            loaded.file, f"blueprints/lambdas/{use.package}/ does not exist", "Add it, or correct the name."
        )
    files = []
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not {"__pycache__", "tests"} & set(relative.parts):
            inside(path, folder, Where(f"blueprints/lambdas/{use.package}"))
            files.append((relative.as_posix(), path.read_bytes(), False))
    return Asset(use.name, seed.archive(seed.Tree(tuple(files))))


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


def build(
    catalogue: Catalogue,
    products: Iterable[Product],
    target: Target,
    *,
    cache: Path | None = None,
    processes: int = 1,
    progress: Progress = lambda _: None,
) -> list[Bundle]:
    """The bundles of products, in their order; raises every product's problems at once.

    Findings do not raise: they are part of the bundle, and the caller decides. `cache` keeps findings between runs.
    """
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for product in products:
        progress(f"render {product.id}")
        try:
            drafts.append(draft(product, catalogue, target))
        except FactoryError as error:
            problems += error.problems
    if problems:
        raise FactoryError(*problems)
    progress(f"lint {len(drafts)} templates")
    jobs = [
        lint.Job(one.content.decode("utf-8-sig"), one.product.id, one.file, one.regions, one.exceptions)
        for one in drafts
    ]
    findings = lint.lint_many(jobs, processes=processes, cache=cache)
    bundles = []
    for one, found in zip(drafts, findings, strict=True):
        progress(f"launch role of {one.product.id}")
        try:
            bundles.append(_with_role(one, found, catalogue, target))
        except FactoryError as error:
            problems += error.problems
    if problems:
        raise FactoryError(*problems)
    return bundles


def _with_role(
    one: Draft, findings: tuple[lint.Finding, ...], catalogue: Catalogue, target: Target
) -> Bundle:
    spec = one.product.spec
    if spec.launch.role != "synthesised" or any(finding.level == "error" for finding in findings):
        return Bundle(one, findings, None)  # a template with errors may not even name real resource types
    scope = Scope(
        catalogue=catalogue.name,
        product=one.product.id,
        regions=tuple(target.spec.regions),
        boundary=target.spec.permissions_boundary or None,
        launch_boundary=target.spec.launch_boundary or None,
        # By name, not by content: the role outlives the version that first needed it.
        assets=tuple(
            f"{target.bucket(region)}/assets/{a.name}/*.zip" for a in one.assets for region in one.regions
        ),
    )
    role, reasons = launch_role.synthesise(one.template, scope)
    return Bundle(one, findings, role, reasons)


def errors(bundles: Iterable[Bundle]) -> list[lint.Finding]:
    """The findings that forbid publishing."""
    return [finding for bundle in bundles for finding in bundle.findings if finding.level == "error"]
