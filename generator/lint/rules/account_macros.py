"""E9008: transforms that exist in one account only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Path, Placed, walk

# Transforms that AWS hosts everywhere and whose result depends on the template alone.
PORTABLE = (
    "AWS::LanguageExtensions",
    "AWS::Serverless-2016-10-31",
    "AWS::SecretsManager-2020-07-23",
    "AWS::SecretsManager-2024-09-16",
    "AWS::CodeDeployBlueGreen",
)


class AccountMacros(HouseRule):
    id = "E9008"
    shortdesc = "Transform that is not portable"
    description = (
        "A product is launched in accounts that its author does not know, from a template that never changes."
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-macros.html"
    tags = ["transform"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        declared = subject.template.get("Transform")
        for index, one in enumerate(declared if isinstance(declared, list) else [declared]):
            if one is not None:
                yield from self._transform(
                    one, ("Transform", index) if isinstance(declared, list) else ("Transform",)
                )
        for placed in walk(
            Placed((), {name: part for name, part in subject.template.items() if name != "Transform"})
        ):
            if isinstance(placed.value, dict) and "Fn::Transform" in placed.value:
                yield from self._transform(placed.value["Fn::Transform"], (*placed.path, "Fn::Transform"))

    def _transform(self, transform: Any, path: Path) -> Iterator[Fault]:
        name = transform.get("Name") if isinstance(transform, dict) else transform
        if name in PORTABLE:
            return
        if name == "AWS::Include":
            yield Fault(
                path,
                "AWS::Include reads its part of the template at launch, from a bucket: a published version could change "
                "unseen. Write that part into the template.",
            )
        else:
            yield Fault(
                path,
                f"The macro {name} exists only in accounts that have registered it, so that a launch anywhere else fails. "
                "Expand it before publishing.",
            )
