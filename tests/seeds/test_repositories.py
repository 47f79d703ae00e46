"""The real seeds as people get them: scaffolded by copier's own command, and passing their own tests at once."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from generator import seed, yamlfile
from tests.seeds.seedlings import PYTHON, ROOT, SEEDCODE, SPEC

SEEDS = sorted(path.parent.name for path in SEEDCODE.glob("*/copier.yml"))
CASES = [(name, str(ci)) for name in SEEDS for ci in seed.questions(SEEDCODE / name)["ci"].choices]
# Answers that make a repository of their own: every other choice,
CHOICES: list[tuple[str, dict[str, Any]]] = [
    (name, {question: value})
    for name in SEEDS
    for question, asked in seed.questions(SEEDCODE / name).items()
    for value in asked.choices
    if question != "ci" and value != asked.default
]
# and what else decides what is made.
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("model-build", {"promotion": True}),
    ("model-deploy", {"stages": "dev,test,production", "autoscaling": True, "data_capture_percent": 20}),
    (
        "model-deploy",
        {
            "hosting": "asynchronous",
            "stages": "live",
            "autoscaling": True,
            "stage_settings": {"live": {"InstanceType": "ml.g5.xlarge", "MaxInstanceCount": 8}},
        },
    ),
]
CI_FILES = {
    "codebuild": ("buildspec",),
    "github": (".github/",),
    "gitlab": (".gitlab-ci.yml",),
    "jenkins": ("jenkins/",),
}


@pytest.fixture(autouse=True)
def _seeds_environment() -> None:
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON.parent.parent.name} is missing: `make test` makes it")


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a person or a CI would: a plain environment with the seeds' Python first."""
    return subprocess.run(
        ["sh", "-euc", command],
        cwd=folder,
        env={
            "HOME": os.environ["HOME"],
            "PATH": f"{PYTHON.parent}:{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(params=CASES, ids="-".join)
def case(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str, Path]:
    """A seed, a CI, and the repository that the seed's archive is unpacked to."""
    name, ci = request.param
    repository = tmp_path / "repository"
    seed.render(SEEDCODE / name, {"ci": ci}, where=SPEC).write(repository)
    return name, ci, repository


def contents(folder: Path) -> dict[str, tuple[bytes, bool]]:
    return {
        path.relative_to(folder).as_posix(): (
            # Where it came from: the catalogue's version, or the folder that copier was given.
            re.sub(rb"(_commit: .*\n)?_src_path: .*(\n .*)*", b"_src_path:", path.read_bytes()),
            os.access(path, os.X_OK),
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def copier_copy(name: str, folder: Path, **answers: str) -> None:
    """As a person does it."""
    data = [word for key, value in answers.items() for word in ("--data", f"{key}={value}")]
    command = [sys.executable, "-m", "copier", "copy", "--defaults", "--quiet", *data]
    subprocess.run([*command, str(SEEDCODE / name), str(folder)], check=True, timeout=60)


def passes_its_tests(folder: Path, **environment: str) -> None:
    done = shell(f"make test PYTHON={PYTHON}", folder, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b\d+ passed", done.stdout)
    assert not re.search(r"failed|skipped|error", done.stdout)


# Every Python that is started with this on its path notes, beside it, what it opens.
NOTES_WHAT_IS_OPENED = """\
import os, sys

notes = os.open(os.path.join(os.path.dirname(__file__), "opened"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def note(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        os.write(notes, os.fsencode(os.path.abspath(os.fsdecode(arguments[0]))) + b"\\n")


sys.addaudithook(note)
"""


def opened_by_its_tests(folder: Path, notes: Path) -> set[str]:
    """Run a repository's tests, which must pass; the paths in it that they opened."""
    notes.mkdir()
    (notes / "sitecustomize.py").write_text(NOTES_WHAT_IS_OPENED)
    passes_its_tests(folder, PYTHONPATH=str(notes))
    opened = {Path(line) for line in (notes / "opened").read_text().splitlines()}
    return {path.relative_to(folder).as_posix() for path in opened if path.is_relative_to(folder)}


@pytest.mark.parametrize("name", SEEDS)
def test_no_question_needs_an_answer_and_the_tests_pass_at_once_for_every_ci(
    name: str, tmp_path: Path
) -> None:
    """`make test` right after `copier copy --defaults`; not twice where all that it opened is the same for the next CI."""
    copier_copy(name, tmp_path / "default")
    default = contents(tmp_path / "default")
    seed.render(SEEDCODE / name, {}, where=SPEC).write(tmp_path / "rendered")
    assert default == contents(tmp_path / "rendered")
    opened = opened_by_its_tests(tmp_path / "default", tmp_path / "notes")
    assert {"pyproject.toml", *(path for path in default if Path(path).match("tests/test_*.py"))} <= opened
    own = ("README.md", ".copier-answers.yml", *(start for starts in CI_FILES.values() for start in starts))
    for ci in (ci for seed_name, ci in CASES if seed_name == name):
        copier_copy(name, tmp_path / ci, ci=ci)
        found = contents(tmp_path / ci)
        differing = {path for path in found.keys() | default.keys() if found.get(path) != default.get(path)}
        assert all(path.startswith(own) for path in differing), differing
        if differing & opened:
            passes_its_tests(tmp_path / ci)


def test_the_copier_command_makes_the_same_for_every_ci(case: tuple[str, str, Path], tmp_path: Path) -> None:
    name, ci, repository = case
    copier_copy(name, tmp_path / "copied", ci=ci)
    assert contents(tmp_path / "copied") == contents(repository)


@pytest.mark.proof
def test_the_tests_pass_for_every_ci(case: tuple[str, str, Path]) -> None:
    passes_its_tests(case[2])


@pytest.mark.proof
@pytest.mark.parametrize("name", SEEDS)
def test_the_tests_pass_in_an_environment_that_the_seed_makes(name: str, tmp_path: Path) -> None:
    """As on a new machine: `make test` alone, with nothing but Python, which installs what the seed pins."""
    copier_copy(name, tmp_path)
    done = subprocess.run(
        ["make", "test"],
        cwd=tmp_path,
        env={"HOME": os.environ["HOME"], "PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b\d+ passed", done.stdout)


@pytest.mark.parametrize(
    ("name", "answers"),
    [*CHOICES, *(pytest.param(*variant, marks=pytest.mark.proof) for variant in VARIANTS)],
    ids=str,
)
def test_the_tests_pass_for_every_other_answer(name: str, answers: dict[str, Any], tmp_path: Path) -> None:
    seed.render(SEEDCODE / name, answers, where=SPEC).write(tmp_path)
    passes_its_tests(tmp_path)


def test_only_the_chosen_ci_is_there(case: tuple[str, str, Path]) -> None:
    _, chosen, repository = case
    found = {
        ci
        for ci, starts in CI_FILES.items()
        if any(name.startswith(start) for name in contents(repository) for start in starts)
    }
    assert found == {chosen}


def test_what_ci_and_readme_call_exists(case: tuple[str, str, Path]) -> None:
    _, ci, repository = case
    texts = [(repository / "README.md").read_text()] + [
        content.decode()
        for name, (content, _) in contents(repository).items()
        if name.startswith(CI_FILES[ci])
    ]
    called = {target for text in texts for target in re.findall(r"\bmake ([a-z]+)\b", text)}
    assert "test" in called
    for target in called & set(
        re.findall(r"^([a-z]+):", (repository / "Makefile").read_text(), re.MULTILINE)
    ):
        assert shell(f"make -n {target} PYTHON={PYTHON}", repository).returncode == 0
    in_ci = {
        target for text in texts[1:] for target in re.findall(r"^[^/#]*\bmake ([a-z]+)\b", text, re.MULTILINE)
    }
    assert in_ci - {"libgomp1"}
    for target in in_ci - {"libgomp1"}:
        assert shell(f"make -n {target} PYTHON={PYTHON}", repository).returncode == 0, target
    # CloudFormation's short forms are for cfn-lint, in the seed's own tests.
    files = [
        name for name in contents(repository) if name.endswith((".yml", ".yaml")) and name != "template.yaml"
    ]
    for name in files:
        assert isinstance(yamlfile.read(repository / name, repository).data, dict)


def test_shell_scripts_parse(case: tuple[str, str, Path]) -> None:
    _, _, repository = case
    for name, (content, executable) in contents(repository).items():
        if content.startswith(b"#!/bin/sh"):
            assert executable, name
            assert shell(f"sh -n {name}", repository).returncode == 0


def pins(text: str) -> dict[str, str]:
    return {
        name.lower(): version
        for name, version in re.findall(r"^([A-Za-z0-9_.-]+)==([^ \\\n]+)", text, re.MULTILINE)
    }


@pytest.mark.parametrize("name", SEEDS)
def test_a_seed_pins_what_its_tests_run_with(name: str) -> None:
    locked = pins((ROOT / "requirements-seeds.lock").read_text())
    files = [
        path
        for path in (SEEDCODE / name / "template").iterdir()
        if re.match(r"(requirements|constraints)", path.name)
    ]
    assert files
    for path in files:
        own = pins(path.read_text())
        assert own
        assert own == {package: locked.get(package) for package in own}, path.name


def test_git_takes_a_seed_as_it_is(tmp_path: Path) -> None:
    """Modes and line ends survive a commit, and nothing that a seed makes is ignored by its own .gitignore."""
    if not shutil.which("git"):
        pytest.skip("git is missing")
    for name in SEEDS:
        tree = seed.render(SEEDCODE / name, {}, where=SPEC)
        tree.write(tmp_path / name)
        listed = shell(
            "git init -q . && git add . && git ls-files --stage", tmp_path / name, GIT_CONFIG_NOSYSTEM="1"
        ).stdout
        modes = {line.split("\t")[1]: line[:6] for line in listed.splitlines()}
        assert modes == {path: "100755" if executable else "100644" for path, _, executable in tree.files}
