"""A seed as its author wrote it: the files of `seedcode/<seed>/` and its questions, read and checked.

What can be known without rendering is checked here, all at once and at its line. Seeds are only ever read: what
would run code of theirs is refused. It renders nothing and knows copier's file format only, not its interface.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any

from generator import seed_template, yamlfile
from generator.errors import FactoryError, Problem, Where, did_you_mean, fail

CONFIG = "copier.yml"
VERSION = "VERSION"  # the file that holds a seed's version, beside its configuration
TYPES = ("bool", "float", "int", "json", "path", "str", "yaml")
# What tools leave behind in a working tree; git ignores it, so the product must too.
LEFTOVERS = frozenset(
    {"__pycache__", ".DS_Store", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv"}
)
LARGEST = 20_000_000  # bytes of a whole seed

# copier's settings that only say which files are made and how they are named.
_HARMLESS = frozenset(
    {
        "_answers_file", "_envops", "_exclude", "_message_after_copy", "_message_after_update",
        "_message_before_copy", "_message_before_update", "_min_copier_version", "_skip_if_exists",
        "_subdirectory", "_templates_suffix",
    }
)  # fmt: skip
_REFUSED = {
    "_tasks": "runs commands",
    "_migrations": "runs commands",
    "_jinja_extensions": "loads code",
    "_external_data": "reads files of the machine",
    "_secret_questions": "asks for a secret, and the answers stand in a spec",
    "_preserve_symlinks": "makes symbolic links",
}
_KEPT_CRLF = frozenset({".bat", ".cmd", ".ps1"})
_checked: dict[tuple[str, str], Source] = {}  # by place and content: many products use one seed


@dataclass(frozen=True)
class File:
    path: str  # posix, relative to the seed's folder
    content: bytes = field(repr=False)
    executable: bool


@dataclass(frozen=True)
class Question:
    """A question of a seed; `choices` are its values, empty when free or computed by a template."""

    name: str
    type: str
    default: Any
    help: str
    choices: tuple[Any, ...] = ()
    multiselect: bool = False
    computed: bool = False  # `when: false`: an intermediate value, never asked


@dataclass(frozen=True)
class Source:
    """A checked seed. `name` is its folder's; places are relative to the catalogue root."""

    name: str
    files: tuple[File, ...]
    config: yamlfile.Document
    questions: Mapping[str, Question]

    @property
    def path(self) -> str:
        return str(PurePosixPath(self.config.file).parent)

    @property
    def answers_file(self) -> str:
        return str(self.config.data.get("_answers_file", ".copier-answers.yml"))

    @property
    def digest(self) -> str:
        return digest(self.files)

    @property
    def version(self) -> str:
        """The version its author gave it; empty for a seed that is not published on its own."""
        return next((file.content.decode().strip() for file in self.files if file.path == VERSION), "")


def load(folder: Path, where: Where | None = None) -> Source:
    """Read and check `<root>/seedcode/<seed>/`; `where` is the place that names the seed."""
    root = folder.parent.parent
    shown = folder.relative_to(root).as_posix()
    if not (folder / CONFIG).is_file():
        seeds = [path.parent.name for path in folder.parent.glob(f"*/{CONFIG}")]
        raise fail(
            where or Where(shown),
            f"seed '{folder.name}' does not exist: {shown}/{CONFIG} is missing",
            did_you_mean(folder.name, seeds),
        )
    files, problems = _read(folder, shown)
    if problems:
        raise FactoryError(*problems)
    key = (shown, digest(files))
    if key not in _checked:
        _checked[key] = _check(folder, root, shown, files)
    return _checked[key]


def _check(folder: Path, root: Path, shown: str, files: tuple[File, ...]) -> Source:
    problems: list[Problem] = []
    config = yamlfile.read(folder / CONFIG, root)
    if not isinstance(config.data, dict):
        raise fail(
            config.where(), "a seed's configuration is a mapping of questions", "Write `name: {type: …}`."
        )
    questions = {}
    for key in config.data:
        if key.startswith("_"):
            problems += _setting_problems(config, key)
        else:
            found, question = _question(config, key)
            problems += found
            if question:
                questions[key] = question
    problems += _version_problems(config, files, shown)
    if not problems:
        problems += seed_template.problems(
            shown, config, frozenset(questions), {file.path: file.content for file in files}
        )
    if problems:
        raise FactoryError(*problems)
    return Source(folder.name, files, config, questions)


def digest(files: tuple[File, ...]) -> str:
    """The SHA-256 of files in the order of their paths: names, modes and contents."""
    total = sha256()
    for file in files:
        total.update(f"{file.path}\0{file.executable:d}\0{len(file.content)}\0".encode())
        total.update(file.content)
    return total.hexdigest()


