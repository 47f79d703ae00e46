"""Stacks whose operation was never finished: the status from which CloudFormation lets one go on, and why."""

from __future__ import annotations

import time
from typing import Final

from generator.local.transaction import Tx

from .journal import Journal
from .stack import Stack
from .store import Store

# A stack that failed can be deleted, one whose update failed updated as well; a clean-up that failed is complete.
_ENDS: Final = {
    "CREATE_IN_PROGRESS": "CREATE_FAILED",
    "DELETE_IN_PROGRESS": "DELETE_FAILED",
    "ROLLBACK_IN_PROGRESS": "ROLLBACK_FAILED",
    "UPDATE_IN_PROGRESS": "UPDATE_FAILED",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_IN_PROGRESS": "UPDATE_ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": "UPDATE_ROLLBACK_COMPLETE",
}


def fail(tx: Tx, subject: str, reason: str) -> None:
    """End a stack's operation as failed; `subject` is `stack <id>`."""
    _, _, ident = subject.partition(" ")
    _, _, _, region, account, _ = ident.split(":", 5)
    store = Store(tx, account, region)
    stack = store.stack(ident)
    if stack is None or stack.status not in _ENDS:
        return
    journal = Journal(store, stack, time.time, lambda _event: None)
    for resource in list(journal.resources.values()):
        if resource.status.endswith("_IN_PROGRESS"):
            journal.resource(resource, resource.status.replace("_IN_PROGRESS", "_FAILED"), reason)
    journal.status(_ENDS[stack.status], reason)


def in_progress(stack: Stack) -> bool:
    """Whether somebody is at work on a stack."""
    return stack.status in _ENDS
