"""The real handler against a git server and a GitLab over https, with secrets and objects in the local AWS."""

from __future__ import annotations

import importlib
import io
import json
import logging
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.blueprints.servers.git import bare, commit, git, git_server
from tests.blueprints.servers.gitlab import GitLab
from tests.blueprints.servers.loopback import TOKEN, Server, serving

from .account import FILES, SEED_BUCKET, SEED_KEY, SOURCES, Account

Handle = Callable[..., dict[str, Any]]
HOOK = "https://abc123.execute-api.eu-west-1.amazonaws.com/push/model-build"
HOOK_TOKEN = "the-hooks-token"
PATH = "acme/models/churn"


@pytest.fixture
def handle(account: Account, package: str) -> Handle:
    handler = importlib.import_module(f"{package}.git_seed").handler
    account.seed()

    def send(kind: str, properties: dict[str, str], **options: Any) -> dict[str, Any]:
        return account.ask(handler, kind, "ModelBuildSeed", properties, **options)

    return send


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(git_server(tmp_path / "hosted")) as running:
        yield running


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[GitLab]:
    made = GitLab(tmp_path / "gitlab")
    with serving(made.server):
        yield made


@pytest.fixture
def plain(account: Account, server: Server) -> dict[str, str]:
    """The properties for a repository at any git server."""
    return {
        "Server": "generic",
        "ServerUrl": server.url,
        "RepositoryPath": PATH,
        "Branch": "main",
        "CredentialsSecretArn": account.credentials(),
        "SeedBucket": SEED_BUCKET,
        "SeedKey": SEED_KEY,
        "Author": "p-a1b2c3d4e5f6",
    }


@pytest.fixture
def hooked(account: Account, gitlab: GitLab) -> dict[str, str]:
    """The properties for a repository at GitLab, of whose pushes a pipeline is told."""
    return {
        "Server": "gitlab",
        "ServerUrl": gitlab.server.url,
        "RepositoryPath": PATH,
        "Branch": "main",
        "CredentialsSecretArn": account.credentials(),
        "SeedBucket": SEED_BUCKET,
        "SeedKey": SEED_KEY,
        "Author": "p-a1b2c3d4e5f6",
        "HookUrl": HOOK,
        "HookSecretArn": account.secret("hook", HOOK_TOKEN),
        "SourceBucket": SOURCES,
        "SourceKey": "sources/model-build.zip",
    }


def test_an_empty_repository_gets_the_seed_as_its_first_commit(
    handle: Handle, plain: dict[str, str], tmp_path: Path
) -> None:
    repository = bare(tmp_path / "hosted", PATH)
    assert handle("Create", plain)["Status"] == "SUCCESS"
    assert git(repository, "log", "--format=%an <%ae> %s", "main") == (
        "p-a1b2c3d4e5f6 <p-a1b2c3d4e5f6@sagemaker.invalid> Seed code of the project\n"
    )
    tree = git(repository, "ls-tree", "-r", "--format=%(path) %(objectmode)", "main").split()
    assert dict(zip(tree[::2], tree[1::2], strict=True)) == {
        name: f"100{mode:o}" for name, (_, mode) in FILES.items()
    }
    assert git(repository, "show", "main:README.md") == "# Churn\n"
    assert git(repository, "fsck", "--strict") == ""


def test_a_branch_that_exists_stays_as_it_is(handle: Handle, plain: dict[str, str], tmp_path: Path) -> None:
    repository = bare(tmp_path / "hosted", PATH)
    written = commit(repository, "main", {"README.md": "# Ours\n"})
    assert handle("Create", plain)["Status"] == "SUCCESS"
    assert git(repository, "rev-parse", "main").strip() == written


def test_another_branch_of_a_repository_in_use_is_seeded(
    handle: Handle, plain: dict[str, str], tmp_path: Path
) -> None:
    repository = bare(tmp_path / "hosted", PATH)
    written = commit(repository, "old/main", {"README.md": "# Ours\n"})
    assert handle("Create", plain)["Status"] == "SUCCESS"
    assert git(repository, "rev-parse", "old/main").strip() == written
    assert git(repository, "show", "main:README.md") == "# Churn\n"


def test_a_newer_seed_leaves_the_repository_alone(
    handle: Handle, plain: dict[str, str], server: Server
) -> None:
    newer = {**plain, "SeedKey": "assets/newer.zip"}
    assert handle("Update", newer, before=plain)["Status"] == "SUCCESS"
    assert server.asked == []


@pytest.mark.parametrize("kind", ["Create", "Update", "Delete"])
def test_a_request_can_be_repeated(handle: Handle, hooked: dict[str, str], gitlab: GitLab, kind: str) -> None:
    handle("Create", hooked)
    answers = [handle(kind, hooked, **({"before": hooked} if kind == "Update" else {})) for _ in range(2)]
    assert [answer["Status"] for answer in answers] == ["SUCCESS", "SUCCESS"]
    assert len(gitlab.hooks_of(PATH)) == (0 if kind == "Delete" else 1)
    assert git(gitlab.repository(PATH), "rev-list", "--count", "main") == "1\n"


