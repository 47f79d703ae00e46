"""The door: a part of a document against a pydantic model, with pydantic's complaints told as Problems at their lines."""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from generator.errors import FactoryError, Problem, did_you_mean, fail
from generator.yamlfile import Document, Key

M = TypeVar("M", bound=BaseModel)
HINTS: Mapping[str, str] = {  # remedies beside pydantic's own words, by the last key of the place
    "version": "Write MAJOR.MINOR.PATCH, e.g. 1.0.0.",
    "account": "Write the 12 digits in quotes.",
}


def validate(
    model: type[M],
    document: Document,
    prefix: tuple[Key, ...],
    only: frozenset[str] | None = None,
    data: Any = None,
) -> M:
    """Validate a part of a document (or data standing for it); all of pydantic's complaints become Problems."""
    if data is None:
        data = document.data
        for key in prefix:
            data = data[key]
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise fail(document.where(*prefix), "is no mapping", "Write keys with values, indented below it.")
    if only is not None:
        data = {key: value for key, value in data.items() if key in only}
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise FactoryError(
            *(_problem(detail, model, document, prefix) for detail in error.errors())
        ) from None


def _problem(detail: Any, model: type[BaseModel], document: Document, prefix: tuple[Key, ...]) -> Problem:
    location: tuple[Key, ...] = tuple(part for part in detail["loc"] if part != "[key]")
    where = document.where(*prefix, *location)
    name = ".".join(str(part) for part in (*prefix, *location)) or "the file"
    kind, message = detail["type"], str(detail["msg"])
    parent = _model_at(model, location[:-1])
    if kind == "extra_forbidden" and parent:
        return Problem(
            where, f"unknown key '{location[-1]}'", did_you_mean(str(location[-1]), parent.model_fields)
        )
    if kind == "missing" and parent:
        info = parent.model_fields.get(str(location[-1]))
        return Problem(
            document.where(*prefix, *location[:-1]),
            f"the key '{location[-1]}' is missing",
            f"Add it: {info.description}" if info and info.description else "Add it.",
        )
    if kind == "value_error":
        return Problem(where, f"{name}: {detail['ctx']['error']!s}", "Correct it.")
    value = detail["input"]
    if kind == "literal_error":
        known = re.findall(r"'([^']*)'", message)
        return Problem(where, f"{name} is {_shown(value)}", did_you_mean(str(value), known))
    message = message[0].lower() + message[1:]
    hint = HINTS.get(str(location[-1]) if location else "", "Correct it.")
    return Problem(where, f"{name} is {_shown(value)}: {message}", hint)


def _shown(value: Any) -> str:
    text = f"'{value}'" if isinstance(value, str) else "empty" if value is None else repr(value)
    return text if len(text) <= 60 else f"{text[:56]}…'"


def _model_at(model: type[BaseModel], path: tuple[Key, ...]) -> type[BaseModel] | None:
    """The model that validates the place `path` leads to, through fields, lists and mappings of models."""
    current: Any = model
    for part in path:
        if isinstance(current, type) and issubclass(current, BaseModel):
            info = current.model_fields.get(str(part))
            current = info.annotation if info else None
        else:
            current = typing.get_args(current)[-1] if typing.get_args(current) else None
        if typing.get_origin(current) is typing.Annotated:
            current = typing.get_args(current)[0]
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None