def _read(folder: Path, shown: str) -> tuple[tuple[File, ...], list[Problem]]:
    files: list[File] = []
    problems: list[Problem] = []
    size = 0
    for path in _walk(folder):
        name = path.relative_to(folder).as_posix()
        place = Where(f"{shown}/{name}")
        if path.is_symlink():
            problems.append(Problem(place, "a symbolic link in a seed", "Put a copy of the file there."))
        elif path.name == ".git":
            problems.append(
                Problem(
                    place,
                    "a seed is no repository of its own",
                    "Remove it; `catalog seeds publish` makes one.",
                )
            )
        elif not path.is_file():
            problems.append(Problem(place, "neither a file nor a folder", "Remove it."))
        else:
            try:
                stat = path.stat()
                size += stat.st_size
                content = path.read_bytes() if size <= LARGEST else b""
            except OSError as error:
                problems.append(
                    Problem(place, f"cannot be read ({error.strerror})", "Check its permissions.")
                )
                continue
            files.append(File(name, content, bool(stat.st_mode & 0o100)))
            line = _carriage_return(name, content)
            if line:
                problems.append(
                    Problem(
                        Where(place.file, line, 1),
                        "the line ends with a carriage return (CR LF)",
                        "Save the file with LF line ends, so that every machine seeds the same bytes.",
                    )
                )
    if size > LARGEST:
        problems.append(
            Problem(
                Where(shown), f"the seed has more than {LARGEST / 1e6:.0f} MB", "Keep data sets elsewhere."
            )
        )
    return tuple(sorted(files, key=lambda file: file.path)), problems


def _walk(folder: Path) -> Iterator[Path]:
    """Every entry but leftovers and plain folders; links and `.git` are yielded, not entered."""
    for path in sorted(folder.iterdir()):
        if path.name in LEFTOVERS or path.suffix == ".pyc":
            continue
        if path.is_dir() and not path.is_symlink() and path.name != ".git":
            yield from _walk(path)
        else:
            yield path


def _carriage_return(name: str, content: bytes) -> int:
    """The first line that ends in CR LF in a text file, or 0."""
    at = content.find(b"\r\n")
    if at < 0 or b"\0" in content or PurePosixPath(name.removesuffix(".jinja")).suffix.lower() in _KEPT_CRLF:
        return 0
    return content.count(b"\n", 0, at) + 1


def _version_problems(config: yamlfile.Document, files: tuple[File, ...], shown: str) -> list[Problem]:
    place = Where(f"{shown}/{VERSION}", 1, 1)
    content = next((file.content for file in files if file.path == VERSION), None)
    if content is None:
        return []
    if not re.fullmatch(rb"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)\n?", content):
        return [Problem(place, "is no version", "Write MAJOR.MINOR.PATCH on its only line.")]
    if PurePosixPath(str(config.data.get("_subdirectory", "."))) == PurePosixPath():
        return [
            Problem(
                place,
                "the version would become a file of every project",
                f"Move the template into a folder of its own and name that in {CONFIG} as `_subdirectory`.",
            )
        ]
    return []


def _setting_problems(config: yamlfile.Document, key: str) -> list[Problem]:
    where = config.where(key)
    if key in _REFUSED:
        return [
            Problem(
                where,
                f"'{key}' is refused: it {_REFUSED[key]}",
                "Do it in the seeded repository's Makefile or CI.",
            )
        ]
    if key not in _HARMLESS:
        return [Problem(where, f"copier has no setting '{key}'", did_you_mean(key, _HARMLESS))]
    value = config.data[key]
    if key in {"_subdirectory", "_templates_suffix", "_answers_file"} and not (
        isinstance(value, str) and value
    ):
        return [Problem(where, f"'{key}' is a plain, non-empty text", "Write it without a template.")]
    if key in {"_subdirectory", "_answers_file"}:
        path = PurePosixPath(value)
        if path.is_absolute() or ".." in path.parts or "{" in value:
            return [Problem(where, f"'{value}' may leave the seed's folder", "Write a plain path inside it.")]
    return []


def _question(config: yamlfile.Document, name: str) -> tuple[list[Problem], Question | None]:
    where, body = config.where(name), config.data[name]
    if not isinstance(body, dict):
        return [
            Problem(where, f"question '{name}' is no mapping", "Give it `type`, `help` and `default`.")
        ], None
    problems = []
    missing = [key for key in ("type", "default") if key not in body]
    computed = body.get("when") is False
    if not computed and not body.get("help"):
        missing.append("help")
    if missing:
        problems.append(
            Problem(
                where,
                f"question '{name}' has no {' and no '.join(missing)}",
                "Every question is explained and can be answered by its default.",
            )
        )
    if "type" in body and body["type"] not in TYPES:
        problems.append(
            Problem(
                config.where(name, "type"),
                f"no type '{body['type']}'",
                did_you_mean(str(body["type"]), TYPES),
            )
        )
    if body.get("secret"):
        problems.append(
            Problem(
                config.where(name, "secret"),
                f"question '{name}' asks for a secret, and the answers stand in a spec",
                "Let the seeded repository read it from Secrets Manager.",
            )
        )
    if problems:
        return problems, None
    choices = body.get("choices", ())
    if isinstance(choices, dict):
        choices = [choice.get("value") if isinstance(choice, dict) else choice for choice in choices.values()]
    if isinstance(choices, str):  # a template
        choices = ()
    return [], Question(
        name,
        body["type"],
        body["default"],
        str(body.get("help", "")).strip(),
        tuple(choice[1] if isinstance(choice, list) else choice for choice in choices),
        bool(body.get("multiselect")),
        computed,
    )
