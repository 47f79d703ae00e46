"""A target that is a real account, as far as the publisher can tell: the local AWS over HTTP, found by AWS's own settings."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from generator import local
from tests.publish.conftest import Catalogue

Make = Callable[..., Catalogue]
ACCOUNT = "111122223333"
TARGETS = f"""\
catalogue: acme
default: prod
local: {{}}
prod: {{account: "{ACCOUNT}", regions: [eu-west-1], bucket: "acme-{{account}}-{{region}}"}}
"""


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    aws = local.open_state(tmp_path / "aws", account=ACCOUNT)
    with local.serve(aws, 0) as server:
        yield server.url
    aws.close()


@pytest.fixture
def prod(catalogue: Make, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """A catalogue whose target prod is behind AWS_ENDPOINT_URL, with that account's credentials."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCOUNT)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-log-me")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return catalogue({"products/targets.yaml": TARGETS})


def test_asks_before_it_publishes_and_ends_with_3_where_nobody_can_be_asked(prod: Catalogue) -> None:
    refused = prod.run("publish")
    assert refused.code == 3
    assert "target 'prod' is a real account and nobody can be asked. Add --yes." in refused.err
    done = prod.run("publish", "--yes")
    assert done.code == 0, done.err
    assert f"Published to prod (account {ACCOUNT}) in eu-west-1:" in done.out
    assert "Try next" not in done.out
    assert prod.run("publish").code == 0  # nothing to do needs no question


def test_an_account_that_is_not_the_targets_is_refused(
    prod: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "999988887777")
    for verb in ("plan", "publish"):
        ran = prod.run(verb)
        assert ran.code == 3
        assert (
            f"products/targets.yaml:4:8: target 'prod' is account {ACCOUNT}, but you are arn:aws:iam::999988887777"
            in ran.err
        )


