"""Jenkinsfiles and Job DSL scripts of all seeds: npm-groovy-lint, which needs Java and npm, and what a pipeline must have."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from generator import seed
from tests.seeds.seedlings import ROOT, SEEDCODE, SPEC

LINTER = ROOT / ".groovy-lint" / "node_modules" / ".bin" / "npm-groovy-lint"
RULES = ROOT / "tests" / "seeds" / "groovy"
JENKINS = [
    (path.parent.name, answers)
    for path in sorted(SEEDCODE.glob("*/copier.yml"))
    for answers in ({}, {"stages": "dev,test,production"}, {"approvers": "ada,mlops-engineers"})
    if answers.keys() <= seed.questions(path.parent).keys()
]


def render(name: str, answers: dict[str, str], folder: Path) -> Path:
    seed.render(SEEDCODE / name, {"ci": "jenkins", **answers}, where=SPEC).write(folder)
    return folder / "jenkins"


@pytest.fixture(scope="module")
def lint(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the linter says of each file; one run for all, because Java starts slowly."""
    if not LINTER.exists() or not shutil.which("java"):
        pytest.skip("npm-groovy-lint is missing: `make test` installs it where there are Java and npm")
    folder = tmp_path_factory.mktemp("groovy")
    for number, (name, answers) in enumerate(JENKINS):
        shutil.copytree(render(name, answers, folder / "rendered" / str(number)), folder / f"{name}-{number}")
    shutil.rmtree(folder / "rendered")
    (folder / "broken").mkdir()
    (folder / "broken" / "Jenkinsfile").write_text(
        "pipeline {\n    agent any\n    stages { stage('A') { \n}\n"
    )
    command = [str(LINTER), "--noserver", "--config", str(RULES), "--path", str(folder), "--output", "json"]
    # The JVM lives for seconds: its second compiler costs more than it saves.
    quick = {**os.environ, "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"}
    done = subprocess.run(command, env=quick, capture_output=True, text=True, timeout=300, check=False)
    found = json.loads(done.stdout[done.stdout.index("{") :])["files"]
    return {
        Path(path).relative_to(folder).as_posix(): [
            f"{error.get('line')}: {error['rule']}: {error['msg']}"
            for error in file["errors"]
            if error["severity"] != "info"
        ]
        for path, file in found.items()
    }


def test_the_linter_is_content(lint: dict[str, list[str]]) -> None:
    assert lint.pop("broken/Jenkinsfile")  # it does see what is wrong
    assert len(lint) > len(JENKINS)
    assert {path: errors for path, errors in lint.items() if errors} == {}


def blocks(text: str) -> list[tuple[str, str]]:
    """The named blocks `name {…}` of a script and what is in them."""
    found = []
    for start in re.finditer(r"([\w]+(?:\('[^']*'\))?) \{", text):
        depth, end = 1, start.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        found.append((start[1], text[start.end() : end - 1]))
    return found


@pytest.mark.parametrize(("name", "answers"), JENKINS, ids=str)
def test_a_pipeline_has_its_parts(name: str, answers: dict[str, str], tmp_path: Path) -> None:
    text = (render(name, answers, tmp_path) / "Jenkinsfile").read_text()
    found = blocks(text)
    (pipeline,) = [content for title, content in found if title == "pipeline"]
    agent = re.match(r"\s*agent (any|none)\n", pipeline)
    assert agent
    every = {title: content for title, content in found if title.startswith("stage(")}
    assert len(every) == len(re.findall(r"\bstage\(", text))
    stages = {title: content for title, content in every.items() if "stages {" not in content}
    for title, content in stages.items():
        assert "steps {" in content, title
        # Without an agent of the pipeline's, one of the stage's; whoever only waits for a word holds none.
        assert ("agent any" in content) == (agent[1] == "none" and "input " not in content), title
    assert pipeline.count("timeout(") >= (len(stages) if agent[1] == "none" else 1)
    # What the shell expands is the shell's business: Groovy would put it into the command line.
    assert '"' not in "".join(re.findall(r"sh .*", text))
    assert not re.search(r"AKIA|SECRET|PASSWORD", text)


@pytest.mark.parametrize("stages", ["live", "staging,production", "dev,test,production"])
def test_all_stages_but_the_first_wait_for_a_word(stages: str, tmp_path: Path) -> None:
    text = (render("model-deploy", {"stages": stages}, tmp_path) / "Jenkinsfile").read_text()
    first, *others = stages.split(",")
    order = re.findall(r"stage\('([^']*)'\)", text)
    assert order == [
        *("Test", "Build", first, f"Deploy {first}", f"Test {first}"),
        *(
            each
            for stage in others
            for each in (f"Approve {stage}", stage, f"Deploy {stage}", f"Test {stage}")
        ),
    ]
    assert len(re.findall(r"\binput ", text)) == len(others)
    assert "submitter" not in text


def test_only_the_approvers_that_are_named_let_a_stage_be_deployed(tmp_path: Path) -> None:
    answers = {"stages": "dev,test,production", "approvers": "ada,mlops-engineers"}
    text = (render("model-deploy", answers, tmp_path) / "Jenkinsfile").read_text()
    asked = re.findall(r"\binput .*", text)
    assert len(asked) == 2
    assert all(each.endswith(", submitter: 'ada,mlops-engineers'") for each in asked)


def test_a_build_that_waits_for_a_word_holds_no_stage_and_no_newer_build_back(tmp_path: Path) -> None:
    jenkins = render("model-deploy", {"stages": "dev,test,production"}, tmp_path)
    text = (jenkins / "Jenkinsfile").read_text()
    for file in (text, (jenkins / "seed_job.groovy").read_text()):
        assert "disableConcurrentBuilds" not in file
    found = dict(blocks(text))
    for number, stage in enumerate(("dev", "test", "production"), start=1):
        content = found[f"stage('{stage}')"]
        # Deployed and tested by one build at a time; what is older and has not come so far ends.
        assert f'lock(resource: "${{env.JOB_NAME}}-{stage}", inversePrecedence: true)' in content
        assert f"milestone {number}\n" in found[f"stage('Deploy {stage}')"]
        assert f"stage('Test {stage}')" in content
        assert "input " not in content
