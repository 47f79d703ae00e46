"""Events: patterns held against events, targets that get them, and what services say of themselves."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.local import ACCOUNT, LocalAws, open_state, serve
from generator.local.execution.pattern import PatternError, matches
from generator.local.execution.transformer import shown
from tests.conftest import ROOT

from .conftest import SPOKE, Catalog
from .running import ALL, REGION, archive, ended, function, log_text, role, template, trusting, until

EVENT = {
    "source": "app",
    "detail": {
        "state": "Running",
        "code": 7,
        "ok": True,
        "none": None,
        "names": ["a.txt", "b.png"],
        "ip": "10.0.0.9",
        "empty": [],
        "parts": [{"kind": "x", "n": 1}, {"kind": "y", "n": 2}],
    },
}
# Rules and examples of https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
PATTERNS: list[tuple[Any, bool]] = [
    ({}, True),
    ({"source": ["app", "other"]}, True),
    ({"source": ["App"]}, False),
    ({"source": [{"equals-ignore-case": "APP"}]}, True),
    ({"detail": {"state": [{"prefix": "Run"}]}}, True),
    ({"detail": {"state": [{"prefix": {"equals-ignore-case": "rUN"}}]}}, True),
    ({"detail": {"state": [{"suffix": "ing"}]}}, True),
    ({"detail": {"state": [{"suffix": {"equals-ignore-case": "ING"}}]}}, True),
    ({"detail": {"state": [{"anything-but": "Stopped"}]}}, True),
    ({"detail": {"state": [{"anything-but": ["Running", "x"]}]}}, False),
    ({"detail": {"state": [{"anything-but": {"prefix": "Run"}}]}}, False),
    ({"detail": {"state": [{"anything-but": {"prefix": ["Stop", "End"]}}]}}, True),
    ({"detail": {"state": [{"anything-but": {"wildcard": "*ing"}}]}}, False),
    ({"detail": {"state": [{"anything-but": {"equals-ignore-case": ["RUNNING"]}}]}}, False),
    ({"detail": {"missing": [{"anything-but": "x"}]}}, False),
    ({"detail": {"code": [7.0]}}, True),
    ({"detail": {"code": ["7"]}}, False),
    ({"detail": {"code": [{"numeric": [">", 5, "<=", 7]}]}}, True),
    ({"detail": {"code": [{"numeric": ["=", 8]}]}}, False),
    ({"detail": {"state": [{"numeric": [">", 0]}]}}, False),
    ({"detail": {"ok": [True]}}, True),
    ({"detail": {"ok": [1]}}, False),
    ({"detail": {"none": [None]}}, True),
    ({"detail": {"missing": [None]}}, False),
    ({"detail": {"missing": [{"exists": False}]}}, True),
    ({"detail": {"state": [{"exists": True}]}}, True),
    ({"detail": {"empty": [{"exists": True}]}}, False),
    ({"detail": {"parts": [{"exists": True}]}}, False),
    ({"gone": {"far": [{"exists": False}]}}, True),
    ({"detail": {"names": ["b.png"]}}, True),
    ({"detail": {"names": [{"suffix": ".txt"}]}}, True),
    ({"detail": {"names": [{"anything-but": ["a.txt"]}]}}, True),
    ({"detail": {"names": [{"wildcard": "*.p*g"}]}}, True),
    ({"detail": {"names": [{"wildcard": "*.\\*"}]}}, False),
    ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, True),
    ({"detail": {"ip": [{"cidr": "10.0.1.0/24"}]}}, False),
    ({"detail": {"parts": {"kind": ["x"], "n": [1]}}}, True),
    ({"detail": {"parts": {"kind": ["x"], "n": [2]}}}, False),
    ({"detail": {"$or": [{"code": [9]}, {"state": ["Running"]}]}}, True),
    ({"detail": {"$or": [{"code": [9]}, {"state": ["x"]}], "ok": [True]}}, False),
    ({"source": ["app"], "detail": {"code": [8]}}, False),
]


@pytest.mark.parametrize(("pattern", "wanted"), PATTERNS, ids=[json.dumps(p) for p, _ in PATTERNS])
def test_patterns(pattern: Any, wanted: bool) -> None:
    assert matches(pattern, EVENT) is wanted


@pytest.mark.parametrize(
    "pattern", [{"source": "app"}, {"source": [{"like": "a"}]}, {"source": [{"prefix": "a", "suffix": "b"}]}]
)
def test_patterns_that_are_none(pattern: Any) -> None:
    with pytest.raises(PatternError):
        matches(pattern, EVENT)


RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"
SEEN = {"time": "2026-01-02T03:04:05Z", "detail": {"who": 'a "b"', "n": 3, "list": [1, {"x": "y"}]}}
SHOWN: list[tuple[Any, Any]] = [
    ({}, SEEN),
    ({"Input": '{"a": 1}'}, {"a": 1}),
    ({"InputPath": "$.detail.list[1].x"}, "y"),
    (
        {
            "InputTransformer": {
                "InputPathsMap": {"w": "$.detail.who", "n": "$.detail.n", "l": "$.detail.list"},
                "InputTemplate": '{"a": <w>, "b": "for <w>", "n": <n>, "l": <l>, "r": <aws.events.rule-name>}',
            }
        },
        {"a": 'a "b"', "b": 'for a "b"', "n": 3, "l": [1, {"x": "y"}], "r": "r"},
    ),
    (
        {
            "InputTransformer": {
                "InputPathsMap": {"m": "$.detail.missing"},
                "InputTemplate": '"<m> is <unknown>"',
            }
        },
        " is <unknown>",
    ),
    ({"InputTransformer": {"InputTemplate": '{"e": <aws.events.event.json>}'}}, {"e": SEEN}),
]


@pytest.mark.parametrize(("target", "wanted"), SHOWN)
def test_what_a_target_gets(target: Any, wanted: Any) -> None:
    assert json.loads(shown(target, SEEN, RULE)) == wanted


@pytest.fixture
def running(tmp_path: Path) -> Iterator[LocalAws]:
    opened = open_state(tmp_path / "state", run_code=True)
    yield opened
    opened.close()


def queue(of: Catalog, name: str, rule: str = "", service: str = "events") -> tuple[str, str]:
    """A queue that a rule may send to; its URL and ARN."""
    sqs, arn = of.client("sqs"), f"arn:aws:sqs:{of.region}:{of.account}:{name}"
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    made = sqs.create_queue(QueueName=name, Attributes={"Policy": json.dumps(policy)} if rule else {})
    return made["QueueUrl"], arn


def rule(of: Catalog, name: str, pattern: Any, *targets: Any, bus: str = "default") -> None:
    events = of.client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern), EventBusName=bus)
    events.put_targets(Rule=name, EventBusName=bus, Targets=list(targets))


def received(of: Catalog, url: str) -> list[dict[str, Any]]:
    found = of.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [json.loads(message["Body"]) for message in found]


def test_put_events_reach_queues_topics_and_other_buses(hub: Catalog) -> None:
    events, arn = hub.client("events"), f"arn:aws:events:{REGION}:{ACCOUNT}"
    direct, direct_arn = queue(hub, "direct", f"{arn}:rule/one")
    closed, closed_arn = queue(hub, "closed")
    far, far_arn = queue(hub, "far", f"{arn}:rule/more/two")
    events.create_event_bus(Name="more")
    dead = {"DeadLetterConfig": {"Arn": queue(hub, "dead", f"{arn}:rule/one")[1]}}
    shut = {"DeadLetterConfig": {"Arn": queue(hub, "shut")[1]}}  # its policy lets nobody in
    rule(
        hub, "one", {"source": ["shop"]},
        {"Id": "a", "Arn": direct_arn, "InputPath": "$.detail"},
        {"Id": "b", "Arn": f"{arn}:event-bus/more"},
        {"Id": "c", "Arn": closed_arn, **dead},
        {"Id": "d", "Arn": closed_arn, **shut},
    )  # fmt: skip
    rule(hub, "two", {"detail-type": ["Sold"]}, {"Id": "a", "Arn": far_arn}, bus="more")
    entries = [
        {"Source": "shop", "DetailType": "Sold", "Detail": '{"n": 1}', "Resources": ["x"]},
        {"Source": "aws.ec2", "DetailType": "Sold", "Detail": "{}"},
        {"Source": "shop", "DetailType": "Sold", "Detail": "[1]"},
        {"Source": "other", "DetailType": "Sold", "Detail": '{"n": 2}'},
    ]
    answer = events.put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 2
    assert [each.get("ErrorCode") for each in answer["Entries"]] == [
        None, "NotAuthorizedForSourceException", "MalformedDetail", None,
    ]  # fmt: skip
    assert received(hub, direct) == [{"n": 1}]
    (got,) = received(hub, far)
    assert (got["detail"], got["resources"], got["account"], got["region"]) == (
        {"n": 1},
        ["x"],
        ACCOUNT,
        REGION,
    )
    assert received(hub, closed) == []
    assert len(received(hub, hub.client("sqs").get_queue_url(QueueName="dead")["QueueUrl"])) == 1
    assert received(hub, hub.client("sqs").get_queue_url(QueueName="shut")["QueueUrl"]) == []


def test_a_pipeline_is_started_by_a_role_that_may(hub: Catalog) -> None:
    iam, pipelines, sqs = hub.client("iam"), hub.client("codepipeline"), hub.client("sqs")
    target = f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:p"
    roles = {}
    for name, service in (("starter", "events"), ("other", "codepipeline")):
        trust = json.dumps(trusting(service))
        roles[name] = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    stages = [
        {
            "name": category,
            "actions": [
                {
                    "name": category,
                    "actionTypeId": {
                        "category": category,
                        "owner": "AWS",
                        "provider": provider,
                        "version": "1",
                    },
                }
            ],
        }
        for category, provider in (("Source", "S3"), ("Approval", "Manual"))
    ]
    store = {"type": "S3", "location": "artifacts"}
    made = {"name": "p", "roleArn": roles["other"], "stages": stages, "artifactStore": store}
    pipelines.create_pipeline(pipeline=made)
    for name in ("lacks", "trusts-another", "allowed"):
        arn = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"
        dead = {"DeadLetterConfig": {"Arn": queue(hub, f"{name}-dead", arn)[1]}}
        role = roles["other" if name == "trusts-another" else "starter"]
        rule(hub, name, {"source": [name]}, {"Id": "a", "Arn": target, "RoleArn": role, **dead})

    def tried(name: str) -> tuple[int, list[str]]:
        before = len(pipelines.list_pipeline_executions(pipelineName="p")["pipelineExecutionSummaries"])
        put = {"Source": name, "DetailType": "x", "Detail": "{}"}
        assert hub.client("events").put_events(Entries=[put])["FailedEntryCount"] == 0
        after = len(pipelines.list_pipeline_executions(pipelineName="p")["pipelineExecutionSummaries"])
        url = sqs.get_queue_url(QueueName=f"{name}-dead")["QueueUrl"]
        letters = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages", [])
        return after - before, [each["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"] for each in letters]

    started, (why,) = tried("lacks")
    assert started == 0
    assert f"is not authorized to perform: codepipeline:StartPipelineExecution on resource: {target}" in why
    started, (why,) = tried("trusts-another")
    assert started == 0
    assert f"{roles['other']} does not trust events.amazonaws.com" in why
    allowed = {"Effect": "Allow", "Action": "codepipeline:StartPipelineExecution", "Resource": target}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="starter", PolicyName="start", PolicyDocument=policy)
    assert tried("allowed") == (1, [])


def test_another_account_s_bus_takes_what_its_policy_lets_in(hub: Catalog, spoke: Catalog) -> None:
    url, arn = queue(hub, "q", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/hub")
    rule(hub, "hub", {"source": ["spoke"]}, {"Id": "a", "Arn": arn})
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    entry = {"Source": "spoke", "DetailType": "x", "Detail": "{}", "EventBusName": bus}
    refused = spoke.client("events").put_events(Entries=[entry])
    assert refused["Entries"][0]["ErrorCode"] == "AccessDeniedException"
    hub.client("events").put_permission(Action="events:PutEvents", Principal=SPOKE, StatementId="spoke")
    assert spoke.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    assert [event["account"] for event in received(hub, url)] == [SPOKE]


def test_a_function_runs_for_an_event_where_it_is_permitted(running: LocalAws) -> None:
    hub = Catalog(running)
    cfn, logs = hub.client("cloudformation"), hub.client("logs")
    resources: dict[str, Any] = {
        "Role": role(),
        "Function": function("def handler(e, c):\n    print('GOT', e['detail']['n'])", FunctionName="f"),
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["shop"]},
                "Targets": [{"Id": "f", "Arn": {"Fn::GetAtt": ["Function", "Arn"]}}],
            },
        },
    }
    cfn.create_stack(StackName="s", TemplateBody=template(**resources), Capabilities=ALL)
    ended(cfn, "s")
    put = {"Source": "shop", "DetailType": "Sold", "Detail": '{"n": 1}'}
    hub.client("events").put_events(Entries=[put])
    assert running.runner is not None
    running.runner.settle()
    assert logs.describe_log_groups()["logGroups"] == []
    resources["Permission"] = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": {"Ref": "Function"},
            "Principal": "events.amazonaws.com",
            "SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]},
        },
    }
    cfn.update_stack(StackName="s", TemplateBody=template(**resources), Capabilities=ALL)
    ended(cfn, "s")
    hub.client("events").put_events(Entries=[{**put, "Detail": '{"n": 2}'}])
    until(lambda: logs.describe_log_groups()["logGroups"] and "GOT 2" in log_text(logs, "/aws/lambda/f"))
    assert "GOT 1" not in log_text(logs, "/aws/lambda/f")


def test_the_model_registry_tells_what_changed(hub: Catalog) -> None:
    """Held against the recorded events, which the rules of the project products are tested with too."""
    recorded = json.loads((ROOT / "tests/blueprints/events/model-packages.json").read_text())["events"]
    url, arn = queue(hub, "q", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r")
    rule(hub, "r", {"source": ["aws.sagemaker"]}, {"Id": "a", "Arn": arn})
    sagemaker = hub.client("sagemaker")
    sagemaker.create_model_package_group(ModelPackageGroupName="g")
    package = sagemaker.create_model_package(
        ModelPackageGroupName="g",
        InferenceSpecification={
            "Containers": [
                {"Image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1", "ModelDataUrl": "s3://a/b"}
            ],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
        ModelApprovalStatus="PendingManualApproval",
    )["ModelPackageArn"]
    sagemaker.update_model_package(
        ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="ok"
    )
    sagemaker.update_model_package(ModelPackageArn=package, CustomerMetadataProperties={"a": "b"})
    removed = {"CustomerMetadataProperties": {"c": "d"}, "CustomerMetadataPropertiesToRemove": ["a"]}
    sagemaker.update_model_package(ModelPackageArn=package, **removed)
    stage = {"Stage": "Production", "StageStatus": "Approved"}
    sagemaker.update_model_package(ModelPackageArn=package, ModelLifeCycle=stage)
    made, approved, described, changed, moved = received(hub, url)
    assert changed["detail"]["UpdatedModelPackageFields"] == ["CustomerMetadataProperties"]
    assert moved["detail"]["UpdatedModelPackageFields"] == ["ModelLifeCycle"]
    assert moved["detail"]["ModelLifeCycle"] == stage
    # All that is told of a change is in the recorded ones.
    known = {name for event in recorded.values() for name in event["detail"]}
    assert {
        name for event in (made, approved, described, changed, moved) for name in event["detail"]
    } <= known
    assert set(recorded["approved"]) == set(approved)
    assert approved["detail-type"] == recorded["approved"]["detail-type"]
    for name in (
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageStatus",
        "ModelApprovalStatus",
        "InferenceSpecification",
    ):
        assert type(approved["detail"][name]) is type(recorded["approved"]["detail"][name]), name
    assert approved["resources"] == [package]
    assert approved["detail"]["ModelApprovalStatus"] == "Approved"
    assert approved["detail"]["UpdatedModelPackageFields"] == ["ModelApprovalStatus", "ApprovalDescription"]
    assert described["detail"]["UpdatedModelPackageFields"] == ["CustomerMetadataProperties"]
    assert "UpdatedModelPackageFields" not in made["detail"]


def test_a_bucket_tells_of_its_objects_where_it_is_asked_to(hub: Catalog, local: LocalAws) -> None:
    """Held against the recorded events, which the rules of the project products are tested with too."""
    recorded = json.loads((ROOT / "tests/blueprints/events/objects.json").read_text())["events"]
    url, arn = queue(hub, "q", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r")
    rule(hub, "r", {"source": ["aws.s3"]}, {"Id": "a", "Arn": arn})
    s3 = hub.client("s3")
    for name in ("told", "quiet", "plain"):
        s3.create_bucket(Bucket=name)
        if name != "quiet":
            on: Any = {"EventBridgeConfiguration": {}}
            s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=on)
    s3.put_bucket_versioning(Bucket="told", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="quiet", Key="a", Body=b"1")
    assert received(hub, url) == []

    made = s3.put_object(Bucket="told", Key="a/ü +.zip", Body=b"12345")
    (put,) = received(hub, url)
    for name in ("detail", "detail-type", "resources"):
        assert type(put[name]) is type(recorded["source-put"][name])
    assert set(put) == set(recorded["source-put"])
    assert set(put["detail"]) == set(recorded["source-put"]["detail"])
    assert put["resources"] == ["arn:aws:s3:::told"]
    told = put["detail"]["object"]
    assert set(told) == set(recorded["source-put"]["detail"]["object"])
    assert (told["key"], told["size"]) == ("a/ü +.zip", 5)
    assert (f'"{told["etag"]}"', told["version-id"]) == (made["ETag"], made["VersionId"])

    s3.copy_object(Bucket="told", Key="b", CopySource={"Bucket": "told", "Key": "a/ü +.zip"})
    part = s3.create_multipart_upload(Bucket="told", Key="c")["UploadId"]
    sent = s3.upload_part(Bucket="told", Key="c", UploadId=part, PartNumber=1, Body=b"1")["ETag"]
    whole: Any = {"Parts": [{"ETag": sent, "PartNumber": 1}]}
    s3.complete_multipart_upload(Bucket="told", Key="c", UploadId=part, MultipartUpload=whole)
    s3.put_object_tagging(Bucket="told", Key="c", Tagging={"TagSet": [{"Key": "k", "Value": "v"}]})
    s3.delete_object(Bucket="told", Key="a/ü +.zip")
    s3.delete_objects(Bucket="told", Delete={"Objects": [{"Key": "b"}, {"Key": "c & d"}]})
    s3.delete_object(Bucket="told", Key="a/ü +.zip", VersionId=made["VersionId"])
    s3.put_object(Bucket="plain", Key="a", Body=b"1")
    s3.delete_object(Bucket="plain", Key="a")
    with pytest.raises(ClientError):
        s3.put_object(Bucket="plain", Key="a", Body=b"1", IfMatch='"none"')
    events = received(hub, url)
    found = [(e["detail-type"], e["detail"]["object"]["key"], e["detail"]["reason"]) for e in events]
    assert found == [
        ("Object Created", "b", "CopyObject"),
        ("Object Created", "c", "CompleteMultipartUpload"),
        ("Object Deleted", "a/ü +.zip", "DeleteObject"),
        ("Object Deleted", "b", "DeleteObject"),
        ("Object Deleted", "c & d", "DeleteObject"),
        ("Object Deleted", "a/ü +.zip", "DeleteObject"),
        ("Object Created", "a", "PutObject"),
        ("Object Deleted", "a", "DeleteObject"),
    ]
    deleted = [each["detail"] for each in events if each["detail-type"] == "Object Deleted"]
    assert set(deleted[0]) == set(recorded["source-deleted"]["detail"])
    assert set(deleted[0]["object"]) == set(recorded["source-deleted"]["detail"]["object"])
    marker, gone = "Delete Marker Created", "Permanently Deleted"
    assert [each["deletion-type"] for each in deleted] == [marker, marker, marker, gone, gone]

    # What was told once is not told again where the same state is opened anew.
    s3.put_object(Bucket="told", Key="last", Body=b"1")
    with closing(open_state(local.state.folder)) as again:
        other = Catalog(again)
        assert [each["detail"]["object"]["key"] for each in received(other, url)] == ["last"]


def git(*words: str, at: Path, status: int = 0) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=me", "-c", "user.email=me@example.com", *words],
        cwd=at,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(at),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_NOSYSTEM": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


def test_a_repository_is_seeded_cloned_and_pushed_to(hub: Catalog, local: LocalAws, tmp_path: Path) -> None:
    s3, cfn, commits = hub.client("s3"), hub.client("cloudformation"), hub.client("codecommit")
    s3.create_bucket(Bucket="seeds")
    s3.put_object(
        Bucket="seeds", Key="a.zip", Body=archive({"README.md": "hello\n", "src/run.py": "x = 1\n"})
    )
    url, arn = queue(hub, "q", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r")
    rule(hub, "r", {"source": ["aws.codecommit"]}, {"Id": "a", "Arn": arn})
    code = {"BranchName": "main", "S3": {"Bucket": "seeds", "Key": "a.zip"}}
    body = template(
        Repo={"Type": "AWS::CodeCommit::Repository", "Properties": {"RepositoryName": "app", "Code": code}}
    )
    cfn.create_stack(StackName="s", TemplateBody=body)
    assert ended(cfn, "s")["StackStatus"] == "CREATE_COMPLETE"
    tip = commits.get_branch(repositoryName="app", branchName="main")["branch"]["commitId"]
    metadata = commits.get_repository(repositoryName="app")["repositoryMetadata"]
    assert metadata["defaultBranch"] == "main"
    assert metadata["cloneUrlHttp"] == f"https://git-codecommit.{REGION}.amazonaws.com/v1/repos/app"
    assert commits.get_file(repositoryName="app", filePath="src/run.py")["fileContent"] == b"x = 1\n"
    with serve(local, 0) as server:
        place = server.url.replace("://", f"://{ACCOUNT}:any@")
        git("clone", "--quiet", f"{place}/v1/repos/app", "work", at=tmp_path)
        work = tmp_path / "work"
        assert (work / "README.md").read_text() == "hello\n"
        (work / "new.txt").write_text("new" * 900_000)  # larger than git sends in one piece
        git("add", "--all", at=work)
        git("commit", "--quiet", "-m", "new", at=work)
        git("push", "--quiet", "origin", "main", "HEAD:refs/heads/other", at=work)
        assert "could not read Username" in git(
            "ls-remote", f"{server.url}/v1/repos/app", at=tmp_path, status=128
        )
        assert "not found" in git("ls-remote", f"{place}/v1/repos/none", at=tmp_path, status=128)
        assert "not found" in git(
            "ls-remote",
            f"{server.url.replace('://', f'://{SPOKE}:x@')}/v1/repos/app",
            at=tmp_path,
            status=128,
        )
        new = git("rev-parse", "HEAD", at=work).strip()
        # The same by the host of AWS, as builds find it.
        named = f"{place}/git-codecommit.{REGION}.amazonaws.com/v1/repos/app"
        assert new in git("ls-remote", named, "refs/heads/main", at=tmp_path)
        connected = (
            f"{place}/codeconnections.{REGION}.amazonaws.com/git-http/{ACCOUNT}/{REGION}/0a1b/team/repo.git"
        )
        git("push", "--quiet", connected, "main", at=work)
        assert new in git("ls-remote", connected, at=tmp_path)
    assert commits.list_branches(repositoryName="app")["branches"] == ["main", "other"]
    commit = commits.get_commit(repositoryName="app", commitId=new)["commit"]
    assert (commit["parents"], commit["message"], commit["author"]["name"]) == ([tip], "new", "me")
    seeded, *pushed = received(hub, url)
    assert seeded["detail"]["event"] == "referenceCreated"
    assert seeded["detail"]["commitId"] == tip
    told = {
        (e["detail"]["event"], e["detail"]["referenceName"], e["detail"].get("oldCommitId")) for e in pushed
    }
    assert told == {("referenceUpdated", "main", tip), ("referenceCreated", "other", None)}
    assert {e["detail-type"] for e in pushed} == {"CodeCommit Repository State Change"}
    assert pushed[0]["resources"] == [metadata["Arn"]]
    commits.put_file(
        repositoryName="app", branchName="main", filePath="b", fileContent=b"1", parentCommitId=new
    )
    with pytest.raises(commits.exceptions.ParentCommitIdOutdatedException):
        commits.put_file(
            repositoryName="app", branchName="main", filePath="b", fileContent=b"2", parentCommitId=new
        )
    commits.delete_branch(repositoryName="app", branchName="other")
    last = received(hub, url)
    assert [e["detail"]["event"] for e in last] == ["referenceUpdated", "referenceDeleted"]
    # As recorded ones tell it, and beside that who did it.
    recorded = json.loads((ROOT / "tests/blueprints/events/references.json").read_text())["events"]
    for name, event in (("main-created", seeded), ("main-pushed", last[0]), ("branch-deleted", last[1])):
        assert set(event) == set(recorded[name])
        assert set(event["detail"]) == {*recorded[name]["detail"], "callerUserArn"}
    cfn.delete_stack(StackName="s")
    assert list((local.state.folder / "git").glob("[!c]*.git")) == []


def test_messages_of_a_queue_run_its_function(running: LocalAws) -> None:
    hub = Catalog(running)
    cfn, sqs, logs = hub.client("cloudformation"), hub.client("sqs"), hub.client("logs")
    source = """
