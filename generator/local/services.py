"""Which services are rows of our own: their modules (loaded at the first call) and their tables.

A module has `SERVICE: Service`; a tables module has `TABLES`, SQL that only ever creates what is missing, and
imports nothing, because it is read whenever a state is opened. Every other service is moto's (`world.py`).
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from generator.local.service import Service

# By the name that requests are signed for.
MODULES = {
    "cloudformation": "generator.local.stacks.service",
    "servicecatalog": "generator.local.servicecatalog",
    "sts": "generator.local.sts",
}
TABLES = (
    "generator.local.tables",
    "generator.local.servicecatalog.tables",
    "generator.local.stacks.tables",
    "generator.local.execution.tables",
)


@cache
def service(name: str) -> Service:
    """The service of this name, which must be one of `MODULES`."""
    return cast(Service, import_module(MODULES[name]).SERVICE)


def tables() -> str:
    return ";\n".join(str(import_module(name).TABLES) for name in TABLES)
