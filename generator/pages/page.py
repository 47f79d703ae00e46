"""The page of a product in Markdown, and the index of all pages: what its users and its owners ask first. Pure."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from generator.blueprint import Asset
from generator.bundle import Bundle
from generator.catalogue import Portfolio
from generator.errors import Where
from generator.launch_role import actions, scoped_writes
from generator.lint import schemas
from generator.pages import costs
from generator.pages.parts import Picture, kind_of, service_of
from generator.template import parse

STACK_SET = "AWS::CloudFormation::StackSet"
INTERFACE = "AWS::CloudFormation::Interface"
KEPT = ("Retain", "RetainExceptOnCreate", "Snapshot")
MADE_BY = "<!-- Made by `catalog docs` from the product's YAML; edit that instead. -->"


def page_text(bundle: Bundle, picture: Picture, portfolios: Mapping[str, Portfolio]) -> str:
    """One product's page; its picture is expected beside it as `<id>.svg`."""
    sections = (
        _head(bundle, portfolios),
        _makes(bundle, picture),
        _before(bundle),
        _parameters(bundle),
        _outputs(bundle.draft.template),
        _repositories(bundle.draft.assets),
        _permissions(bundle),
        _regions(bundle.draft.template),
        _costs(bundle),
        _clean_up(bundle),
    )
    return "\n".join(line for section in sections for line in section).rstrip() + "\n"


def index_text(bundles: Iterable[Bundle]) -> str:
    """The list of pages."""
    rows = [
        (f"[{one.id}]({one.id}.md)", one.product.spec.version, one.product.spec.name)
        for one in sorted(bundles, key=lambda one: one.id)
    ]
    return "\n".join([MADE_BY, "# Products", "", *_table(("Product", "Version", "Name"), rows), ""])


def _head(bundle: Bundle, portfolios: Mapping[str, Portfolio]) -> Iterator[str]:
    spec = bundle.product.spec
    yield from (MADE_BY, f"# {spec.name}", "", spec.description, "")
    support = [each for each in (spec.support.description, spec.support.email, spec.support.url) if each]
    rows = [
        ("Id and version", f"`{bundle.id}` {spec.version}"),
        ("This version", spec.changelog),
        ("Owner", spec.owner),
        ("Support", " · ".join(support)),
        *(
            (f"Portfolio `{one}`", f"seen by {', '.join(portfolios[one].audience()) or 'nobody yet'}")
            for one in spec.portfolios
        ),
        ("Project template", "also from S3, in SageMaker Studio" if "sagemaker-s3" in spec.delivery else ""),
        ("Blueprint", f"`{spec.blueprint}`"),
    ]
    yield from _table(("", ""), [row for row in rows if row[1]])
    yield ""


def _makes(bundle: Bundle, picture: Picture) -> Iterator[str]:
    resources = bundle.draft.template["Resources"]
    yield from ("## What it makes", "", f"![What {bundle.product.spec.name} makes]({bundle.id}.svg)", "")
    yield (
        f"{len(resources)} resources. An arrow points at what a resource uses; dashed ones are made only with some "
        "values of the parameters."
        if any(part.conditional for part in picture.parts)
        else f"{len(resources)} resources. An arrow points at what a resource uses."
    )
    if later := bundle.draft.guide.later:
        titles = ", ".join(f"`{one.title}`" for one in later)
        yield f"Not of the template, but made later by what is: {titles}."
    yield ""
    types = sorted(str(body["Type"]) for body in resources.values())
    for service, of_service in groupby(types, key=service_of):
        counted = [
            f"{count} x {kind}" if (count := len(list(same))) > 1 else kind
            for kind, same in groupby(of_service, key=kind_of)
        ]
        yield f"- {service}: {', '.join(counted)}"
    yield ""


def _before(bundle: Bundle) -> Iterator[str]:
    if sentences := bundle.draft.guide.before:
        yield from ("## Before launch", "", *(f"- {sentence}" for sentence in sentences), "")


