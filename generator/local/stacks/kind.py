"""What a resource type's registry schema says about identity, replacement, attributes and tags.

Owns the reading of schemas for the stack engine. It makes nothing and asks no service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from generator.errors import FactoryError
from generator.lint.schemas import schema

_PREFIX: Final = "/properties/"
# Types whose schema says nothing of these attributes, because they are the template author's.
_OPEN: Final = frozenset(
    ("AWS::CloudFormation::CustomResource", "AWS::CloudFormation::Stack", "AWS::CloudFormation::Macro")
)


@dataclass(frozen=True)
class Kind:
    """A resource type in a region."""

    type: str
    schema: Mapping[str, Any]

    @property
    def custom(self) -> bool:
        return self.type.startswith("Custom::") or self.type == "AWS::CloudFormation::CustomResource"

    @cached_property
    def service(self) -> str:
        """The service part of the type, in lower case."""
        parts = self.type.split("::")
        return parts[1].lower() if len(parts) == 3 else ""

    @cached_property
    def noun(self) -> str:
        return self.type.rsplit("::", 1)[-1]

    @cached_property
    def identifier(self) -> tuple[str, ...]:
        """The dotted paths of the primary identifier."""
        return tuple(_paths(self.schema.get("primaryIdentifier")))

    @cached_property
    def read_only(self) -> tuple[str, ...]:
        return tuple(_paths(self.schema.get("readOnlyProperties")))

    @cached_property
    def create_only(self) -> frozenset[str]:
        """Dotted paths whose change replaces the resource; `*` stands for list items."""
        return frozenset(_paths(self.schema.get("createOnlyProperties")))

    @cached_property
    def conditional(self) -> frozenset[str]:
        """Dotted paths whose change may replace the resource."""
        return frozenset(_paths(self.schema.get("conditionalCreateOnlyProperties")))

    @property
    def deletes_first(self) -> bool:
        return self.schema.get("replacementStrategy") == "delete_then_create"

    @cached_property
    def tag_property(self) -> str:
        """The property that takes tags, or an empty string."""
        tagging = self.schema.get("tagging", {})
        if not tagging.get("taggable", self.schema.get("taggable", "Tags" in self.properties)):
            return ""
        name = str(tagging.get("tagProperty", "/properties/Tags")).removeprefix(_PREFIX)
        return name if name in self.properties else ""

    @property
    def system_tags(self) -> bool:
        """Whether CloudFormation adds its own aws:cloudformation:* tags."""
        return bool(self.schema.get("tagging", {}).get("cloudFormationSystemTags", True))

    @property
    def properties(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.schema.get("properties", {})
        return found

    @cached_property
    def name_property(self) -> str:
        """The property that an author may leave out and CloudFormation then fills with a generated name, or ''."""
        required = self.schema.get("required", [])
        for path in self.identifier:
            if path in self.properties and path not in self.read_only and path not in required:
                return path if self._is_string(path) else ""
        for name in (f"{self.noun}Name", "Name"):
            if (
                name in self.create_only
                and name not in required
                and name not in self.read_only
                and self._is_string(name)
            ):
                return name
        return ""

    def limit(self, name: str) -> int:
        """The longest value of a property, 255 where the schema says nothing."""
        return int(self.resolved(self.properties[name]).get("maxLength", 255))

    def _is_string(self, name: str) -> bool:
        part = self.resolved(self.properties[name])
        if "enum" in part:  # a choice is no name, even where it is part of the identifier
            return False
        declared = part.get("type", "string")
        return "string" in (declared if isinstance(declared, list) else [declared])

    def resolved(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        """A part of the schema with its $ref followed."""
        seen = 0
        while "$ref" in part and seen < 20:
            target: Any = self.schema
            for step in str(part["$ref"]).removeprefix("#/").split("/"):
                target = target.get(step, {})
            part = target
            seen += 1
        return part

    def at(self, path: str) -> Mapping[str, Any]:
        """The schema of a dotted path, empty where there is none."""
        part: Mapping[str, Any] = self.schema
        for step in path.split("."):
            part = self.resolved(part)
            part = part.get("items", {}) if step == "*" else part.get("properties", {}).get(step, {})
        return self.resolved(part)

    def has_attribute(self, attribute: str) -> bool:
        """Whether Fn::GetAtt may ask for an attribute."""
        if self.custom or self.type in _OPEN:
            return True
        return (
            attribute in self.read_only
            or bool(self.at(attribute))
            or any(
                path.startswith(f"{attribute}.") or attribute.startswith(f"{path}.")
                for path in self.read_only
            )
        )


def _paths(pointers: Any) -> Iterator[str]:
    for pointer in pointers or ():
        # Older schemas write /properties/A/properties/B for what newer ones write /properties/A/B.
        yield re.sub(r"/properties/", "/", str(pointer).removeprefix(_PREFIX)).replace("/", ".")


@cache
def kind(resource_type: str, region: str) -> Kind | None:
    """The type in a region, or None where it does not exist."""
    try:
        return Kind(resource_type, schema(resource_type, region))
    except FactoryError:
        return None


def known(resource_type: str, region: str) -> bool:
    """Whether a template may use the type; AWS::Serverless types exist only before the transform."""
    if resource_type.startswith("AWS::Serverless::"):
        return False
    return kind(resource_type, region) is not None
