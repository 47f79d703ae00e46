"""E9003: names that get too long for the longest allowed parameters."""

from __future__ import annotations

from collections.abc import Iterator

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import references
from generator.lint.names import bounded


class LongNames(HouseRule):
    id = "E9003"
    shortdesc = "Name or text over its limit"
    description = (
        "Computes the longest value of each bounded property from its parameters' MaxLength, AllowedValues and "
        "AllowedPattern, the pseudo parameters, and the names that Service Catalog gives to stacks."
    )
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html"
    )
    tags = ["resources", "names"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for one in bounded(subject.template, subject.regions):
            length = len(one.longest.text)
            if length > one.limit:
                shown = one.longest.text if length <= 100 else f"{one.longest.text[:97]}..."
                parts = ", ".join(sorted(references(one.value)))
                remedy = (
                    f"Shorten its literal parts, or bound what it is made of ({parts})"
                    if parts
                    else "Shorten it"
                )
                yield Fault(
                    one.path,
                    f"The value can reach {length} characters and the limit is {one.limit}: '{shown}'. "
                    f"{remedy} ({one.source}).",
                )
            elif (
                one.resource.type == "AWS::S3::Bucket"
                and one.is_name
                and one.longest.text != one.longest.text.lower()
            ):
                yield Fault(
                    one.path,
                    f"A bucket's name has no upper-case letters, and this one can be '{one.longest.text}'. Stacks of "
                    "Service Catalog are called SC-…: leave AWS::StackName out, or leave the bucket unnamed "
                    "(https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html).",
                )
