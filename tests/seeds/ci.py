"""The shell commands in a repository's CI files, in the order in which the CI runs them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator import yamlfile

# What prepares the machine, as root: the CI's business.
PREPARES = re.compile(
    r"(apt-get update && apt-get install --yes --no-install-recommends|apk add --no-cache)( [\w.-]+)+"
)
PHASES = ("install", "pre_build", "build", "post_build")


def commands(repository: Path, ci: str) -> list[str]:
    """All but what prepares the machine, which is the CI's business."""
    return {"codebuild": _buildspecs, "github": _workflows, "gitlab": _pipeline, "jenkins": _jenkinsfile}[ci](
        repository
    )


def _read(path: Path) -> Any:
    return yamlfile.read(path, path.parent).data


def _buildspecs(repository: Path) -> list[str]:
    # buildspec.yml is run first; its name is also the shorter one.
    files = sorted(repository.glob("buildspec*.yml"), key=lambda path: len(path.name))
    return [
        command
        for path in files
        for phase in PHASES
        for command in _read(path)["phases"].get(phase, {}).get("commands", ())
    ]


def _workflows(repository: Path) -> list[str]:
    return [
        step["run"]
        for path in sorted((repository / ".github" / "workflows").glob("*.yml"))
        for job in _read(path)["jobs"].values()
        for step in job["steps"]
        if "run" in step
    ]


def _pipeline(repository: Path) -> list[str]:
    jobs = _read(repository / ".gitlab-ci.yml")
    return [
        command
        for job in jobs.values()
        if isinstance(job, dict) and "script" in job
        for command in (*job.get("before_script", ()), *job["script"])
        if not PREPARES.fullmatch(command)
    ]


def _jenkinsfile(repository: Path) -> list[str]:
    return re.findall(r"^\s*sh '([^']*)'", (repository / "jenkins" / "Jenkinsfile").read_text(), re.MULTILINE)


def written(repository: Path) -> set[str]:
    """Every command that stands in a CI file, whatever the place is for; `commands` knows the order of those it runs."""
    pipeline = repository / "jenkins" / "Jenkinsfile"
    found = {
        text
        for _, text in re.findall(
            r"""\b(?:sh|bat|pwsh|powershell)\b[^'"\n]*('{3}|"{3}|'|")(.*?)\1""",
            re.sub(r"^\s*//.*", "", pipeline.read_text(), flags=re.MULTILINE) if pipeline.exists() else "",
            re.DOTALL,
        )
    }
    for pattern in ("buildspec*.yml", ".github/**/*.yml", ".gitlab-ci.yml"):
        for path in repository.glob(pattern):
            found |= set(_executed(_read(path)))
    return found


def _executed(node: Any) -> Iterator[str]:
    """What a YAML file has under the names that CodeBuild, GitHub and GitLab give to commands."""
    if isinstance(node, dict):
        for key, value in node.items():
            named = key in ("commands", "finally", "script", "before_script", "after_script", "run")
            if named and not isinstance(value, dict):  # a job may be called so too
                yield from [value] if isinstance(value, str) else value
            else:
                yield from _executed(value)
    elif isinstance(node, list):
        for each in node:
            yield from _executed(each)
