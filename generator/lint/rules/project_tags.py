"""E9005: resources of a SageMaker project without the project's tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from generator.lint import schemas
from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Placed, Resource, at, parameters, references, resources, walk

TAGS = {"sagemaker:project-name": "SageMakerProjectName", "sagemaker:project-id": "SageMakerProjectId"}


class ProjectTags(HouseRule):
    id = "E9005"
    shortdesc = "Resource without its SageMaker project's tags"
    description = (
        "SageMaker shows and cleans up what carries the project's name and id; costs are told apart by them."
    )
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-projects-templates-custom.html"
    tags = ["sagemaker", "tags"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        if not set(TAGS.values()) <= set(parameters(subject.template)):
            return
        for resource in resources(subject.template):
            name = tag_property(resource, subject.regions)
            if name:
                yield from self._tags(resource, name)

    def _tags(self, resource: Resource, name: str) -> Iterator[Fault]:
        for found in at(Placed(resource.path, resource.properties), name):
            if found.value is not None and not isinstance(found.value, dict | list):
                continue
            tags = dict(_tags_in(found.value))
            missing = [key for key in TAGS if key not in tags]
            if missing:
                parts = " and ".join(f"{key}: !Ref {TAGS[key]}" for key in missing)
                yield Fault(found.path, f"The project's tags are missing. Add {parts} to {name}.")
            for key, parameter in TAGS.items():
                if key in tags and parameter not in references(tags[key]):
                    yield Fault(
                        found.path,
                        f"The tag {key} has not the project's own value. Set it to !Ref {parameter}.",
                    )


def _tags_in(value: Any) -> Iterator[tuple[str, Any]]:
    """Keys and values of tags, however the type spells them: a list of Key and Value, or a map."""
    for placed in walk(Placed((), value)):
        if isinstance(placed.value, dict):
            if "Key" in placed.value and "Value" in placed.value:
                yield str(placed.value["Key"]), placed.value["Value"]
            else:
                yield from placed.value.items()


def tag_property(resource: Resource, regions: Sequence[str]) -> str | None:
    """The property that holds a type's tags, when the type can be tagged from a template."""
    schema = schemas.find(resource.type, regions)
    tagging = schema.get("tagging", {})
    if not tagging.get("taggable", True):
        return None
    pointer = str(tagging.get("tagProperty", "/properties/Tags")).split("/")
    name = pointer[2] if len(pointer) > 2 else "Tags"
    writable = name in schema.get("properties", {}) and f"/properties/{name}" not in schema.get(
        "readOnlyProperties", []
    )
    return name if writable else None
