"""The models of the pipeline: models.json, read in one place."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).parent.parent / "models.json"


class BadModels(Exception):
    """models.json is wrong; the message says where."""


@dataclass(frozen=True)
class Model:
    """A model: the rows it learns from, by values of columns, and the largest error with which it is registered."""

    name: str
    rows: Mapping[str, list[str]]
    max_rmse: float


def read(file: Path | None = None) -> tuple[Model, ...]:
    """All models, in the file's order.

    Raises:
        BadModels: naming the first that is malformed.
    """
    file = file or FILE
    models = []
    for name, found in json.loads(file.read_text()).items():
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
            raise BadModels(f"{file.name}: {name} is no name: lower-case letters, digits and hyphens, at most 32")
        if not isinstance(found, dict) or set(found) != {"rows", "max_rmse"}:
            raise BadModels(f"{file.name}: {name} has rows and max_rmse, and nothing else")
        rows = found["rows"]
        if not isinstance(rows, dict) or not all(isinstance(values, list) and values for values in rows.values()):
            raise BadModels(f"{file.name}: the rows of {name} are lists of values by column")
        if len(json.dumps(rows)) > 256:  # what SageMaker takes as one argument
            raise BadModels(f"{file.name}: the rows of {name} take more than 256 characters")
        if not isinstance(found["max_rmse"], int | float) or found["max_rmse"] <= 0:
            raise BadModels(f"{file.name}: max_rmse of {name} is a number above 0")
        models.append(Model(name, rows, float(found["max_rmse"])))
    if not models:
        raise BadModels(f"{file.name} names no model")
    return tuple(models)
