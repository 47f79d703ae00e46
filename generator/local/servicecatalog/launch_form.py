"""What an end user fills in, checked: tags against TagOptions, and the tags that everything launched carries.

Owns the tags of a launch. Parameters and rules are CloudFormation's to check.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from generator.local.service import Call
from generator.local.servicecatalog import access
from generator.local.servicecatalog.catalog import arn, invalid, tags
from generator.local.servicecatalog.launch_paths import Path, allowed_tags, conflict

PREFIX = "aws:servicecatalog:"
MOST = 50  # tags on a provisioned product (administrator guide, "Service quotas")
CONFLICT = "sc-tagoption-conflict"


def given(entries: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """The caller's own tags."""
    found: dict[str, str] = {}
    for entry in entries:
        key = entry["Key"]
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag key {key} begins with the reserved prefix aws:.")
        if key in found:
            raise invalid(f"Duplicate tag key {key}.")
        found[key] = entry["Value"]
    return found


def chosen(call: Call, path: Path, own: Mapping[str, str]) -> dict[str, str]:
    """The caller's tags and what TagOptions add; raises where a choice is missing or not allowed."""
    found = dict(own)
    for option in allowed_tags(call, path):
        key, values = option["Key"], option["Values"]
        if not values:
            if key in own:
                raise invalid(f"TagOption {key} has no value that portfolio and product both allow: omit it.")
            found[CONFLICT] = conflict(path)
        elif key not in own:
            if len(values) > 1:
                raise invalid(f"Tag {key} is required: one of {', '.join(values)}.")
            found[key] = values[0]
        elif own[key] not in values:
            raise invalid(f"Tag {key}={own[key]} is not allowed: one of {', '.join(values)}.")
    return found


def inherited(call: Call, path: Path) -> dict[str, str]:
    """The tags of portfolio and product; a key on both makes CloudFormation refuse the launch."""
    found: dict[str, str] = {}
    for resource in (path.portfolio, path.product):
        for tag in tags(call.tx, resource):
            if tag["Key"] in found:
                raise invalid(f"Duplicate tag key {tag['Key']}: portfolio and product both have it.")
            found[tag["Key"]] = tag["Value"]
    return found


def automatic(call: Call, path: Path, artifact: str, provisioned: str) -> dict[str, str]:
    """AutoTags (administrator guide)."""
    return {
        f"{PREFIX}portfolioArn": owned(call, "portfolio", path.portfolio),
        f"{PREFIX}productArn": owned(call, "product", path.product),
        f"{PREFIX}provisioningPrincipalArn": call.identity.arn,
        f"{PREFIX}provisioningArtifactIdentifier": artifact,
        f"{PREFIX}provisionedProductArn": provisioned,
    }


def owned(call: Call, kind: str, ident: str) -> str:
    """The ARN of a portfolio or product, which is its owner's."""
    row = access.portfolio(call, ident) if kind == "portfolio" else access.product(call, ident)
    return arn(row["region"], row["account"], f"{kind}/{ident}")


def merged(call: Call, path: Path, own: Mapping[str, str], auto: Mapping[str, str]) -> dict[str, str]:
    """Every tag of a launch."""
    inherits, chooses = inherited(call, path), chosen(call, path, own)
    doubled = sorted(inherits.keys() & chooses.keys())
    if doubled:
        raise invalid(f"Duplicate tag key {doubled[0]}: the portfolio or the product has it already.")
    found = {**inherits, **chooses, **auto}
    if len(found) > MOST:
        raise invalid(f"The provisioned product would have {len(found)} tags; at most {MOST} are allowed.")
    return found


def updates_tags(call: Call, path: Path) -> bool:
    """Whether the RESOURCE_UPDATE constraint lets tags change."""
    text = call.tx.value(
        "SELECT parameters FROM sc_constraint WHERE portfolio=? AND product=? AND type='RESOURCE_UPDATE'",
        path.portfolio,
        path.product,
    )
    return (
        text is not None and json.loads(text)["Properties"].get("TagUpdateOnProvisionedProduct") == "ALLOWED"
    )
