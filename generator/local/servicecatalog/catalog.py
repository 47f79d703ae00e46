"""What all of Service Catalog's operations share: the service, its errors, ids, times and tags."""

from __future__ import annotations

import secrets
import string
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from generator.local.service import Call, Service, ServiceError
from generator.local.servicecatalog import limits
from generator.local.transaction import Tx

SERVICE = Service("servicecatalog")
ALPHABET = string.ascii_lowercase + "234567"


def new_id(prefix: str) -> str:
    """An id as Service Catalog's own: a kind and thirteen characters."""
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(13))}"


def not_found(what: str, name: str) -> ServiceError:
    return ServiceError("ResourceNotFoundException", f"{what} {name} not found.")


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParametersException", message)


def in_use(message: str) -> ServiceError:
    return ServiceError("ResourceInUseException", message)


def duplicate(message: str) -> ServiceError:
    return ServiceError("DuplicateResourceException", message)


def at(seconds: float) -> datetime:
    # Whole milliseconds, which is what the wire carries.
    return datetime.fromtimestamp(round(seconds, 3), UTC)


def arn(region: str, account: str, resource: str) -> str:
    """Portfolios and products are the service `catalog` in ARNs."""
    return f"arn:aws:catalog:{region}:{account}:{resource}"


def tags(tx: Tx, resource: str) -> list[dict[str, str]]:
    rows = tx.all("SELECT key, value FROM sc_tag WHERE resource=? ORDER BY key", resource)
    return [{"Key": row["key"], "Value": row["value"]} for row in rows]


def add_tags(
    call: Call, resource: str, new: Iterable[Mapping[str, str]], *, gone: Iterable[str] = ()
) -> None:
    """Add and replace tags, after taking others away; refuses a reserved or doubled key and too many."""
    for key in gone:
        call.tx.execute("DELETE FROM sc_tag WHERE resource=? AND key=?", resource, key)
    seen = set()
    for tag in new:
        key = tag["Key"]
        if key.lower().startswith("aws:"):
            raise invalid(f"Tag key {key} begins with the reserved prefix aws:.")
        if key in seen:
            raise invalid(f"Duplicate tag key {key}.")
        seen.add(key)
        call.tx.execute("INSERT OR REPLACE INTO sc_tag VALUES (?, ?, ?)", resource, key, tag["Value"])
    count = call.tx.value("SELECT count(*) FROM sc_tag WHERE resource=?", resource)
    limits.check("tags", count, "tags on a portfolio or product")


def forget(tx: Tx, resource: str) -> None:
    """What hangs on a portfolio or product and goes with it."""
    for table in ("sc_tag", "sc_budget", "sc_tag_option_link"):
        tx.execute(f"DELETE FROM {table} WHERE resource=?", resource)  # noqa: S608 - our own names


def given(params: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """The columns for those parameters that were sent."""
    return {column: params[name] for name, column in columns.items() if params.get(name) is not None}


def update(tx: Tx, table: str, ident: str, values: Mapping[str, Any]) -> None:
    if values:
        names = ", ".join(f"{name}=?" for name in values)
        tx.execute(f"UPDATE {table} SET {names} WHERE id=?", *values.values(), ident)  # noqa: S608 - our own names