def handler(event, context):
    for record in event["Records"]:
        print("GOT", record["body"], record["eventSourceARN"])
    return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in event["Records"] if "bad" in r["body"]]}
"""
    may = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"]
    resources: dict[str, Any] = {
        "Dead": {"Type": "AWS::SQS::Queue"},
        "Queue": {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "VisibilityTimeout": 1,
                "RedrivePolicy": {
                    "deadLetterTargetArn": {"Fn::GetAtt": ["Dead", "Arn"]},
                    "maxReceiveCount": 2,
                },
            },
        },
        "Role": role("lambda", (may, {"Fn::GetAtt": ["Queue", "Arn"]})),
        "Function": function(source, FunctionName="f"),
        "Mapping": {
            "Type": "AWS::Lambda::EventSourceMapping",
            "Properties": {
                "EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]},
                "FunctionName": {"Ref": "Function"},
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                "FilterCriteria": {"Filters": [{"Pattern": '{"body": {"kind": ["a"]}}'}]},
            },
        },
    }
    cfn.create_stack(StackName="s", TemplateBody=template(**resources), Capabilities=ALL)
    assert ended(cfn, "s")["StackStatus"] == "CREATE_COMPLETE"
    ids = {
        each["LogicalResourceId"]: each["PhysicalResourceId"]
        for each in cfn.describe_stack_resources(StackName="s")["StackResources"]
    }
    for text in ('{"kind": "a", "n": 1}', '{"kind": "b"}', '{"kind": "a", "n": "bad"}'):
        sqs.send_message(QueueUrl=ids["Queue"], MessageBody=text)
    dead = until(lambda: sqs.receive_message(QueueUrl=ids["Dead"]).get("Messages"))
    assert [message["Body"] for message in dead] == ['{"kind": "a", "n": "bad"}']
    text = log_text(logs, "/aws/lambda/f")
    assert text.count('GOT {"kind": "a", "n": 1}') == 1
    assert text.count('GOT {"kind": "a", "n": "bad"}') == 2
    assert 'kind": "b' not in text
    lambdas = hub.client("lambda")
    (mapping,) = lambdas.list_event_source_mappings(FunctionName="f")["EventSourceMappings"]
    assert (mapping["UUID"], mapping["State"], mapping["BatchSize"]) == (ids["Mapping"], "Enabled", 10)
    with pytest.raises(lambdas.exceptions.InvalidParameterValueException, match="queues of SQS"):
        lambdas.create_event_source_mapping(
            FunctionName="f", EventSourceArn=f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/s"
        )
    cfn.delete_stack(StackName="s")
    until(lambda: lambdas.list_event_source_mappings()["EventSourceMappings"] == [])
