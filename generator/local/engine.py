"""One request to a service of our own: parse, validate, honour its token, run the handler, answer.

It knows protocols, transactions and idempotency, and nothing about any service.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.model import OperationModel

from generator.local import wire
from generator.local.service import Call, Operation, Service, ServiceError
from generator.local.transaction import Tx
from generator.local.wire import validate

NOT_OFFERED = "NotImplementedException"


def respond(service: Service, request: wire.Request, call: Call) -> wire.Response:
    """The answer, an error's too; what is no `ServiceError` is a fault of ours and is raised."""
    spoken = protocol(request)
    try:
        asked = wire.asked(request)
        model = wire.operation_model(service.model, asked)
        call.operation = model.name
        call.params = _validated(model, wire.parameters(model, asked))
        operation = service.operations.get(model.name)
        if operation is None:
            raise ServiceError(
                NOT_OFFERED, f"the local AWS does not offer {service.name}:{model.name}", status=501
            )
        if call.judged:
            from generator.local import authorization

            with call.state.read() as call._tx:
                authorization.check(call)
        return wire.answer(spoken, model, run(operation, call, model), call.request_id)
    except ServiceError as error:
        return wire.refusal(spoken, service.model, error, call.request_id)


def protocol(request: wire.Request) -> wire.Protocol:
    """Which of the protocols of our services a request speaks."""
    if request.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return "cbor"
    return "json" if "x-amz-target" in request.headers else "query"


def _validated(model: OperationModel, params: dict[str, Any]) -> dict[str, Any]:
    if model.input_shape is None:
        return params
    try:
        found = validate.violations(model.input_shape, params)
    except validate.WrongTypeError as error:
        raise ServiceError("SerializationException", str(error)) from error
    if found:
        raise ServiceError("ValidationException", validate.message(found))
    return params


def run(operation: Operation, call: Call, model: OperationModel) -> Mapping[str, Any]:
    if operation.mode == "none":
        return operation.handler(call)
    if operation.mode == "read":
        with call.state.read() as call._tx:
            return operation.handler(call)
    if call.runner is None or call.state.in_transaction():
        with call.state.write() as call._tx:
            return _write(operation, call, model)

    def work(tx: Tx, acknowledge: Callable[[Mapping[str, Any]], None]) -> Mapping[str, Any]:
        call._tx, call.acknowledge = tx, acknowledge
        return _write(operation, call, model)

    return call.runner.steps.run(work)


def _write(operation: Operation, call: Call, model: OperationModel) -> Mapping[str, Any]:
    token = next((call.params.get(name) for name in idempotency_members(model)), None)
    return operation.handler(call) if token is None else _once(operation, call, token)


def idempotency_members(model: OperationModel) -> list[str]:
    """The members that the model marks as idempotency tokens."""
    shape = model.input_shape
    if shape is None:
        return []
    return [name for name, member in shape.members.items() if member.metadata.get("idempotencyToken")]


def _once(operation: Operation, call: Call, token: str) -> Mapping[str, Any]:
    """The handler's answer, or the earlier one where the token was seen: AWS gives it even after a deletion."""
    request = hashlib.sha256(json.dumps(call.params, sort_keys=True, default=str).encode()).hexdigest()
    key = (call.service, call.account, call.region, call.operation, token)
    seen = _seen(call.tx, key)
    if seen is not None:
        if seen[0] != request:
            raise ServiceError(
                "InvalidParametersException",
                f"Idempotency token {token} was already used with other parameters.",
            )
        return seen[1]
    names = ("service", "account", "region", "operation", "token")
    acknowledge = call.acknowledge

    def keep(answer: Mapping[str, Any]) -> None:
        row = {
            **dict(zip(names, key, strict=True)),
            "request": request,
            "response": json.dumps(answer, default=_frozen),
            "created": call.now.timestamp(),
        }
        call.tx.execute(
            f"INSERT OR REPLACE INTO token ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})",  # noqa: S608 - our own names
            *row.values(),
        )

    def early(answer: Mapping[str, Any]) -> None:
        keep(answer)  # a repeated request finds it while the operation goes on
        acknowledge(answer)

    call.acknowledge = early
    answer = operation.handler(call)
    keep(answer)
    return answer


def _seen(tx: Tx, key: tuple[str, ...]) -> tuple[str, Mapping[str, Any]] | None:
    row = tx.one(
        "SELECT request, response FROM token"
        " WHERE service=? AND account=? AND region=? AND operation=? AND token=?",
        *key,
    )
    return None if row is None else (row["request"], json.loads(row["response"], object_hook=_thawed))


def _frozen(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$time": value.timestamp()}
    raise TypeError(f"an answer cannot hold {type(value).__name__}")


def _thawed(value: dict[str, Any]) -> Any:
    return datetime.fromtimestamp(value["$time"], UTC) if value.keys() == {"$time"} else value
