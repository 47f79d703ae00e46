"""What is lost with a resource, by its type: the reviewed table beside this module, and nothing more.

A type that the table does not name holds nothing, or is replaced as a matter of course.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from json import loads
from typing import Any


@cache
def table() -> Mapping[str, Any]:
    found: Mapping[str, Any] = loads((resources.files(__package__) / "state.json").read_text("utf-8"))
    return found


@cache
def held(resource_type: str) -> str:
    """What a resource of the type holds; empty where it holds nothing."""
    return next((each["holds"] for each in table()["stateful"] if resource_type in each["types"]), "")


@cache
def unknown(resource_type: str) -> str:
    """Why nobody can tell what a resource of the type holds; empty where the type tells."""
    found: Mapping[str, str] = table()["unknown"]
    return next((why for pattern, why in found.items() if fnmatchcase(resource_type, pattern)), "")
