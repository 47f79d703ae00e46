"""What the resources of a template cost money for: a reviewed table, from each service's page of prices. No figures.

Prices differ by region and change; what is counted hardly does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from generator.pages.parts import kind_of, service_of


@dataclass(frozen=True)
class Driver:
    """A kind of resource that costs money: how many there are, what is counted, and the page that says so."""

    kind: str
    count: int
    charged: str
    source: str


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    found: Mapping[str, Mapping[str, str]] = json.loads(
        Path(__file__).with_name("costs.json").read_text("utf-8")
    )
    return found


def drivers(template: Mapping[str, Any]) -> list[Driver]:
    """The drivers of a template's cost, by kind; a type that is not in the table has no price of its own."""
    types = [str(body["Type"]) for body in template.get("Resources", {}).values()]
    return [
        Driver(
            f"{service_of(name)} {kind_of(name)}",
            types.count(name),
            _table()[name]["charged"],
            _table()[name]["source"],
        )
        for name in sorted(set(types) & _table().keys())
    ]
