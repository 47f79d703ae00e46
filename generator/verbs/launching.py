"""The verbs launch, provisioned, update and terminate: the end user's half, in any target."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from generator.errors import did_you_mean, fail
from generator.verbs.shared import catalogue_of, confirm, state_folder_of, usage

if TYPE_CHECKING:
    from generator.aws.launching import AwsDesk
    from generator.catalogue import Catalogue, Product, Target


def desk_for(options: argparse.Namespace, catalogue: Catalogue, product: Product | None) -> AwsDesk:
    from generator.aws.launching import desk

    target = catalogue.target(options.target)
    region = options.region or target.home_region
    if region not in target.spec.regions:
        remedy = did_you_mean(region, target.spec.regions)
        raise fail(f"target {target.id}", f"nothing is published to '{region}'", remedy)
    run_code = getattr(options, "run_code", False)
    if run_code and not target.is_local:
        raise usage("--run-code", f"target '{target.id}' is a real account, where code runs anyway")
    persona = _persona(options, catalogue, target, product)
    return desk(target, state_folder_of(catalogue), region, persona, run_code=run_code or None)


def _persona(
    options: argparse.Namespace, catalogue: Catalogue, target: Target, product: Product | None
) -> str:
    """Who launches in the local AWS: the role named, else the first that the product's portfolio is open to."""
    if not target.is_local:
        return ""
    roles = [options.role] if getattr(options, "role", None) else []
    if product is not None:
        portfolios = [catalogue.portfolios[name] for name in product.spec.portfolios]
        roles += [access.role for portfolio in portfolios for access in portfolio.spec.access if access.role]
    return f"arn:{target.partition}:iam::{target.spec.account}:role/{roles[0]}" if roles else ""


def _teller(name: str) -> Callable[[str], None]:
    def tell(status: str) -> None:
        print(f"{name}: {status.lower().replace('_', ' ')}", file=sys.stderr, flush=True)

    return tell


def launch(options: argparse.Namespace) -> None:
    from generator import launch as launching

    catalogue = catalogue_of(options)
    (product,) = catalogue.select([options.id]).values()
    if "service-catalog" not in product.spec.delivery:
        raise fail(
            product.where("delivery"),
            f"{product.id} is no product of Service Catalog",
            "Make a project of it in SageMaker Studio.",
        )
    desk = desk_for(options, catalogue, product)
    offer = launching.offered(desk, product.id, product.spec.name)
    version = launching.version_of(offer, product.id, options.version)
    if version.deprecated:
        raise fail(
            product.id, f"version {version.name} is deprecated", "What runs may be updated; launch another."
        )
    path = launching.path_of(offer, product.id, options.portfolio)
    parameters = launching.pairs(options.param, "--param")
    tags = launching.pairs(options.tag, "--tag")
    launching.fill(desk.form(offer.id, version.id, path.id), product.id, parameters, tags)
    name = launching.free_name(options.name, product.id, (each.name for each in desk.provisioned()))
    ident = desk.launch(launching.Order(name, offer.id, version.id, path.id, parameters, (), tags))
    print(f"{name}: {product.spec.name} {version.name}, record {ident}", file=sys.stderr, flush=True)
    record = launching.follow(desk, ident, _teller(name), name=name)
    print(launching.outputs_text(record), end="")


def provisioned(options: argparse.Namespace) -> None:
    from dataclasses import asdict

    from generator import launch as launching
    from generator.report import table

    catalogue = catalogue_of(options)
    found = desk_for(options, catalogue, None).provisioned()
    if options.format == "json":
        print(json.dumps([asdict(each) for each in found], indent=2, ensure_ascii=False))
    elif not found:
        print("Nothing is launched: catalog launch ID.")
    else:
        print(table(launching.rows(found)), end="")


def update(options: argparse.Namespace) -> None:
    from generator import launch as launching

    if not (options.version or options.param or options.tag):
        raise usage("catalog update", "names nothing to change: --version, --param or --tag")
    catalogue = catalogue_of(options)
    anybody = desk_for(options, catalogue, None)
    running = launching.named(anybody, options.name)
    desk = anybody.acting_for(running.owner)
    offer = launching.offered(desk, running.name, running.product_name)
    now = launching.Version(running.version, running.version_name)
    version = launching.version_of(offer, running.name, options.version) if options.version else now
    if version.id not in [each.id for each in offer.versions]:
        raise fail(
            running.name, f"its version {now.name} is no longer offered", "Name another with --version."
        )
    path = launching.path_of(offer, running.name, options.portfolio)
    parameters = launching.pairs(options.param, "--param")
    tags = launching.pairs(options.tag, "--tag")
    form = desk.form(offer.id, version.id, path.id)
    names = {field.name for field in form.fields}
    if version.id != now.id and now.id in [each.id for each in offer.versions]:
        names &= {field.name for field in desk.form(offer.id, now.id, path.id).fields}
    kept = tuple(sorted(names - parameters.keys()))
    chosen = {key: values for key, values in form.tags.items() if key in tags}
    launching.fill(launching.Form(form.fields, chosen), running.name, parameters, tags, kept)
    order = launching.Order(running.name, offer.id, version.id, path.id, parameters, kept, tags)
    record = launching.follow(desk, desk.update(order), _teller(running.name), name=running.name)
    print(launching.outputs_text(record), end="")


def terminate(options: argparse.Namespace) -> None:
    from generator import launch as launching

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    anybody = desk_for(options, catalogue, None)
    running = launching.named(anybody, options.name)
    confirm(options, target, "terminate", f"Terminate {running.name} in")
    desk = anybody.acting_for(running.owner)
    launching.follow(desk, desk.terminate(running.name), _teller(running.name), name=running.name)
    print(f"{running.name} is terminated; what its template retains is still there.")
