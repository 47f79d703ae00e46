"""The verb smoke: publishes, asks, tries a few products one after the other, and reports."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from generator.errors import did_you_mean, fail
from generator.verbs.launching import desk_for
from generator.verbs.shared import (
    bundles_of,
    catalogue_of,
    confirm,
    gateway_of,
    refuse_findings,
    show_progress,
)

if TYPE_CHECKING:
    from generator.bundle import Bundle
    from generator.catalogue import Catalogue, Product, Target
    from generator.smoke import Trial, Values

DENIED, UNTRIED = 4, 1


def smoke(options: argparse.Namespace) -> int:
    from generator import smoke as trying
    from generator import smoke_report

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    values = _values(options, catalogue, target)
    groups = trying.candidates(catalogue.select(options.ids), options.ids)
    bundles = bundles_of(catalogue, target, options.ids)
    _tell_costs(options, target, bundles)
    if not options.published:
        _publish(options, catalogue, target, bundles)
    confirm(options, target, "smoke", "Launch them for a while in")
    word = f"{trying.PREFIX}{secrets.token_hex(2)}"
    trials = [trial for group in groups for trial in _try(options, catalogue, group, values, word)]
    region = options.region or target.home_region
    told = smoke_report.as_data(trials, target=target.id, account=target.spec.account, region=region)
    print(
        json.dumps(told, indent=2) + "\n" if options.format == "json" else smoke_report.as_text(told), end=""
    )
    for name in trying.leftovers(desk_for(options, catalogue, None)):
        _tell(f"{name} is launched still: catalog terminate {name}")
    if any(trial.status == trying.FAILED for trial in trials):
        return DENIED
    skipped = [trial for trial in trials if trial.status == trying.SKIPPED]
    return UNTRIED if len(skipped) == len(trials) or (options.ids and skipped) else 0


def _try(
    options: argparse.Namespace,
    catalogue: Catalogue,
    group: Sequence[Product],
    values: dict[str, Values],
    word: str,
) -> Iterable[Trial]:
    """The first of a group that can be launched; those before it as skipped."""
    from generator import smoke as trying

    for product in group:
        desk = desk_for(options, catalogue, product)
        found = trying.case(desk, product, values.get(product.id, trying.Values()), word)
        if isinstance(found, trying.Case):
            yield trying.run(desk, found, _tell)
            return
        yield found


def _values(options: argparse.Namespace, catalogue: Catalogue, target: Target) -> dict[str, Values]:
    """By product: what the target's `smoke:` says, and above it what the command line says."""
    from generator import launch as launching
    from generator.smoke import Values

    given = _by_product(options.param, "--param", catalogue)
    changes = _by_product(options.change, "--change", catalogue)
    tags = launching.pairs(options.tag, "--tag")
    found: dict[str, Values] = {}
    for name in catalogue.products:
        place = target.where("smoke", name)
        region = options.region or target.home_region
        known = {
            key: target.expand(value, region, place) for key, value in target.spec.smoke.get(name, {}).items()
        }
        found[name] = Values({**known, **given.get(name, {})}, changes.get(name, {}), tags)
    return found


def _by_product(given: Iterable[str], option: str, catalogue: Catalogue) -> dict[str, dict[str, str]]:
    """`ID.KEY=VALUE` arguments."""
    from generator import launch as launching

    found: dict[str, dict[str, str]] = {}
    for key, value in launching.pairs(given, option).items():
        product, dot, name = key.partition(".")
        if not dot or not name:
            raise fail(
                f"{option} {key}={value}",
                "is not of the form ID.KEY=VALUE",
                f"Example: {option} store.Size=small.",
            )
        if product not in catalogue.products:
            remedy = did_you_mean(product, catalogue.products)
            raise fail(f"{option} {key}={value}", f"product '{product}' does not exist", remedy)
        found.setdefault(product, {})[name] = value
    return found


def _tell_costs(options: argparse.Namespace, target: Target, bundles: Sequence[Bundle]) -> None:
    from generator.smoke_report import costs

    if target.is_local:
        return
    which = "all of" if options.ids else "one of each blueprint of"
    _tell(f"{which} these are launched in account {target.spec.account}, updated and terminated:")
    for bundle in bundles:
        _tell(f"  {costs(bundle)}")
    _tell("AWS bills them as it does any launch; what their templates retain stays, and goes on costing.")


def _publish(
    options: argparse.Namespace, catalogue: Catalogue, target: Target, bundles: Sequence[Bundle]
) -> None:
    from generator import show
    from generator.plan import check_limits
    from generator.publish import apply, prepare

    refuse_findings(bundles)
    gateway = gateway_of(catalogue, target)
    prepared = prepare(
        catalogue, bundles, target, gateway, selected=bool(options.ids), progress=show_progress
    )
    show_progress("")
    if not prepared.plan.changes:
        return
    check_limits(prepared.plan)
    _tell(show.as_text(prepared.plan))
    confirm(options, target, "smoke", "Publish this first to")
    apply(
        prepared,
        gateway,
        progress=lambda index, total, change: _tell(f"[{index + 1}/{total}] {change.sign} {change.about}"),
    )


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
