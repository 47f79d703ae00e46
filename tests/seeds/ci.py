"""The shell commands in a repository's CI files, in the order in which the CI runs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from generator import yamlfile

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
    return [command for job in jobs.values() if isinstance(job, dict) for command in job.get("script", ())]


def _jenkinsfile(repository: Path) -> list[str]:
    return re.findall(r"^\s*sh '([^']*)'", (repository / "jenkins" / "Jenkinsfile").read_text(), re.MULTILINE)
