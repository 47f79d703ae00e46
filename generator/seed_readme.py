"""The README of a published seed's repository: what it is, how to make a repository from it, how to bring one up to date.

It is made from the seed alone, so that it is the same wherever the seed is published; the address is the reader's. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from generator.seed_source import CONFIG, Question, Source

NAME = "README.md"
MARK = "<!-- Made by `catalog seeds publish` from the seed; write a README.md beside copier.yml to have your own. -->"
_ANSWERS = {
    "bool": "`true`, `false`",
    "float": "a number",
    "int": "a whole number",
    "path": "a path",
    "str": "text",
}


def text(source: Source) -> str:
    """What stands beside the template, which copier leaves out of projects."""
    return "\n".join(_lines(source)) + "\n"


def about(source: Source) -> str:
    """What its author says of it: the comment that its configuration begins with, but for a command at its end."""
    config = next(file.content.decode() for file in source.files if file.path == CONFIG)
    comment = re.match(r"(?:#.*\n)*", config)
    assert comment
    said = " ".join(line.lstrip("# ") for line in comment[0].splitlines())
    return re.sub(r"[:.]?(\s*`copier copy [^`]*`)?\.?$", "", said)


def _lines(source: Source) -> Iterator[str]:
    yield from (MARK, f"# {source.name}", "")
    if said := about(source):
        yield from (f"{said}.", "")
    yield from (
        "A [copier](https://copier.readthedocs.io) template: it makes repositories, and merges its later versions into"
        f" them. It is published from `{source.path}/` of the catalogue that it belongs to: changes are made there,"
        " and what is committed here keeps the next version from being published.",
        "",
        f"This is version {source.version}; each version is a tag (`v{source.version}`).",
        "",
        "## Make a repository",
        "",
        "With git and copier 9 (`pipx install copier`), and the address of this repository for ADDRESS:",
        "",
        f"    copier copy ADDRESS my-{source.name}",
        "",
        "It takes the newest version and asks the questions below. `--defaults` answers each by its default,"
        " `--data QUESTION=ANSWER` answers one beforehand, and `--vcs-ref vX.Y.Z` takes another version.",
        "",
        f"Commit all that was made, `{source.answers_file}` too: it says which version and answers the repository"
        " comes from.",
        "",
        "## Bring a repository up to date",
        "",
        "In a repository made from this one, with everything committed:",
        "",
        "    copier check-update",
        "    copier update --skip-answered",
        "",
        "The first tells whether there is a newer version, the second merges it into what has been edited since, and"
        " marks in the files what it cannot merge. Without `--skip-answered` it asks the questions again.",
        "",
        "A repository that a product of the catalogue has seeded is linked to this one by `catalog seeds adopt DIR`,"
        " once; from then on `copier update` works there as well.",
        "",
    )
    asked = [question for question in source.questions.values() if not question.computed]
    if asked:
        yield from (
            "## Questions",
            "",
            "| Question | What it decides | Answers | Default |",
            "|---|---|---|---|",
        )
        yield from (f"| {' | '.join(_cell(cell) for cell in _row(question))} |" for question in asked)


def _row(question: Question) -> tuple[str, str, str, str]:
    answers = ", ".join(f"`{choice}`" for choice in question.choices)
    default = question.default
    if isinstance(default, bool):
        shown = f"`{str(default).lower()}`"
    elif isinstance(default, str) and ("{{" in default or "{%" in default):
        shown = "by other answers"
    else:
        shown = f"`{default}`" if default not in ("", None) else "empty"
    return (
        f"`{question.name}`",
        question.help,
        answers or _ANSWERS.get(question.type, question.type.upper()),
        shown,
    )


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
