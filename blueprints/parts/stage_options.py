"""The stages that a model is deployed to, as options: where each is, on what it runs and what must be passed after it.

Owns what a stage may say and what several of them may not say together. How a stage is deployed is the CI's business.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

InstanceType = Annotated[str, StringConstraints(pattern=r"^ml\.[a-z0-9-]+\.([a-z0-9]+|\*)$")]

TESTS, PERSON = "tests", "person"


class Approval(BaseModel):
    """One thing to be passed before the next stage begins."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Literal["tests", "person"] = Field(
        description="tests: the repository's stage tests against what was just deployed; person: somebody approves."
    )
    name: str = Field(
        "",
        pattern=r"^$|^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=20,
        description="Who approves, as the pipeline shows it and the form asks for an address; for by: person only.",
        examples=["operations"],
    )

    @model_validator(mode="after")
    def _named(self) -> Approval:
        if self.by == PERSON and not self.name:
            raise ValueError("an approval by a person needs a name, such as operations")
        if self.by == TESTS and self.name:
            raise ValueError("an approval by tests has no name")
        return self


class StageOptions(BaseModel):
    """One stage of deployment."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$",
        max_length=16,
        description="What the stage is called, in stacks and endpoints too.",
        examples=["staging"],
    )
    where: Literal["here", "accounts", "organizational-units"] = Field(
        "here",
        description=(
            "here: in the project's own account; accounts: in a list of accounts, rolled out by a self-managed StackSet; "
            "organizational-units: in all accounts of units, by a service-managed one. Either is asked for at launch."
        ),
    )
    approval: tuple[Approval, ...] = Field(
        (Approval(by="tests"),),
        max_length=8,
        description="What must be passed after the deployment, in this order, before the next stage begins.",
        examples=[[{"by": "tests"}, {"by": "person", "name": "operations"}]],
    )
    instance_type: str = Field(
        "",
        pattern=r"^$|^ml\.[a-z0-9-]+\.[a-z0-9]+$",
        description="On what the model runs in this stage; the seed's own choice when left out.",
        examples=["ml.m5.large"],
    )
    instance_count: int = Field(
        0,
        ge=0,
        le=100,
        description="How many instances at first; the seed's own choice when left out or 0.",
        examples=[2],
    )

    @property
    def title(self) -> str:
        """The stage as a part of logical ids: `pre-production` -> `PreProduction`."""
        return title(self.name)

    @property
    def tested(self) -> bool:
        return any(one.by == TESTS for one in self.approval)

    @property
    def people(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.approval if one.by == PERSON)

    @property
    def settings(self) -> dict[str, str | int]:
        """The instance settings, by the names of the template's parameters."""
        given: dict[str, str | int] = {
            "InstanceType": self.instance_type,
            "InstanceCount": self.instance_count,
        }
        return {name: value for name, value in given.items() if value}

    @field_validator("approval")
    @classmethod
    def _once(cls, approval: tuple[Approval, ...]) -> tuple[Approval, ...]:
        names = [(one.by, one.name) for one in approval]
        for one in approval:
            if names.count((one.by, one.name)) > 1:
                raise ValueError(f"{one.name or 'the tests'} would be asked twice; keep one entry")
        return approval


def title(name: str) -> str:
    """`data-science` -> `DataScience`."""
    return "".join(word.capitalize() for word in name.split("-"))


def check(stages: tuple[StageOptions, ...]) -> tuple[StageOptions, ...]:
    """Raises ValueError where stages cannot follow each other."""
    titles = [stage.title for stage in stages]
    for stage in stages:
        if titles.count(stage.title) > 1:
            raise ValueError(
                f"stage '{stage.name}' stands in the list twice; names differ in more than hyphens"
            )
    if stages and stages[-1].people:
        raise ValueError(
            f"nothing comes after stage '{stages[-1].name}' that '{stages[-1].people[0]}' could hold back; "
            "a person's approval stands with the stage before the one that it opens"
        )
    return stages


# A promoted pipeline begins in development; its own success is its test.
DEFAULT_PROMOTED = (
    StageOptions(name="development", approval=(Approval(by="person", name="release"),)),
    StageOptions(name="production", approval=()),
)
DEFAULT = (
    StageOptions(name="staging", approval=(Approval(by="tests"), Approval(by="person", name="release"))),
    StageOptions(name="production"),
)
