"""The git providers of the family: by each of them a half gets a `Repository`, filled with its seed.

Owns the choice; a provider owns its resources, questions and permissions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .checkin import checkin
from .chosen_seed import Choice
from .codecommit import codecommit_repository, target
from .codeconnections import connected_repository
from .codepipeline import Repository
from .external_repository import external_repositories
from .foundation import Foundation
from .half import TITLES
from .project_options import ProjectOptions

Made = tuple[dict[str, Repository], tuple[str, ...]]
"""The repository of each half, and the titles after which all of them are filled."""

Provider = Callable[[ProjectOptions, Foundation, Sequence[str]], Made]


def repositories(options: ProjectOptions, shared: Foundation, halves: Sequence[str]) -> Made:
    """The repositories of the halves, at the provider that the options name."""
    return PROVIDERS[options.git](options, shared, halves)


def _at_codecommit(options: ProjectOptions, shared: Foundation, halves: Sequence[str]) -> Made:
    choice = _choice(options, shared)
    made = {
        half: codecommit_repository(
            shared.project,
            shared.context,
            shared.retention,
            half=half,
            title=TITLES[half],
            branch=options.branch,
            seeded=choice is None,
        )
        for half in halves
    }
    if choice is None:
        return made, ()
    targets = [
        target(repository, half=half, title=TITLES[half], branch=options.branch)
        for half, repository in made.items()
    ]
    return made, tuple(checkin(shared.project, shared.context, shared.around, targets, choice))


def _by_connection(options: ProjectOptions, shared: Foundation, halves: Sequence[str]) -> Made:
    connected = {
        half: connected_repository(shared.project, half=half, title=TITLES[half], branch=options.branch)
        for half in halves
    }
    targets = [target for _, target in connected.values()]
    filled = checkin(shared.project, shared.context, shared.around, targets, _choice(options, shared))
    return {half: repository for half, (repository, _) in connected.items()}, tuple(filled)


def _choice(options: ProjectOptions, shared: Foundation) -> Choice | None:
    if options.seed == "shipped":
        return None
    return Choice(shared.project, options.seed_buckets, options.seed_repositories)


PROVIDERS: dict[str, Provider] = {
    "codecommit": _at_codecommit,
    "codeconnections": _by_connection,
    "external": external_repositories,
}
