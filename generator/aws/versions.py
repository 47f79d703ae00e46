"""Versions of products (provisioning artifacts): their content brought to the bucket, made, waited for and shown."""

from __future__ import annotations

from typing import Any

from generator.aws.bucket import Bucket
from generator.aws.calls import ATTEMPTS, Calls
from generator.aws.observe import Ids
from generator.bundle import Bundle
from generator.errors import AwsError, Problem, Where
from generator.model import Artifact


class Versions:
    """The versions of one region's products."""

    def __init__(self, calls: Calls, bucket: Bucket, ids: Ids) -> None:
        self._calls, self._bucket, self._ids = calls, bucket, ids

    def upload(self, bundle: Bundle) -> None:
        """What a version is made from, assets first: the template points at them."""
        for asset in bundle.draft.assets:
            self._bucket.upload(asset.key, asset.content, "application/zip")
        self._bucket.upload(bundle.template_key, bundle.draft.content, "application/yaml")

    def parameters(self, artifact: Artifact, key: str) -> dict[str, Any]:
        """What AWS is told of a new version."""
        return {
            "Name": artifact.version,
            "Description": artifact.description,
            "Type": "CLOUD_FORMATION_TEMPLATE",
            "Info": {"LoadTemplateFromURL": self._bucket.url(key)},
        }

    def settle(self, product: str, artifact: Artifact, found: str) -> None:
        """AWS copies and checks the template after it has answered, and takes visibility only then."""
        for attempt in range(ATTEMPTS):
            answer = self._calls.settle(
                "describe_provisioning_artifact",
                ProductId=self._ids.products[product],
                ProvisioningArtifactId=found,
            )
            if answer["Status"] != "CREATING":
                break
            self._calls.wait(attempt)
        # AWS says CREATED too, which is not in its model.
        if answer["Status"] not in ("AVAILABLE", "CREATED"):
            late = answer["Status"] == "CREATING"
            raise AwsError(
                Problem(
                    Where(f"aws {self._calls.region}"),
                    f"version {artifact.version} of product {product} {'is still' if late else 'ended as'}"
                    f" {answer['Status']}",
                    "AWS is slow today; run again."
                    if late
                    else "Service Catalog could not take the template; see the artifact in its console, then run again.",
                )
            )
        self._ids.artifacts[product, artifact.version] = found
        if not artifact.active or artifact.guidance != "DEFAULT":
            self.show(product, artifact)

    def show(self, product: str, artifact: Artifact) -> None:
        """How a version is to be seen: its description, visibility and guidance."""
        self._calls.call(
            "update_provisioning_artifact",
            ProductId=self._ids.products[product],
            ProvisioningArtifactId=self._ids.artifacts[product, artifact.version],
            Description=artifact.description,
            Active=artifact.active,
            Guidance=artifact.guidance,
        )
