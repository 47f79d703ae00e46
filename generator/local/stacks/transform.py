"""Transforms: AWS::LanguageExtensions' loops, AWS::Include and SAM, expanded before a template is evaluated.

Pure but for the fetch of an included file, which is given. Macros of an account are refused with a reason: they are code
of an account.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from . import serverless
from .document import transforms
from .fault import ServiceError, invalid
from .intrinsics import evaluate, is_scalar, text
from .scope import NO_VALUE, Scope

EXTENSIONS: Final = "AWS::LanguageExtensions"
_LOOP: Final = "Fn::ForEach::"


@dataclass(frozen=True)
class Expanded:
    """A template without transforms, and whether it may use the functions of the language extensions."""

    template: dict[str, Any]
    extended: bool


def expand(template: Mapping[str, Any], scope: Scope, fetch: Callable[[str], Any]) -> Expanded:
    """The template with its transforms carried out; `fetch` gives the content of an S3 location.

    `scope` holds the parameters' values, because a loop may run over one. Raises ValidationError.
    """
    names = transforms(template)
    for name in names:
        if name in (EXTENSIONS, "AWS::Include", serverless.TRANSFORM):
            continue
        if name.startswith("AWS::"):
            raise invalid(f"Transform {name} failed with: the local AWS does not support this transform.")
        raise invalid(
            f"No transform named {name} found. Macros of an account are not supported by the local AWS."
        )
    document: dict[str, Any] = dict(template)
    section = document.pop("Transform", [])
    for entry in section if isinstance(section, list) else [section]:
        if isinstance(entry, Mapping) and entry.get("Name") == "AWS::Include":
            document = _merged(document, _included(entry, scope, fetch))
    if "AWS::Include" in names:
        document = _include(document, scope, fetch)
    extended = EXTENSIONS in names
    if extended:
        try:
            document = _loops(document, scope)
        except ServiceError as error:
            raise invalid(f"Transform {EXTENSIONS} failed with: {error.message}") from None
    elif name := _first_loop(document):
        raise invalid(f"Template error: {name} is supported only with the transform {EXTENSIONS}")
    if serverless.TRANSFORM in names:
        # After the loops, as CloudFormation has it: they may repeat functions.
        document = serverless.expand(document, scope.values)
    return Expanded(document, extended)


def _merged(document: Mapping[str, Any], included: Any) -> dict[str, Any]:
    if not isinstance(included, Mapping):
        raise invalid("Transform AWS::Include failed with: the included file is no object")
    merged = dict(document)
    for key, value in included.items():
        here = merged.get(key)
        merged[key] = {**here, **value} if isinstance(here, Mapping) and isinstance(value, Mapping) else value
    return merged


def _included(call: Mapping[str, Any], scope: Scope, fetch: Callable[[str], Any]) -> Any:
    parameters = call.get("Parameters")
    location = evaluate(parameters.get("Location"), scope) if isinstance(parameters, Mapping) else None
    if not isinstance(location, str) or not location.startswith("s3://"):
        raise invalid("Transform AWS::Include failed with: The location parameter is not a valid S3 uri.")
    return fetch(location)


def _include(node: Any, scope: Scope, fetch: Callable[[str], Any]) -> Any:
    if isinstance(node, Mapping):
        rest = {key: _include(value, scope, fetch) for key, value in node.items() if key != "Fn::Transform"}
        call = node.get("Fn::Transform")
        if call is None:
            return rest
        if not isinstance(call, Mapping):
            raise invalid("Transform AWS::Include failed with: Fn::Transform must be an object")
        content = _included(call, scope, fetch)
        return _merged(rest, content) if rest or isinstance(content, Mapping) else content
    if isinstance(node, (list, tuple)):
        return [_include(item, scope, fetch) for item in node]
    return node


def _first_loop(node: Any) -> str:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if isinstance(key, str) and key.startswith(_LOOP):
                return key
            if found := _first_loop(value):
                return found
    elif isinstance(node, (list, tuple)):
        for item in node:
            if found := _first_loop(item):
                return found
    return ""


def _loops(node: Any, scope: Scope) -> Any:
    if isinstance(node, Mapping):
        expanded: dict[str, Any] = {}
        for key, value in node.items():
            if not (isinstance(key, str) and key.startswith(_LOOP)):
                _add(expanded, key, _loops(value, scope))
                continue
            for name, member in _loop(key, value, scope):
                _add(expanded, name, member)
        return expanded
    if isinstance(node, (list, tuple)):
        return [_loops(item, scope) for item in node]
    return node


def _add(into: dict[str, Any], key: str, value: Any) -> None:
    if key in into:
        raise invalid(f"Fn::ForEach layout is incorrect: the key {key} appears twice")
    into[key] = value


def _loop(key: str, body: Any, scope: Scope) -> list[tuple[str, Any]]:
    name = key[len(_LOOP) :]
    if not (name.isalnum() and name.isascii()):
        raise invalid(f"Fn::ForEach: the loop name {name!r} is non alphanumeric")
    if (
        not isinstance(body, (list, tuple))
        or len(body) != 3
        or not isinstance(body[0], str)
        or not isinstance(body[2], Mapping)
    ):
        raise invalid(
            f"Fn::ForEach layout is incorrect: {key} requires an identifier, a collection and an object to repeat"
        )
    identifier, collection, fragment = body
    members: list[tuple[str, Any]] = []
    for value in _collection(key, collection, scope):
        # Outer identifiers are replaced before inner loops run, so that these may use them in their collections.
        copy = _loops(_bound(fragment, identifier, value), scope)
        members += list(copy.items())
    return members


def _collection(key: str, collection: Any, scope: Scope) -> list[str]:
    value = evaluate(collection, scope)
    if not isinstance(value, list) or not all(map(is_scalar, value)):
        raise invalid(
            f"Fn::ForEach: the collection of {key} must be a list of strings or the Ref of a list parameter"
        )
    return [text(item) for item in value if item is not NO_VALUE]


def _bound(node: Any, identifier: str, value: str) -> Any:
    if isinstance(node, str):
        bare = re.sub(r"[^A-Za-z0-9]", "", value)
        return node.replace(f"${{{identifier}}}", value).replace(f"&{{{identifier}}}", bare)
    if isinstance(node, Mapping):
        if len(node) == 1 and node.get("Ref") == identifier:
            return value
        return {_bound(key, identifier, value): _bound(item, identifier, value) for key, item in node.items()}
    if isinstance(node, (list, tuple)):
        return [_bound(item, identifier, value) for item in node]
    return node
