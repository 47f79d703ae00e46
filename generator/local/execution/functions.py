"""Lambda functions: read as moto keeps them, run under their role, logged where theirs are.

Owns what an invocation is. Who may invoke, and how one asks for it, is the front door's (`invocations.py`).
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from generator.local.execution.python import Code, Outcome, run
from generator.local.execution.role import RoleRefused, Session, assume
from generator.local.service import ServiceError

if TYPE_CHECKING:
    from generator.local.execution.runner import Runner
    from generator.local.state import State
    from generator.local.world import Content

log = logging.getLogger("catalog.local")
ARN: Final = re.compile(
    r"(?:arn:[\w-]+:lambda:)?(?:([\w-]+):)?(?:(\d{12}):function:)?([\w-]+)(?::([\w$-]+))?"
)
LIMIT: Final = 6 * 1024 * 1024  # bytes of an event or an answer, when somebody waits for it


@dataclass(frozen=True)
class Function:
    """A version of a function."""

    account: str
    region: str
    arn: str
    name: str
    version: str
    runtime: str
    handler: str
    role: str
    seconds: int
    memory: int
    environment: Mapping[str, str]
    archive: bytes
    layers: tuple[bytes, ...]
    image: bool
    concurrency: int | None
    attempts: int
    failures: str
    """The ARN of where events go that were given up."""
    log_group: str
    json_logs: bool
    level: str


@dataclass(frozen=True)
class Invocation:
    """What became of one: the answer, its error kind (empty for none), the end of its log."""

    payload: str
    error: str
    version: str
    tail: str


def find(runner: Runner, account: str, region: str, name: str, qualifier: str = "") -> Function:
    """A function by name or ARN; raises ServiceError ResourceNotFoundException."""
    named = ARN.fullmatch(name)
    if named is None:
        raise ServiceError("ValidationException", f"{name} is no name of a function")
    region, account = named[1] or region, named[2] or account
    plain, qualifier = named[3], named[4] or qualifier
    found = runner.look(lambda content: _read(content, account, region, plain, qualifier))
    if found is None:
        arn = f"arn:aws:lambda:{region}:{account}:function:{plain}" + (f":{qualifier}" if qualifier else "")
        raise ServiceError("ResourceNotFoundException", f"Function not found: {arn}", 404)
    kept, layers = found
    settings = _settings(runner, account, region, plain)
    logging_config = settings.get("LoggingConfig", {})
    config = kept.event_invoke_config[-1].config if kept.event_invoke_config else {}
    return Function(
        account=account,
        region=region,
        arn=kept.function_arn,
        name=plain,
        version=str(kept.version),
        runtime=kept.run_time or "",
        handler=kept.handler or "",
        role=kept.role,
        seconds=int(kept.timeout),
        memory=int(kept.memory_size),
        environment={str(key): str(value) for key, value in kept.environment_vars.items()},
        archive=getattr(kept, "code_bytes", b""),
        layers=layers,
        image=kept.package_type == "Image",
        concurrency=None if kept.reserved_concurrency is None else int(kept.reserved_concurrency),
        attempts=1 + int(config.get("MaximumRetryAttempts", 2)),
        failures=config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        or settings.get("DeadLetterConfig", {}).get("TargetArn", ""),
        log_group=logging_config.get("LogGroup") or f"/aws/lambda/{plain}",
        json_logs=logging_config.get("LogFormat") == "JSON",
        level=logging_config.get("ApplicationLogLevel") or "WARNING",
    )


def _read(
    content: Content, account: str, region: str, name: str, qualifier: str
) -> tuple[Any, tuple[bytes, ...]] | None:
    accounts, _ = content.get("lambda", ({}, {}))
    backend = accounts.get(account, {}).get(region)
    if backend is None:
        return None
    from moto.awslambda.exceptions import UnknownFunctionException

    try:
        kept = backend.get_function(name, qualifier or None)
    except UnknownFunctionException:
        return None
    layers = []
    for layer in kept.layers:
        version = backend.layers_versions_by_arn(layer["Arn"])
        layers.append(version.code_bytes if version else b"")
    return kept, tuple(filter(None, layers))


def note_settings(state: State, account: str, region: str, name: str, body: Mapping[str, Any]) -> None:
    """Keep what moto drops of a function's configuration."""
    given = {key: body[key] for key in ("LoggingConfig", "DeadLetterConfig") if body.get(key)}
    if not given:
        return
    with state.write() as tx:
        old = tx.value(
            "SELECT content FROM function_setting WHERE account=? AND region=? AND name=?",
            account,
            region,
            name,
        )
        whole = json.dumps({**json.loads(old or "{}"), **given})
        tx.execute(
            "INSERT OR REPLACE INTO function_setting VALUES (?, ?, ?, ?)", account, region, name, whole
        )


