"""W9004: stores of work in progress that are encrypted with a key nobody in the account controls."""

from __future__ import annotations

from collections.abc import Iterator

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Placed, at, resources

GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg"
# Encrypted in any case; without the property with a key of the service, which cannot be revoked or audited.
KEYS = {
    "AWS::SageMaker::Domain": ("KmsKeyId", f"{GUIDE}/encryption-at-rest-studio.html"),
    "AWS::SageMaker::NotebookInstance": ("KmsKeyId", f"{GUIDE}/encryption-at-rest-nbi.html"),
    "AWS::SageMaker::FeatureGroup": (
        ("OfflineStoreConfig", "S3StorageConfig", "KmsKeyId"),
        f"{GUIDE}/feature-store-security.html",
    ),
}


class CustomerKeys(HouseRule):
    id = "W9004"
    shortdesc = "Volume without a customer managed key"
    description = "Notebook volumes, Studio file systems and offline feature stores hold people's data: use a key of the account."
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest.html"
    tags = ["encryption", "sagemaker"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for resource in resources(subject.template, *KEYS):
            names, source = KEYS[resource.type]
            path = (names,) if isinstance(names, str) else names
            if path[0] not in resource.properties and len(path) > 1:
                continue  # no such store
            for found in at(Placed(resource.path, resource.properties), *path):
                if found.value is None:
                    yield Fault(found.path, f"No customer managed key. Set {'.'.join(path)} ({source}).")