def test_the_id_never_changes(handle: Handle, hooked: dict[str, str]) -> None:
    other = {**hooked, "RepositoryPath": "acme/other"}
    answers = [handle("Create", hooked), handle("Update", other, before=hooked), handle("Delete", other)]
    assert len({answer["PhysicalResourceId"] for answer in answers}) == 1


def test_a_server_that_is_busy_is_asked_again(
    handle: Handle, plain: dict[str, str], server: Server, tmp_path: Path
) -> None:
    repository = bare(tmp_path / "hosted", PATH)
    server.failing = [503, 500]
    assert handle("Create", plain)["Status"] == "SUCCESS"
    assert git(repository, "rev-list", "--count", "main") == "1\n"


def test_a_server_that_stays_away_is_named_with_its_answer(
    handle: Handle, plain: dict[str, str], server: Server, tmp_path: Path
) -> None:
    bare(tmp_path / "hosted", PATH)
    server.failing = [500] * 20
    answer = handle("Create", plain, seconds=30.5)
    assert answer["Status"] == "FAILED"
    assert "too many 500 error responses" in answer["Reason"]


WRONG = {
    "the token": ({"token": "wrong"}, "does not take the credentials in the secret"),
    "the authority": ({"ca_bundle": ""}, "certificate is not trusted"),
    "the bundle": ({"ca_bundle": "no certificate"}, "holds no certificates in PEM format"),
    "no token": ({"token": ""}, "is no JSON object of the form"),
}


