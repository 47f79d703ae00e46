"""Records whose operation was never finished: failed, and what they were about no longer under change."""

from __future__ import annotations

import json
import time

from generator.local.servicecatalog import records
from generator.local.servicecatalog.catalog import update
from generator.local.transaction import Tx


def fail(tx: Tx, subject: str, reason: str) -> None:
    """End a record as failed; `subject` is `record <id>`."""
    _, _, ident = subject.partition(" ")
    row = tx.one("SELECT provisioned, type FROM sc_record WHERE id=?", ident)
    if row is None:
        return
    errors = json.dumps([{"Code": records.FAILED, "Description": reason}])
    update(tx, "sc_record", ident, {"status": "FAILED", "errors_json": errors, "updated": time.time()})
    status = "ERROR" if row["type"] == records.PROVISION else "TAINTED"
    update(
        tx,
        "sc_provisioned",
        row["provisioned"],
        {"status": status, "message": reason, "last_record": ident},
    )
