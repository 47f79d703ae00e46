"""The resource schemas that ship with cfn-lint, read straight from the installed package.

Owns how a resource type and a region become a schema. It never imports cfnlint, whose own loader prefers a newer copy in
the user's cache folder and patches what it has loaded; what is read here depends on the pinned package alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from generator.errors import did_you_mean, fail


@cache
def folder() -> Path:
    """The folder of the schemas: `providers/<region>.json` names a schema per type, `resources/<digest>.json` holds it."""
    spec = find_spec("cfnlint")
    if spec is None or spec.origin is None:
        raise fail("cfn-lint", "the package is not installed", "Run 'make' to set up the environment again.")
    return Path(spec.origin).parent / "data" / "schemas"


@cache
def date() -> str:
    """When the schemas were taken from the CloudFormation registry, as an ISO date and time."""
    version: dict[str, str] = json.loads((folder() / "version.json").read_text("utf-8"))
    return version["schema_date"]


@cache
def regions() -> frozenset[str]:
    """All regions with a list of types.

    The lists of isolated partitions and of `eusc-de-east-1` are copies of us-east-1's: nothing better is published.
    """
    return frozenset(path.stem for path in (folder() / "providers").glob("*.json") if path.stem != "sam")


@cache
def listed() -> frozenset[str]:
    """The regions whose list of types is their own: a copy of us-east-1's says nothing of its region."""
    lists = {region: (folder() / "providers" / f"{region}.json").read_bytes() for region in regions()}
    return frozenset(
        region for region, own in lists.items() if region == "us-east-1" or own != lists["us-east-1"]
    )


def types(region: str = "us-east-1") -> frozenset[str]:
    """The resource types of a region, those of the SAM transform included."""
    return frozenset(_digests(region))


def regions_of(resource_type: str) -> frozenset[str]:
    """The regions in which a resource type exists; none for an unknown type."""
    name = _registered(resource_type)
    return frozenset(region for region in regions() if name in _digests(region))


def schema(resource_type: str, region: str = "us-east-1") -> Mapping[str, Any]:
    """The registry's schema of a type, with its handlers, create-only and read-only properties and tagging.

    `Custom::…` is AWS::CloudFormation::CustomResource. Shared by all callers: to be read only.
    Raises FactoryError for a region or a type that does not exist.
    """
    digests = _digests(region)
    name = _registered(resource_type)
    if name not in digests:
        elsewhere = sorted(regions_of(name))
        if elsewhere:
            raise fail(
                resource_type,
                f"the resource type does not exist in {region}",
                f"It exists in {', '.join(elsewhere)}.",
            )
        raise fail(resource_type, "no such resource type", _closest(name, digests))
    return _read(digests[name])


def find(resource_type: str, regions: Iterable[str]) -> Mapping[str, Any]:
    """The schema of a type in the first region that has it, us-east-1 at last; an empty one for an unknown type."""
    name = _registered(resource_type)
    for region in (*regions, "us-east-1"):
        if name in _digests(region):
            return _read(_digests(region)[name])
    return {}


def _closest(name: str, known: Mapping[str, str]) -> str:
    # All 1,850 names as a remedy would help nobody.
    remedy = did_you_mean(name, known)
    return remedy if remedy.startswith("Did you mean") else "See the CloudFormation resource type reference."


def _registered(resource_type: str) -> str:
    return "AWS::CloudFormation::CustomResource" if resource_type.startswith("Custom::") else resource_type


@cache
def _digests(region: str) -> Mapping[str, str]:
    if region not in regions():
        raise fail(region, "no such region", did_you_mean(region, regions()))
    providers = folder() / "providers"
    digests: dict[str, str] = json.loads((providers / f"{region}.json").read_text("utf-8"))
    sam: dict[str, str] = json.loads((providers / "sam.json").read_text("utf-8"))
    return digests | sam


@cache
def _read(digest: str) -> Mapping[str, Any]:
    found: dict[str, Any] = json.loads((folder() / "resources" / f"{digest}.json").read_text("utf-8"))
    return found


@cache
def property_paths(resource_type: str, keyword: str) -> frozenset[tuple[str, ...]]:
    """The paths of properties that a schema lists under `createOnlyProperties`, `readOnlyProperties` and the like.

    A path is the names below `Properties`, with `*` for any member of a list or map; none for an unknown type.
    """
    pointers: Iterable[str] = find(resource_type, ()).get(keyword, ())
    return frozenset(
        tuple(part for part in pointer.removeprefix("/properties/").split("/") if part != "properties")
        for pointer in pointers
    )
