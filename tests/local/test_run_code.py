"""Functions that really run: what they get, what they give, and how their failures read."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from generator.local import LocalAws, open_state

from .conftest import code
from .running import ALL, REGION, archive, ended, function, log_text, role, template, until

NO_RETRIES = Config(retries={"max_attempts": 0}, read_timeout=120)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[LocalAws]:
    opened = open_state(tmp_path / "state", run_code=True)
    yield opened
    opened.close()


def client(aws: LocalAws, service: Any) -> Any:
    return aws.session(REGION).client(service, config=NO_RETRIES)


@pytest.fixture
def lambdas(running: LocalAws) -> Any:
    return client(running, "lambda")


def make(aws: LocalAws, source: str, *statements: Any, **properties: Any) -> str:
    """A function of a stack of its own; its name."""
    cfn = client(aws, "cloudformation")
    body = template(Role=role("lambda", *statements), Function=function(source, **properties))
    cfn.create_stack(StackName="one", TemplateBody=body, Capabilities=ALL)
    stack = ended(cfn, "one")
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    found = cfn.describe_stack_resource(StackName="one", LogicalResourceId="Function")
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def call(lambdas: Any, name: str, event: Any = None, **more: Any) -> tuple[Any, dict[str, Any]]:
    answer = lambdas.invoke(FunctionName=name, Payload=json.dumps(event), **more)
    text = answer["Payload"].read()
    return (json.loads(text) if text else None), answer


SURROUNDINGS = """
import boto3, json, os, sys

def handler(event, context):
    print("got", event)
    me = boto3.client("sts").get_caller_identity()["Arn"]
    return {
        "event": event, "me": me, "environment": sorted(os.environ), "own": os.environ["OWN"],
        "name": context.function_name, "memory": context.memory_limit_in_mb,
        "left": context.get_remaining_time_in_millis(), "home": os.path.expanduser("~"), "arn": context.invoked_function_arn,
        "cwd": os.getcwd() == os.environ["LAMBDA_TASK_ROOT"], "request": context.aws_request_id,
    }
