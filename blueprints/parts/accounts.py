"""Stages in other accounts: which they are, and what of the project they may use.

Owns the questions for accounts and organizational units, and the statements by which bucket, key and registry open to the
project's own roles in them, and to nobody else there. How stages are rolled out to them is `parts/rollout.py`'s.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import Join, Ref, Split, Sub, cloudformation, iam

from .access import Statement, arn
from .form import ask
from .model_execution import MODEL, WORKFLOW, folders
from .project import PREFIX, PROJECT_ID, Project
from .stage_options import StageOptions

GROUP = "Accounts"
ORGANIZATION = "OrganizationId"
DEPLOYER = "deploy"  # what makes the stacks in a list of accounts; in units, AWS's own role of StackSets does
BY_STACKSETS = "stacksets-exec-*"


@dataclass(frozen=True)
class Place:
    """Where one stage is: the accounts of a list, or of organizational units."""

    stage: StageOptions
    targets: Ref

    @property
    def managed_by_service(self) -> bool:
        return self.stage.where == "organizational-units"

    def listed(self) -> Join:
        """The accounts or units as one text."""
        return Join(",", self.targets)

    def opened(self, roles: Sequence[str], actions: Sequence[str], resources: object) -> Statement:
        """A statement of a resource's policy for these roles of the place."""
        arns = [Sub(f"arn:${{AWS::Partition}}:iam::*:role/{role}") for role in roles]
        statement: Statement = {
            "Sid": f"Stage{self.stage.title}",
            "Effect": "Allow",
            "Principal": {"AWS": "*"} if self.managed_by_service else {"AWS": self.targets},
            "Action": sorted(actions),
            "Resource": resources,
            "Condition": {"ArnLike": {"aws:PrincipalArn": arns}},
        }
        if self.managed_by_service:
            statement["Condition"] |= {
                "StringEquals": {"aws:PrincipalOrgID": Ref(ORGANIZATION)},
                # Each unit as a pattern of paths: CloudFormation has no loop, but texts can be joined and split again.
                "ForAnyValue:StringLike": {
                    "aws:PrincipalOrgPaths": Split("|", Join("", ["*/", Join("/*|*/", self.targets), "/*"]))
                },
            }
        return statement

    def makers(self) -> list[str]:
        """What makes the stage's stack there."""
        return [f"*/{BY_STACKSETS}", BY_STACKSETS] if self.managed_by_service else [own(DEPLOYER)]


@dataclass(frozen=True)
class Rollout:
    """What stages elsewhere are made with."""

    administrator: iam.Role | None
    """Of the self-managed StackSets of stages: assumes the project's deploy role in the accounts, and no other."""
    stack_sets: tuple[cloudformation.StackSet, ...]
    """They bring the roles, and stay until the stages' own are gone."""


def own(suffix: str) -> str:
    """The name of a role of the project, the same in every account."""
    return f"{PREFIX}${{{PROJECT_ID}}}-{suffix}"


def ask_places(project: Project, stages: Sequence[StageOptions]) -> tuple[Place, ...]:
    """Ask for the accounts or units of these stages."""
    return tuple(_place(project, stage) for stage in stages)


def _place(project: Project, stage: StageOptions) -> Place:
    template = project.template
    if stage.where == "accounts":
        accounts = ask(
            template,
            f"{stage.title}Accounts",
            group=GROUP,
            label=f"Accounts of {stage.name}",
            # Roles are called the same in every account, and a role that is taken back can delete nothing more.
            description=f"The accounts that {stage.name} is deployed to, separated by commas: none that another stage has, and "
            "not this one. Before an account leaves the list, delete what the stage has there.",
            type="CommaDelimitedList",
            pattern=r"^\d{12}$",
            constraint="Account ids of twelve digits, separated by commas.",
        )
        return Place(stage, accounts)
    ask(
        template,
        ORGANIZATION,
        group=GROUP,
        label="Organization",
        description="The organization that the units belong to.",
        pattern=r"^o-[a-z0-9]{10,32}$",
        constraint="The id of an organization, such as o-a1b2c3d4e5.",
    )
    units = ask(
        template,
        f"{stage.title}Units",
        group=GROUP,
        label=f"Organizational units of {stage.name}",
        description=f"All accounts of these units are what {stage.name} is deployed to; separated by commas.",
        type="CommaDelimitedList",
        pattern=r"^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$",
        constraint="Ids of organizational units, such as ou-ab12-cdef3456, separated by commas.",
    )
    return Place(stage, units)


def of_key(places: Sequence[Place]) -> list[Statement]:
    """What the key's policy says of the places: to read models, write answers and encrypt volumes."""
    statements = []
    for place in places:
        users = [own(MODEL), own(WORKFLOW), *place.makers()]
        use = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
        grant = place.opened(users, ["kms:CreateGrant"], "*")
        grant["Sid"] = f"Grants{grant['Sid']}"
        grant["Condition"] |= {"Bool": {"kms:GrantIsForAWSResource": "true"}}
        statements += [place.opened(users, use, "*"), grant]
    return statements


def of_bucket(places: Sequence[Place], bucket: str, hosting: str) -> list[Statement]:
    """What the bucket's policy says; `bucket` is its ARN as it stands in a Sub."""
    statements = []
    for place in places:
        models, answers = [own(MODEL)], folders(hosting)
        read = place.opened(models, ["s3:GetObject"], [Sub(f"{bucket}/*")])
        look = place.opened(models, ["s3:GetBucketLocation", "s3:ListBucket"], [Sub(bucket)])
        write = place.opened(models, ["s3:PutObject"], [Sub(f"{bucket}/{folder}*") for folder in answers])
        for statement, what in ((look, "Look"), (write, "Write")):
            statement["Sid"] = f"{what}{statement['Sid']}"
        statements += [read, look, write]
    return statements


def of_registry(places: Sequence[Place]) -> list[Statement]:
    """What the policies of the model package groups say: to make models of the versions."""
    versions: list[Any] = [arn("sagemaker", f"model-package/*${{{PROJECT_ID}}}*/*")]
    return [
        place.opened(
            [own(MODEL), *place.makers()],
            ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage"],
            versions,
        )
        for place in places
    ]
