"""W9003: names made of parameters that have no bound, or of ones that admit what the name must not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import parameters, references
from generator.lint.names import bounded


class UnboundedNames(HouseRule):
    id = "W9003"
    shortdesc = "Name made of an unbounded parameter"
    description = "Without MaxLength, AllowedValues or a bounded AllowedPattern a launch fails late, on the resource's own limit."
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html"
    )
    tags = ["resources", "names"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        declared = parameters(subject.template)
        for one in bounded(subject.template, subject.regions):
            if not one.is_name:
                continue
            for name in sorted(one.longest.unbounded):
                yield Fault(
                    one.path,
                    f"The parameter {name} has no bound, and the name may have {one.limit} characters. "
                    f"Give {name} a MaxLength, AllowedValues or an AllowedPattern that ends.",
                )
            if one.resource.type == "AWS::S3::Bucket":
                for name in sorted(references(one.value) & set(declared)):
                    # SageMaker's project ids are p- and small letters and digits, whatever the template declares.
                    if name != "SageMakerProjectId" and _admits_upper_case(declared[name]):
                        yield Fault(
                            one.path,
                            f"The parameter {name} admits upper-case letters, which a bucket's name cannot have. "
                            f"Give {name} an AllowedPattern without them, or leave it out of the name.",
                        )


def _admits_upper_case(declared: Mapping[str, Any]) -> bool:
    allowed = declared.get("AllowedValues")
    if isinstance(allowed, list):
        return any(str(one) != str(one).lower() for one in allowed)
    if str(declared.get("Type", "String")) != "String":
        return False
    pattern = declared.get("AllowedPattern")
    if not isinstance(pattern, str):
        return True
    try:
        parsed = re.compile(pattern)
    except re.error:
        return False  # Java's dialect: nothing is claimed
    # A class that admits capitals admits a run of them, alone or after a small letter.
    lengths = range(1, 65)
    return any(parsed.fullmatch("A" * length) or parsed.fullmatch("a" + "A" * length) for length in lengths)