def _parameters(bundle: Bundle) -> Iterator[str]:
    template = bundle.draft.template
    parameters: Mapping[str, Mapping[str, Any]] = template.get("Parameters", {})
    tag_options = bundle.product.spec.tag_options
    if not parameters and not tag_options:
        return
    yield from ("## What is asked at launch", "")
    interface = template.get("Metadata", {}).get(INTERFACE, {})
    labels = {name: each.get("default", name) for name, each in interface.get("ParameterLabels", {}).items()}
    groups = [
        (group.get("Label", {}).get("default", ""), group.get("Parameters", []))
        for group in interface.get("ParameterGroups", [])
    ]
    grouped = {name for _, names in groups for name in names}
    groups.append(("Others" if groups else "", [name for name in parameters if name not in grouped]))
    for label, names in groups:
        if names:
            yield from ([f"**{label}**", ""] if label else [])
            rows = [_parameter(name, labels.get(name, name), parameters[name]) for name in names]
            yield from _table(("Parameter", "What it is", "Values", "Default"), rows)
            yield ""
    chosen = [f"`{key}` (one of {', '.join(values)})" for key, values in sorted(tag_options.items())]
    if chosen:
        yield from (f"Tags to choose: {', '.join(chosen)}; the portfolio may ask for more.", "")


def _parameter(name: str, label: str, parameter: Mapping[str, Any]) -> tuple[str, str, str, str]:
    values = ", ".join(str(value) for value in parameter.get("AllowedValues", []))
    if not values and {"MinValue", "MaxValue"} & set(parameter):
        values = f"{parameter.get('MinValue', '…')} to {parameter.get('MaxValue', '…')}"
    default = parameter.get("Default")
    shown = "required" if default is None else f"`{default}`" if default != "" else "empty"
    text = parameter.get("Description", "")
    title = f"{label} `{name}`" if label != name else f"`{name}`"
    return title, text, values or str(parameter.get("ConstraintDescription", "")) or parameter["Type"], shown


def _outputs(template: Mapping[str, Any]) -> Iterator[str]:
    outputs: Mapping[str, Mapping[str, Any]] = template.get("Outputs", {})
    if outputs:
        yield from ("## What it tells", "")
        rows = [(f"`{name}`", _text(each.get("Description", ""))) for name, each in outputs.items()]
        yield from _table(("Output", "What it is"), rows)
        yield ""


def _repositories(assets: Sequence[Asset]) -> Iterator[str]:
    seeds = [asset for asset in assets if asset.name.startswith("seed-")]
    if seeds:
        yield from ("## What its repositories begin with", "")
    for asset in seeds:
        with zipfile.ZipFile(io.BytesIO(asset.content)) as packed:
            names = [entry.filename for entry in packed.infolist()]
        yield f"`{asset.name.removeprefix('seed-')}`: {len(names)} files."
        yield from ("", "```", *sorted(names), "```", "")


def _permissions(bundle: Bundle) -> Iterator[str]:
    yield from ("## Permissions", "")
    launch = bundle.product.spec.launch
    if bundle.role:
        scope = scoped_writes(bundle.role)
        yield (
            f"The stack is made as the launch role `{bundle.role.name}`, which follows from the template: "
            f"{scope.scoped} of its {scope.total} writing grants are limited to less than a whole service. "
            f"`catalog role {bundle.id} --why` says what each is for."
        )
        yield ""
        by_service: dict[str, set[str]] = {}
        for grant in bundle.role.grants:
            by_service.setdefault(grant.action.partition(":")[0], set()).add(grant.action)
        rows = [(f"`{service}`", *_counts(found)) for service, found in sorted(by_service.items())]
        yield from _table(("Service", "Actions that write", "Actions that read"), rows)
    elif launch.role == "kept":
        yield f"The stack is made as a role kept elsewhere: `{launch.arn or launch.local_name}`."
    else:
        yield "The stack is made with the permissions of whoever launches it."
    yield ""
    resources = bundle.draft.template["Resources"]
    if roles := list(_roles(resources)):
        yield from ("Roles that it makes, each with what its work takes:", "")
        yield from _table(("Role", "Used by", "For"), roles)
        yield ""
    brought = [
        (f"`{title}`", *role)
        for title, body in resources.items()
        if body["Type"] == STACK_SET
        for role in _roles(_brought(body["Properties"]))
    ]
    if brought:
        yield from ("Roles that its StackSets make in each of the accounts that they reach:", "")
        yield from _table(("StackSet", "Role", "Used by", "For"), brought)
        yield ""