"""


def test_what_a_function_gets(running: LocalAws, lambdas: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "never")
    name = make(running, SURROUNDINGS, Environment={"Variables": {"OWN": "mine"}})
    got, answer = call(lambdas, name, {"x": [1, None]}, LogType="Tail")
    assert answer["StatusCode"] == 200
    assert answer["ExecutedVersion"] == "$LATEST"
    assert got["event"] == {"x": [1, None]}
    assert got["own"] == "mine"
    assert got["cwd"]
    role_name = got["me"].split("/")[1]
    assert got["me"] == f"arn:aws:sts::{running.account}:assumed-role/{role_name}/{name}"
    assert role_name.startswith("one-Role-")
    assert (got["name"], got["memory"]) == (name, 256)
    assert 25_000 < got["left"] <= 30_000
    assert got["arn"] == f"arn:aws:lambda:{REGION}:{running.account}:function:{name}"
    assert "SECRET_OF_THE_USER" not in got["environment"]
    assert got["home"] != str(Path.home())
    assert {"AWS_REGION", "AWS_ENDPOINT_URL", "AWS_SESSION_TOKEN", "AWS_LAMBDA_FUNCTION_NAME"} < set(
        got["environment"]
    )
    tail = b64decode(answer["LogResult"]).decode()
    assert tail.startswith(
        f"START RequestId: {got['request']} Version: $LATEST\ngot {{'x': [1, None]}}\nEND "
    )
    assert "Memory Size: 256 MB\tMax Memory Used: " in tail
    assert log_text(client(running, "logs"), f"/aws/lambda/{name}") + "\n" == tail


FAILURES: list[tuple[str, dict[str, Any], str, str]] = [
    ("def handler(e, c):\n    raise KeyError('gone')", {}, "KeyError", "'gone'"),
    ("import nowhere\ndef handler(e, c): pass", {}, "Runtime.ImportModuleError", "No module named 'nowhere'"),
    ("def other(e, c): pass", {}, "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'index'"),
    ("def handler(e, c)", {}, "Runtime.UserCodeSyntaxError", "Syntax error in module 'index'"),
    ("def handler(e, c): return {1, 2}", {}, "Runtime.MarshalError", "not JSON serializable"),
    ("import sys\ndef handler(e, c): sys.exit(3)", {}, "Runtime.ExitError", "exit status 3"),
    ("import os\ndef handler(e, c): os._exit(4)", {}, "Runtime.ExitError", "exit status 4"),
    (
        "import time\ndef handler(e, c): time.sleep(60)",
        {"Timeout": 1},
        "Sandbox.Timedout",
        "Task timed out after 1.00 seconds",
    ),
    (
        "def handler(e, c): return len(bytearray(300 << 20))",
        {"MemorySize": 128},
        "MemoryError",
        "",
    ),
]


@pytest.mark.parametrize(
    ("source", "properties", "kind", "message"), FAILURES, ids=[f[2] + str(n) for n, f in enumerate(FAILURES)]
)
def test_failures_read_as_lambda_s(
    running: LocalAws, lambdas: Any, source: str, properties: dict[str, Any], kind: str, message: str
) -> None:
    got, answer = call(lambdas, make(running, source, **properties))
    assert answer["FunctionError"] == "Unhandled"
    assert answer["StatusCode"] == 200
    assert got["errorType"] == kind
    assert message in got["errorMessage"]


def test_a_zip_from_a_bucket_with_json_logs_in_a_group_of_its_own(running: LocalAws, lambdas: Any) -> None:
    s3 = client(running, "s3")
    s3.create_bucket(Bucket="code")
    source = "import logging\nfrom .part import N\n\ndef handler(e, c):\n    logging.getLogger('x').info('hello', extra={'n': N})\n    return N"
    s3.put_object(
        Bucket="code",
        Key="a.zip",
        Body=archive({"app/__init__.py": "", "app/main.py": source, "app/part.py": "N = 7"}),
    )
    logs = client(running, "logs")
    logs.create_log_group(logGroupName="mine")
    name = make(
        running,
        "",
        Code={"S3Bucket": "code", "S3Key": "a.zip"},
        Handler="app.main.handler",
        LoggingConfig={"LogGroup": "mine", "LogFormat": "JSON", "ApplicationLogLevel": "INFO"},
    )
    assert call(lambdas, name)[0] == 7
    line = next(line for line in log_text(logs, "mine").splitlines() if line.startswith("{"))
    found = json.loads(line)
    assert (found["level"], found["message"], found["logger"], found["n"]) == ("INFO", "hello", "x", 7)


def test_an_event_is_tried_three_times_and_then_kept(running: LocalAws, lambdas: Any) -> None:
    sqs = client(running, "sqs")
    queue = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    source = "def handler(e, c):\n    print('attempt')\n    raise ValueError('no')"
    name = make(
        running, source, (["sqs:SendMessage", "sqs:GetQueueUrl"], arn), DeadLetterConfig={"TargetArn": arn}
    )
    answer = lambdas.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1}')
    assert answer["StatusCode"] == 202
    assert answer["Payload"].read() == b""
    (message,) = until(
        lambda: sqs.receive_message(QueueUrl=queue, MessageAttributeNames=["All"]).get("Messages")
    )
    assert json.loads(message["Body"]) == {"n": 1}
    assert "no" in message["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert log_text(client(running, "logs"), f"/aws/lambda/{name}").split("\n").count("attempt") == 3


def test_what_cannot_be_invoked(running: LocalAws, lambdas: Any) -> None:
    name = make(running, "exports.handler = 1", Runtime="nodejs22.x")
    for kind in ("RequestResponse", "Event", "DryRun"):
        with pytest.raises(ClientError, match=r"the Python runtimes, and .* is nodejs22\.x") as refused:
            lambdas.invoke(FunctionName=name, InvocationType=kind)
        assert code(refused) == "InvalidRuntimeException"
    with pytest.raises(
        ClientError, match="Function not found: arn:aws:lambda:us-east-1:123456789012:function:nobody"
    ):
        lambdas.invoke(FunctionName="nobody")


def test_dry_run_runs_nothing_and_a_role_must_trust_lambda(running: LocalAws, lambdas: Any) -> None:
    name = make(running, "def handler(e, c): return 1")
    assert lambdas.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    assert client(running, "logs").describe_log_groups()["logGroups"] == []
    iam = client(running, "iam")
    (found,) = iam.list_roles()["Roles"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    iam.update_assume_role_policy(RoleName=found["RoleName"], PolicyDocument=json.dumps(policy))
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        lambdas.invoke(FunctionName=name)


def test_without_run_code_nothing_pretends(local: LocalAws) -> None:
    name = make(local, "def handler(e, c): return 1")
    with pytest.raises(ClientError, match="--run-code"):
        client(local, "lambda").invoke(FunctionName=name)


def test_the_environment_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CATALOG_RUN_CODE", "1")
    aws = open_state(tmp_path / "state")
    try:
        assert call(client(aws, "lambda"), make(aws, "def handler(e, c): return e"), [2])[0] == [2]
    finally:
        aws.close()


def test_who_may_invoke_is_said_by_policies(running: LocalAws) -> None:
    source = """
import boto3

def handler(event, context):
    try:
        answer = boto3.client("lambda").invoke(FunctionName=event["other"], Payload="{}")
    except Exception as error:
        return str(error)
    return answer["Payload"].read().decode()
"""
    cfn = client(running, "cloudformation")
    other = function("def handler(e, c): return 'called'", FunctionName="other")
    arn = f"arn:aws:lambda:{REGION}:{running.account}:function:other"
    resources = {
        "Role": role(),
        "Allowed": role("lambda", (["lambda:InvokeFunction"], arn)),
        "Other": other,
        "May": function(source, "Allowed", FunctionName="may"),
        "Not": function(source, FunctionName="not"),
    }
    cfn.create_stack(StackName="s", TemplateBody=template(**resources), Capabilities=ALL)
    assert ended(cfn, "s")["StackStatus"] == "CREATE_COMPLETE"
    lambdas = client(running, "lambda")
    assert call(lambdas, "may", {"other": "other"})[0] == '"called"'
    assert (
        f"not authorized to perform: lambda:InvokeFunction on resource: {arn}"
        in call(lambdas, "not", {"other": "other"})[0]
    )
