"""The options of the SageMaker project family, and rows in which every two values that go together occur at least once.

The rows are chosen by a fixed rule, the same in every run: what is told of row seven today is of the same row tomorrow.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from tests.blueprints.building import refusal

KIND = "sagemaker-project"
Row = tuple[tuple[str, str], ...]  # axis, value; in the order of the axes

PEOPLE = [
    {"name": "staging", "approval": [{"by": "tests"}, {"by": "person", "name": "operations"}]},
    {"name": "production", "instance_count": 2},
]
# What each value writes into the options of a product.
AXES: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "git": {
        "codecommit": {},
        "codeconnections": {"git": "codeconnections"},
        "external": {"git": "external"},
        "gitlab": {"git": "external", "git_server": "gitlab"},
    },
    "ci": {
        "codepipeline": {},
        "jenkins": {"ci": "jenkins"},
        "jenkins-oidc": {
            "ci": "jenkins",
            "jenkins_access": "oidc",
            "jenkins_issuer": "jenkins.example.com/oidc",
        },
    },
    "repositories": {
        "build": {},
        "deploy": {"repositories": ["deploy"]},
        "both": {"repositories": ["build", "deploy"]},
    },
    "stages": {
        "left-out": {},
        "one": {"stages": [{"name": "production"}]},
        "people": {"stages": PEOPLE},
        "accounts": {"stages": [{"name": "staging", "where": "accounts"}, {"name": "production"}]},
        "units": {"stages": [{"name": "production", "where": "organizational-units", "approval": []}]},
    },
    "hosting": {
        hosting: {"hosting": hosting}
        for hosting in (
            "endpoint",
            "serverless",
            "asynchronous",
            "batch",
            "multi-model",
            "serial",
            "multi-container",
            "edge",
        )
    },
    "approvers": {"anybody": {}, "named": {"approvers": ["mlops-engineer"]}},
    "branches": {"main": {}, "per-branch": {"branches": "per-branch"}},
    "pipelines": {"one": {}, "many": {"pipelines": "many"}, "promoted": {"pipelines": "promoted"}},
    "network": {"internet": {}, "vpc-only": {"network": "vpc-only"}},
    "encryption": {"customer-key": {}, "service-managed": {"encryption": "service-managed"}},
    "seed": {"shipped": {}, "launch": {"seed": "launch", "seed_buckets": [{"name": "acme-seeds"}]}},
    "when_terminated": {
        "keep-code": {},
        "keep-work": {"when_terminated": "keep-work"},
        "delete": {"when_terminated": "delete"},
    },
}
FIRST = {axis: next(iter(values)) for axis, values in AXES.items()}


def options(row: Row) -> dict[str, Any]:
    """The row as the options of a product."""
    written: dict[str, Any] = {}
    for axis, value in row:
        written |= AXES[axis][value]
    return written


def row(**chosen: str) -> Row:
    """These values, and the first of every other axis."""
    return tuple((FIRST | chosen).items())


def pairs() -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Every two values of two axes."""
    for one, other in itertools.combinations(AXES, 2):
        for values in itertools.product(AXES[one], AXES[other]):
            yield (one, values[0]), (other, values[1])


@cache
def _refused(row: Row) -> str:
    return refusal(KIND, **options(row))


@cache
def table() -> tuple[tuple[Row, ...], Mapping[tuple[tuple[str, str], tuple[str, str]], str]]:
    """Rows that hold all pairs that go together, and for each pair that never does the reason of its refusal."""
    chance = random.Random(20261120)
    left = list(pairs())
    rows: list[Row] = []
    apart: dict[tuple[tuple[str, str], tuple[str, str]], str] = {}
    while left:
        one, other = left[0]
        best = _with(one, other, set(left), chance)
        if best is None:
            apart[one, other] = _reason(dict((one, other)))
            left.pop(0)
            continue
        rows.append(best)
        held = set(itertools.combinations(best, 2))
        left = [pair for pair in left if pair not in held]
    return tuple(rows), apart


def _reason(pair: dict[str, str]) -> str:
    """Why two values never go together, with both halves there, so that it is not the halves that are spoken of."""
    said = [_refused(row(**({"repositories": halves} | pair))) for halves in ("both", "deploy", "build")]
    return next((each for each in said if each and "where repositories has no" not in each), said[-1])


def _with(
    one: tuple[str, str],
    other: tuple[str, str],
    left: set[tuple[tuple[str, str], tuple[str, str]]],
    chance: random.Random,
) -> Row | None:
    """Of some rows with the pair that are allowed, the one that holds most of what is left."""
    allowed = []
    for number in range(120):
        chosen = {axis: chance.choice(list(values)) for axis, values in AXES.items() if number % 4}
        if number % 4 == 1:  # few changes have a better chance to be allowed than many
            kept = chance.sample(list(chosen), 3)
            chosen = {axis: chosen[axis] for axis in kept}
        tried = row(**(chosen | dict((one, other))))
        if not _refused(tried):
            allowed.append(tried)
            if len(allowed) == 12:
                break
    return max(allowed, key=lambda each: len(left & set(itertools.combinations(each, 2))), default=None)
