"""What a push sets going: the hook's handler and the one behind it, with queue, bucket and secrets in the local AWS."""

from __future__ import annotations

import hmac
import importlib
import io
import json
import os
import zipfile
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.blueprints.servers.git import bare, commit, git_server
from tests.blueprints.servers.loopback import Server, serving

from .account import SOURCES, Account
from .loopback import Context

HOOK_TOKEN = "the-hooks-token"
PATH = "acme/churn"
KEY = "sources/model-build.zip"


@pytest.fixture
def queue(account: Account, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[dict[str, Any]]]:
    """What lies in the queue between the two, and is taken from it."""
    sqs = account.client("sqs")
    url = sqs.create_queue(QueueName="push.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    monkeypatch.setenv("QUEUE_URL", url)
    monkeypatch.setenv("BRANCHES", json.dumps({"model-build": "main", "model-deploy": "main"}))
    monkeypatch.setenv("HOOK_SECRET_ARN", account.secret("hook", HOOK_TOKEN))

    def take() -> list[dict[str, Any]]:
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["MessageGroupId"]
        )
        return list(found.get("Messages", []))

    return take


def push(
    repository: str = "model-build", ref: str = "refs/heads/main", after: str = "b" * 40
) -> dict[str, Any]:
    """What API Gateway hands on of GitLab's hook."""
    body = json.dumps({"object_kind": "push", "before": "a" * 40, "after": after, "ref": ref})
    return {
        "version": "2.0",
        "headers": {
            "content-type": "application/json",
            "x-gitlab-event": "Push Hook",
            "x-gitlab-token": HOOK_TOKEN,
        },
        "pathParameters": {"repository": repository},
        "body": body,
        "isBase64Encoded": False,
    }


def signed(
    event: dict[str, Any], header: str = "x-hub-signature-256", key: str = HOOK_TOKEN
) -> dict[str, Any]:
    """The same as GitHub, Gitea, Forgejo and Bitbucket prove it."""
    signature = hmac.new(key.encode(), event["body"].encode(), "sha256").hexdigest()
    kept = {name: value for name, value in event["headers"].items() if "gitlab" not in name}
    return event | {"headers": {**kept, header: f"sha256={signature}"}}


Hook = Callable[[dict[str, Any]], int]


@pytest.fixture
def hook(package: str, queue: object) -> Hook:
    handler = importlib.import_module(f"{package}.push_hook").handler
    return lambda event: int(handler(event, None)["statusCode"])


def test_a_push_leaves_a_message_in_the_order_of_its_repository(
    hook: Hook, queue: Callable[[], list[dict[str, Any]]]
) -> None:
    assert hook(push()) == 202
    (message,) = queue()
    assert json.loads(message["Body"]) == {"repository": "model-build"}
    assert message["Attributes"]["MessageGroupId"] == "model-build"


