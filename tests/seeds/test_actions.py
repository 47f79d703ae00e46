"""Workflows of GitHub Actions: what they take from others is pinned, and they last as long as what they wait for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from generator import seed, yamlfile
from tests.seeds.seedlings import SEEDCODE, SPEC

SEEDS = [
    path.parent.name
    for path in sorted(SEEDCODE.glob("*/copier.yml"))
    if "github" in seed.questions(path.parent)["ci"].choices
]
PINNED = re.compile(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)$")


def workflows(name: str, folder: Path) -> list[Path]:
    seed.render(SEEDCODE / name, {"ci": "github"}, where=SPEC).write(folder)
    return sorted((folder / ".github" / "workflows").glob("*.yml"))


def test_actions_are_taken_by_commit_and_the_same_everywhere(tmp_path: Path) -> None:
    taken: dict[str, set[tuple[str, str]]] = {}
    for name in SEEDS:
        for path in workflows(name, tmp_path / name):
            used = [
                line.strip().removeprefix("- ") for line in path.read_text().splitlines() if "uses:" in line
            ]
            assert used
            for line in used:
                found = PINNED.fullmatch(line)
                assert found, f"{name}: {line}"
                taken.setdefault(found[1], set()).add((found[2], found[3]))
    assert {action: len(commits) for action, commits in taken.items()} == dict.fromkeys(taken, 1)


def test_a_deployment_is_waited_for_and_its_tests_have_a_session_of_their_own(tmp_path: Path) -> None:
    (path,) = workflows("model-deploy", tmp_path)
    jobs: dict[str, Any] = yamlfile.read(path, path.parent).data["jobs"]
    (attempts,) = re.findall(r'"MaxAttempts": (\d+)', (tmp_path / "deploy.py").read_text())
    deploying = [job for name, job in jobs.items() if name.startswith("deploy-")]
    assert len(deploying) == 2
    for job in deploying:
        assert job["timeout-minutes"] > int(attempts) * 15 / 60
        steps = [step.get("run") or step["uses"].partition("@")[0] for step in job["steps"]]
        credentials = "aws-actions/configure-aws-credentials"
        for command in ("make deploy", "make check"):
            (at,) = (number for number, step in enumerate(steps) if step.startswith(command))
            assert steps[at - 1] == credentials
        asked = [
            step["with"]["role-duration-seconds"]
            for step in job["steps"]
            if "role-duration-seconds" in step.get("with", {})
        ]
        assert asked == ["${{ vars.AWS_ROLE_SECONDS || 3600 }}"]
