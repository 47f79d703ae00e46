"""Performing changes on AWS: one function per kind of change, ids resolved here, waits where AWS settles late.

The only writer. Every call that AWS lets carry an idempotency token carries the change's own, so that repeating
a change is the same call.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import singledispatchmethod
from hashlib import sha256
from typing import Any

from botocore.exceptions import ClientError

from generator import changes as c
from generator.aws.bucket import Bucket
from generator.aws.observe import Reader
from generator.aws.session import Sessions
from generator.aws.stack import deploy
from generator.bundle import Bundle
from generator.catalogue import Target
from generator.errors import AwsError, Problem, Where
from generator.gateway import Contents
from generator.model import Artifact, Tags

ATTEMPTS = 8  # with doubling waits: two minutes on a real AWS
LATE = ("profile does not exist", "could not be found", "is not valid for this account")


class Performer:
    """Performs changes in one region, with the ids that its reader found."""

    def __init__(self, sessions: Sessions, target: Target, region: str, reader: Reader) -> None:
        self._sessions, self._target, self._region, self._reader = sessions, target, region, reader
        self._ids = reader.ids
        self._bucket = Bucket(sessions.client("s3", region), target.bucket(region), region, target)
        self._token = ""
        self._contents = Contents({})

    def perform(self, change: c.Change, token: str, contents: Contents) -> None:
        self._token, self._contents = token, contents
        self._do(change)

    def _client(self, service: str) -> Any:
        return self._sessions.client(service, self._region)

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """A Service Catalog call, repeated while IAM lags ("profile does not exist" right after a role is made)."""
        return self._repeat(operation, arguments, frozenset())

    def _settle(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """A call that refers to what was made just before, which may still be unknown for a while."""
        return self._repeat(operation, arguments, frozenset({"ResourceNotFoundException"}))

    def _repeat(self, operation: str, arguments: Mapping[str, Any], unseen: frozenset[str]) -> dict[str, Any]:
        for attempt in range(ATTEMPTS):
            try:
                return dict(getattr(self._client("servicecatalog"), operation)(**arguments))
            except ClientError as error:
                code = error.response["Error"]["Code"]
                message = error.response["Error"].get("Message", "").lower()
                late = code == "InvalidParametersException" and any(word in message for word in LATE)
                if not (late or code in unseen) or attempt == ATTEMPTS - 1:
                    raise
                time.sleep(self._sessions.patience * 2**attempt)
        raise AssertionError("the last attempt returns or raises")

    @singledispatchmethod
    def _do(self, change: c.Change) -> None:
        raise TypeError(f"no way to perform {change.kind}")

    # --- what lies beside Service Catalog

    @_do.register
    def _(self, _change: c.CreateBucket) -> None:
        self._bucket.create()

    @_do.register
    def _(self, change: c.SetBucketPolicy) -> None:
        self._bucket.allow(change.readers)

    @_do.register
    def _(self, change: c.DeployLaunchRoles) -> None:
        body = self._contents.role_stacks[change.stack].encode()
        key = f"launch-roles/{sha256(body).hexdigest()}.json"
        self._bucket.upload(key, body, "application/json")
        deploy(
            self._client("cloudformation"),
            change.stack,
            self._bucket.url(key),
            exists=change.exists,
            token=self._token,
            delay=max(0.05, 3 * self._sessions.patience),
        )

    # --- TagOptions

    @_do.register
    def _(self, change: c.CreateTagOption) -> None:
        option = change.option
        if option in self._ids.tag_options:  # it is there, switched off
            self._call("update_tag_option", Id=self._ids.tag_options[option], Active=True)
            return
        try:
            answer = self._call("create_tag_option", Key=option.key, Value=option.value)
            self._ids.tag_options[option] = answer["TagOptionDetail"]["Id"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "DuplicateResourceException":
                raise
            self._reader.find_tag_options()

    def _holder(self, holder: str, name: str) -> str:
        return (self._ids.portfolios if holder == "portfolio" else self._ids.products)[name]

    @_do.register
    def _(self, change: c.AssociateTagOption) -> None:
        self._unless_duplicate(
            "associate_tag_option_with_resource",
            ResourceId=self._holder(change.holder, change.id),
            TagOptionId=self._ids.tag_options[change.option],
        )

    @_do.register
    def _(self, change: c.DisassociateTagOption) -> None:
        self._unless_gone(
            "disassociate_tag_option_from_resource",
            ResourceId=self._holder(change.holder, change.id),
            TagOptionId=self._ids.tag_options[change.option],
        )

    def _unless_duplicate(self, operation: str, **arguments: Any) -> None:
        """Calls without a token: that it is there already is what a repeated change finds."""
        try:
            self._settle(operation, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "DuplicateResourceException":
                raise

    def _unless_gone(self, operation: str, **arguments: Any) -> None:
        try:
            self._call(operation, **arguments)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise

    # --- portfolios

    @_do.register
    def _(self, change: c.CreatePortfolio) -> None:
        wanted = change.portfolio
        answer = self._call(
            "create_portfolio",
            DisplayName=wanted.name,
            ProviderName=wanted.provider,
            Description=wanted.description,
            Tags=_as_tags(wanted.tags),
            IdempotencyToken=self._token,
        )
        self._ids.portfolios[wanted.id] = answer["PortfolioDetail"]["Id"]

    @_do.register
    def _(self, change: c.UpdatePortfolio) -> None:
        wanted = change.portfolio
        self._call(
            "update_portfolio",
            Id=self._ids.portfolios[wanted.id],
            DisplayName=wanted.name,
            ProviderName=wanted.provider,
            Description=wanted.description,
            **_tag_edits(change.edits),
        )

    # --- products and versions

    @_do.register
    def _(self, change: c.CreateProduct) -> None:
        wanted, bundle = change.product, self._contents.bundles[change.product.id]
        self._upload_bundle(bundle)
        support = {
            "SupportDescription": wanted.support_description,
            "SupportEmail": wanted.support_email,
            "SupportUrl": wanted.support_url,
            "Distributor": wanted.distributor,
        }
        answer = self._call(
            "create_product",
            Name=wanted.name,
            Owner=wanted.owner,
            Description=wanted.description,
            **{key: value for key, value in support.items() if value},
            ProductType="CLOUD_FORMATION_TEMPLATE",
            Tags=_as_tags(wanted.tags),
            ProvisioningArtifactParameters=self._artifact(change.artifact, change.template_key),
            IdempotencyToken=self._token,
        )
        self._ids.products[wanted.id] = answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        self._settle_artifact(wanted.id, change.artifact, answer["ProvisioningArtifactDetail"]["Id"])

    @_do.register
    def _(self, change: c.UpdateProduct) -> None:
        wanted = change.product
        # An empty text would not be taken for one that is not given: it clears the field.
        self._call(
            "update_product",
            Id=self._ids.products[wanted.id],
            Name=wanted.name,
            Owner=wanted.owner,
            Description=wanted.description,
            Distributor=wanted.distributor,
            SupportDescription=wanted.support_description,
            SupportEmail=wanted.support_email,
            **({"SupportUrl": wanted.support_url} if wanted.support_url else {}),
            **_tag_edits(change.edits),
        )

    @_do.register
    def _(self, change: c.PublishArtifact) -> None:
        self._upload_bundle(self._contents.bundles[change.product])
        answer = self._call(
            "create_provisioning_artifact",
            ProductId=self._ids.products[change.product],
            Parameters=self._artifact(change.artifact, change.template_key),
            IdempotencyToken=self._token,
        )
        self._settle_artifact(change.product, change.artifact, answer["ProvisioningArtifactDetail"]["Id"])

    def _upload_bundle(self, bundle: Bundle) -> None:
        for asset in bundle.draft.assets:
            self._bucket.upload(asset.key, asset.content, "application/zip")
        self._bucket.upload(bundle.template_key, bundle.draft.content, "application/yaml")

    def _artifact(self, artifact: Artifact, key: str) -> dict[str, Any]:
        return {
            "Name": artifact.version,
            "Description": artifact.description,
            "Type": "CLOUD_FORMATION_TEMPLATE",
            "Info": {"LoadTemplateFromURL": self._bucket.url(key)},
        }

    def _settle_artifact(self, product: str, artifact: Artifact, found: str) -> None:
        """AWS copies and checks the template after it has answered, and takes visibility only then."""
        for attempt in range(ATTEMPTS):
            answer = self._settle(
                "describe_provisioning_artifact",
                ProductId=self._ids.products[product],
                ProvisioningArtifactId=found,
            )
            if answer["Status"] != "CREATING":
                break
            time.sleep(self._sessions.patience * 2**attempt)
        # AWS says CREATED too, which is not in its model.
        if answer["Status"] not in ("AVAILABLE", "CREATED"):
            late = answer["Status"] == "CREATING"
            raise AwsError(
                Problem(
                    Where(f"aws {self._region}"),
                    f"version {artifact.version} of product {product} {'is still' if late else 'ended as'}"
                    f" {answer['Status']}",
                    "AWS is slow today; run again."
                    if late
                    else "Service Catalog could not take the template; see the artifact in its console, then run again.",
                )
            )
        self._ids.artifacts[product, artifact.version] = found
        if not artifact.active or artifact.guidance != "DEFAULT":
            self._show_artifact(product, artifact)

    def _show_artifact(self, product: str, artifact: Artifact) -> None:
        self._call(
            "update_provisioning_artifact",
            ProductId=self._ids.products[product],
            ProvisioningArtifactId=self._ids.artifacts[product, artifact.version],
            Description=artifact.description,
            Active=artifact.active,
            Guidance=artifact.guidance,
        )

    @_do.register
    def _(self, change: c.UpdateArtifact) -> None:
        self._show_artifact(change.product, change.artifact)

    @_do.register
    def _(self, change: c.DeprecateArtifact) -> None:
        self._call(
            "update_provisioning_artifact",
            ProductId=self._ids.products[change.product],
            ProvisioningArtifactId=self._ids.artifacts[change.product, change.version],
            Guidance="DEPRECATED",
        )

    # --- offers

    def _both(
        self, change: c.AssociateProduct | c.DisassociateProduct | c.CreateConstraint
    ) -> dict[str, str]:
        return {
            "PortfolioId": self._ids.portfolios[change.portfolio],
            "ProductId": self._ids.products[change.product],
        }

    @_do.register
    def _(self, change: c.AssociateProduct) -> None:
        self._settle("associate_product_with_portfolio", **self._both(change))

    @_do.register
    def _(self, change: c.DisassociateProduct) -> None:
        self._unless_gone("disassociate_product_from_portfolio", **self._both(change))

    @_do.register
    def _(self, change: c.CreateConstraint) -> None:
        answer = self._settle(
            "create_constraint",
            **self._both(change),
            Type=change.constraint.type,
            Parameters=change.constraint.parameters,
            IdempotencyToken=self._token,
        )
        key = (change.portfolio, change.product, change.constraint.type)
        self._ids.constraints[key] = answer["ConstraintDetail"]["ConstraintId"]

    @_do.register
    def _(self, change: c.UpdateConstraint) -> None:
        key = (change.portfolio, change.product, change.constraint.type)
        self._call(
            "update_constraint", Id=self._ids.constraints[key], Parameters=change.constraint.parameters
        )

    @_do.register
    def _(self, change: c.DeleteConstraint) -> None:
        key = (change.portfolio, change.product, change.constraint.type)
        self._unless_gone("delete_constraint", Id=self._ids.constraints[key])

    # --- audience

    @_do.register
    def _(self, change: c.AssociatePrincipal) -> None:
        self._settle(
            "associate_principal_with_portfolio",
            PortfolioId=self._ids.portfolios[change.portfolio],
            PrincipalARN=change.principal.arn,
            PrincipalType=change.principal.type,
        )

    @_do.register
    def _(self, change: c.DisassociatePrincipal) -> None:
        self._unless_gone(
            "disassociate_principal_from_portfolio",
            PortfolioId=self._ids.portfolios[change.portfolio],
            PrincipalARN=change.principal.arn,
            PrincipalType=change.principal.type,
        )

    def _share(
        self, operation: str, change: c.SharePortfolio | c.UpdateShare | c.UnsharePortfolio, **options: bool
    ) -> None:
        """One share action per portfolio runs at a time, and answers before it is done."""
        share = change.share
        portfolio = self._ids.portfolios[change.portfolio]
        who: dict[str, Any] = (
            {"AccountId": share.id}
            if share.type == "ACCOUNT"
            else {"OrganizationNode": {"Type": share.type, "Value": share.id}}
        )
        answer = self._settle(operation, PortfolioId=portfolio, **who, **options)
        token = answer.get("PortfolioShareToken")
        status: dict[str, Any] = {"Status": answer.get("Status", "COMPLETED")}
        for attempt in range(ATTEMPTS + 2):
            if not token or status["Status"] in ("COMPLETED", "COMPLETED_WITH_ERRORS", "ERROR"):
                break
            time.sleep(self._sessions.patience * 2**attempt)
            status = self._call("describe_portfolio_share_status", PortfolioShareToken=token)
        if token and status["Status"] != "COMPLETED":
            errors = status.get("ShareDetails", {}).get("ShareErrors", [])
            told = "; ".join(
                f"{', '.join(each.get('Accounts', []))}: {each.get('Message', '')}" for each in errors
            )
            raise AwsError(
                Problem(
                    Where(f"aws {self._region}"),
                    f"the {change.about} ended as {status['Status']}{': ' + told if told else ''}",
                    "Correct what it names, then run again.",
                )
            )

    @_do.register
    def _(self, change: c.SharePortfolio) -> None:
        share = change.share
        principals = {"SharePrincipals": True} if share.principals else {}
        self._share("create_portfolio_share", change, ShareTagOptions=share.tag_options, **principals)

    @_do.register
    def _(self, change: c.UpdateShare) -> None:
        share = change.share
        principals = {} if share.type == "ACCOUNT" else {"SharePrincipals": share.principals}
        self._share("update_portfolio_share", change, ShareTagOptions=share.tag_options, **principals)

    @_do.register
    def _(self, change: c.UnsharePortfolio) -> None:
        self._share("delete_portfolio_share", change)


def _as_tags(tags: Tags) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags]


def _tag_edits(edits: tuple[c.Field, ...]) -> dict[str, Any]:
    """AddTags and RemoveTags of an update; a changed value is an addition."""
    tags = [(name.removeprefix("tag "), after) for name, _, after in edits if name.startswith("tag ")]
    added = [{"Key": key, "Value": value} for key, value in tags if value]
    removed = [key for key, value in tags if not value]
    return {**({"AddTags": added} if added else {}), **({"RemoveTags": removed} if removed else {})}
