"""Which stack sets a call is about: whose, and the one that it names."""

from __future__ import annotations

from generator.local.service import Call, ServiceError

from .reach import administers, not_found
from .store import Operation, SetStore, StackSet


def stack_sets(call: Call) -> SetStore:
    """The stack sets of the caller; those of the organisation are its management account's, who ever administers them."""
    account = administers(call) if call.params.get("CallAs") == "DELEGATED_ADMIN" else call.account
    return SetStore(call.tx, account, call.region)


def existing(call: Call) -> StackSet:
    found = stack_sets(call).find(call.params["StackSetName"])
    if found is None or not found.live:
        raise not_found(call.params["StackSetName"])
    if found.model == "SERVICE_MANAGED":
        administers(call)
    return found


def operation_of(call: Call) -> tuple[StackSet, Operation]:
    store = stack_sets(call)
    found = store.find(call.params["StackSetName"])
    if found is None:
        raise not_found(call.params["StackSetName"])
    ident = call.params["OperationId"]
    operation = next((each for each in store.operations(found.id) if each.id == ident), None)
    if operation is None:
        raise ServiceError("OperationNotFoundException", f"Operation {ident} not found", 404)
    return found, operation
