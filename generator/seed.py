"""Seeds rendered by copier into trees of files, and trees packed into zips whose bytes are the same everywhere.

The only user of copier. It never runs code of a seed, reads no setting of the user, leaves nothing behind on
disk, and decides nothing about where a zip goes.
"""

from __future__ import annotations

import io
import json
import re
import stat
import traceback
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from generator import seed_source
from generator.errors import FactoryError, Problem, Where, did_you_mean, fail
from generator.seed_source import Question, Source

Place = Where | Callable[..., Where]  # one place, or `Document.where` bound to the answers, asked per answer

# Names that one of git, Windows or a zip reader cannot hold.
_UNSAFE_NAME = re.compile(r'[\x00-\x1f\\:*?"<>|]|[ .]$')
_ASKED = re.compile(r"(?:question|Question|choice for) ['\"](\w+)['\"](?:: )?(.*)", re.DOTALL)
_rendered: dict[tuple[str, str], Tree] = {}


@dataclass(frozen=True)
class Tree:
    """Files as (posix path, content, executable), in order of their paths."""

    files: tuple[tuple[str, bytes, bool], ...] = field(repr=False)

    def write(self, folder: Path) -> None:
        """Write the files below a folder, which is made."""
        for name, content, executable in self.files:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o755 if executable else 0o644)


def archive(tree: Tree) -> bytes:
    """A zip of the tree; the same tree gives the same bytes on every machine.

    Stored, not deflated: zlib and zlib-ng compress the same input to different bytes, a seed is small, and S3,
    CodeCommit, CodePipeline and Lambda all read stored entries.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        for name, content, executable in tree.files:
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, whatever this machine is: the mode below is then honoured
            entry.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            packed.writestr(entry, content)
    return buffer.getvalue()


def digest(tree: Tree) -> str:
    """The SHA-256 of the tree's archive, which is also the name of its asset."""
    return sha256(archive(tree)).hexdigest()


def questions(seed_folder: Path) -> Mapping[str, Question]:
    """The questions of `<root>/seedcode/<seed>/` in their order; the seed is checked on the way."""
    return {
        name: question
        for name, question in seed_source.load(seed_folder).questions.items()
        if not question.computed
    }


def render(seed_folder: Path, answers: Mapping[str, Any], *, where: Place) -> Tree:
    """The files of a seed for these answers; questions not answered take their defaults.

    `where` locates the answers: a place, or a function from an answer's name to its place (from no name, to the
    place that names the seed). The same seed and answers are rendered once in a run.

    Raises:
        FactoryError: every mistake of the seed, else every mistake of the answers.
    """
    place = _places(where)
    source = seed_source.load(seed_folder, place())
    problems = [
        problem for name in answers for problem in _answer_problems(source, name, answers[name], place(name))
    ]
    if problems:
        raise FactoryError(*problems)
    key = (f"{source.path}:{source.digest}", json.dumps(answers, sort_keys=True, ensure_ascii=True))
    if key not in _rendered:
        _rendered[key] = _render(source, dict(answers), place)
    return _rendered[key]


def _places(where: Place) -> Callable[..., Where]:
    if isinstance(where, Where):
        return lambda *_: where
    return where


def _answer_problems(source: Source, name: str, value: Any, where: Where) -> list[Problem]:
    """What is wrong with an answer that can be told without copier; it ignores unknown names silently."""
    question = source.questions.get(name)
    if question is None or question.computed:
        known = [name for name, question in source.questions.items() if not question.computed]
        return [Problem(where, f"seed '{source.name}' has no question '{name}'", did_you_mean(name, known))]
    if question.multiselect:
        if not isinstance(value, list):
            return [Problem(where, f"'{name}' wants a list", f"Choose from {_list(question.choices)}.")]
        values = value
    else:
        values = [value]
    problems = [
        Problem(where, f"'{name}' wants {_KINDS[question.type][1]}, not {_shown(value)}", "")
        for value in values
        if question.type in _KINDS and not _KINDS[question.type][0](value)
    ]
    if not problems and question.choices:
        allowed = [str(choice) for choice in question.choices]
        problems = [
            Problem(where, f"{_shown(value)} is no choice of '{name}'", did_you_mean(str(value), allowed))
            for value in values
            if str(value) not in allowed
        ]
    return problems


def _is_number(value: Any) -> bool:
    # The reader of specs leaves `0.5` as text, so that versions and ids arrive as typed.
    return not isinstance(value, bool) and bool(re.fullmatch(r"-?\d+(\.\d+)?([eE]-?\d+)?", str(value)))


_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "float": (_is_number, "a number"),
    "int": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "path": (lambda value: isinstance(value, str), "a path"),
    "str": (lambda value: isinstance(value, str | int) and not isinstance(value, bool), "text"),
}


def _shown(value: Any) -> str:
    return json.dumps(value) if not isinstance(value, str) else f"'{value}'"


def _list(values: tuple[Any, ...]) -> str:
    return ", ".join(map(str, values))


