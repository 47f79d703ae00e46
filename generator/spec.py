"""The user's files as pydantic models: what a product, a portfolio and a target may say, with Service Catalog's limits.

Validation at the door only: no file is read here, nothing is resolved against a target. Limits are those of
botocore's model `servicecatalog/2015-12-10` and of the Service Catalog administrator guide.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

FORMAT = 1  # of specs, saved plans, bundles and records

RESERVED_IDS = frozenset({"portfolios", "targets"})
ID = r"^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$"
_PRE = r"(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
SEMVER = rf"^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-{_PRE}(\.{_PRE})*)?$"
_PATTERN_ARN = r"^arn:[a-z*?-]+:iam::\d{0,12}:(role|user|group)/.+$"

IDENTITY_PRODUCT = "catalog:product"
IDENTITY_PORTFOLIO = "catalog:portfolio"
TEAM = "team"  # a product with this tag is launched by principals with the same tag only
OWN_TAGS = 20 - 1  # Service Catalog's 20, less our identity tag


def _tag_key(key: str) -> str:
    if key.lower().startswith("aws:"):
        raise ValueError(f"tag keys beginning with 'aws:' belong to AWS ('{key}')")
    if key in (IDENTITY_PRODUCT, IDENTITY_PORTFOLIO):
        raise ValueError(f"'{key}' is the identity tag that the factory sets itself")
    return key


TagKey = Annotated[str, Field(min_length=1, max_length=128), AfterValidator(_tag_key)]
TagValue = Annotated[str, Field(max_length=256)]
TagOptionValue = Annotated[str, Field(min_length=1, max_length=256)]
Account = Annotated[
    str, Field(pattern=r"^(\d{12}|\{account\})$", description="An account id, 12 digits, quoted.")
]
Arn = Annotated[str, Field(pattern=r"^arn:[a-z-]+:[a-z0-9-]+:\S*$", max_length=1224)]
Version = Annotated[str, Field(pattern=SEMVER, description="MAJOR.MINOR.PATCH")]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]


class Spec(BaseModel):
    """What all files have in common: unknown keys are refused, nothing changes afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


def _exactly_one(model: Spec, *names: str) -> None:
    given = [name for name in names if getattr(model, name)]
    if len(given) != 1:
        raise ValueError(f"needs exactly one of {', '.join(names)}; {len(given)} given")


class Support(Spec):
    """Whom the users of a product turn to."""

    description: str = Field("", max_length=8191, description="What support there is, and when.")
    email: str = Field(
        "", max_length=254, description="Support e-mail address.", examples=["help@example.com"]
    )
    url: str = Field(
        "", max_length=2083, pattern=r"^$|^https?://\S+$", description="Support page, http or https."
    )


class Constraints(Spec):
    """The constraints set on the product in each of its portfolios, beside the launch constraint."""

    tag_updates: Literal["allowed", "not_allowed"] = Field(
        "not_allowed", description="Whether tags of a provisioned product may be updated (RESOURCE_UPDATE)."
    )
    notify: list[Arn] = Field([], max_length=5, description="SNS topics that are told of stack events.")
    rules: dict[str, dict[str, Any]] = Field(
        {},
        description="Template constraint: rules over the template's parameters, as in CloudFormation's Rules.",
    )


class Launch(Spec):
    """As which role the stack is made."""

    role: Literal["synthesised", "kept", "none"] = Field(
        "synthesised",
        description="synthesised: made from the template; kept: the role named by arn or local_name; none: as the user.",
    )
    arn: str = Field(
        "",
        pattern=r"^$|^arn:[a-z-]+:iam::(\d{12}|\{account\}):role/\S+$",
        description="A role kept elsewhere.",
    )
    local_name: str = Field(
        "", pattern=r"^$|^[\w+=,.@-]{1,64}$", description="A role of this name in every account."
    )

    @model_validator(mode="before")
    @classmethod
    def _named_role_is_kept(cls, value: Any) -> Any:
        if isinstance(value, dict) and "role" not in value and (value.get("arn") or value.get("local_name")):
            return {**value, "role": "kept"}
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Launch:
        if self.role == "kept":
            _exactly_one(self, "arn", "local_name")
        elif self.arn or self.local_name:
            raise ValueError(f"role '{self.role}' takes no arn or local_name")
        return self