def test_no_credentials(prod: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = prod.run("plan")
    assert ran.code == 4
    assert "no AWS credentials" in ran.err
    assert "AWS_PROFILE" in ran.err


def test_an_unknown_profile(prod: Catalogue) -> None:
    prod.edit("products/targets.yaml", "regions:", "profile: nobody, regions:")
    ran = prod.run("plan")
    assert ran.code == 4
    assert "nobody" in ran.err


def test_the_network_is_gone(prod: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    ran = prod.run("plan")
    assert ran.code == 4
    assert "AWS cannot be reached" in ran.err
    assert "Traceback" not in ran.err


def test_a_bucket_of_another_account(prod: Catalogue, endpoint: str) -> None:
    import boto3

    session = boto3.Session(
        aws_access_key_id="999988887777", aws_secret_access_key="x", region_name="eu-west-1"
    )
    session.client("s3", endpoint_url=endpoint).create_bucket(
        Bucket=f"acme-{ACCOUNT}-eu-west-1", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    ran = prod.run("publish", "--yes")
    assert ran.code == 4
    assert f"the bucket 'acme-{ACCOUNT}-eu-west-1' is another account's" in ran.err


def test_access_denied_names_the_call_its_request_id_and_the_way_out(prod: Catalogue, endpoint: str) -> None:
    import boto3

    s3 = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x", region_name="eu-west-1").client(
        "s3", endpoint_url=endpoint
    )
    bucket = f"acme-{ACCOUNT}-eu-west-1"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    deny = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject"}
    statement = {**deny, "Resource": f"arn:aws:s3:::{bucket}/templates/*"}
    s3.put_bucket_policy(
        Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    ran = prod.run("publish", "--yes")
    assert ran.code == 4
    last = ran.err.splitlines()[-1]
    assert re.fullmatch(
        r"aws PutObject: AccessDenied: Access Denied \(request [\w-]+\)\. `catalog plan --policy` .*", last
    )
    s3.put_bucket_policy(
        Bucket=bucket,
        Policy=json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Effect": "Allow"}]}),
    )
    assert prod.run("publish", "--yes").code == 0
    assert json.loads(prod.run("plan", "--format", "json").out)["changes"] == []
    kept = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert "Theirs" in [each["Sid"] for each in kept]


def test_a_saved_plan_is_applied_exactly_or_refused(prod: Catalogue, tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    assert prod.run("plan", "--out", str(plan), "--detailed-exitcode").code == 2
    saved = json.loads(plan.read_text())
    assert saved["format"] == 1
    prod.edit("products/store.yaml", "owner: Platform", "owner: Storage")
    stale = prod.run("publish", "--plan", str(plan), "--yes")
    assert stale.code == 3
    assert "the plan is stale" in stale.err
    prod.edit("products/store.yaml", "owner: Storage", "owner: Platform")
    assert prod.run("publish", "--plan", str(plan), "--yes").code == 0
    assert prod.run("plan", "--detailed-exitcode").code == 0
    assert prod.run("publish", "--plan", str(plan), "--yes").code == 3  # it was applied already


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        ("{}", 1, "is no saved plan"),
        ("[", 1, "is no saved plan"),
        ('{"format": 9, "checksum": "x"}', 3, "has format 9"),
    ],
)
def test_a_file_that_is_no_plan(content: str, code: int, told: str, catalogue: Make, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(content)
    ran = catalogue().run("publish", "--plan", str(tmp_path / "plan.json"))
    assert ran.code == code
    assert told in ran.err


def test_every_call_is_logged_with_its_request_id_and_no_secret(prod: Catalogue) -> None:
    ran = prod.run("-v", "publish", "--yes")
    assert ran.code == 0
    calls = [line for line in ran.err.splitlines() if " request " in line]
    assert any(line.startswith("servicecatalog:CreatePortfolio 200 request ") for line in calls)
    assert all(line.rpartition(" request ")[2] not in ("", "-") for line in calls)
    assert "do-not-log-me" not in ran.err + ran.out


def test_the_policy_names_every_action_that_the_plan_calls(prod: Catalogue) -> None:
    """The calls that publishing really made, against the policy that was printed for it before."""
    policy = json.loads(prod.run("plan", "--policy").out)
    allowed = {action.lower() for statement in policy["Statement"] for action in statement["Action"]}
    assert not [action for action in allowed if "*" in action]
    names = {  # IAM's names where they are not the operation's
        "s3:headbucket": "s3:listbucket",
        "s3:listobjectsv2": "s3:listbucket",
        "s3:putbucketencryption": "s3:putencryptionconfiguration",
        "s3:putpublicaccessblock": "s3:putbucketpublicaccessblock",
    }
    ran = prod.run("-v", "publish", "--yes")
    called = {line.split(" ")[0].lower() for line in ran.err.splitlines() if " request " in line}
    assert len(called) > 15
    needed = {names.get(call, call) for call in called} - {
        "sts:getcalleridentity"
    }  # which needs no permission
    assert needed <= allowed, needed - allowed
    assert any(
        "arn:aws:s3:::acme-111122223333-eu-west-1/*" in statement["Resource"]
        for statement in policy["Statement"]
    )


def test_release_records_tell_what_was_done(prod: Catalogue, endpoint: str) -> None:
    import boto3

    assert prod.run("publish", "--yes").code == 0
    prod.edit("products/store.yaml", "owner: Platform", "owner: Storage")
    assert prod.run("publish", "--yes").code == 0
    s3 = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x", region_name="eu-west-1").client(
        "s3", endpoint_url=endpoint
    )
    bucket = f"acme-{ACCOUNT}-eu-west-1"
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="releases/")["Contents"]]
    newest, first = (json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys)
    assert (newest["number"], newest["status"], [each["kind"] for each in newest["changes"]]) == (
        2,
        "done",
        ["UpdateProduct"],
    )
    assert (first["number"], first["format"], first["catalogue"]) == (1, 1, "acme")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert all(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values())
    (tls,) = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]
    assert (tls["Effect"], tls["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
