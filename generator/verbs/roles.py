"""The verbs role and policies: a product's launch role with its reasons, and the policies of those who launch and publish."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.errors import AwsError, Refused, fail
from generator.verbs.shared import bundles_of, catalogue_of, gateway_of, usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from generator.catalogue import Catalogue, Target
    from generator.launch_role import LaunchRole


def role(options: argparse.Namespace) -> None:
    from generator import role_file, role_report
    from generator.lint import schemas

    if options.why and options.compare:
        raise usage("catalog role", "--why and --compare exclude each other")
    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    (bundle,) = bundles_of(catalogue, target, [options.id])
    if bundle.role is None:
        kept = bundle.product.spec.launch.role != "synthesised"
        raise fail(
            bundle.product.where("launch"),
            f"{options.id} has no synthesised launch role",
            "See `launch:`." if kept else "Its template has errors: catalog lint shows them.",
        )
    if options.compare:
        file = role_file.read(Path(options.compare))
        told = role_report.comparison(bundle.role, file.documents, target, options.compare, file.notes)
        _print(told, role_report.comparison_text, options.format)
    elif options.why:
        told = role_report.reasons(bundle.role, bundle.reasons, schemas.date())
        _print(told, role_report.reasons_text, options.format)
    else:
        published, unknown = _published(catalogue, target, bundle.role.key)
        told = role_report.policies(bundle.role, published, target if options.target else None)
        if unknown:
            told["SincePublished"] = {"Status": "unknown", "Why": unknown, "Broadened": [], "NotAskedFor": []}
        _print(told, role_report.policies_text, options.format)


def _print(told: dict[str, Any], as_text: Callable[[dict[str, Any]], str], form: str) -> None:
    print(json.dumps(told, indent=2) + "\n" if form == "json" else as_text(told), end="")


def _published(catalogue: Catalogue, target: Target, key: str) -> tuple[LaunchRole | None, str]:
    """The deployed role; or why nobody knows, since a role can be reviewed without a way to the account."""
    from generator.publish import guard

    try:
        gateway = gateway_of(catalogue, target)
        guard(target, gateway)
        return gateway.observe(target.home_region).roles.get(key), ""
    except (AwsError, Refused) as error:
        return None, str(error)


def policies(options: argparse.Namespace) -> None:
    from generator import policies as made
    from generator.role_report import resolved

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    personas = {
        "users": made.end_users(catalogue, target),
        "personas": made.personas(catalogue, target),
        "publisher": [made.publisher(catalogue, target)],
    }
    if options.persona:
        personas = {options.persona: personas[options.persona]}
    files: dict[str, Any] = {}
    if options.format == "cloudformation":
        files = {name: made.as_template(found) for name, found in personas.items() if found}
    else:
        for found in personas.values():
            for policy in found:
                files |= {name: resolved(dict(each), target) for name, each in made.as_files(policy).items()}
    for found in personas.values():
        for note in (note for policy in found for note in policy.notes):
            print(f"note: {note}", file=sys.stderr)
    if options.out:
        _write(files, Path(options.out))
    elif options.format == "cloudformation":
        whole = made.as_template(policy for found in personas.values() for policy in found)
        print(json.dumps(whole, indent=2))
    else:
        print(json.dumps(files, indent=2))


def _write(files: dict[str, Any], folder: Path) -> None:
    from generator import output

    with output.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        output.write_file(folder / f"{name}.json", json.dumps(content, indent=2) + "\n")
        print(folder / f"{name}.json")