class ProductSpec(Spec):
    """`products/<id>.yaml`: one self-service product."""

    name: str = Field(min_length=1, max_length=8191, description="The product's name in Service Catalog.")
    blueprint: str = Field(min_length=1, description="blueprints/<blueprint>.py, or raw-template.")
    version: Version = Field(
        description="The version to publish, MAJOR.MINOR.PATCH; published versions are frozen."
    )
    owner: str = Field(min_length=1, max_length=8191, description="The team that owns the product.")
    description: str = Field(min_length=1, max_length=8191, description="What the product gives its user.")
    portfolios: list[str] = Field(min_length=1, description="Ids of portfolios that offer the product.")
    changelog: str = Field("", max_length=7000, description="What this version changes, one line.")
    distributor: str = Field("", max_length=8191, description="The product's vendor.")
    support: Support = Field(Support(), description="Whom users turn to.")
    regions: list[Region] = Field(
        [], description="Where it is offered; all regions of the target when left out."
    )
    tags: dict[TagKey, TagValue] = Field(
        {}, max_length=OWN_TAGS, description="Tags of the product; they travel onto what it makes."
    )
    tag_options: dict[TagKey, Annotated[list[TagOptionValue], Field(min_length=1, max_length=25)]] = Field(
        {}, description="Allowed values of tags that the user chooses at launch."
    )
    options: dict[str, Any] = Field({}, description="The blueprint's own options.")
    seed_answers: dict[str, dict[str, Any]] = Field(
        {}, description="Answers to the questions of the seeds, by seed."
    )
    constraints: Constraints = Field(Constraints(), description="Constraints beside the launch constraint.")
    launch: Launch = Field(Launch(), description="As which role the stack is made.")
    delivery: list[Literal["service-catalog", "sagemaker-s3"]] = Field(
        ["service-catalog"],
        min_length=1,
        max_length=2,
        description="service-catalog: a product of its portfolios; sagemaker-s3: a project template that SageMaker "
        "Studio reads from S3, for templates with SageMakerProjectName and SageMakerProjectId; or both.",
    )
    deprecated_versions: list[Version] = Field(
        [], description="Published versions that may be updated but not launched anew."
    )
    inactive_versions: list[Version] = Field([], description="Published versions that users no longer see.")


Persona = Literal["administrator", "mlops-engineer", "data-scientist"]


class Governance(Spec):
    """Who may do what around the portfolio's SageMaker projects, as managed policies in the target's account."""

    personas: list[Persona] = Field(
        [], max_length=3, description="The personas whose policies are published, for their roles to attach."
    )
    required_tags: list[TagKey] = Field(
        [],
        max_length=20,
        description="Tags without which no project is created; `tag_options` name the allowed values.",
    )
    team: str = Field(
        "", max_length=256, description="Only products with this value of the tag `team` are launched."
    )


class Access(Spec):
    """A principal who sees the portfolio."""

    role: str = Field("", max_length=512, description="Name (with path) of a role in the target's account.")
    user: str = Field("", max_length=512, description="Name of a user in the target's account.")
    group: str = Field("", max_length=512, description="Name of a group in the target's account.")
    arn: str = Field(
        "",
        max_length=1000,
        pattern=r"^$|^arn:[a-z-]+:iam::(\d{12}|\{account\}):(role|user|group)/\S+$",
        description="The principal's ARN.",
    )
    pattern: str = Field(
        "",
        max_length=1000,
        description="An IAM_PATTERN, e.g. arn:aws:iam:::role/Analyst-*; shared along with the portfolio.",
    )
    persona: Literal["", "administrator", "mlops-engineer", "data-scientist"] = Field(
        "", description="The persona of `governance:` whose policy is for this principal."
    )

    @model_validator(mode="after")
    def _one(self) -> Access:
        _exactly_one(self, "role", "user", "group", "arn", "pattern")
        if self.pattern and not re.match(_PATTERN_ARN, self.pattern):
            raise ValueError(
                "pattern is like arn:aws:iam:::role/NAME-*, wildcards only after the resource type"
            )
        return self


class Share(Spec):
    """With whom the portfolio is shared: an account, an organisational unit or the whole organisation."""

    account: str = Field("", pattern=r"^$|^\d{12}$", description="An account id, 12 digits, quoted.")
    ou: str = Field(
        "", pattern=r"^$|^ou-[a-z0-9]{4,32}-[a-z0-9]{8,32}$", description="An organisational unit."
    )
    organization: str = Field("", pattern=r"^$|^o-[a-z0-9]{10,32}$", description="An organisation.")
    principals: bool = Field(
        False, description="Share IAM_PATTERN principals along; for units and organisations."
    )
    tag_options: bool = Field(False, description="Share TagOptions along.")

    @model_validator(mode="after")
    def _one(self) -> Share:
        _exactly_one(self, "account", "ou", "organization")
        if self.account and self.principals:
            raise ValueError(
                "principals are shared with organisational units and organisations only, not with accounts"
            )
        return self


