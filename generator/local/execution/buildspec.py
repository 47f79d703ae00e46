"""Build specifications: what a build runs, read from their YAML files.

https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html, version 0.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from generator.errors import FactoryError
from generator.yamlfile import read as read_yaml

PHASES: Final = ("install", "pre_build", "build", "post_build")


class SpecError(Exception):
    """A build specification that CodeBuild would not take."""


@dataclass(frozen=True)
class Phase:
    commands: tuple[str, ...]
    always: tuple[str, ...]
    """Run when the phase's commands have failed, too."""
    on_failure: str


@dataclass(frozen=True)
class Buildspec:
    shell: str
    variables: Mapping[str, str]
    parameters: Mapping[str, str]
    secrets: Mapping[str, str]
    exported: tuple[str, ...]
    phases: Mapping[str, Phase]


def read(file: Path) -> Buildspec:
    """Raises SpecError."""
    try:
        found = read_yaml(file, file.parent).data
    except FactoryError as error:
        raise SpecError(f"YAML_FILE_ERROR: {error.problems[0].problem}") from error
    if not isinstance(found, Mapping):
        raise SpecError("YAML_FILE_ERROR: a build specification is a mapping")
    if str(found.get("version")) != "0.2":
        raise SpecError(
            f"YAML_FILE_ERROR: version {found.get('version')} of build specifications is not run here, 0.2 is"
        )
    environment = found.get("env") or {}
    shell = str(environment.get("shell", "sh"))
    if shell not in ("sh", "bash"):
        raise SpecError(f"YAML_FILE_ERROR: shell {shell} is not one of bash and /bin/sh")
    phases = found.get("phases") or {}
    unknown = sorted(set(phases) - set(PHASES))
    if unknown or not phases:
        raise SpecError(
            f"YAML_FILE_ERROR: unknown phases {', '.join(unknown)}"
            if unknown
            else "YAML_FILE_ERROR: no phases"
        )
    return Buildspec(
        shell,
        _texts(environment.get("variables")),
        _texts(environment.get("parameter-store")),
        _texts(environment.get("secrets-manager")),
        tuple(map(str, environment.get("exported-variables") or [])),
        {name: _phase(phases[name] or {}) for name in PHASES if name in phases},
    )


def _texts(given: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in (given or {}).items()}


def _phase(given: Mapping[str, Any]) -> Phase:
    return Phase(
        tuple(map(str, given.get("commands") or [])),
        tuple(map(str, given.get("finally") or [])),
        str(given.get("on-failure", "")).upper(),
    )
