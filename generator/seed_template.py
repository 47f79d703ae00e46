"""What the templates of a seed may use, checked without rendering, so that branches not taken are checked too.

A name that is no question would silently render as nothing; the clock, chance and the machine's paths would make
the same answers give other bytes elsewhere. It reads no file and renders nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import jinja2
from jinja2 import meta, nodes
from jinja2.defaults import DEFAULT_NAMESPACE

from generator.errors import Problem, Where, did_you_mean
from generator.yamlfile import Document, Key

_MACHINE_NAMES = {
    "_copier_python": "the path of this Python",
    "_external_data": "files of the machine",
    "lipsum": "random text",
    "make_secret": "a random text",
    "now": "the clock",
}
_MACHINE_FILTERS = {
    **dict.fromkeys(("ans_random", "random", "random_mac", "shuffle"), "chance"),
    **dict.fromkeys(("expanduser", "expandvars", "fileglob", "realpath", "relpath"), "the machine's files"),
    "strftime": "the clock",
}
_YIELD = re.compile(r"\{%-?\s*yield\s+(?:(\w+)\s+from)?")  # copier's own tag for file names: one file an item
_CONTEXT = frozenset(
    {"_copier_answers", "_copier_conf", "_copier_operation", "_copier_phase", "_folder_name"}
)


def problems(
    shown: str, config: Document, questions: frozenset[str], files: Mapping[str, bytes]
) -> list[Problem]:
    """The mistakes in a seed's configuration, file names and templates; `shown` is its folder as errors name it."""
    return list(_Check(shown, config, questions).problems(files))


class _Check:
    def __init__(self, shown: str, config: Document, questions: frozenset[str]) -> None:
        options = dict(config.data.get("_envops") or {})
        options.pop("undefined", None)
        # The filters copier adds; the environment only parses, so that nothing needs escaping.
        extensions = ["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]
        self._environment = jinja2.Environment(**options, extensions=extensions)  # noqa: S701
        self._shown = shown
        self._config = config
        self._suffix = config.data.get("_templates_suffix", ".jinja")
        self._folder = config.data.get("_subdirectory", "")
        self._questions = questions
        self._known = questions | _CONTEXT | {"pathjoin", "UNSET"} | set(DEFAULT_NAMESPACE)

    def problems(self, files: Mapping[str, bytes]) -> Iterator[Problem]:
        yield from self._of_config((), self._config.data)
        for name, content in files.items():
            if self._folder and not name.startswith(f"{self._folder}/"):
                continue
            place = Where(f"{self._shown}/{name}")
            yield from self._of(name, place, lines=False)
            if not name.endswith(self._suffix):
                continue
            try:
                text = content.decode()
            except UnicodeDecodeError as error:
                line = content.count(b"\n", 0, error.start) + 1
                yield Problem(Where(place.file, line, 1), "the template is not UTF-8", "Save it as UTF-8.")
            else:
                yield from self._of(text, place, yielded=frozenset(_YIELD.findall(name)))

    def _of_config(self, path: tuple[Key, ...], value: Any) -> Iterator[Problem]:
        if isinstance(value, str):
            yield from self._of(value, self._config.where(*path), lines=False)
        elif isinstance(value, dict):
            for key, item in value.items():
                if path or key != "_envops":
                    yield from self._of_config((*path, key), item)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self._of_config((*path, index), item)

    def _of(
        self, text: str, place: Where, *, lines: bool = True, yielded: frozenset[str] = frozenset()
    ) -> Iterator[Problem]:
        if _YIELD.search(text):
            return  # rendering checks these

        def at(line: int) -> Where:
            return Where(place.file, line, 1) if lines else place

        try:
            tree = self._environment.parse(text)
            undeclared = meta.find_undeclared_variables(tree)
        except jinja2.TemplateSyntaxError as error:
            yield Problem(
                at(error.lineno), f"broken template: {error.message}", "Correct it there or just before."
            )
            return
        for name in tree.find_all(nodes.Name):
            if name.name not in undeclared:
                continue
            if name.name in _MACHINE_NAMES:
                yield _machine(at(name.lineno), name.name, _MACHINE_NAMES[name.name])
            elif name.name not in self._known | yielded:
                yield Problem(
                    at(name.lineno),
                    f"'{name.name}' is no question of this seed",
                    did_you_mean(name.name, self._questions),
                )
        for filtered in tree.find_all(nodes.Filter):
            if filtered.name in _MACHINE_FILTERS:
                yield _machine(at(filtered.lineno), f"| {filtered.name}", _MACHINE_FILTERS[filtered.name])
        for got in tree.find_all((nodes.Getattr, nodes.Getitem)):
            assert isinstance(got, nodes.Getattr | nodes.Getitem)
            if not (isinstance(got.node, nodes.Name) and got.node.name == "_copier_conf"):
                continue
            key = got.attr if isinstance(got, nodes.Getattr) else getattr(got.arg, "value", "…")
            if key != "answers_file":
                yield _machine(at(got.lineno), f"_copier_conf.{key}", "where and how copier is run")


def _machine(where: Where, what: str, why: str) -> Problem:
    return Problem(
        where,
        f"'{what}' makes the output depend on {why}",
        "The same answers must give the same bytes everywhere.",
    )
