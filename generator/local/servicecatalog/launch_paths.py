"""Ways from a caller to a product: the portfolios of which the caller is a principal.

What an end user sees and may launch follows from these alone; being an administrator of the account does not help.
"""

from __future__ import annotations

import json
import re
from base64 import b32encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from generator.local.service import Call
from generator.local.servicecatalog import access, principals, tag_options
from generator.local.servicecatalog.catalog import SERVICE, invalid, not_found, tags
from generator.local.servicecatalog.paging import page


@dataclass(frozen=True)
class Path:
    """A product in a portfolio that the caller may use."""

    id: str
    name: str
    portfolio: str
    product: str


def path_id(portfolio: str, product: str) -> str:
    """The same path has the same id for everybody."""
    digest = b32encode(sha256(f"{portfolio} {product}".encode()).digest()).decode().lower()
    return f"lpv3-{digest[:13]}"


class Caller:
    """The caller as the principals of portfolios see him."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._groups: frozenset[str] | None = None

    def is_principal(self, row: access.Row) -> bool:
        arn = self._call.identity.principal
        if row["type"] == "IAM_PATTERN":
            return pattern(row["arn"]).fullmatch(re.sub(r":\d{12}:", "::", arn, count=1)) is not None
        return bool(row["arn"] == arn or (":group/" in row["arn"] and row["arn"] in self.groups()))

    def groups(self) -> frozenset[str]:
        """The groups of a user; roles are in none."""
        if self._groups is None:
            kind, _, name = self._call.identity.principal.rpartition(":")[2].partition("/")
            self._groups = self._read_groups(name.rpartition("/")[2]) if kind == "user" else frozenset()
        return self._groups

    def _read_groups(self, user: str) -> frozenset[str]:
        iam = self._call.client("iam")
        try:
            found = iam.list_groups_for_user(UserName=user)["Groups"]
        except iam.exceptions.NoSuchEntityException:  # the administrator that each account has from the start
            return frozenset()
        return frozenset(group["Arn"] for group in found)


def pattern(text: str) -> re.Pattern[str]:
    """A principal pattern: `*` is any text, slashes too, `?` one character (field: IAM_PATTERN principals)."""
    return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in text))


def portfolios(call: Call) -> list[access.Row]:
    """The portfolios, own and imported, of which the caller is a principal."""
    own = call.tx.all(
        "SELECT * FROM sc_portfolio WHERE account=? AND region=? ORDER BY seq", call.account, call.region
    )
    caller = Caller(call)
    return [
        row
        for row in [*own, *access.imported_portfolios(call)]
        if any(caller.is_principal(principal) for principal in principals.of_portfolio(call, row["id"]))
    ]


def paths(call: Call, product: str) -> list[Path]:
    """How the caller may come to a product."""
    return [
        Path(path_id(row["id"], product), row["name"], row["id"], product)
        for row in portfolios(call)
        if access.association(call, row["id"], product) is not None
    ]


def chosen(call: Call, product: str) -> Path:
    """The path that PathId or PathName names, or the only one."""
    known = paths(call, product)
    ident, name = call.params.get("PathId"), call.params.get("PathName")
    if ident and name:
        raise invalid("Give PathId or PathName, not both.")
    if not known:
        raise not_found("Launch path for product", product)
    if ident or name:
        known = [path for path in known if ident == path.id or name == path.name]
        if not known:
            raise not_found("Launch path", str(ident or name))
    if len(known) > 1:
        raise invalid(f"Product {product} has several launch paths: PathId must choose one.")
    return known[0]


def constraints(call: Call, path: Path) -> list[dict[str, Any]]:
    rows = call.tx.all(
        "SELECT type, description FROM sc_constraint WHERE portfolio=? AND product=? ORDER BY seq",
        path.portfolio,
        path.product,
    )
    return [{"Type": row["type"], "Description": row["description"]} for row in rows]


def allowed_tags(call: Call, path: Path) -> list[dict[str, Any]]:
    """The TagOptions of portfolio and product: for a key on both, the values that both allow.

    An empty list is a conflict: the launch goes on, without that key and with `conflict` as a tag's value
    (botocore model, DescribeProvisioningParameters).
    """
    sides = [_values(call, resource) for resource in (path.portfolio, path.product)]
    found = []
    for key in dict.fromkeys([*sides[0], *sides[1]]):
        given = [side[key] for side in sides if key in side]
        values = [value for value in given[0] if all(value in other for other in given)]
        found.append({"Key": key, "Values": values})
    return found


def conflict(path: Path) -> str:
    """The value that a tag gets at launch whose TagOptions leave nothing to choose."""
    return f"sc-tagoption-conflict-{path.portfolio}-{path.product}"


def _values(call: Call, resource: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for option in tag_options.of_resource(call, resource):
        if option["Active"]:
            found.setdefault(option["Key"], []).append(option["Value"])
    return found


@SERVICE.operation("ListLaunchPaths")
def list_launch_paths(call: Call) -> Mapping[str, Any]:
    product = access.product(call, call.params["ProductId"])["id"]
    known = paths(call, product)
    if not known:
        raise not_found("Launch path for product", product)
    found, more = page(call, known)
    summaries = [
        {
            "Id": path.id,
            "Name": path.name,
            "ConstraintSummaries": constraints(call, path),
            "Tags": tags(call.tx, path.portfolio),
        }
        for path in found
    ]
    return {"LaunchPathSummaries": summaries, **more}


@SERVICE.operation("DescribeProvisioningParameters")
def describe_provisioning_parameters(call: Call) -> Mapping[str, Any]:
    from generator.local.servicecatalog.browse import asked_product, asked_version

    product = asked_product(call, "ProductId", "ProductName")
    version = asked_version(call, product)
    path = chosen(call, product["id"])
    outputs = json.loads(version["outputs_json"])
    return {
        "ProvisioningArtifactParameters": json.loads(version["parameters_json"]),
        "ConstraintSummaries": constraints(call, path),
        "UsageInstructions": [{"Type": "rules", "Value": rule} for rule in _rules(call, path)],
        "TagOptions": allowed_tags(call, path),
        "ProvisioningArtifactOutputs": outputs,
        "ProvisioningArtifactOutputKeys": outputs,
    }


def _rules(call: Call, path: Path) -> list[str]:
    """The rules of the TEMPLATE constraints on this path, as JSON."""
    rows = call.tx.all(
        "SELECT parameters FROM sc_constraint WHERE portfolio=? AND product=? AND type='TEMPLATE' ORDER BY seq",
        path.portfolio,
        path.product,
    )
    return [json.dumps(json.loads(row["parameters"])["Rules"]) for row in rows]
