"""Custom resources whose functions really run: every request of their life, what their answers mean, and their failures."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.local import LocalAws, open_state, serve

from .running import ALL, REGION, ended, function, log_text, outputs, role, until

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture
def running(tmp_path: Path) -> Iterator[LocalAws]:
    opened = open_state(tmp_path / "state", run_code=True)
    yield opened
    opened.close()


# Answers as its properties say, and notes every request in a bucket, by the local AWS's own S3.
SOURCE = """
import boto3, cfnresponse, json, time

def handler(event, context):
    print("request", event["RequestType"])
    asked = event["ResourceProperties"]
    number = len(boto3.client("s3").list_objects_v2(Bucket=asked["Bucket"]).get("Contents", []))
    noted = {k: v for k, v in event.items() if k != "ResponseURL"}
    boto3.client("s3").put_object(Bucket=asked["Bucket"], Key=f"{number:03}", Body=json.dumps(noted))
    if event["RequestType"] == asked.get("FailOn"):
        cfnresponse.send(event, context, cfnresponse.FAILED, {}, "half-" + asked["Name"], reason="as you wish")
        return
    if asked.get("Silent") == event["RequestType"]:
        return
    if asked.get("Raise") == event["RequestType"]:
        raise ValueError("broken")
    time.sleep(float(asked.get("Pause", "0")))
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Value": asked["Name"].upper(), "N": 3}, "made-" + asked["Name"])
"""


def stack_of(*, topic: bool = False, broken: bool = False, **properties: Any) -> str:
    resources: dict[str, Any] = {
        "Notes": {
            "Type": "AWS::S3::Bucket",
            "Properties": {"BucketName": "notes"},
            "DeletionPolicy": "Retain",
        },
        "Role": role(
            "lambda", (["s3:ListBucket"], "arn:aws:s3:::notes"), (["s3:PutObject"], "arn:aws:s3:::notes/*")
        ),
        "Function": function(SOURCE, Timeout=20),
        "Thing": {
            "Type": "Custom::Thing",
            "Properties": {
                "ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]},
                "Bucket": "notes",
                "Number": 5,
                "Yes": True,
                **properties,
            },
            "DependsOn": "Notes",
        },
    }
    if broken:
        token = f"arn:aws:sns:{REGION}:123456789012:nobody"
        resources["Bad"] = {
            "Type": "Custom::Bad",
            "Properties": {"ServiceToken": token},
            "DependsOn": "Thing",
        }
    if topic:
        resources["Topic"] = {"Type": "AWS::SNS::Topic"}
        resources["Thing"]["Properties"]["ServiceToken"] = {"Ref": "Topic"}
    found = {
        "Id": {"Value": {"Ref": "Thing"}},
        "Value": {"Value": {"Fn::GetAtt": ["Thing", "Value"]}},
        "N": {"Value": {"Fn::GetAtt": ["Thing", "N"]}},
    }
    return json.dumps({"Resources": resources, "Outputs": {} if topic else found})


class Stack:
    """One stack, its operations waited for."""

    def __init__(self, aws: LocalAws) -> None:
        self.session: Any = aws.session(REGION)
        self.cfn = self.session.client("cloudformation")
        self.id = ""

    def create(self, **properties: Any) -> dict[str, Any]:
        body = stack_of(**properties)
        self.id = self.cfn.create_stack(StackName="s", TemplateBody=body, Capabilities=ALL)["StackId"]
        return ended(self.cfn, self.id)

    def update(self, **properties: Any) -> dict[str, Any]:
        self.cfn.update_stack(StackName=self.id, TemplateBody=stack_of(**properties), Capabilities=ALL)
        return ended(self.cfn, self.id)

    def delete(self) -> dict[str, Any]:
        self.cfn.delete_stack(StackName=self.id)
        return ended(self.cfn, self.id)

    def requests(self) -> list[dict[str, Any]]:
        s3 = self.session.client("s3")
        keys = [item["Key"] for item in s3.list_objects_v2(Bucket="notes").get("Contents", [])]
        return [json.loads(s3.get_object(Bucket="notes", Key=key)["Body"].read()) for key in keys]

    def told(self) -> list[str]:
        return [f"{each['RequestType']} {each.get('PhysicalResourceId', '-')}" for each in self.requests()]

    def reasons(self) -> str:
        events = self.cfn.describe_stack_events(StackName=self.id)["StackEvents"]
        return "\n".join(event.get("ResourceStatusReason", "") for event in events)


@pytest.fixture
def stack(running: LocalAws) -> Stack:
    return Stack(running)


def test_the_life_of_a_custom_resource(stack: Stack) -> None:
    created = stack.create(Name="one")
    assert created["StackStatus"] == "CREATE_COMPLETE", stack.reasons()
    assert outputs(created) == {"Id": "made-one", "Value": "ONE", "N": "3"}
    (first,) = stack.requests()
    assert first["ResourceType"] == "Custom::Thing"
    assert first["StackId"] == stack.id
    assert {k: first["ResourceProperties"][k] for k in ("Name", "Number", "Yes")} == {
        "Name": "one",
        "Number": "5",
        "Yes": "true",
    }
    # The same name: changed in place. Another: replaced, and the old one deleted after.
    stack.update(Name="one", Extra="x")
    updated = stack.update(Name="two")
    assert outputs(updated) == {"Id": "made-two", "Value": "TWO", "N": "3"}
    assert stack.told() == ["Create -", "Update made-one", "Update made-one", "Delete made-one"]
    assert stack.requests()[2]["OldResourceProperties"]["Name"] == "one"
    assert stack.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert stack.told()[4:] == ["Delete made-two"]


def test_a_failure_rolls_back_with_its_reason(stack: Stack) -> None:
    assert stack.create(Name="one", FailOn="Create")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert (
        "Received response status [FAILED] from custom resource. Message returned: as you wish"
        in stack.reasons()
    )
    assert stack.told() == ["Create -", "Delete half-one"]


def test_a_failed_update_goes_back(stack: Stack) -> None:
    stack.create(Name="one")
    assert stack.update(Name="one", FailOn="Update")["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    # What was asked to change was not done: the resource is as it was, and nothing more is asked of it.
    assert stack.told() == ["Create -", "Update made-one"]
    assert outputs(ended(stack.cfn, stack.id))["Id"] == "made-one"


def test_a_rollback_that_failed_goes_on(stack: Stack) -> None:
    stack.create(Name="one", FailOn="Update")
    assert stack.update(Name="one", Extra="x", broken=True)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    stack.cfn.continue_update_rollback(StackName=stack.id)
    assert ended(stack.cfn, stack.id)["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    stack.cfn.continue_update_rollback(StackName=stack.id, ResourcesToSkip=["Thing"])
    found = ended(stack.cfn, stack.id)
    assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert outputs(found)["Id"] == "made-one"
    with pytest.raises(stack.cfn.exceptions.ClientError, match="can not continue update rollback"):
        stack.cfn.continue_update_rollback(StackName=stack.id)
    assert stack.told() == ["Create -", *["Update made-one"] * 3]
    assert stack.update(Name="one")["StackStatus"] == "UPDATE_COMPLETE"


def test_a_function_that_raises_fails_at_once_and_one_that_says_nothing_in_its_time(stack: Stack) -> None:
    began = time.monotonic()
    assert stack.create(Name="one", Raise="Create")["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "did not receive a response" in stack.reasons()
    assert "ValueError: broken" in stack.reasons()
    assert time.monotonic() - began < 40
    stack.cfn.delete_stack(StackName=stack.id)
    ended(stack.cfn, stack.id)
    stack.session.client("s3").delete_objects(
        Bucket="notes", Delete={"Objects": [{"Key": f"{n:03}"} for n in range(len(stack.requests()))]}
    )
    stack.session.client("s3").delete_bucket(Bucket="notes")
    assert stack.create(Name="two", Silent="Create", ServiceTimeout=3)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "did not receive a response" in stack.reasons()
    assert "The function failed" not in stack.reasons()


def test_topics_are_refused_with_a_reason(stack: Stack) -> None:
    assert stack.create(Name="one", topic=True)["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "not those of SNS topics" in stack.reasons()


def test_others_see_the_stack_while_it_is_made(stack: Stack, running: LocalAws, tmp_path: Path) -> None:
    body = stack_of(Name="one", Pause="2")
    ident = stack.cfn.create_stack(StackName="s", TemplateBody=body, Capabilities=ALL)["StackId"]
    other = open_state(tmp_path / "state")
    try:
        cfn: Any = other.session(REGION).client("cloudformation")
        seen = cfn.describe_stacks(StackName="s")["Stacks"][0]
        assert seen["StackStatus"] == "CREATE_IN_PROGRESS"
        resources = cfn.describe_stack_resources(StackName="s")["StackResources"]
        assert [r["ResourceStatus"] for r in resources if r["LogicalResourceId"] == "Thing"] == [
            "CREATE_IN_PROGRESS"
        ]
        with pytest.raises(cfn.exceptions.ClientError, match="while in status CREATE_IN_PROGRESS"):
            cfn.delete_stack(StackName="s")
        other.session(REGION).client("sqs").create_queue(QueueName="meanwhile")  # nobody has to wait
        assert ended(cfn, ident)["StackStatus"] == "CREATE_COMPLETE"
    finally:
        other.close()


def test_an_address_takes_one_signed_answer(running: LocalAws) -> None:
    import queue

    assert running.runner is not None
    arrived: queue.Queue[bytes] = queue.Queue()
    address = running.runner.url + running.runner.callbacks.expect(REGION, "arn:x|Thing|1", 60, arrived)

    def put(url: str, method: str = "PUT") -> int:
        request = urllib.request.Request(url, b"{}", method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    assert put(address.replace("Signature=", "Signature=0")) == 403
    assert put(address, "POST") == 403
    assert put(address) == 200
    assert arrived.get_nowait() == b"{}"
    assert put(address) == 403


def test_what_a_function_made_is_not_deleted_without_it(
    stack: Stack, running: LocalAws, tmp_path: Path
) -> None:
    stack.create(Name="one")
    other = open_state(tmp_path / "state")
    try:
        cfn: Any = other.session(REGION).client("cloudformation")
        cfn.delete_stack(StackName="s")
        assert ended(cfn, stack.id)["StackStatus"] == "DELETE_FAILED"
    finally:
        other.close()
    assert "use --run-code" in stack.reasons()
    assert stack.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert stack.told() == ["Create -", "Delete made-one"]


MAKER = """
import sys
from pathlib import Path
from generator.local import open_state
aws = open_state(Path(sys.argv[1]), run_code=True)
print(aws.session("us-east-1").client("cloudformation").create_stack(
    StackName="s", TemplateBody=sys.stdin.read(), Capabilities=["CAPABILITY_IAM"])["StackId"], flush=True)
