"""The verbs plan and publish: what would change, whether it may, and the changing."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from generator.errors import Problem, Refused, Where, fail
from generator.verbs.shared import (
    bundles_of,
    catalogue_of,
    confirm,
    gateway_of,
    paint,
    refuse_findings,
    show_progress,
)

if TYPE_CHECKING:
    from generator.catalogue import Catalogue, Target
    from generator.gateway import Gateway
    from generator.publish import Prepared


def _prepared(
    options: argparse.Namespace, catalogue: Catalogue, target: Target, *, prune: bool
) -> tuple[Prepared, Gateway]:
    from generator.publish import prepare

    bundles = bundles_of(catalogue, target, options.ids)
    refuse_findings(bundles)
    gateway = gateway_of(catalogue, target)
    prepared = prepare(
        catalogue, bundles, target, gateway, selected=bool(options.ids), prune=prune, progress=show_progress
    )
    show_progress("")
    return prepared, gateway


def plan(options: argparse.Namespace) -> int:
    from generator import output, policies, show

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    prepared, _ = _prepared(options, catalogue, target, prune=options.prune_roles)
    plan = prepared.plan
    if options.out:
        output.write_file(Path(options.out), show.as_json(plan))
    if options.policy:
        print(json.dumps(policies.of_plan(plan, catalogue, target), indent=2))
    elif options.format == "json":
        print(show.as_json(plan), end="")
    elif options.format == "markdown":
        print(show.as_markdown(plan), end="")
    else:
        print(show.as_text(plan, paint()), end="")
    return 2 if options.detailed_exitcode and plan.changes else 0


def publish(options: argparse.Namespace) -> None:
    from generator import report, show
    from generator.changes import Change, CreateProduct
    from generator.plan import check_limits
    from generator.publish import apply

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    saved = _saved(Path(options.plan)) if options.plan else {}
    prune = options.prune_roles or any(
        each["kind"] == "PruneLaunchRoles" for each in saved.get("changes", ())
    )
    prepared, gateway = _prepared(options, catalogue, target, prune=prune)
    plan = prepared.plan
    if options.plan:
        _same_plan(Path(options.plan), saved["checksum"], plan.checksum)
    if not options.force:
        check_limits(plan)
    if plan.changes:
        print(show.as_text(plan, paint()), flush=True)
        confirm(options, target, "publish", "Publish this to")

    def progress(index: int, total: int, change: Change) -> None:
        print(
            f"[{index + 1:>{len(str(total))}}/{total}] {change.sign} {change.about}",
            file=sys.stderr,
            flush=True,
        )

    outcome = apply(prepared, gateway, progress=progress)
    print(report.outcome_text(outcome, catalogue, target), end="")
    created = [change.product_id for change in plan.changes if isinstance(change, CreateProduct)]
    if target.is_local and created and outcome.record == 1:
        print(report.next_steps(created[0], _command(catalogue)), end="")


def _command(catalogue: Catalogue) -> str:
    """How the user calls this command: by its path in the catalogue's .venv unless it is on the PATH."""
    from shutil import which

    return (
        "catalog"
        if which("catalog") or not (catalogue.root / ".venv/bin/catalog").exists()
        else ".venv/bin/catalog"
    )


def _saved(path: Path) -> dict[str, Any]:
    from generator.spec import FORMAT

    try:
        saved: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        version, _ = saved["format"], saved["checksum"]
    except OSError as error:
        raise fail(
            str(path), f"cannot be read ({error.strerror})", "Save a plan with catalog plan --out."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise fail(str(path), "is no saved plan", "Save one with catalog plan --out.") from None
    if version != FORMAT:
        raise Refused(
            Problem(
                Where(str(path)), f"the plan has format {version}, this version reads {FORMAT}", "Plan again."
            )
        )
    return saved


def _same_plan(path: Path, there: str, checksum: str) -> None:
    if there != checksum:
        raise Refused(
            Problem(
                Where(str(path)),
                "the plan is stale: the YAML, or what is published, has changed since it was saved",
                "Plan again, review it, and publish the new plan.",
            )
        )
