"""What `list`, `show`, `diff` and `publish` tell, as text and as plain data. Pure: the command line prints it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any

from generator import changes as c
from generator.bundle import Bundle
from generator.catalogue import Catalogue, Product, Target
from generator.model import Artifact, State
from generator.publish import Outcome
from generator.show import cell, summary, unchanged_lines
from generator.template_diff import Comparison
from generator.version import next_version, order


def listing(catalogue: Catalogue) -> list[dict[str, Any]]:
    """The products of the specs, by id."""
    return [
        {
            "id": product.id,
            "name": product.spec.name,
            "version": product.spec.version,
            "blueprint": product.spec.blueprint,
            "portfolios": list(product.spec.portfolios),
            "owner": product.spec.owner,
            "description": product.spec.description,
        }
        for product in catalogue.products.values()
    ]


def table(rows: list[list[str]]) -> str:
    """Columns as wide as their widest cell; the last one runs free."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
        for row in rows
    )


def listing_text(catalogue: Catalogue) -> str:
    rows = [["ID", "VERSION", "BLUEPRINT", "PORTFOLIOS", "NAME"]]
    for each in listing(catalogue):
        rows.append(
            [each["id"], each["version"], each["blueprint"], ",".join(each["portfolios"]), each["name"]]
        )
    return table(rows)


def product(bundle: Bundle, states: Mapping[str, State], target: Target) -> dict[str, Any]:
    """All there is to say of a product: its spec, the launch form, and what is published of it in each region."""
    spec = bundle.product.spec
    template = bundle.draft.template
    return {
        "id": bundle.id,
        "spec": spec.model_dump(mode="json", exclude_defaults=True),
        "fingerprint": bundle.draft.fingerprint,
        "target": target.id,
        "parameters": [
            {"name": name, **{key.lower(): value for key, value in parameter.items()}}
            for name, parameter in template.get("Parameters", {}).items()
        ],
        "resources": _count(template),
        "outputs": sorted(template.get("Outputs", {})),
        "launch_role": bundle.role.name if bundle.role else None,
        "assets": [asset.key for asset in bundle.draft.assets],
        "regions": {region: _published(bundle.product, state) for region, state in states.items()},
    }


def _count(template: Mapping[str, Any]) -> dict[str, int]:
    types = [
        str(each.get("Type")) for each in template.get("Resources", {}).values() if isinstance(each, dict)
    ]
    return {name: types.count(name) for name in sorted(set(types))}


def _published(product: Product, state: State) -> dict[str, Any]:
    there = state.products.get(product.id)
    versions = sorted(there.artifacts.values(), key=lambda each: order(each.version)) if there else []
    projects = [
        {"version": version, "fingerprint": each.fingerprint, "visible": each.visible}
        for version, each in sorted(state.projects.get(product.id, {}).items(), key=lambda one: order(one[0]))
    ]
    return {
        "versions": [
            {
                "version": each.version,
                "fingerprint": each.fingerprint,
                "active": each.active,
                "guidance": each.guidance,
                "changelog": each.description.partition("\n")[0],
            }
            for each in versions
        ],
        **({"project_templates": projects} if projects else {}),
        "portfolios": {
            portfolio: [
                {"type": constraint.type, "parameters": json.loads(constraint.parameters)}
                for constraint in sorted(constraints)
            ]
            for (portfolio, name), constraints in sorted(state.offers.items())
            if name == product.id
        },
    }


def product_text(told: Mapping[str, Any]) -> str:
    spec = told["spec"]
    lines = [
        f"{told['id']}: {spec['name']}",
        f"  {spec['description']}",
        "",
        f"  version    {spec['version']}  sha256:{told['fingerprint'][:12]}…",
        f"  blueprint  {spec['blueprint']}",
        f"  owner      {spec['owner']}",
        f"  role       {told['launch_role'] or 'not synthesised'}",
        f"  makes      {', '.join(f'{count} {name}' for name, count in told['resources'].items())}",
    ]
    if told["parameters"]:
        lines += ["", "Parameters (the launch form):"]
        for each in told["parameters"]:
            allowed = (
                f", one of {', '.join(map(str, each['allowedvalues']))}" if "allowedvalues" in each else ""
            )
            default = f", default {each['default']!r}" if "default" in each else ", required"
            lines.append(f"  {each['name']}: {each['type']}{default}{allowed}")
            if each.get("description"):
                lines.append(f"      {each['description']}")
    for region, there in told["regions"].items():
        lines += ["", f"Published to {told['target']} in {region}:"]
        projects = there.get("project_templates", [])
        if not there["versions"] and not projects:
            lines.append("  nothing yet")
        for each in there["versions"]:
            shown = "" if each["active"] else " inactive"
            guidance = " deprecated" if each["guidance"] == "DEPRECATED" else ""
            lines.append(
                f"  {each['version']}  sha256:{each['fingerprint'][:12]}…{shown}{guidance}  {each['changelog']}"
            )
        for each in projects:
            hidden = "" if each["visible"] else " hidden"
            told_of = f"sha256:{each['fingerprint'][:12]}…{hidden}"
            lines.append(f"  {each['version']}  {told_of}  SageMaker project template")
        for portfolio, constraints in there["portfolios"].items():
            lines.append(f"  in portfolio {portfolio}")
            for constraint in constraints:
                lines.append(
                    f"      {constraint['type']} {json.dumps(constraint['parameters'], sort_keys=True)}"
                )
    return "\n".join(lines) + "\n"