def test_a_hook_that_is_sent_again_is_one_message_and_another_push_another(
    hook: Hook, queue: object, account: Account
) -> None:
    for event in (push(), push(), push(after="c" * 40), push("model-deploy")):
        assert hook(event) == 202
    held = account.client("sqs").get_queue_attributes(
        QueueUrl=os.environ["QUEUE_URL"], AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert held["Attributes"] == {"ApproximateNumberOfMessages": "3"}


@pytest.mark.parametrize("header", ["x-hub-signature-256", "x-hub-signature", "X-Hub-Signature-256"])
def test_a_signature_is_a_proof_too(
    hook: Hook, queue: Callable[[], list[dict[str, Any]]], header: str
) -> None:
    event = signed(push(), header)
    event |= {"body": b64encode(event["body"].encode()).decode(), "isBase64Encoded": True}
    assert hook(event) == 202
    assert len(queue()) == 1


def without(event: dict[str, Any], **headers: str) -> dict[str, Any]:
    return event | {"headers": headers}


REFUSED = {
    "no proof": without(push()),
    "another token": without(push(), **{"x-gitlab-token": "another"}),
    "an empty token": without(push(), **{"x-gitlab-token": ""}),
    "the token's beginning": without(push(), **{"x-gitlab-token": HOOK_TOKEN[:-1]}),
    "a token beyond ASCII": without(push(), **{"x-gitlab-token": "schlüssel"}),
    "another key": signed(push(), key="another"),
    "a changed body": signed(push()) | {"body": "{}"},
    "a signature without its kind": without(push(), **{"x-hub-signature-256": "00"}),
    "a wrong token beside a right signature": signed(push())
    | {"headers": {**signed(push())["headers"], "x-gitlab-token": "another"}},
}


@pytest.mark.parametrize("event", REFUSED.values(), ids=REFUSED)
def test_nobody_else_is_heard(
    hook: Hook, queue: Callable[[], list[dict[str, Any]]], event: dict[str, Any]
) -> None:
    assert hook(event) == 401
    assert queue() == []


@pytest.mark.parametrize(
    ("event", "status"),
    [
        (push(ref="refs/heads/feature"), 200),
        (push(ref="refs/tags/main"), 200),
        (push("another"), 404),
        (push() | {"body": "not json"}, 200),
        (push() | {"body": "[]"}, 200),
        (push() | {"body": None}, 200),
    ],
    ids=["another branch", "a tag", "another repository", "no JSON", "no object", "nothing"],
)
def test_what_is_no_push_to_the_branch_starts_nothing(
    hook: Hook, queue: Callable[[], list[dict[str, Any]]], event: dict[str, Any], status: int
) -> None:
    assert hook(event) == status
    assert queue() == []


# What comes after the queue.


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(git_server(tmp_path / "hosted")) as running:
        yield running


@pytest.fixture
def bring(
    account: Account, package: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """One message, as Lambda takes it from the queue."""
    account.seed()
    repositories = {"model-build": {"url": f"{server.url}/{PATH}.git", "branch": "main", "key": KEY}}
    monkeypatch.setenv("REPOSITORIES", json.dumps(repositories))
    monkeypatch.setenv("CREDENTIALS_SECRET_ARN", account.credentials())
    monkeypatch.setenv("BUCKET", SOURCES)
    handler = importlib.import_module(f"{package}.push_source").handler
    return lambda: handler({"Records": [{"body": '{"repository": "model-build"}'}]}, Context(240))


def versions(account: Account) -> list[tuple[str, dict[str, str]]]:
    """The commits and files that S3 got, oldest first."""
    s3, found = account.client("s3"), []
    for version in s3.list_object_versions(Bucket=SOURCES).get("Versions", []):
        got = s3.get_object(Bucket=SOURCES, Key=version["Key"], VersionId=version["VersionId"])
        with zipfile.ZipFile(io.BytesIO(got["Body"].read())) as packed:
            files = {name: packed.read(name).decode() for name in packed.namelist()}
        found.append((got["Metadata"]["commit"], files))
    return found[::-1]


def test_each_push_is_a_version_of_the_source(
    bring: Callable[[], None], account: Account, tmp_path: Path
) -> None:
    repository = bare(tmp_path / "hosted", PATH)
    first = commit(repository, "main", {"train.py": "print(1)\n"})
    bring()
    second = commit(repository, "main", {"train.py": "print(2)\n", "Überblick.md": "# ä\n"})
    bring()
    assert versions(account) == [
        (first, {"train.py": "print(1)\n"}),
        (second, {"train.py": "print(2)\n", "Überblick.md": "# ä\n"}),
    ]


def test_a_message_that_comes_twice_changes_nothing(
    bring: Callable[[], None], account: Account, tmp_path: Path
) -> None:
    commit(bare(tmp_path / "hosted", PATH), "main", {"train.py": "print(1)\n"})
    bring()
    bring()
    assert len(versions(account)) == 1


def test_only_the_newest_commit_is_fetched(
    bring: Callable[[], None], account: Account, tmp_path: Path, server: Server
) -> None:
    repository = bare(tmp_path / "hosted", PATH)
    for number in range(5):
        commit(repository, "main", {"train.py": f"print({number})\n"})
    bring()
    (asked,) = [one for one in server.asked if one.path.endswith("git-upload-pack") and b"want" in one.body]
    assert b"deepen 1" in asked.body


def test_a_branch_that_is_missing_is_raised_for_the_queue_to_tell_again(
    bring: Callable[[], None], tmp_path: Path
) -> None:
    bare(tmp_path / "hosted", PATH)
    with pytest.raises(Exception, match="has no branch main"):
        bring()


def test_what_the_message_of_a_commit_says_is_shown_in_ascii(
    bring: Callable[[], None], account: Account, tmp_path: Path
) -> None:
    made = commit(bare(tmp_path / "hosted", PATH), "main", {"a": "b"}, "Größer\n\nUnd mehr")
    bring()
    shown = account.client("s3").head_object(Bucket=SOURCES, Key=KEY)["Metadata"]
    assert shown["codepipeline-artifact-revision-summary"] == f"{made[:12]} Gr??er"
