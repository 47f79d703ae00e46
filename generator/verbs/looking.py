"""The verbs that look and change nothing: list, show, diff, picture."""

from __future__ import annotations

import argparse
import json

from generator.errors import Where, did_you_mean, fail
from generator.verbs.shared import bundles_of, catalogue_of, gateway_of


def list_products(options: argparse.Namespace) -> None:
    from generator import report

    catalogue = catalogue_of(options)
    if options.format == "json":
        print(json.dumps(report.listing(catalogue), indent=2, ensure_ascii=False))
    else:
        print(report.listing_text(catalogue), end="")


def show_product(options: argparse.Namespace) -> None:
    from generator import report

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    (bundle,) = bundles_of(catalogue, target, [options.id])
    gateway = gateway_of(catalogue, target)
    states = {region: gateway.observe(region) for region in bundle.draft.regions}
    told = report.product(bundle, states, target)
    if options.format == "json":
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print(report.product_text(told), end="")


def diff(options: argparse.Namespace) -> None:
    from generator import project_templates, report, template
    from generator.template_diff.comparison import compare
    from generator.version import order

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    (bundle,) = bundles_of(catalogue, target, [options.id])
    region = options.region or bundle.draft.regions[0]
    if region not in bundle.draft.regions:
        remedy = did_you_mean(region, bundle.draft.regions)
        raise fail(f"target {target.id}", f"{options.id} is not offered in '{region}'", remedy)
    gateway = gateway_of(catalogue, target)
    published = project_templates.versions(gateway.observe(region), options.id)
    if not published:
        raise fail(
            options.id, f"nothing of it is published to {target.id} in {region}", "Run catalog publish."
        )
    version = options.against or max(published, key=order)
    text = gateway.artifact_template(region, options.id, version)
    if text is None:
        remedy = did_you_mean(version, published)
        raise fail(options.id, f"version {version} is not published to {target.id} in {region}", remedy)
    built = bundle.product.spec.version
    compared = compare(version, template.parse(text, Where(f"{options.id} {version}")), bundle.draft.template)
    names = (f"{options.id} {version} ({target.id})", f"{options.id} {built} (built)")
    lines = report.difference(text, bundle.draft.content.decode("utf-8-sig"), names)
    if options.format == "json":
        told = report.comparison(options.id, built, compared, published)
        print(json.dumps({**told, "diff": lines.splitlines()}, indent=2, ensure_ascii=False))
    elif options.format == "markdown":
        print(report.comparison_markdown(options.id, built, compared, lines), end="")
    else:
        print(report.comparison_text(options.id, built, compared) + lines if lines else "", end="")


def picture(options: argparse.Namespace) -> None:
    from generator.picture import as_svg

    print(as_svg(catalogue_of(options)), end="")
