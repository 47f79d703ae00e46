"""Functions that EventBridge starts: the rule, the function with its dead letters, and the permission between them.

Lambda repeats an event that a function fails on twice, with minutes between, and then leaves it in the dead letters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import awslambda, events

from .access import Statement
from .dead_letters import dead_letters, send
from .foundation import Foundation
from .functions import function


def event_function(
    shared: Foundation,
    *,
    title: str,
    suffix: str,
    description: str,
    failure: str,
    event: Mapping[str, Any],
    permissions: Sequence[Statement],
    environment: Mapping[str, Any],
    seconds: int,
    after: Sequence[str] = (),
) -> awslambda.Function:
    """Run `sagemaker_project.<suffix>.handler` at each event that matches.

    `failure` is what the alarm says; the rule is made after, and deleted before, the titles `after`.
    """
    project, encryption = shared.project, shared.encryption
    letters = dead_letters(project, encryption, title=title, suffix=suffix, about=failure)
    made = function(
        project,
        shared.context,
        shared.around,
        title=title,
        suffix=suffix,
        description=description,
        permissions=[*send(letters, encryption), *permissions],
        environment=environment,
        seconds=seconds,
        dead_letters=letters,
    )
    rule = project.add(
        events.Rule(
            f"{title}Rule",
            Name=project.named(suffix, limit=64),
            Description=description,
            EventPattern=dict(event),
            State="ENABLED",
            Targets=[events.Target(Id="function", Arn=made.get_att("Arn"))],
            **({"DependsOn": sorted(after)} if after else {}),
        )
    )
    project.add(
        awslambda.Permission(
            f"{title}Permission",
            Action="lambda:InvokeFunction",
            FunctionName=made.get_att("Arn"),
            Principal="events.amazonaws.com",
            SourceArn=rule.get_att("Arn"),
        )
    )
    return made
