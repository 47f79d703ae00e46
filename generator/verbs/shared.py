"""What the verbs have in common: the catalogue they work on, its bundles, its gateway, and how progress shows."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from generator.errors import FactoryError, Problem, Refused, Where, fail

if TYPE_CHECKING:
    from generator.bundle import Bundle
    from generator.catalogue import Catalogue, Target
    from generator.gateway import Gateway

USAGE = 64  # the exit code of wrong usage


def catalogue_of(options: argparse.Namespace) -> Catalogue:
    from generator.load import find_root, load

    return load(find_root(Path(options.root)))


def state_folder_of(catalogue: Catalogue) -> Path:
    from generator.aws import state_folder

    return state_folder(catalogue.root, os.environ.get("CATALOG_STATE"))


def bundles_of(catalogue: Catalogue, target: Target, ids: Sequence[str]) -> list[Bundle]:
    from generator import bundle

    products = catalogue.select(ids)
    cache = catalogue.root / ".catalog" / "cache"
    writable = os.access(cache if cache.exists() else catalogue.root, os.W_OK)
    bundles = bundle.build(
        catalogue,
        products.values(),
        target,
        cache=cache if writable else None,
        processes=os.cpu_count() or 1,
        progress=show_progress,
    )
    show_progress("")
    return bundles


def refuse_findings(bundles: Sequence[Bundle]) -> None:
    """Errors end the verb; warnings are told."""
    from generator import bundle
    from generator.lint.formats import as_text

    findings = [finding for each in bundles for finding in each.findings]
    if findings:
        print(as_text(findings), file=sys.stderr, end="")
    errors = bundle.errors(bundles)
    if errors:
        raise fail(
            "lint", f"{len(errors)} errors in templates", "Correct them; `catalog lint` shows them again."
        )


def gateway_of(catalogue: Catalogue, target: Target) -> Gateway:
    from generator.aws import connect

    return connect(target, catalogue.name, state_folder_of(catalogue))


def show_progress(text: str) -> None:
    """One line on a terminal, overwritten; nothing elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:100]}", end="", file=sys.stderr, flush=True)


def paint() -> Callable[[str, str], str]:
    from generator import show

    return show.coloured if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else show.plain


def confirm(options: argparse.Namespace, target: Target, verb: str, question: str) -> None:
    """Ask before a real account is changed, unless --yes; Refused where nobody can be asked, or somebody says no."""
    if options.yes or target.is_local:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        what = f"target '{target.id}' is a real account and nobody can be asked"
        raise Refused(Problem(Where(verb), what, "Add --yes."))
    asked = f"{question} {target.id} (account {target.spec.account})? [y/N] "
    if input(asked).strip().lower() not in ("y", "yes"):
        raise Refused(Problem(Where(verb), "not confirmed", "Nothing was changed."))


def usage(what: str, problem: str) -> FactoryError:
    error = fail(what, problem, "See --help.")
    error.exit_code = USAGE
    return error