def difference(published: str, built: str, names: tuple[str, str]) -> str:
    """A unified diff of two templates; empty when they are the same."""
    return "".join(
        line if line.endswith("\n") else line + "\n\\ No newline at end of file\n"
        for line in difflib.unified_diff(
            published.splitlines(keepends=True), built.splitlines(keepends=True), names[0], names[1], n=3
        )
    )


def comparison(
    name: str, built: str, compared: Comparison, published: Mapping[str, Artifact]
) -> dict[str, Any]:
    """What the built template changes for those who run the published one, and the smallest version it may have."""
    return {
        "id": name,
        "from": compared.base,
        "to": built,
        "bump": str(compared.bump),
        "smallest": next_version(published, compared.bump),
        "effects": [
            {"bump": str(each.bump), "subject": each.subject, "what": each.what, "certain": each.certain}
            for each in compared.effects
        ],
    }


def comparison_text(name: str, built: str, compared: Comparison) -> str:
    """The effects, the gravest first, above a unified diff, which takes other lines before it for comments."""
    first, *rest = compared.lines()
    return "\n".join([f"{name} {built}: {first}", *rest]) + "\n"


def comparison_markdown(name: str, built: str, compared: Comparison, lines: str) -> str:
    """For a comment on a pull request: the effects, and the unified diff folded away."""
    effects = [f"- **{each.bump}** {cell(str(each).partition(': ')[2])}" for each in compared.effects]
    heading = f"### {name} {compared.base} → {built}: {compared.bump}"
    body = [
        "<details><summary>Template</summary>",
        "",
        "```diff",
        *lines.splitlines(),
        "```",
        "",
        "</details>",
    ]
    return (
        "\n".join([heading, "", *(effects or ["Nothing differs."]), *(["", *body] if lines else [])]) + "\n"
    )


def outcome_text(outcome: Outcome, catalogue: Catalogue, target: Target) -> str:
    """What was published and where; what stayed as it was, where nothing changed (the plan says it otherwise)."""
    plan = outcome.plan
    lines: list[str] = []
    if not plan.changes:
        lines += unchanged_lines(plan.unchanged)
        lines += [f"note: {note}" for note in plan.notes]
        lines += ["", f"{summary(())} Target {target.id} (account {plan.account}) is as the YAML says."]
        return "\n".join(lines) + "\n"
    for region, identifiers in outcome.identifiers.items():
        versions = [
            (change.product.id, change.artifact.version)
            if isinstance(change, c.CreateProduct)
            else (change.product, change.artifact.version)
            for change in plan.changes
            if change.region == region and isinstance(change, c.CreateProduct | c.PublishArtifact)
        ]
        if versions:
            lines += [f"Published to {target.id} (account {plan.account}) in {region}:", ""]
            rows = [["  PRODUCT", "VERSION", "PRODUCT ID", "ARTIFACT ID", "PORTFOLIOS"]]
            for name, version in versions:
                portfolios = ", ".join(
                    f"{each} ({identifiers.get(f'portfolio/{each}', '?')})"
                    for each in catalogue.products[name].spec.portfolios
                )
                ids = [
                    identifiers.get(f"product/{name}", "?"),
                    identifiers.get(f"artifact/{name}/{version}", "?"),
                ]
                rows.append([f"  {name}", version, *ids, portfolios])
            lines += [*table(rows).splitlines(), ""]
    count = f"{outcome.done} change{'s' if outcome.done != 1 else ''} done"
    lines.append(f"{count}; release record {outcome.record} in s3://{target.bucket(target.home_region)}.")
    return "\n".join(lines) + "\n"


def next_steps(example: str, command: str) -> str:
    """What a newcomer may try after the first publish to the local AWS."""
    rows = [
        [f"  {command} show {example}", "what was published, and the launch form"],
        [f"  {command} local serve", "the local AWS over HTTP, for the AWS CLI and SDKs"],
        [f"  {command} new product data-lake", "a product of your own"],
        ["  make publish", "again: nothing to do"],
    ]
    return "\nTry next:\n" + table(rows)
