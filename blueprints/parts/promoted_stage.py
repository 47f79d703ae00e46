"""A stage of a promoted SageMaker pipeline in other accounts: what the pipeline finds there, which is all that it uses.

Owns the template that StackSets bring to each account, and the two ways in from the project's own: for the build that
promotes and for the clean-up. Nothing of the project's own account opens to the others: the definition and the code are
handed over by the build, data, models and registry are the account's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from troposphere import Ref, Sub, cloudformation

from . import artifacts, cleanup, stack_sets, training
from .access import Statement, allow, arn
from .accounts import ORGANIZATION, Place, own
from .artifacts import artifact_bucket
from .encryption import Encryption, project_key
from .foundation import Foundation
from .half import BUILD
from .logs import Logging
from .project import PREFIX, PROJECT_ID, PROJECT_NAME, Project
from .project_options import ProjectOptions
from .registry import model_registry
from .retention import Retention
from .stack_sets import assumed, begun
from .surroundings import Surroundings

PROMOTER = "promote"  # what the build assumes in an account
NAMED = "stage"  # what the names of the StackSets go on with after the project's


def stage_accounts(options: ProjectOptions, shared: Foundation) -> tuple[cloudformation.StackSet, ...]:
    """Bring what the pipeline needs to the accounts of all stages that are elsewhere."""
    administrator = stack_sets.administrator(shared)
    return tuple(
        stack_sets.bring(
            shared,
            place,
            administrator,
            _account(options),
            title=f"{place.stage.title}Account",
            suffix=f"{NAMED}-{place.stage.name}",
            description=f"A SageMaker project in the accounts of {place.stage.name}",
            # What an account has learned and registered is not lost because somebody moves it.
            keeps=True,
        )
        for place in shared.places
    )


def _account(options: ProjectOptions) -> Project:
    """Bucket, key, registry and the pipeline's role as the project's own account has them, and the two ways in."""
    project = begun("What a promoted SageMaker pipeline finds in the account of a stage")
    retention = Retention(kept=options.when_terminated == "keep-work")
    encryption = project_key(project, retention) if options.encryption == "customer-key" else Encryption()
    artifact_bucket(project, encryption, retention, overwritten_days=options.overwritten_artifact_days)
    registry = model_registry(project, retention, approvers=options.approvers)
    role = training.pipeline_role(
        project,
        registry,
        Surroundings(Logging(encryption, options.log_retention_days)),
        instance_types=options.instance_types,
        data_buckets=options.data_buckets,
    )
    promote = [*training.start(role), *artifacts.use(), *encryption.use()]
    assumed(project, "PromoteRole", PROMOTER, own(f"{BUILD}-promote-build"), promote)
    assumed(project, "CleanupRole", cleanup.ROLE, own(cleanup.ROLE), cleanup.clean(registry, retention))
    return project


def name(project: Project, place: Place) -> Sub:
    """What the StackSet of a stage is called, whose instances tell the accounts."""
    return project.named(f"{NAMED}-{place.stage.name}", limit=128)


def told(project: Project, place: Place) -> Mapping[str, str]:
    """What the build that promotes must know of the stage, as it stands in a Sub."""
    return {"STACK_SET": name(project, place).data["Fn::Sub"], "STAGE_ROLE_NAME": own(PROMOTER)}


def visit(shared: Foundation, role_name: str) -> list[Statement]:
    """To find the accounts of the stages, and act in them as the role of this name."""
    if not shared.places:
        return []
    sets = f"stackset/{PREFIX}${{{PROJECT_NAME}}}-${{{PROJECT_ID}}}-{NAMED}-*"
    return [
        allow(["cloudformation:ListStackInstances"], [arn("cloudformation", sets)]),
        *(_assume(place, role_name) for place in shared.places),
    ]


def _assume(place: Place, role_name: str) -> Statement:
    """A role of this name in an account of the place, and in nobody else's."""
    where: dict[str, Any] = (
        {"aws:ResourceOrgID": Ref(ORGANIZATION)}
        if place.managed_by_service
        else {"aws:ResourceAccount": place.targets}
    )
    return allow(
        ["sts:AssumeRole"],
        [Sub(f"arn:${{AWS::Partition}}:iam::*:role/{own(role_name)}")],
        {"StringEqualsIfExists": where},
    )
