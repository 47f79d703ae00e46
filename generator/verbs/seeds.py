"""The verb seeds: publish them as git repositories, list them, tell which projects lag behind, link projects to them."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from generator.errors import FactoryError, Problem, fail
from generator.verbs.shared import catalogue_of, confirm

if TYPE_CHECKING:
    from generator.catalogue import Catalogue, Target
    from generator.seed_project import Status
    from generator.seed_repository import Place, Published
    from generator.seed_source import Source


def publish(options: argparse.Namespace) -> None:
    from generator import seed_repository
    from generator.version import Keep

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    sources = _sources(catalogue, options.seeds)
    places = _places(catalogue, target, sources)
    releases = seed_repository.plan_all(sources.values(), places)
    new = [each for each in releases if not isinstance(each.decision, Keep)]
    for each in releases:
        if each not in new:
            print(f"unchanged: {each.source.name} {each.source.version} sha256:{each.source.digest[:12]}…")
    if not new:
        print(f"Nothing to do. The seeds of target {target.id} are as seedcode/ says.")
        return
    names = ", ".join(f"{each.source.name} {each.source.version}" for each in new)
    confirm(options, target, "seeds publish", f"Publish {names} to the repositories of")
    for each in new:
        seed_repository.publish(each)
        print(f"published: {each.source.name} {each.source.version} to {each.place.url}", flush=True)


def list_seeds(options: argparse.Namespace) -> None:
    from generator.report import table
    from generator.version import order

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    sources = _sources(catalogue, [])
    places = _places(catalogue, target, sources)
    published = _published(places, sources)
    told = [
        {
            "seed": name,
            "version": source.version,
            "published": sorted(published[name].versions, key=order),
            "repository": places[name].url,
        }
        for name, source in sources.items()
    ]
    if options.format == "json":
        print(json.dumps(told, indent=2))
        return
    rows = [["SEED", "VERSION", "PUBLISHED", "REPOSITORY"]]
    for name, source in sources.items():
        rows.append([name, source.version or "none", published[name].newest or "no", places[name].url])
    print(table(rows), end="")


def status(options: argparse.Namespace) -> int:
    from generator import seed_project

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    places = _places(catalogue, target, _sources(catalogue, []))
    projects = []
    problems: list[Problem] = []
    for folder in options.folders:
        try:
            projects += seed_project.read(folder, places)
        except FactoryError as error:
            problems += error.problems
    published = _published(places, {project.seed for project in projects})
    found: list[Status] = []
    for project in projects:
        try:
            found.append(seed_project.status(project, published[project.seed]))
        except FactoryError as error:
            problems += error.problems
    _tell(found, options.format)
    if problems:  # after what is known of the others
        raise FactoryError(*problems)
    late = any(each.state != "current" for each in found)
    return 2 if options.detailed_exitcode and late else 0


def adopt(options: argparse.Namespace) -> None:
    from generator import seed_project

    catalogue = catalogue_of(options)
    target = catalogue.target(options.target)
    places = _places(catalogue, target, _sources(catalogue, []))
    projects = seed_project.read(options.folder, places)
    if options.version and len(projects) > 1:
        raise fail(options.folder, "has several seeds, and --version is of one", "Leave --version out.")
    published = _published(places, {project.seed for project in projects})
    for project in projects:
        wrote = seed_project.adopt(
            project, places[project.seed], published[project.seed], options.version or ""
        )
        print(f"{project.answers.file} now says:\n{wrote}Commit it; copier update then takes it from there.")


def _tell(found: list[Status], form: str) -> None:
    from generator.report import table

    if form == "json":
        told = [
            {
                "folder": each.project.folder,
                "seed": each.project.seed,
                "version": each.project.version or None,
                "newest": each.newest,
                "state": each.state,
                "linked": each.project.linked,
                "commands": list(each.commands),
            }
            for each in found
        ]
        print(json.dumps(told, indent=2))
        return
    rows = [["PROJECT", "SEED", "VERSION", "NEWEST", "STATE"]]
    for each in found:
        project = each.project
        rows.append([project.folder, project.seed, project.version or "?", each.newest, each.state])
    if found:
        print(table(rows), end="")
    commands = [command for each in found for command in each.commands]
    if commands:
        print("\nTo bring them up to date:")
        print("".join(f"  {command}\n" for command in commands), end="")
        print("What copier cannot merge it marks in the files; git status then names them.")


def _sources(catalogue: Catalogue, names: list[str]) -> dict[str, Source]:
    """The seeds named, all when none is."""
    from generator import seed_source

    folder = catalogue.root / "seedcode"
    found = names or [path.parent.name for path in folder.glob(f"*/{seed_source.CONFIG}")]
    return {name: seed_source.load(folder / name) for name in sorted(set(found))}


def _places(catalogue: Catalogue, target: Target, sources: dict[str, Source]) -> dict[str, Place]:
    """Where the target publishes its seeds: its `seeds:`, or repositories on this disk for the local AWS."""
    from generator.seed_repository import Place

    if target.spec.seeds:
        return {name: Place(name, target.seed_url(name), local=False) for name in sources}
    if not target.is_local:
        raise fail(
            target.where(),
            f"target '{target.id}' names no place for seeds",
            'Add seeds: "https://git.example.com/platform/{seed}.git" to it.',
        )
    state = os.environ.get("CATALOG_STATE")
    folder = (Path(state) if state else catalogue.root / ".catalog").resolve() / "seeds"
    return {name: Place(name, str(folder / f"{name}.git"), local=True) for name in sources}


def _published(places: dict[str, Place], names: Iterable[str]) -> dict[str, Published]:
    from generator.seed_repository import observe

    return {name: observe(places[name]) for name in sorted(names)}
