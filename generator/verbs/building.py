"""The verbs that need no AWS: check, build, lint."""

from __future__ import annotations

import argparse

from generator import __version__
from generator.errors import FactoryError
from generator.verbs.shared import bundles_of, catalogue_of, refuse_findings


def check(options: argparse.Namespace) -> None:
    from generator.load import options_problems

    catalogue = catalogue_of(options)
    problems = options_problems(catalogue.products.values(), catalogue.root)
    if problems:
        raise FactoryError(*problems)
    counts = (len(catalogue.products), len(catalogue.portfolios), len(catalogue.targets))
    print("{} products, {} portfolios, {} targets: no problems".format(*counts))


def build(options: argparse.Namespace) -> None:
    from generator import output, spoke_roles

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    bundles = bundles_of(catalogue, target, options.ids)
    refuse_findings(bundles)
    beside = {each.id: spoke_roles.files(each, catalogue, target) for each in bundles}
    for each, folder in zip(bundles, output.write(bundles, catalogue.root / "build", beside), strict=True):
        print(
            f"{folder.relative_to(catalogue.root)}/  {each.product.spec.version}  sha256:{each.draft.fingerprint}"
        )


def lint(options: argparse.Namespace) -> int:
    from generator import bundle
    from generator.lint import formats

    catalogue = catalogue_of(options)
    bundles = bundles_of(catalogue, catalogue.target(options.target), options.ids)
    findings = [finding for each in bundles for finding in each.findings]
    if options.format == "sarif":
        print(formats.as_sarif(findings, __version__), end="")
    elif options.format == "json":
        print(formats.as_json(findings), end="")
    else:
        print(formats.as_text(findings) or f"{len(bundles)} templates: no findings\n", end="")
    return 1 if bundle.errors(bundles) else 0
