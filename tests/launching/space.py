"""The option space of a blueprint, read from its Params: every value of every option, and few sets of options that hold
every pair of values which Params takes together.

Nothing here knows a blueprint: what goes together is asked of Params, so that a new option is covered without an edit.
"""

from __future__ import annotations

import json
import random
import re
import types
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticUndefined

from generator.blueprint import BlueprintParams

Options = dict[str, Any]
Pair = frozenset[tuple[str, str]]  # of an option's name and its value as JSON; null where it is left out

LEFT_OUT = "null"
STEPS = 800  # of the walk through the space
TRIES = 60  # to mend a set that Params refuses, before the pair in it counts as refused


def values(params: type[BlueprintParams]) -> dict[str, tuple[str, ...]]:
    """The values of each option that are worth a try, as JSON."""
    return {name: tuple(dict.fromkeys(_values(info))) for name, info in params.model_fields.items()}


def _values(info: Any) -> Iterator[str]:
    if not info.is_required():
        yield LEFT_OUT
    found = [*_members(info.annotation), *(info.examples or ())]
    default = None if info.default is PydanticUndefined else info.default
    if info.annotation is int and isinstance(default, int):
        # The next ones up; from none at all two steps, since one amount may have to be over another.
        found += range(default + 1, default + (3 if default == 0 else 2))
    if info.annotation is bool:
        found.append(not default)
    yield from (json.dumps(each) for each in found if each != default)


def _members(annotation: Any) -> list[Any]:
    """What a type alone says: the members of a Literal, each and all of them in a list, one example of a model."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        scale = all(isinstance(each, int) for each in arguments)
        return [arguments[0], arguments[-1]] if scale else list(arguments)  # the ends of a scale are enough
    if origin is tuple and get_origin(arguments[0]) is Literal:
        members = list(get_args(arguments[0]))
        return [*([member] for member in members), members]
    if origin is tuple and isinstance(arguments[0], type) and issubclass(arguments[0], BaseModel):
        return [[_example(arguments[0])]]
    if isinstance(annotation, types.UnionType):
        return [member for each in arguments for member in _members(each)]
    return []


def _example(model: type[BaseModel]) -> dict[str, Any]:
    """A nested entry made of its fields' first examples."""
    return {
        name: info.examples[0] if info.examples else (_members(info.annotation) or [None])[0]
        for name, info in model.model_fields.items()
        if info.examples or info.is_required()
    }


def refused(params: type[BlueprintParams], chosen: Mapping[str, str]) -> str:
    """Why Params refuses these options; empty where it takes them."""
    try:
        params(**plain(chosen))
    except ValidationError as error:
        return "; ".join(each["msg"] for each in error.errors())
    return ""


def plain(chosen: Mapping[str, str]) -> Options:
    """The options as a spec has them."""
    return {name: json.loads(value) for name, value in chosen.items() if value != LEFT_OUT}


def pairs(chosen: Mapping[str, str]) -> set[Pair]:
    return {frozenset(two) for two in combinations(sorted(chosen.items()), 2)}


def covering(
    params: type[BlueprintParams], known: Mapping[str, tuple[str, ...]]
) -> tuple[list[dict[str, str]], set[Pair]]:
    """Sets of options that together hold every pair of values, and the pairs that no set was found for.

    The same space gives the same sets: a walk with a fixed seed goes from the blueprint's own example through sets that
    Params takes, and what it did not meet is looked for pair by pair. `known` are the values of each option.
    """
    wanted = {
        frozenset({(one, first), (other, second)})
        for one, other in combinations(sorted(known), 2)
        for first in known[one]
        for second in known[other]
    }
    search = _Search(params, known)
    met = search.walk(_start(params, known))
    covered = set().union(*map(pairs, met))
    for pair in sorted(wanted - covered, key=sorted):
        if pair not in covered and (found := search.holding(dict(pair), met)):
            met.append(found)
            covered |= pairs(found)
    return _fewest(met, wanted & covered), wanted - covered


def some(
    params: type[BlueprintParams], known: Mapping[str, tuple[str, ...]], number: int
) -> list[dict[str, str]]:
    """A few sets that differ much; quickly found, and the same ones each time."""
    met = _Search(params, known).walk(_start(params, known), number * 20)
    return _fewest(met, set().union(*map(pairs, met)), number)


def holding(
    params: type[BlueprintParams], known: Mapping[str, tuple[str, ...]], name: str, value: str
) -> bool:
    """Whether Params takes a value in some set."""
    return _Search(params, known).holding({name: value}, [_start(params, known)]) is not None


def _start(params: type[BlueprintParams], known: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    given = {name: json.dumps(value) for name, value in params.example().items()}
    start = {name: given.get(name, found[0]) for name, found in known.items()}
    assert not refused(params, start), refused(params, start)
    return start


class _Search:
    """Looks for sets that Params takes, led by what it says of those that it refuses."""

    def __init__(self, params: type[BlueprintParams], known: Mapping[str, tuple[str, ...]]) -> None:
        self._params, self._known = params, known
        self._chance = random.Random(0)

    def walk(self, start: dict[str, str], steps: int = STEPS) -> list[dict[str, str]]:
        names, met = sorted(self._known), [start]
        for _ in range(steps):
            changed = self._chance.sample(names, self._chance.choice((1, 2, 3)))
            there = self.mended(met[-1], {name: self._chance.choice(self._known[name]) for name in changed})
            if there:
                met.append(there)
        return met

    def holding(self, pair: dict[str, str], met: list[dict[str, str]]) -> dict[str, str] | None:
        """A set with a pair in it, from some that were met."""
        return next((found for _ in range(3) if (found := self.mended(self._chance.choice(met), pair))), None)

    def mended(self, near: dict[str, str], wanted: dict[str, str]) -> dict[str, str] | None:
        """The set nearby with these values, others changed until Params takes it; None where it does not."""
        here = {**near, **wanted}
        others = sorted(self._known.keys() - wanted.keys())
        for _ in range(TRIES):
            said = refused(self._params, here)
            if not said:
                return here
            words = set(re.findall(r"\w+", said))
            named = [name for name in others if name in words] or others
            name = self._chance.choice(named if self._chance.random() < 0.9 else others)
            here = {**here, name: self._chance.choice(self._known[name])}
        return None


def _fewest(met: list[dict[str, str]], wanted: set[Pair], most: int | None = None) -> list[dict[str, str]]:
    """Few of the sets that still hold all pairs: always the one that adds most."""
    left = set(wanted)
    chosen: list[dict[str, str]] = []
    holds = [(pairs(each) & left, each) for each in met]
    while left and len(chosen) != most:
        best, each = max(holds, key=lambda one: len(one[0] & left))
        chosen.append(each)
        left -= best
    return chosen