import time; time.sleep(60)
"""


def test_an_operation_whose_process_was_killed_is_found_as_failed(tmp_path: Path) -> None:
    maker = subprocess.Popen(
        [sys.executable, "-c", MAKER, str(tmp_path / "state")],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert maker.stdin is not None
    assert maker.stdout is not None
    maker.stdin.write(stack_of(Name="one", Pause="30"))
    maker.stdin.close()
    ident = maker.stdout.readline().strip()
    aws = open_state(tmp_path / "state", run_code=True)
    try:
        stack = Stack(aws)
        stack.id = ident
        assert stack.cfn.describe_stacks(StackName="s")["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS"
        maker.send_signal(signal.SIGKILL)
        maker.wait()
        found = until(lambda: stack.cfn.describe_stacks(StackName="s")["Stacks"][0])
        assert found["StackStatus"] == "CREATE_FAILED"
        assert "ended before it was done" in found["StackStatusReason"]
        assert stack.delete()["StackStatus"] == "DELETE_COMPLETE"
    finally:
        maker.stdout.close()
        aws.close()
    assert [path.name for path in (tmp_path / "state").glob("aws.lock.*")] == []


def test_over_http_the_answer_comes_at_once(running: LocalAws) -> None:
    import boto3

    with serve(running, 0) as server:
        maker: Any = boto3.Session("made-up", "secret", region_name=REGION).client
        cfn, logs = (maker(name, endpoint_url=server.url) for name in ("cloudformation", "logs"))
        began = time.monotonic()
        cfn.create_stack(StackName="s", TemplateBody=stack_of(Name="one", Pause="4"), Capabilities=ALL)
        assert time.monotonic() - began < 4
        assert ended(cfn, "s")["StackStatus"] == "CREATE_COMPLETE"
        (group,) = until(lambda: [g["logGroupName"] for g in logs.describe_log_groups()["logGroups"]])
        until(lambda: "END RequestId" in log_text(logs, group))
