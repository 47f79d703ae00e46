"""Who a SageMaker project is: its two parameters, its tags and the names of everything that is made for it.

Owns the budget of names: a name is as telling as its limit allows for the longest project. It adds no resource of its
own. SageMaker fills in both parameters; by the tags it finds what belongs to a project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from troposphere import AWSObject, Ref, Sub, Tags, Template

from .form import ask

PROJECT_NAME = "SageMakerProjectName"
PROJECT_ID = "SageMakerProjectId"
LONGEST_NAME = 32
LONGEST_ID = 20  # SageMaker gives `p-` and twelve characters, its API allows twenty in all
PREFIX = "sagemaker-"  # AWS's own policies for SageMaker projects reach resources of this prefix only
NAME_TAG, ID_TAG = "sagemaker:project-name", "sagemaker:project-id"
GROUP = "SageMaker project"

R = TypeVar("R", bound=AWSObject)


@dataclass(frozen=True)
class Project:
    """The template under construction, of which every resource carries the project's tags and name."""

    template: Template

    @property
    def name(self) -> Ref:
        return Ref(PROJECT_NAME)

    @property
    def id(self) -> Ref:
        return Ref(PROJECT_ID)

    def tags(self) -> dict[str, Ref]:
        return {NAME_TAG: self.name, ID_TAG: self.id}

    def add(self, resource: R) -> R:
        """Add a resource, tagged wherever its type can be."""
        if "Tags" in resource.props:
            # A few types take a map where the others take a list.
            resource.Tags = self.tags() if resource.props["Tags"][0] is dict else Tags(**self.tags())
        self.template.add_resource(resource)
        return resource

    def named(self, suffix: str = "", *, limit: int) -> Sub:
        """`sagemaker-<name>-<id>-<suffix>`, without the project's name where the longest would pass the limit.

        The id alone already makes it unique. Raises ValueError where even that is too long.
        """
        ending = f"-{suffix}" if suffix else ""
        shortest = len(PREFIX) + LONGEST_ID + len(ending)
        if shortest > limit:
            raise ValueError(
                f"a name ending in '{ending}' can take {shortest} characters, its limit is {limit}"
            )
        if shortest + LONGEST_NAME + 1 <= limit:
            return Sub(f"{PREFIX}${{{PROJECT_NAME}}}-${{{PROJECT_ID}}}{ending}")
        return Sub(f"{PREFIX}${{{PROJECT_ID}}}{ending}")


def project(template: Template) -> Project:
    """Declare the two parameters that SageMaker fills in."""
    ask(
        template,
        PROJECT_NAME,
        group=GROUP,
        label="Project name",
        description="Name of the SageMaker project; SageMaker fills it in.",
        pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}$",
        length=(1, LONGEST_NAME),
        constraint="Up to 32 letters, digits and hyphens, beginning and ending with a letter or digit.",
    )
    ask(
        template,
        PROJECT_ID,
        group=GROUP,
        label="Project id",
        description="Id of the SageMaker project; SageMaker fills it in.",
        # Lower case, because the artifact bucket and the ARNs that SageMaker lower-cases contain it.
        pattern=r"^[a-z0-9](-*[a-z0-9]){0,19}$",
        length=(1, LONGEST_ID),
        constraint="Up to 20 lower-case letters, digits and hyphens, such as p-a1b2c3d4e5f6.",
    )
    return Project(template)