class PortfolioSpec(Spec):
    """An entry of `products/portfolios.yaml`, under the portfolio's id."""

    name: str = Field(min_length=1, max_length=100, description="The portfolio's display name.")
    provider: str = Field(min_length=1, max_length=50, description="Who provides it.")
    description: str = Field("", max_length=2000, description="What it offers, to whom.")
    access: list[Access] = Field([], max_length=100, description="Principals who see the portfolio.")
    share: list[Share] = Field([], description="Accounts, units or organisations it is shared with.")
    tags: dict[TagKey, TagValue] = Field(
        {}, max_length=OWN_TAGS, description="Tags of the portfolio; they travel onto what its products make."
    )
    tag_options: dict[TagKey, Annotated[list[TagOptionValue], Field(min_length=1, max_length=25)]] = Field(
        {}, description="Allowed values of tags that the user chooses at launch, for all products in it."
    )
    governance: Governance = Field(
        Governance(), description="Who may do what around the portfolio's SageMaker projects."
    )

    @model_validator(mode="after")
    def _personas_have_policies(self) -> PortfolioSpec:
        for access in self.access:
            if access.persona and access.persona not in self.governance.personas:
                raise ValueError(
                    f"access names the persona '{access.persona}', which governance.personas does not have"
                )
        return self


class TargetSpec(Spec):
    """An entry of `products/targets.yaml`: an account and its regions to publish to."""

    account: str = Field(
        "123456789012",
        pattern=r"^\d{12}$",
        description="The account that owns the portfolios, 12 digits, quoted.",
    )
    regions: list[Region] = Field(
        ["us-east-1"],
        min_length=1,
        description="Regions to publish to; the first holds the launch roles' stack.",
    )
    bucket: str = Field(
        "catalog-{account}-{region}",
        pattern=r"^[a-z0-9{][a-z0-9.{}-]*[a-z0-9}]$",
        description="The artifact bucket; made by the first publish where it does not exist.",
    )
    role: str = Field(
        "", pattern=r"^$|^arn:[a-z-]+:iam::\d{12}:role/\S+$", description="The role to publish as."
    )
    profile: str = Field("", description="The profile of the AWS configuration files to publish with.")
    seeds: str = Field(
        "",
        pattern=r"^$|^(https://([\w.%+-]+@)?[^\s@]*|(ssh|file)://\S*|[\w.-]+@[\w.-]+:\S*)\{seed\}\S*\.git$",
        description="Where seeds are published as git repositories: an address with {seed} in it that ends with .git.",
        examples=["https://git.example.com/platform/{seed}.git", "git@git.example.com:platform/{seed}.git"],
    )
    studio_domains: dict[Region, list[Annotated[str, Field(pattern=r"^d-[a-z0-9-]{1,61}$")]]] = Field(
        {},
        description="By region: SageMaker domains that offer the products with `delivery: [sagemaker-s3]`.",
        examples=[{"eu-west-1": ["d-abcdefghijkl"]}],
    )
    permissions_boundary: str = Field(
        "",
        pattern=r"^$|^arn:[a-z-]+:iam::(\d{12}|aws):policy/\S+$",
        description="The permissions boundary of roles and users that products create, in each launching account.",
    )
    launch_boundary: str = Field(
        "",
        pattern=r"^$|^arn:[a-z-]+:iam::(\d{12}|aws):policy/\S+$",
        description="The permissions boundary of the launch roles themselves; without one, who publishes could make "
        "a role of any rights.",
    )
    options: dict[str, dict[str, str]] = Field(
        {}, description="By product id: options that differ in this target."
    )
    smoke: dict[str, dict[str, str]] = Field(
        {},
        description="By product id: values of the launch form that `catalog smoke` fills in, such as a VPC.",
        examples=[{"analyst-notebook": {"VpcId": "vpc-0a1b2c3d"}}],
    )
    organization: str = Field(
        "",
        pattern=r"^$|^o-[a-z0-9]{10,32}/r-[a-z0-9]{4,32}$",
        description="The organisation and its root, o-…/r-…; shares with organisational units need it.",
    )
    spoke_roles: Literal["by-hand", "stack-set"] = Field(
        "by-hand",
        description="How the launch roles get into the accounts that portfolios are shared with: stack-set deploys them "
        "with each publish, by-hand leaves it to you.",
    )
    spoke_reader: str = Field(
        "",
        pattern=r"^$|^arn:[a-z-]+:iam::\{spoke\}:role/\S+$",
        description="The role that tells what is launched in an account that a portfolio is shared with; {spoke} is that "
        "account. Without it no permission is taken away from a launch role of a shared portfolio.",
        examples=["arn:aws:iam::{spoke}:role/CatalogReader"],
    )


class TargetsFile(Spec):
    """The head of `products/targets.yaml`; its other keys are targets."""

    catalogue: str = Field(
        pattern=r"^[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?$",
        description="Whose products these are, in the identity tags.",
    )
    default: str = Field("local", description="The target used when none is named.")