@pytest.mark.parametrize(("changed", "reason"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_the_secret_is_said_and_the_secret_is_not(
    handle: Handle,
    account: Account,
    plain: dict[str, str],
    tmp_path: Path,
    changed: dict[str, str],
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    repository = bare(tmp_path / "hosted", PATH)
    secrets = account.client("secretsmanager")
    known = plain["CredentialsSecretArn"]
    held = json.loads(secrets.get_secret_value(SecretId=known)["SecretString"])
    secrets.update_secret(SecretId=known, SecretString=json.dumps(held | changed))
    with caplog.at_level(logging.INFO):
        answer = handle("Create", plain)
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]
    assert git(repository, "branch") == ""
    assert TOKEN not in answer["Reason"] + caplog.text


@pytest.mark.parametrize("text", ["team:secret", '["team", "secret"]', '{"username": "team"}'])
def test_a_secret_of_another_form_is_explained_without_its_text(
    handle: Handle, account: Account, plain: dict[str, str], text: str
) -> None:
    other = {**plain, "CredentialsSecretArn": account.secret("other", text)}
    answer = handle("Create", other)
    assert answer["Status"] == "FAILED"
    assert '{"username": "…", "token": "…"}' in answer["Reason"]
    assert 'secret"' not in answer["Reason"]


@pytest.mark.parametrize(
    "url", ["http://git.example.com", "https://team:secret@git.example.com", "git.example.com"]
)
def test_only_https_without_a_password_is_spoken(handle: Handle, plain: dict[str, str], url: str) -> None:
    answer = handle("Create", {**plain, "ServerUrl": url})
    assert answer["Status"] == "FAILED"
    assert "must be addressed as https://host" in answer["Reason"]
    assert "team:secret" not in answer["Reason"]


def test_a_repository_that_does_not_exist_is_explained(handle: Handle, plain: dict[str, str]) -> None:
    answer = handle("Create", plain)
    assert answer["Status"] == "FAILED"
    assert "is no repository, or none that the credentials may see" in answer["Reason"]


def test_a_missing_seed_fails_and_pushes_nothing(
    handle: Handle, plain: dict[str, str], tmp_path: Path
) -> None:
    repository = bare(tmp_path / "hosted", PATH)
    answer = handle("Create", {**plain, "SeedKey": "assets/other.zip"})
    assert answer["Status"] == "FAILED"
    assert "NoSuchKey" in answer["Reason"]
    assert git(repository, "branch") == ""


# GitLab.


def test_gitlab_gets_a_private_project_with_the_seed_and_a_hook(
    handle: Handle, hooked: dict[str, str], gitlab: GitLab
) -> None:
    assert handle("Create", hooked)["Status"] == "SUCCESS"
    assert set(gitlab.projects) == {PATH}
    assert git(gitlab.repository(PATH), "show", "main:README.md") == "# Churn\n"
    (hook,) = gitlab.hooks_of(PATH)
    assert (hook["url"], hook["token"]) == (HOOK, HOOK_TOKEN)
    assert (hook["push_events"], hook["push_events_branch_filter"]) == (True, "main")


def test_the_first_source_lies_where_the_pipeline_looks(
    handle: Handle, account: Account, hooked: dict[str, str], gitlab: GitLab
) -> None:
    handle("Create", hooked)
    found = account.client("s3").get_object(Bucket=SOURCES, Key="sources/model-build.zip")
    tip = git(gitlab.repository(PATH), "rev-parse", "main").strip()
    assert found["Metadata"] == {
        "commit": tip,
        "codepipeline-artifact-revision-summary": f"{tip[:12]} Seed code of the project",
    }
    with zipfile.ZipFile(io.BytesIO(found["Body"].read())) as packed:
        assert {
            entry.filename: (packed.read(entry).decode(), entry.external_attr >> 16 & 0o777)
            for entry in packed.infolist()
        } == FILES


def test_a_project_that_exists_is_filled(handle: Handle, hooked: dict[str, str], gitlab: GitLab) -> None:
    repository = gitlab.add(PATH)
    assert handle("Create", hooked)["Status"] == "SUCCESS"
    assert "POST /api/v4/projects" not in gitlab.server.requests()
    assert git(repository, "show", "main:README.md") == "# Churn\n"


def test_a_project_whose_creation_was_answered_by_an_error_is_found(
    handle: Handle, hooked: dict[str, str], gitlab: GitLab
) -> None:
    gitlab.lose_answer = True
    assert handle("Create", hooked)["Status"] == "SUCCESS"
    assert gitlab.server.requests().count("POST /api/v4/projects") == 2
    assert set(gitlab.projects) == {PATH}


def test_a_project_that_the_token_may_not_see_is_explained(
    handle: Handle, hooked: dict[str, str], gitlab: GitLab
) -> None:
    gitlab.add(PATH)
    gitlab.hidden = {PATH}
    answer = handle("Create", hooked)
    assert answer["Status"] == "FAILED"
    assert "has already been taken" in answer["Reason"]


def test_a_group_that_does_not_exist_is_explained(handle: Handle, hooked: dict[str, str]) -> None:
    answer = handle("Create", {**hooked, "RepositoryPath": "nobody/churn"})
    assert answer["Status"] == "FAILED"
    assert "GitLab has no group or user 'nobody' that the token may see" in answer["Reason"]


def test_gitlab_that_is_busy_is_asked_again(handle: Handle, hooked: dict[str, str], gitlab: GitLab) -> None:
    gitlab.server.failing = [503, 429]
    assert handle("Create", hooked)["Status"] == "SUCCESS"


def test_hooks_of_others_stay_and_our_own_is_one(
    handle: Handle, hooked: dict[str, str], gitlab: GitLab
) -> None:
    gitlab.add(PATH)
    held = gitlab.hooks[gitlab.projects[PATH]]
    for number, url in enumerate(["https://a.example.com", HOOK, "https://b.example.com", HOOK, HOOK], 1):
        held[number] = {"url": url, "token": "old", "enable_ssl_verification": True}
    handle("Create", hooked)
    assert [(hook["url"], hook["token"]) for hook in gitlab.hooks_of(PATH)] == [
        ("https://a.example.com", "old"),
        (HOOK, HOOK_TOKEN),
        ("https://b.example.com", "old"),
    ]
    assert handle("Delete", hooked)["Status"] == "SUCCESS"
    assert [hook["url"] for hook in gitlab.hooks_of(PATH)] == [
        "https://a.example.com",
        "https://b.example.com",
    ]


def test_deletion_takes_the_hook_and_leaves_the_code(
    handle: Handle, hooked: dict[str, str], gitlab: GitLab
) -> None:
    handle("Create", hooked)
    assert handle("Delete", hooked)["Status"] == "SUCCESS"
    assert gitlab.hooks_of(PATH) == []
    assert git(gitlab.repository(PATH), "rev-list", "--count", "main") == "1\n"


def test_another_repository_is_filled_and_the_old_one_told_no_more(
    handle: Handle, hooked: dict[str, str], gitlab: GitLab
) -> None:
    handle("Create", hooked)
    other = {**hooked, "RepositoryPath": "acme/other"}
    assert handle("Update", other, before=hooked)["Status"] == "SUCCESS"
    assert gitlab.hooks_of(PATH) == []
    assert [hook["url"] for hook in gitlab.hooks_of("acme/other")] == [HOOK]
    assert git(gitlab.repository("acme/other"), "show", "main:README.md") == "# Churn\n"


GONE = {
    "the project": lambda account, gitlab, known: gitlab.projects.clear(),
    "the token": lambda account, gitlab, known: account.client("secretsmanager").update_secret(
        SecretId=known["CredentialsSecretArn"], SecretString='{"username": "team", "token": "revoked"}'
    ),
    "the secret": lambda account, gitlab, known: account.client("secretsmanager").delete_secret(
        SecretId=known["CredentialsSecretArn"], ForceDeleteWithoutRecovery=True
    ),
}


@pytest.mark.parametrize("lost", GONE)
def test_what_is_gone_does_not_hold_the_deletion(
    handle: Handle, account: Account, hooked: dict[str, str], gitlab: GitLab, lost: str
) -> None:
    handle("Create", hooked)
    GONE[lost](account, gitlab, hooked)
    assert handle("Delete", hooked)["Status"] == "SUCCESS"


def test_a_creation_that_failed_can_be_deleted(
    handle: Handle, hooked: dict[str, str], gitlab: GitLab
) -> None:
    broken = {**hooked, "SeedKey": "assets/other.zip"}
    assert handle("Create", broken)["Status"] == "FAILED"
    assert handle("Delete", broken)["Status"] == "SUCCESS"
    assert set(gitlab.projects) == {PATH}