def _roles(resources: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for title, body in resources.items():
        if body["Type"] == "AWS::IAM::Role":
            role = body["Properties"]
            yield f"`{title}`", ", ".join(_trusted(role)), _text(role.get("Description", ""))


def _brought(stack_set: Mapping[str, Any]) -> Mapping[str, Any]:
    """The resources of a StackSet's template, where it is told as text."""
    body = stack_set.get("TemplateBody")
    if not isinstance(body, str):
        return {}
    resources: Mapping[str, Any] = parse(body, Where("TemplateBody"))["Resources"]
    return resources


def _text(value: object) -> str:
    """A text, its placeholders left as they are."""
    if isinstance(value, Mapping):
        value = value.get("Fn::Sub", "")
    return str(value[0]) if isinstance(value, list) else str(value)


def _counts(names: Iterable[str]) -> tuple[str, str]:
    known = [found for name in names if (found := actions.action(name))]
    writing = sum(each.writes for each in known)
    return str(writing), str(len(known) - writing)


def _trusted(role: Mapping[str, Any]) -> list[str]:
    """Who assumes a role: the principals that it trusts, or of an account those that a condition names."""
    found = []
    for statement in role.get("AssumeRolePolicyDocument", {}).get("Statement", []):
        if named := statement.get("Condition", {}).get("ArnEquals", {}).get("aws:PrincipalArn"):
            found.append(_text(named))
            continue
        for kind, principal in sorted(statement.get("Principal", {}).items()):
            each = principal if isinstance(principal, list) else [principal]
            found += [_text(one) or f"{kind} principal given at launch" for one in each]
    return list(dict.fromkeys(found))


def _regions(template: Mapping[str, Any]) -> Iterator[str]:
    """Where it can be launched: a region that lacks one of its resource types refuses the whole stack."""
    known = {
        kind: found
        for body in template["Resources"].values()
        if (found := schemas.regions_of(kind := str(body["Type"])))
    }
    missing = {kind: sorted(schemas.listed() - found) for kind, found in sorted(known.items())}
    left = schemas.listed().difference(*missing.values())
    yield from ("## Regions", "")
    yield (
        f"{len(left)} of {len(schemas.listed())} regions have all of its resource types, as of {schemas.date()[:10]}."
        " Elsewhere these are missing:"
        if len(left) < len(schemas.listed())
        else f"All {len(left)} regions have all of its resource types, as of {schemas.date()[:10]}."
    )
    yield ""
    yield from (f"- `{kind}` in {', '.join(lacking)}" for kind, lacking in missing.items() if lacking)
    if any(missing.values()):
        yield ""


def _costs(bundle: Bundle) -> Iterator[str]:
    found = costs.drivers(bundle.draft.template)
    guide = bundle.draft.guide
    yield from ("## What costs money", "")
    rows = [
        (f"{one.count} x {one.kind}" if one.count > 1 else one.kind, f"{one.charged} [Prices]({one.source})")
        for one in found
    ]
    if rows:
        yield from _table(("Resource", "Charged"), rows)
        yield ""
    yield from (f"- {sentence}" for sentence in guide.costs)
    if guide.costs:
        yield ""
    if not rows and not guide.costs:
        yield from ("Nothing that has a price of its own.", "")


def _clean_up(bundle: Bundle) -> Iterator[str]:
    resources = bundle.draft.template["Resources"]
    kept = [
        (f"`{title}`", f"{service_of(body['Type'])} {kind_of(body['Type'])}", str(body["DeletionPolicy"]))
        for title, body in resources.items()
        if body.get("DeletionPolicy") in KEPT
    ]
    yield from ("## How to clean up", "")
    yield (
        "Terminate it in Service Catalog, or with `catalog terminate NAME`; its stack and what the stack made go with it."
    )
    yield ""
    if kept:
        yield from ("These stay, and go on costing until somebody deletes them:", "")
        yield from _table(("Resource", "Type", "Policy"), kept)
        yield ""
    notes = list(bundle.draft.guide.clean_up)
    types = {str(body["Type"]) for body in resources.values() if body.get("DeletionPolicy") not in KEPT}
    if "AWS::KMS::Key" in types:
        notes.append(
            "A deleted KMS key is first disabled for its waiting period, in which the deletion can be cancelled; it "
            "costs nothing then."
        )
    if "AWS::S3::Bucket" in types and not guided(bundle):
        notes.append("A bucket is deleted only when it is empty, old versions included: empty it first.")
    yield from (f"- {note}" for note in notes)


def guided(bundle: Bundle) -> bool:
    """Whether the blueprint itself says how its product is cleaned up."""
    return bool(bundle.draft.guide.clean_up)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in row)} |"
