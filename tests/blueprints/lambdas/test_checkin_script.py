"""The commands of the check-in build, in a shell, with a git server and S3 on loopback."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import yaml

from tests.blueprints.building import build, resources

from .githost import PASSWORD, USER, hosting
from .loopback import Loopback

CheckIn = Callable[..., "subprocess.CompletedProcess[str]"]
FILES = {
    "README.md": ("# Churn\n", 0o644),
    "scripts/run.sh": ("#!/bin/sh\necho run\n", 0o755),
    ".gitignore": ("*.pyc\n", 0o644),
}


def command() -> str:
    """What CodeBuild would run: the one command of the buildspec in the template."""
    template = build("sagemaker-project", git="codeconnections")
    source = resources(template, "AWS::CodeBuild::Project")["SeedCheckin"]["Properties"]["Source"]
    assert source["Type"] == "NO_SOURCE"
    spec = yaml.safe_load(source["BuildSpec"])
    assert spec["env"] == {"shell": "bash"}
    (text,) = spec["phases"]["build"]["commands"]
    # The credential helper is AWS's; here the server asks for a password.
    assert "codecommit credential-helper" in text
    assert "UseHttpPath" in text
    return re.sub(r"^git config --global.*\n", "", text, flags=re.MULTILINE)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    path = tmp_path / "hosted" / "acme" / "churn.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(path)], check=True)
    return path


@pytest.fixture
def address(repository: Path, tmp_path: Path) -> Iterator[str]:
    with hosting(tmp_path / "hosted") as url:
        yield url.replace("http://", f"http://{USER}:{quote(PASSWORD)}@") + "/acme/churn.git"


@pytest.fixture
def check_in(aws: Loopback, tmp_path: Path, address: str) -> CheckIn:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, (text, mode) in FILES.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, text)
    aws.objects = {("catalog-assets", "assets/seed.zip"): content.getvalue()}

    def run(**changed: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "REPOSITORY_URL": address,
            "BRANCH": "main",
            "SEED": "s3://catalog-assets/assets/seed.zip",
            "AUTHOR": "p-a1b2c3d4e5f6",
            **{name: value for name, value in os.environ.items() if name.startswith("AWS_")},
            **changed,
        }
        return subprocess.run(
            ["bash", "-c", command()], env=environment, capture_output=True, text=True, check=False
        )

    return run


def git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], capture_output=True, text=True, check=True
    ).stdout


def test_an_empty_repository_gets_the_seed_as_its_first_commit(check_in: CheckIn, repository: Path) -> None:
    done = check_in()
    assert done.returncode == 0, done.stderr
    assert git(repository, "log", "--format=%an %s", "main") == "p-a1b2c3d4e5f6 Seed code of the project\n"
    tree = git(repository, "ls-tree", "-r", "--format=%(path) %(objectmode)", "main").split()
    listed = dict(zip(tree[::2], tree[1::2], strict=True))
    assert listed == {"README.md": "100644", "scripts/run.sh": "100755", ".gitignore": "100644"}
    assert git(repository, "show", "main:README.md") == "# Churn\n"


def test_a_branch_that_exists_stays_as_it_is(check_in: CheckIn, repository: Path) -> None:
    assert check_in().returncode == 0
    before = git(repository, "rev-parse", "main")
    again = check_in()
    assert again.returncode == 0
    assert "it stays as it is" in again.stdout
    assert git(repository, "rev-parse", "main") == before


def test_another_branch_of_a_repository_in_use_is_seeded(check_in: CheckIn, repository: Path) -> None:
    assert check_in(BRANCH="develop").returncode == 0
    assert check_in().returncode == 0
    assert git(repository, "branch", "--format=%(refname:short)").split() == ["develop", "main"]


def test_a_branch_whose_name_ends_alike_is_another(check_in: CheckIn, repository: Path) -> None:
    assert check_in(BRANCH="old/main").returncode == 0
    assert check_in().returncode == 0
    assert "main" in git(repository, "branch", "--format=%(refname:short)").split()


def test_a_wrong_password_fails_and_is_not_taken_for_an_empty_repository(
    check_in: CheckIn, repository: Path, address: str
) -> None:
    failed = check_in(REPOSITORY_URL=address.replace(quote(PASSWORD), "wrong"))
    assert failed.returncode == 1
    assert "cannot read" in failed.stderr
    assert git(repository, "branch") == ""


def test_a_repository_that_does_not_exist_fails(check_in: CheckIn, address: str) -> None:
    assert check_in(REPOSITORY_URL=address.replace("churn", "nothing")).returncode == 1


def test_a_missing_seed_fails_and_pushes_nothing(check_in: CheckIn, repository: Path) -> None:
    assert check_in(SEED="s3://catalog-assets/assets/other.zip").returncode != 0
    assert git(repository, "branch") == ""


@pytest.mark.parametrize(("ref", "text"), [("", "newest"), ("#v1.0.0", "first")])
def test_a_seed_from_a_git_repository_comes_without_its_history(
    check_in: CheckIn, repository: Path, tmp_path: Path, address: str, ref: str, text: str
) -> None:
    seed, hosted = tmp_path / "seed", tmp_path / "hosted" / "acme" / "seed.git"
    subprocess.run(["git", "init", "--quiet", "--initial-branch=main", str(seed)], check=True)
    for content in ("first", "newest"):
        (seed / "README.md").write_text(content)
        git(seed, "add", "--all")
        git(seed, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "--quiet", "-m", content)
        if content == "first":
            git(seed, "tag", "v1.0.0")
    subprocess.run(["git", "clone", "--quiet", "--bare", str(seed), str(hosted)], check=True)
    done = check_in(SEED=address.replace("churn.git", "seed.git") + ref)
    assert done.returncode == 0, done.stderr
    assert git(repository, "show", "main:README.md") == text
    assert git(repository, "rev-list", "--count", "main").strip() == "1"
