"""Builds whose process ended before they did: failed."""

from __future__ import annotations

import json
import time

from generator.local.transaction import Tx


def fail(tx: Tx, subject: str, reason: str) -> None:
    """End a build as failed; `subject` is `build <id>`."""
    _, _, ident = subject.partition(" ")
    content = json.loads(tx.value("SELECT content FROM build WHERE id = ?", ident) or "{}")
    if content.get("buildStatus") != "IN_PROGRESS":
        return
    content |= {
        "buildStatus": "FAULT",
        "buildComplete": True,
        "endTime": time.time(),
        "currentPhase": "COMPLETED",
    }
    content["phases"].append(
        {
            "phaseType": "COMPLETED",
            "startTime": content["endTime"],
            "contexts": [{"statusCode": "INTERNAL_SERVICE_ERROR", "message": reason}],
        }
    )
    tx.execute("UPDATE build SET content = ? WHERE id = ?", json.dumps(content), ident)
