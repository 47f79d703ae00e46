"""Custom resources whose function really runs: the request to it, the wait for its answer, what the answer means.

Owns the protocol between CloudFormation and the function. Without `--run-code` custom resources are simulated.
"""

from __future__ import annotations

import json
import queue
import time
import uuid
from collections.abc import Mapping
from typing import Any, Final, Literal

from generator.local.execution import functions, invocations
from generator.local.execution.callbacks import LONGEST
from generator.local.execution.runner import Runner
from generator.local.service import ServiceError

from ..intrinsics import is_scalar, text
from .provider import Made, Request, ResourceError

Verb = Literal["Create", "Update", "Delete"]
DEFAULT_SECONDS: Final = 3600
NO_ANSWER: Final = (
    "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId [{}]. If "
    "you are using the Python cfn-response module, you may need to update your Lambda function so that CloudFormation "
    "can attach the updated version."
)


class Custom:
    """A custom resource of a function."""

    simulated = False

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def create(self, request: Request) -> Made:
        return self._asked("Create", request, request.properties)

    def update(self, request: Request) -> Made:
        if request.changed("ServiceToken"):
            raise ResourceError("Modifying service token is not allowed.")
        return self._asked("Update", request, request.properties)

    def delete(self, request: Request) -> None:
        self._asked("Delete", request, request.properties)

    def _asked(self, verb: Verb, request: Request, properties: Mapping[str, Any]) -> Made:
        token = str(properties["ServiceToken"])
        function = self._function(token)
        seconds = int(text(properties.get("ServiceTimeout", DEFAULT_SECONDS)))
        ident = str(uuid.uuid4())
        event: dict[str, Any] = {
            "RequestType": verb,
            "ServiceToken": token,
            "StackId": request.stack_id,
            "RequestId": ident,
            "LogicalResourceId": request.logical_id,
            "ResourceType": request.kind.type,
            "ResourceProperties": _texts(properties),
        }
        if verb != "Create":
            event["PhysicalResourceId"] = request.physical_id
        if verb == "Update":
            event["OldResourceProperties"] = _texts(request.previous)
        name = f"{request.stack_id}|{request.logical_id}|{ident}"
        arrived: queue.Queue[bytes] = queue.Queue()
        address = self._runner.callbacks.expect(request.place.region, name, seconds, arrived)
        event["ResponseURL"] = self._runner.url + address
        try:
            # Others may write while the code runs, which itself calls this local AWS.
            with self._runner.state.suspended():
                body = self._answer(function, event, arrived, seconds)
        finally:
            self._runner.callbacks.forget(address)
        return _understood(body, event)

    def _function(self, token: str) -> functions.Function:
        kind = token.split(":")[2:3]
        if kind == ["sns"]:
            raise ResourceError(
                f"{token} is a topic: the local AWS runs custom resources of Lambda functions, not those of SNS topics."
            )
        if kind != ["lambda"]:
            raise ResourceError(
                f"Invalid service token {token}: it is neither a Lambda function nor an SNS topic."
            )
        region, account = token.split(":")[3:5]
        try:
            function = functions.find(self._runner, account, region, token)
            functions.check(function)
        except ServiceError as error:
            raise ResourceError(error.message) from error
        return function

    def _answer(
        self,
        function: functions.Function,
        event: Mapping[str, Any],
        arrived: queue.Queue[bytes],
        seconds: float,
    ) -> bytes:
        """What the function puts to its address, before its time is over or all attempts have failed."""
        ended: queue.Queue[functions.Invocation | ServiceError] = queue.Queue()
        self._runner.aside(
            lambda: ended.put(
                invocations.attempt(self._runner, function, event, request=str(event["RequestId"]))
            )
        )
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self._runner.closing.is_set():
                raise ResourceError("The local AWS was closed before the function answered.")
            try:
                return arrived.get(timeout=0.02)
            except queue.Empty:
                pass
            if not ended.empty():
                failure = _failure(ended.get())
                if failure and arrived.empty():
                    # AWS would wait for the rest of the time; nobody is left who could answer.
                    raise ResourceError(
                        f"{NO_ANSWER.format(event['RequestId'])} The function failed: {failure}"
                    )
        raise ResourceError(NO_ANSWER.format(event["RequestId"]))


def _failure(done: functions.Invocation | ServiceError) -> str:
    if isinstance(done, ServiceError):
        return done.message
    if not done.error:
        return ""
    found = json.loads(done.payload)
    return f"{found.get('errorType', done.error)}: {found.get('errorMessage', '')}"


def _understood(body: bytes, event: Mapping[str, Any]) -> Made:
    """What an answer says; raises ResourceError for FAILED and for what CloudFormation does not take."""
    if len(body) > LONGEST:
        raise ResourceError("Response object is too long.")
    try:
        answer = json.loads(body)
    except ValueError:
        raise ResourceError("Invalid Response object: Syntax Error.") from None
    if not isinstance(answer, Mapping) or answer.get("Status") not in ("SUCCESS", "FAILED"):
        raise ResourceError("Invalid Response object: Value of property Status must be SUCCESS or FAILED.")
    physical = answer.get("PhysicalResourceId")
    if answer["Status"] == "FAILED":
        if not answer.get("Reason"):
            raise ResourceError(
                "Invalid Response object: Value of property Reason is required where Status is FAILED."
            )
        raise ResourceError(
            f"Received response status [FAILED] from custom resource. Message returned: {answer['Reason']} "
            f"(RequestId: {event['RequestId']})",
            physical_id=physical if isinstance(physical, str) else "",
        )
    for name in ("StackId", "RequestId", "LogicalResourceId"):
        if answer.get(name) != event[name]:
            raise ResourceError(
                f"Invalid Response object: Value of property {name} is not that of the request."
            )
    if not isinstance(physical, str) or not 0 < len(physical) <= 1024:
        raise ResourceError("Invalid PhysicalResourceId")
    found = answer.get("Data") or {}
    if not isinstance(found, Mapping):
        raise ResourceError("Invalid Response object: Value of property Data must be an object.")
    return Made(physical, {str(name): value for name, value in found.items()})


def _texts(value: Any) -> Any:
    """Properties as functions get them: every scalar is a text."""
    if isinstance(value, Mapping):
        return {name: _texts(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_texts(item) for item in value]
    return text(value) if is_scalar(value) else value
