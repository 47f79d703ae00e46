"""What can go wrong, as values: where, what, and what to do about it.

Every mistake of a user ends as a `FactoryError` that the command line prints; nothing here prints or exits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, order=True)
class Where:
    """A place: a file relative to the catalogue root with line and column from 1, or the name of a step."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake: `where: problem. remedy`."""

    where: Where
    problem: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.problem}"
        if not self.remedy:
            return text
        return f"{text} {self.remedy}" if text.endswith((".", "?", "!")) else f"{text}. {self.remedy}"


class FactoryError(Exception):
    """Problems in the user's files; all that were found at once, in file and line order."""

    exit_code = 1

    def __init__(self, *problems: Problem) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__("\n".join(map(str, self.problems)))


class Refused(FactoryError):
    """A safety rule or a stale plan forbids it."""

    exit_code = 3


class AwsError(FactoryError):
    """AWS said no, or could not be reached; the problem carries AWS's request id where there is one."""

    exit_code = 4


def fail(where: Where | str, problem: str, remedy: str = "") -> FactoryError:
    """A FactoryError with a single problem, to raise."""
    return FactoryError(Problem(where if isinstance(where, Where) else Where(where), problem, remedy))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A remedy naming the closest known word, else the known words."""
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(names)}." if names else ""
