"""Reading fixtures, and grants as lines that a person can check against the service authorisation reference."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from generator.launch_role import Grant, Reason, Scope

FIXTURES = Path(__file__).parent / "fixtures"
SCOPE = Scope(catalogue="acme", product="sample", regions=("eu-west-1",))


def template(*resources: tuple[str, str, Mapping[str, Any]], **sections: Any) -> dict[str, Any]:
    """A template of (logical id, type, properties)."""
    return {
        **sections,
        "Resources": {name: {"Type": kind, "Properties": dict(props)} for name, kind, props in resources},
    }


def lines(grants: Iterable[Grant]) -> list[str]:
    """One line for each ARN and conditions, with all actions on it; regions and accounts as in an ARN of this scope."""
    found: dict[tuple[str, str], set[str]] = {}
    for grant in grants:
        shown = " ".join(
            f"{operator}({key}: {', '.join(values)})" for operator, key, values in grant.conditions
        )
        found.setdefault((grant.resource, shown), set()).add(grant.action)
    return [
        f"{resource}{f' if {shown}' if shown else ''}: {' '.join(sorted(names))}"
        for (resource, shown), names in sorted(found.items())
    ]


def of_resource(reasons: Iterable[Reason], logical_id: str) -> list[Grant]:
    """The grants that one resource asks for."""
    return sorted({reason.grant for reason in reasons if reason.logical_id == logical_id})


def actions(grants: Iterable[Grant]) -> set[str]:
    """The names of the actions."""
    return {grant.action for grant in grants}


def agree(path: Path, text: str) -> None:
    """Compare with a golden file; `REFRESH_GOLDEN=1 pytest tests/launch_role` writes it anew, to be read before a commit."""
    if os.environ.get("REFRESH_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    if not path.exists():
        pytest.fail(f"no golden file {path.name}: make it with REFRESH_GOLDEN=1 and read it")
    assert text == path.read_text(encoding="utf-8")


def load(path: Path) -> dict[str, Any]:
    """A fixture's template."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