def _render(source: Source, answers: dict[str, Any], place: Callable[..., Where]) -> Tree:
    # copier renders a copy of what was checked, so that nothing of the surrounding folder (its repository,
    # modes, leftovers, edits of this moment) can enter.
    with TemporaryDirectory(prefix="seed-") as scratch:
        template, output = Path(scratch, "template"), Path(scratch, "output", source.name)
        Tree(tuple((file.path, file.content, file.executable) for file in source.files)).write(template)
        problems: list[Problem] = []
        error = _copy(template, output, answers, pretend=False)
        while error is not None:
            # copier stops at the first bad answer; without it the next one shows.
            name = _asked_for(error, source)
            problems.append(_problem(error, name, source, answers, place, template))
            if name not in answers:
                break
            del answers[name]
            error = _copy(template, output, answers, pretend=True)
        if problems:
            raise FactoryError(*problems)
        return _collect(source, output, scratch, place())


def _copy(template: Path, output: Path, answers: dict[str, Any], *, pretend: bool) -> Exception | None:
    import copier  # 0.4 s, which verbs that render nothing need not wait for
    import plumbum  # copier's way to find programs

    try:
        # Without git, which copier would ask about its settings for every file it writes.
        with warnings.catch_warnings(), plumbum.local.env(PATH=""):
            # Where a template fails, copier leaves its listing of the folder open.
            warnings.simplefilter("ignore", ResourceWarning)
            copier.run_copy(
                str(template),
                output,
                data=answers,
                settings=copier.Settings(),  # else ~/.config/copier/settings.yml would answer questions
                defaults=True,
                overwrite=True,
                quiet=True,
                unsafe=False,
                pretend=pretend,
            )
    except Exception as error:  # noqa: BLE001 - templates may raise anything; the caller says where
        return error
    return None


def _asked_for(error: Exception, source: Source) -> str:
    """The question that copier's message names, if any."""
    match = _ASKED.search(str(error))
    return match[1] if match and match[1] in source.questions else ""


def _problem(
    error: Exception,
    name: str,
    source: Source,
    answers: Mapping[str, Any],
    place: Callable[..., Where],
    template: Path,
) -> Problem:
    match = _ASKED.search(str(error))
    said = (match[2] if match and name else "") or str(error) or type(error).__name__
    said = " ".join(said.replace(f"{template}/", "").split()).rstrip(".")
    if name in answers:
        return Problem(place(name), f"{_shown(answers[name])} is refused for '{name}': {said}")
    if name:
        return Problem(
            source.config.where(name), f"the default of '{name}' is refused: {said}", "Correct it."
        )
    return Problem(
        _line(error, template, source),
        f"the template cannot be rendered ({type(error).__name__}: {said})",
        "Correct the seed, or the answers that lead there.",
    )


def _line(error: BaseException | None, template: Path, source: Source) -> Where:
    """The innermost line of a template in the traceback of an error or of its causes."""
    while error is not None:
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            path = Path(frame.filename)
            if path.is_relative_to(template.resolve()):
                name = path.relative_to(template.resolve()).as_posix()
                return Where(f"{source.path}/{name}", frame.lineno or 1, 1)
        error = error.__cause__ or error.__context__
    return source.config.where()


def _collect(source: Source, output: Path, scratch: str, where: Where) -> Tree:
    files = []
    problems = []
    seen: dict[str, str] = {}
    for path in sorted(output.rglob("*")):
        if path.is_dir():
            continue
        name = path.relative_to(output).as_posix()
        content = path.read_bytes()
        if name == source.answers_file:
            content = _without_machine(content, source)
        if any(_UNSAFE_NAME.search(part) or part.lower() == ".git" for part in PurePosixPath(name).parts):
            problems.append(
                Problem(
                    where,
                    f"seed '{source.name}' makes the file '{name}'",
                    "Not every machine can hold that name.",
                )
            )
        if seen.setdefault(name.casefold(), name) != name:
            problems.append(
                Problem(
                    where,
                    f"seed '{source.name}' makes '{seen[name.casefold()]}' and '{name}'",
                    "They are one file where case is ignored.",
                )
            )
        if scratch.encode() in content:
            problems.append(
                Problem(
                    Where(f"{source.path}/{name}"),
                    "the file contains a path of this machine",
                    "Take it out of the seed.",
                )
            )
        files.append((name, content, bool(path.stat().st_mode & 0o100)))
    if not files:
        raise fail(where, f"seed '{source.name}' makes no file", "Check its _subdirectory and _exclude.")
    if problems:
        raise FactoryError(*problems)
    return Tree(tuple(sorted(files)))


def _without_machine(content: bytes, source: Source) -> bytes:
    """copier records the path it rendered from, which is ours; the seed's place in the catalogue is the same for all.

    With its version, by which `catalog seeds adopt` links the project to the published repository.
    """
    lines = (f"_commit: v{source.version}\n" if source.version else "") + f"_src_path: {source.path}\n"
    return re.sub(rb"^_src_path:.*\n(?:[ \t].*\n)*", lines.encode(), content, flags=re.MULTILINE)
