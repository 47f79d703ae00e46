"""JSON Schemas of the user's files, for editors: the models' own, with each blueprint's options under `options`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from generator.spec import ID, PortfolioSpec, ProductSpec, TargetsFile, TargetSpec

DIALECT = GenerateJsonSchema.schema_dialect


def product(options: Mapping[str, type[BaseModel]]) -> dict[str, Any]:
    """The schema of `products/<id>.yaml`; `options` are the blueprints' Params by kind."""
    schema = ProductSpec.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    schema["properties"]["blueprint"]["enum"] = sorted(options)
    schema["allOf"] = []
    for kind in sorted(options):
        own = options[kind].model_json_schema(ref_template=f"#/$defs/{kind}.{{model}}")
        for name, definition in own.pop("$defs", {}).items():
            definitions[f"{kind}.{name}"] = definition
        schema["allOf"].append(
            {
                "if": {"properties": {"blueprint": {"const": kind}}, "required": ["blueprint"]},
                "then": {"properties": {"options": own}},
            }
        )
    return {"$schema": DIALECT, **schema, "title": "A product of the catalogue"}


def portfolios() -> dict[str, Any]:
    """The schema of `products/portfolios.yaml`."""
    own = PortfolioSpec.model_json_schema()
    definitions = own.pop("$defs", {})
    return {
        "$schema": DIALECT,
        "title": "Portfolios by id",
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {ID: own},
        "$defs": definitions,
    }


def targets() -> dict[str, Any]:
    """The schema of `products/targets.yaml`."""
    head = TargetsFile.model_json_schema()
    return {
        "$schema": DIALECT,
        "title": "Targets by id",
        "type": "object",
        "required": head["required"],
        "properties": head["properties"],
        "additionalProperties": TargetSpec.model_json_schema(),
    }
