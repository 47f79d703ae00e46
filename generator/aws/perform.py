"""Performing changes on AWS: one function per kind of change, ids resolved here.

The only writer. Every call that AWS lets carry an idempotency token carries the change's own, so that repeating
a change is the same call.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

from botocore.exceptions import ClientError

from generator import changes as c
from generator.aws import sharing
from generator.aws.bucket import Bucket
from generator.aws.calls import Calls
from generator.aws.observe import Reader
from generator.aws.session import Sessions
from generator.aws.stack import deploy
from generator.aws.stack_sets import StackSets
from generator.aws.versions import Versions
from generator.catalogue import Target
from generator.gateway import Contents
from generator.model import Tags


class Performer:
    """Performs changes in one region, with the ids that its reader found."""

    def __init__(self, sessions: Sessions, target: Target, region: str, reader: Reader) -> None:
        self._sessions, self._target, self._region, self._reader = sessions, target, region, reader
        self._ids = reader.ids
        self._bucket = Bucket(sessions.client("s3", region), target.bucket(region), region, target)
        self._calls = Calls(sessions, region)
        self._versions = Versions(self._calls, self._bucket, reader.ids)
        self._token = ""
        self._contents = Contents({})

    def perform(self, change: c.Change, token: str, contents: Contents) -> None:
        self._token, self._contents = token, contents
        self._do(change)

    def _client(self, service: str) -> Any:
        return self._sessions.client(service, self._region)

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
        self._deploy_roles(change.stack, change.template_sha256, exists=change.exists)

    @_do.register
    def _(self, change: c.DeployPersonas) -> None:
        self._deploy_roles(change.stack, change.template_sha256, exists=change.exists)

    @_do.register
    def _(self, change: c.PruneLaunchRoles) -> None:
        self._deploy_roles(change.stack, change.template_sha256, exists=True)

    @_do.register
    def _(self, change: c.DeploySpokeRoles) -> None:
        url = self._bucket.url(self._upload_roles(change.template_sha256))
        StackSets(self._sessions, self._target).deploy(change, url, self._token, self._calls)

    def _upload_roles(self, digest: str) -> str:
        key = f"launch-roles/{digest}.json"
        self._bucket.upload(key, self._contents.role_stacks[digest].encode(), "application/json")
        return key

    def _deploy_roles(self, stack: str, digest: str, *, exists: bool) -> None:
        key = self._upload_roles(digest)
        deploy(
            self._client("cloudformation"),
            stack,
            self._bucket.url(key),
            exists=exists,
            token=self._token,
            delay=max(0.05, 3 * self._sessions.patience),
        )

    # --- TagOptions

    @_do.register
    def _(self, change: c.CreateTagOption) -> None:
        option = change.option
        if option in self._ids.tag_options:  # it is there, switched off
            self._calls.call("update_tag_option", Id=self._ids.tag_options[option], Active=True)
            return
        try:
            answer = self._calls.call("create_tag_option", Key=option.key, Value=option.value)
            self._ids.tag_options[option] = answer["TagOptionDetail"]["Id"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "DuplicateResourceException":
                raise
            self._reader.find_tag_options()

    def _holder(self, holder: str, name: str) -> str:
        return (self._ids.portfolios if holder == "portfolio" else self._ids.products)[name]

    @_do.register
    def _(self, change: c.AssociateTagOption) -> None:
        self._calls.unless_duplicate(
            "associate_tag_option_with_resource",
            ResourceId=self._holder(change.holder, change.id),
            TagOptionId=self._ids.tag_options[change.option],
        )

    @_do.register
    def _(self, change: c.DisassociateTagOption) -> None:
        self._calls.unless_gone(
            "disassociate_tag_option_from_resource",
            ResourceId=self._holder(change.holder, change.id),
            TagOptionId=self._ids.tag_options[change.option],
        )

    # --- portfolios

    @_do.register
    def _(self, change: c.CreatePortfolio) -> None:
        wanted = change.portfolio
        answer = self._calls.call(
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
        self._calls.call(
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
        self._versions.upload(bundle)
        support = {
            "SupportDescription": wanted.support_description,
            "SupportEmail": wanted.support_email,
            "SupportUrl": wanted.support_url,
            "Distributor": wanted.distributor,
        }
        answer = self._calls.call(
            "create_product",
            Name=wanted.name,
            Owner=wanted.owner,
            Description=wanted.description,
            **{key: value for key, value in support.items() if value},
            ProductType="CLOUD_FORMATION_TEMPLATE",
            Tags=_as_tags(wanted.tags),
            ProvisioningArtifactParameters=self._versions.parameters(change.artifact, change.template_key),
            IdempotencyToken=self._token,
        )
        self._ids.products[wanted.id] = answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        self._versions.settle(wanted.id, change.artifact, answer["ProvisioningArtifactDetail"]["Id"])

    @_do.register
    def _(self, change: c.UpdateProduct) -> None:
        wanted = change.product
        # An empty text would not be taken for one that is not given: it clears the field.
        self._calls.call(
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
        self._versions.upload(self._contents.bundles[change.product])
        answer = self._calls.call(
            "create_provisioning_artifact",
            ProductId=self._ids.products[change.product],
            Parameters=self._versions.parameters(change.artifact, change.template_key),
            IdempotencyToken=self._token,
        )
        self._versions.settle(change.product, change.artifact, answer["ProvisioningArtifactDetail"]["Id"])

    @_do.register
    def _(self, change: c.UpdateArtifact) -> None:
        self._versions.show(change.product, change.artifact)

    @_do.register
    def _(self, change: c.DeprecateArtifact) -> None:
        self._calls.call(
            "update_provisioning_artifact",
            ProductId=self._ids.products[change.product],
            ProvisioningArtifactId=self._ids.artifacts[change.product, change.version],
            Guidance="DEPRECATED",
        )

    # --- what SageMaker reads

    @_do.register
    def _(self, _change: c.AllowStudio) -> None:
        self._reader.studio.allow()

    @_do.register
    def _(self, change: c.PublishProjectTemplate) -> None:
        bundle = self._contents.bundles[change.product]
        self._versions.upload(bundle)
        self._reader.studio.publish(change.key, bundle.draft.content, change.template)

    @_do.register
    def _(self, change: c.ShowProjectTemplate) -> None:
        self._reader.studio.show(change.key, change.template)

    @_do.register
    def _(self, change: c.SetTemplatesLocation) -> None:
        self._reader.studio.set_location(change.domain, change.location)

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
        self._calls.settle("associate_product_with_portfolio", **self._both(change))

    @_do.register
    def _(self, change: c.DisassociateProduct) -> None:
        self._calls.unless_gone("disassociate_product_from_portfolio", **self._both(change))

    @_do.register
    def _(self, change: c.CreateConstraint) -> None:
        answer = self._calls.settle(
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
        self._calls.call(
            "update_constraint", Id=self._ids.constraints[key], Parameters=change.constraint.parameters
        )

    @_do.register
    def _(self, change: c.DeleteConstraint) -> None:
        key = (change.portfolio, change.product, change.constraint.type)
        self._calls.unless_gone("delete_constraint", Id=self._ids.constraints[key])

    # --- audience

    @_do.register
    def _(self, change: c.AssociatePrincipal) -> None:
        self._calls.settle(
            "associate_principal_with_portfolio",
            PortfolioId=self._ids.portfolios[change.portfolio],
            PrincipalARN=change.principal.arn,
            PrincipalType=change.principal.type,
        )

    @_do.register
    def _(self, change: c.DisassociatePrincipal) -> None:
        self._calls.unless_gone(
            "disassociate_principal_from_portfolio",
            PortfolioId=self._ids.portfolios[change.portfolio],
            PrincipalARN=change.principal.arn,
            PrincipalType=change.principal.type,
        )

    def _share(
        self, operation: str, change: c.SharePortfolio | c.UpdateShare | c.UnsharePortfolio, **options: bool
    ) -> None:
        sharing.share(self._calls, operation, change, self._ids.portfolios[change.portfolio], **options)

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
