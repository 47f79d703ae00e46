"""Findings kept on disk, so that an unchanged template is not linted twice.

Owns the key of an entry and its format. An entry is a pure function of its key: whatever cannot be read is worked out
again, and several processes may write the same one at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from functools import cache
from importlib.metadata import version
from pathlib import Path

from generator.errors import fail
from generator.lint import Finding, Job, schemas

FORMAT = 1


def load(folder: Path | None, job: Job) -> tuple[Finding, ...] | None:
    """The findings of a job as they were found before, or None."""
    if folder is None:
        return None
    try:
        entry = json.loads(_path(folder, job).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    try:
        if entry["sha256"] != _digest(entry["findings"]):
            return None
        return tuple(
            Finding.read({**found, "product": job.product, "blueprint": job.blueprint})
            for found in entry["findings"]
        )
    except (KeyError, TypeError):
        return None


def save(folder: Path | None, job: Job, findings: tuple[Finding, ...]) -> None:
    """Keep a job's findings. The product and the blueprint are not part of them: two products may share a template."""
    if folder is None:
        return
    found = [{**vars(finding), "product": "", "blueprint": ""} for finding in findings]
    try:
        _write(_path(folder, job), json.dumps({"sha256": _digest(found), "findings": found}, sort_keys=True))
    except OSError as error:
        raise fail(
            "lint cache", f"{folder} cannot be written: {error.strerror}", "Make it writable, or remove it."
        ) from error


def _write(path: Path, text: str) -> None:
    """Write a file so that its name only ever stands for the whole of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def _digest(findings: object) -> str:
    return hashlib.sha256(json.dumps(findings, sort_keys=True).encode()).hexdigest()


def _path(folder: Path, job: Job) -> Path:
    key = json.dumps([job.text, sorted(set(job.regions)), _linter()], sort_keys=True)
    digest = hashlib.sha256(key.encode()).hexdigest()
    return folder / digest[:2] / f"{digest}.json"


@cache
def _linter() -> tuple[str, ...]:
    """What the findings depend on besides the template: cfn-lint, its schemas, and the source of this package."""
    own = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        own.update(f"{path.relative_to(here).as_posix()}\0".encode() + path.read_bytes())
    return (str(FORMAT), version("cfn-lint"), schemas.date(), own.hexdigest())