def _settings(runner: Runner, account: str, region: str, name: str) -> dict[str, Any]:
    with runner.state.read() as tx:
        text = tx.value(
            "SELECT content FROM function_setting WHERE account=? AND region=? AND name=?",
            account,
            region,
            name,
        )
    found: dict[str, Any] = json.loads(text or "{}")
    return found


def check(function: Function) -> None:
    """Raises ServiceError for a function that cannot be run here."""
    if function.image:
        raise ServiceError(
            "InvalidRuntimeException", "The local AWS runs no container images, only functions in zips.", 502
        )
    if not function.runtime.startswith("python"):
        raise ServiceError(
            "InvalidRuntimeException",
            f"The local AWS runs functions of the Python runtimes, and {function.name} is {function.runtime}.",
            502,
        )
    if function.concurrency == 0:
        raise ServiceError(
            "TooManyRequestsException",
            "Rate Exceeded.",
            429,
            Reason="ReservedFunctionConcurrentInvocationLimitExceeded",
        )


def invoke(runner: Runner, function: Function, event: Any, *, request: str = "") -> Invocation:
    """Run a function once, to its end; raises ServiceError where it cannot be run."""
    check(function)
    request = request or str(uuid.uuid4())
    try:
        session = assume(runner.state, runner.clients, function.role, "lambda.amazonaws.com", function.name)
    except RoleRefused as error:
        message = f"The role defined for the function cannot be assumed by Lambda. {error}"
        raise ServiceError("AccessDeniedException", message, 403) from error
    stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{function.version}]{uuid.uuid4().hex}"
    code = Code(
        archive=function.archive,
        layers=function.layers,
        inline=function.handler.startswith("index."),
        handler=function.handler,
        environment=_environment(runner, function, session, stream),
        seconds=float(function.seconds),
        json_logs=function.json_logs,
        level=function.level,
    )
    context = {
        "aws_request_id": request,
        "function_name": function.name,
        "function_version": function.version,
        "invoked_function_arn": function.arn,
        "memory_limit_in_mb": function.memory,
        "log_group_name": function.log_group,
        "log_stream_name": stream,
    }
    with runner.state.suspended():
        outcome = run(runner.children, code, event, context)
    text = _report(function, request, outcome)
    _write_log(runner, function, session, stream, text)
    payload = outcome.payload
    if len(payload) > LIMIT:
        too_large = {
            "errorType": "Function.ResponseSizeTooLarge",
            "errorMessage": "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
        }
        return Invocation(json.dumps(too_large), "Unhandled", function.version, text[-4096:])
    return Invocation(payload, "Unhandled" if outcome.failed else "", function.version, text[-4096:])


def _environment(runner: Runner, function: Function, session: Session, stream: str) -> dict[str, str]:
    """What Lambda gives, the function's own variables among it, and where the local AWS is."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        **function.environment,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory),
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "_HANDLER": function.handler,
        **session.environment(),
        "AWS_ENDPOINT_URL": runner.url,
    }


def _report(function: Function, request: str, outcome: Outcome) -> str:
    output = outcome.output if not outcome.output or outcome.output.endswith("\n") else f"{outcome.output}\n"
    took = outcome.seconds * 1000
    timed_out = "Sandbox.Timedout" in outcome.payload and outcome.failed
    return (
        f"START RequestId: {request} Version: {function.version}\n{output}"
        + (f"{json.loads(outcome.payload)['errorMessage']}\n" if timed_out else "")
        + f"END RequestId: {request}\nREPORT RequestId: {request}\tDuration: {took:.2f} ms\t"
        f"Billed Duration: {int(took) + 1} ms\tMemory Size: {function.memory} MB\t"
        f"Max Memory Used: {outcome.megabytes} MB\n"
    )


def _write_log(runner: Runner, function: Function, session: Session, stream: str, text: str) -> None:
    """As the function's role, whose permission it takes: without it there is no log, and no error either."""
    logs = runner.clients("logs", function.region, session.identity)
    try:
        write_lines(logs, function.log_group, stream, text)
    except ClientError as error:
        log.warning("%s writes no log: %s", function.name, error.response["Error"].get("Message", ""))


def write_lines(logs: Any, group: str, stream: str, text: str) -> None:
    """Lines into a stream, the group and the stream made where they are missing."""
    for operation, arguments in (
        (logs.create_log_group, {"logGroupName": group}),
        (logs.create_log_stream, {"logGroupName": group, "logStreamName": stream}),
    ):
        try:
            operation(**arguments)
        except logs.exceptions.ResourceAlreadyExistsException:
            continue
    now = int(time.time() * 1000)
    lines = [line for line in text.split("\n") if line]
    for start in range(0, len(lines), 1000):
        events = [{"timestamp": now, "message": line} for line in lines[start : start + 1000]]
        logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)
