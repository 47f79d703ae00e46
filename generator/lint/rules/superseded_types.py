"""W9001: resource types that still work and have a successor."""

from __future__ import annotations

from collections.abc import Iterator

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import resources

GUIDE = "https://docs.aws.amazon.com"
# Types of services in maintenance are known to cfn-lint (W3697) and not repeated here.
SUPERSEDED = {
    "AWS::Elasticsearch::Domain": (
        "AWS::OpenSearchService::Domain",
        f"{GUIDE}/AWSCloudFormation/latest/TemplateReference/aws-resource-elasticsearch-domain.html",
    ),
    # The ARNs and the IAM prefix change with the type: roles need both spellings.
    "AWS::CodeStarConnections::Connection": (
        "AWS::CodeConnections::Connection",
        f"{GUIDE}/dtconsole/latest/userguide/rename.html",
    ),
}


class SupersededTypes(HouseRule):
    id = "W9001"
    shortdesc = "Resource type with a successor"
    description = "A new version of a product should start with the type that AWS develops further."
    source_url = "https://docs.aws.amazon.com/dtconsole/latest/userguide/rename.html"
    tags = ["resources", "lifecycle"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for resource in resources(subject.template, *SUPERSEDED):
            successor, source = SUPERSEDED[resource.type]
            yield Fault(
                ("Resources", resource.name, "Type"),
                f"{resource.type} has been superseded. Use {successor} ({source}).",
            )
