"""The only reader of the user's YAML: plain data, plus line and column of every key and item.

Scalars are resolved narrowly, so that what was typed is what arrives: `1.10`, `012345678901`, `2026-01-01`
and `on` stay text; only true, false, null and plain decimal integers become values. The models decide the rest.
Every mistake is a FactoryError at its line. It writes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from generator.errors import FactoryError, Where, fail

Key = str | int
LARGEST_FILE = 1_000_000  # bytes; a spec is a few kilobytes, so more is a mistake
MOST_NODES = 50_000  # after aliases are expanded
DEEPEST = 40

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True)
class Document:
    """A YAML file's data and where each part of it stands; a mapping's entry stands at its key."""

    file: str
    data: Any
    places: Mapping[tuple[Key, ...], Where]

    def where(self, *path: Key) -> Where:
        """The place of a path, or of its nearest ancestor that the file has."""
        while path and path not in self.places:
            path = path[:-1]
        return self.places.get(path, Where(self.file, 1, 1))


def inside(path: Path, folder: Path, where: Where) -> Path:
    """The path with links resolved; refused when it leaves its folder."""
    resolved = path.resolve()
    if not resolved.is_relative_to(folder.resolve()):
        raise fail(
            where, f"'{path.name}' leads out of {folder.name}/", "Keep files and links inside the folder."
        )
    return resolved


def read(path: Path, root: Path) -> Document:
    """Read one YAML file below the catalogue root."""
    file = path.relative_to(root).as_posix()
    text = _text(inside(path, root, Where(file)), file)
    try:
        _refuse_depth(text, file)
        node = yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, file, text) from None
    except yaml.YAMLError as error:
        raise fail(
            Where(file, 1, 1),
            f"not readable as YAML ({str(error).splitlines()[0]})",
            "Remove that character.",
        ) from None
    if node is None:
        raise fail(Where(file, 1, 1), "the file is empty", "Write its keys, or delete it.")
    reading = _Reading(file, {})
    data = reading.value(node, ())
    return Document(file, data, reading.places)


def _refuse_depth(text: str, file: str) -> None:
    """libyaml's composer recurses in C and takes the process down on deep nesting; its event parser does not."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            mark = event.start_mark
            where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)
            raise fail(where, f"nested deeper than {DEEPEST} levels", "Flatten it.")


def _text(path: Path, file: str) -> str:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise fail(
                Where(file, 1, 1),
                f"{size / 1e6:.1f} MB is more than the {LARGEST_FILE / 1e6:.0f} MB a YAML file here may have",
                "Move what is not a spec elsewhere.",
            )
        content = path.read_bytes()
    except OSError as error:
        raise fail(
            Where(file), f"cannot be read ({error.strerror})", "Check the path and its permissions."
        ) from None
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        raise fail(Where(file, 1, 1), "starts with a byte order mark", "Save it as UTF-8 without BOM.")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = error.start - before.rfind(b"\n")
        raise fail(
            Where(file, before.count(b"\n") + 1, column),
            f"byte 0x{content[error.start]:02x} is not UTF-8",
            "Save the file as UTF-8.",
        ) from None
    if "\r" in text:
        before_cr = text[: text.index("\r")]
        raise fail(
            Where(file, before_cr.count("\n") + 1, len(before_cr) - before_cr.rfind("\n")),
            "the line ends with a carriage return (CR LF)",
            f"Save the file with LF line ends, e.g. sed -i 's/\\r$//' {file}",
        )
    return text


def _syntax(error: yaml.MarkedYAMLError, file: str, text: str) -> FactoryError:
    mark = error.problem_mark or error.context_mark
    where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file, 1, 1)
    lines = text.splitlines()
    line = lines[where.line - 1] if 0 < where.line <= len(lines) else ""
    if "\t" in line[: where.column + 1]:
        tab = Where(file, where.line, line.index("\t") + 1)
        return fail(tab, "a tab where YAML wants spaces", "Indent with spaces.")
    if "single document" in str(error.context or ""):
        return fail(where, "a second YAML document", "Keep one document in a file: remove the '---'.")
    context = f" {error.context}" if error.context else ""
    return fail(where, f"broken YAML: {error.problem}{context}", "Correct it at this place or just before.")


class _Loader(yaml.CBaseLoader):
    """Resolves no implicit tags, so that explicit ones show and scalars stay as typed."""


class _Reading:
    """One walk over a composed tree, collecting data and places together."""

    def __init__(self, file: str, places: dict[tuple[Key, ...], Where]) -> None:
        self.file = file
        self.places = places
        self._nodes = 0

    def _where(self, node: yaml.Node) -> Where:
        return Where(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def value(self, node: yaml.Node, path: tuple[Key, ...]) -> Any:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise fail(
                self._where(node),
                f"more than {MOST_NODES} values after aliases are expanded",
                "Use fewer aliases.",
            )
        if len(path) > DEEPEST:
            raise fail(self._where(node), f"nested deeper than {DEEPEST} levels", "Flatten it.")
        self.places.setdefault(path, self._where(node))
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.rpartition(":")[2] not in {
            "str",
            "seq",
            "map",
        }:
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            raise fail(
                self._where(node), f"the tag {tag} is not known here", "Remove it; quote text that needs it."
            )
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, index)) for index, item in enumerate(node.value)]
        return _scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: tuple[Key, ...]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            where = self._where(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                raise fail(where, "a key that is no plain word", "Quote it, or check the braces.")
            key = key_node.value
            if key == "<<":
                raise fail(
                    where, "merge keys (<<) are not read here", "Write the keys out, or alias single values."
                )
            if key in data:
                first = self.places[(*path, key)]
                raise fail(
                    where, f"the key '{key}' stands here again (first in line {first.line})", "Keep one."
                )
            self.places[(*path, key)] = where
            data[key] = self.value(value_node, (*path, key))
        return data


def _scalar(node: yaml.Node) -> Any:
    text = node.value
    if getattr(node, "style", None):  # quoted or block: text as it stands
        return text
    if text in _WORDS:
        return _WORDS[text]
    return int(text) if _INTEGER.fullmatch(text) else text
