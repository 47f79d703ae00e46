"""Lambda's Invoke over the wire: who waits gets the answer, events are tried again and kept when they are given up."""

from __future__ import annotations

import json
import logging
import re
import uuid
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from generator.local import iam
from generator.local.attached import Attached
from generator.local.execution import functions
from generator.local.identity import administrator
from generator.local.service import Call, ServiceError
from generator.local.wire import Request, Response

if TYPE_CHECKING:
    from generator.local.execution.runner import Runner

log = logging.getLogger("catalog.local")
_PATH: Final = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?")
_ASYNC_PATH: Final = re.compile(r"/2014-11-13/functions/([^/]+)/invoke-async/?")
_SETTING: Final = re.compile(r"/2015-03-31/functions(?:/([^/]+)/configuration)?/?")
DELAYS: Final = (0.5, 1.0)  # seconds before an event is tried again; Lambda takes one and two minutes
EVENT_LIMIT: Final = 1024 * 1024  # bytes of an event for which nobody waits
OFF: Final = (
    "The local AWS runs functions only where it was opened for that: --run-code, or CATALOG_RUN_CODE=1."
)


def function_of(request: Request) -> str | None:
    """The function that a request invokes."""
    found = _PATH.fullmatch(request.path) or _ASYNC_PATH.fullmatch(request.path)
    return unquote(found[1]) if found and request.method == "POST" else None


def configures(request: Request) -> tuple[str, dict[str, Any]] | None:
    """The function that a request creates or configures, and the request's body."""
    found = _SETTING.fullmatch(request.path)
    if found is None or request.method != ("PUT" if found[1] else "POST"):
        return None
    body = json.loads(request.body or b"{}")
    return unquote(found[1] or str(body.get("FunctionName", ""))).rpartition(":")[2], body


def respond(call: Call, request: Request, name: str) -> Response:
    """The answer to an invocation, an error's too."""
    try:
        return _respond(call, request, name)
    except ServiceError as error:
        headers = {"x-amzn-ErrorType": error.code, "x-amzn-RequestId": call.request_id}
        body = json.dumps(
            {"Type": "User", "Message": error.message, "message": error.message, **error.members}
        )
        return Response(error.status, {**headers, "Content-Type": "application/json"}, body.encode())


def _respond(call: Call, request: Request, name: str) -> Response:
    runner = call.runner
    if runner is None:
        raise ServiceError("NotImplementedException", OFF, 501)
    qualifier = parse_qs(urlsplit(request.url).query).get("Qualifier", [""])[0]
    function = functions.find(runner, call.account, call.region, name, qualifier)
    _permit(call, function)
    kind = request.headers.get("x-amz-invocation-type", "RequestResponse")
    if _ASYNC_PATH.fullmatch(request.path):
        kind = "Event"
    headers = {"x-amzn-RequestId": call.request_id, "X-Amz-Executed-Version": function.version}
    functions.check(function)
    if kind == "DryRun":
        return Response(204, headers)
    limit = EVENT_LIMIT if kind == "Event" else functions.LIMIT
    if len(request.body) > limit:
        message = f"{len(request.body)} byte payload is too large for the {kind} invocation type (limit {limit} bytes)"
        raise ServiceError("RequestTooLargeException", message, 413)
    try:
        event = json.loads(request.body or b"{}")
    except ValueError as error:
        message = f"Could not parse request body into json: {error}"
        raise ServiceError("InvalidRequestContentException", message) from error
    if kind == "Event":
        send(runner, function, event, request=call.request_id)
        return Response(202, headers)
    done = functions.invoke(runner, function, event, request=call.request_id)
    headers["Content-Type"] = "application/json"
    if done.error:
        headers["X-Amz-Function-Error"] = done.error
    if request.headers.get("x-amz-log-type") == "Tail":
        headers["X-Amz-Log-Result"] = b64encode(done.tail.encode()).decode()
    return Response(200, headers, done.payload.encode())


def _permit(call: Call, function: functions.Function) -> None:
    """Whether the caller's policies, or the function's own, let the caller invoke; raises AccessDeniedException."""
    if not call.judged:
        return
    attached = Attached(call, call.identity)
    client = call.client("lambda", region=function.region, identity=administrator(function.account))
    try:
        own = client.get_policy(FunctionName=function.name)["Policy"]
    except client.exceptions.ResourceNotFoundException:
        own = None
    request = iam.Request(attached.caller, "lambda:InvokeFunction", function.arn)
    policies = replace(attached.policies(), resource=iam.parse(own, "resource") if own else None)
    decision = iam.evaluate(request, policies)
    if not decision.allowed:
        raise ServiceError("AccessDeniedException", iam.message(decision), 403)


def send(runner: Runner, function: functions.Function, event: Any, *, request: str = "") -> None:
    """Invoke for nobody: aside, again after an error, and at last kept where the function's failures go."""
    runner.aside(lambda: attempt(runner, function, event, request=request or str(uuid.uuid4())))


def attempt(
    runner: Runner, function: functions.Function, event: Any, *, request: str
) -> functions.Invocation | ServiceError:
    """All attempts that an event has; the outcome of the last."""
    done: functions.Invocation | ServiceError
    for number in range(function.attempts):
        if number:
            runner.pause(DELAYS[min(number, len(DELAYS)) - 1])
        try:
            done = functions.invoke(runner, function, event, request=request)
        except ServiceError as error:
            done = error
        if isinstance(done, functions.Invocation) and not done.error:
            return done
    log.warning("%s failed %d times; its event is given up", function.name, function.attempts)
    if function.failures:
        from generator.local.execution.delivery import dead_letter

        dead_letter(runner, function, event, request, done)
    return done
