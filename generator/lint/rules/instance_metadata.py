"""W9010: instances that answer version 1 of the metadata service."""

from __future__ import annotations

from collections.abc import Iterator

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Placed, at, call, resources

# The property that must be set, by type, and its value for version 2 only.
SETTINGS = {
    "AWS::SageMaker::NotebookInstance": (
        ("InstanceMetadataServiceConfiguration", "MinimumInstanceMetadataServiceVersion"),
        "2",
    ),
    "AWS::EC2::Instance": (("MetadataOptions", "HttpTokens"), "required"),
    "AWS::EC2::LaunchTemplate": (("LaunchTemplateData", "MetadataOptions", "HttpTokens"), "required"),
    "AWS::AutoScaling::LaunchConfiguration": (("MetadataOptions", "HttpTokens"), "required"),
}


class InstanceMetadata(HouseRule):
    id = "W9010"
    shortdesc = "Instance metadata service version 1"
    description = (
        "Version 2 asks for a session token, which a forged request from inside the instance does not have."
    )
    source_url = (
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html"
    )
    tags = ["ec2", "sagemaker"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for resource in resources(subject.template, *SETTINGS):
            if resource.type == "AWS::EC2::Instance" and "LaunchTemplate" in resource.properties:
                continue  # the launch subject.template decides
            names, wanted = SETTINGS[resource.type]
            for placed in at(Placed(resource.path, resource.properties), *names):
                if call(placed.value) is None and str(placed.value) != wanted:
                    yield Fault(
                        placed.path, f"Metadata requests need no token. Set {'.'.join(names)} to '{wanted}'."
                    )
