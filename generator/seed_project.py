"""Projects that were scaffolded from seeds: which version they have, whether they lag behind, and linking them.

A project knows its seed by copier's answers file. One that a product has seeded names the seed's folder in the
catalogue, because its bytes may not depend on a target; adopting it names the published repository instead, which
`copier update` asks. Only an answers file is ever written here, and only by `adopt`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from generator import yamlfile
from generator.errors import did_you_mean, fail
from generator.output import write_file
from generator.seed_repository import Place, Published
from generator.version import order

ANSWERS = ".copier-answers*.yml"
_SOURCE = re.compile(r"^_src_path:.*\n(?:[ \t].*\n)*", re.MULTILINE)
_COMMIT = re.compile(r"^_commit:.*\n(?:[ \t].*\n)*", re.MULTILINE)


@dataclass(frozen=True)
class Project:
    """A scaffolded project; `version` is empty where its answers tell none."""

    folder: str  # as the caller named it
    seed: str
    version: str
    linked: bool  # to the published repository
    answers: yamlfile.Document = field(repr=False)


@dataclass(frozen=True)
class Status:
    project: Project
    newest: str
    state: str  # current, behind or unlinked
    commands: tuple[str, ...]  # what brings it to the newest version


def read(folder: str, places: Mapping[str, Place]) -> list[Project]:
    """The project in a folder; several where several seeds were scaffolded into one.

    Raises:
        FactoryError: it is no folder, was not scaffolded by copier, or from nothing that this catalogue has.
    """
    path = Path(folder).resolve()
    if not path.is_dir():
        raise fail(folder, "is no folder", "Name the folder of a project that was made from a seed.")
    files = sorted(path.glob(ANSWERS))
    if not files:
        raise fail(
            folder, "holds no .copier-answers.yml", "It was not made from a seed, or that file is lost."
        )
    return [_project(folder, yamlfile.read(file, path.parent), places) for file in files]


def _project(folder: str, answers: yamlfile.Document, places: Mapping[str, Place]) -> Project:
    told = answers.data if isinstance(answers.data, dict) else {}
    source, commit = str(told.get("_src_path") or ""), str(told.get("_commit") or "")
    by_url = {_plain(place.url): name for name, place in places.items()}
    name, linked = by_url.get(_plain(source), ""), True
    if not name:
        # `seedcode/<seed>`, from a product or from this catalogue's folder.
        parts = PurePosixPath(source).parts[-2:]
        name, linked = (parts[1] if len(parts) == 2 and parts[0] == "seedcode" else ""), False
    if name not in places:
        raise fail(
            answers.where("_src_path"),
            f"'{source}' is no seed of this catalogue" if source else "it does not tell its seed (_src_path)",
            did_you_mean(name, places),
        )
    return Project(folder, name, commit.removeprefix("v"), linked, answers)


def _plain(url: str) -> str:
    """An address without what copier lets people leave out or add."""
    for short, whole in (("gh:", "https://github.com/"), ("gl:", "https://gitlab.com/")):
        if url.startswith(short):
            url = whole + url.removeprefix(short)
    return url.removeprefix("git+").removeprefix("file://").removesuffix("/").removesuffix(".git")


def status(project: Project, published: Published) -> Status:
    """How a project stands to the newest version; raises FactoryError where its own was never published."""
    newest = published.newest
    if not newest:
        raise fail(
            project.folder, f"seed '{project.seed}' is not published", "catalog seeds publish does it."
        )
    if project.linked or project.version:
        _known(project, project.version, published)
    arguments = ""
    if PurePosixPath(project.answers.file).name != ".copier-answers.yml":
        arguments = f" --answers-file {shlex.quote(PurePosixPath(project.answers.file).name)}"
    update = f"copier update --skip-answered{arguments} {shlex.quote(project.folder)}"
    adopt = f"catalog seeds adopt {shlex.quote(project.folder)}"
    if not project.version:
        return Status(project, newest, "unlinked", (f"{adopt} --version X.Y.Z", update))
    behind = order(project.version) < order(newest)
    if project.linked:
        return Status(project, newest, "behind" if behind else "current", (update,) if behind else ())
    return Status(
        project, newest, "behind" if behind else "unlinked", (adopt, *((update,) if behind else ()))
    )


def _known(project: Project, version: str, published: Published) -> None:
    if version not in published.versions:
        known = ", ".join(sorted(published.versions, key=order)) or "none"
        raise fail(
            project.answers.where("_commit"),
            f"'{version}' is no published version of seed '{project.seed}'",
            f"Published: {known}.",
        )


def adopt(project: Project, place: Place, published: Published, version: str) -> str:
    """Link a project to the published repository, at the version it has; what its answers file then says of both.

    Raises:
        FactoryError: the version is not known, or was never published.
    """
    version = version or project.version
    if not version:
        raise fail(
            project.answers.where(),
            f"nothing tells which version of '{project.seed}' the project has",
            "Add --version; `catalog seeds list` names the published ones.",
        )
    _known(project, version, published)
    path = Path(project.folder).resolve() / PurePosixPath(project.answers.file).name
    text = _COMMIT.sub("", path.read_text(encoding="utf-8"))
    lines = f"_commit: v{version}\n_src_path: {place.url}\n"
    write_file(path, _SOURCE.sub(lambda _: lines, text, count=1))
    return lines
