"""Log groups, made before anything writes to them: encrypted, kept for as long as decided, gone with the stack.

What writes may add streams and events, not groups: otherwise a late line would make the group anew after its deletion,
unencrypted and for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from troposphere import Sub, logs

from .access import Statement, allow
from .encryption import Encryption
from .project import Project

Days = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653]


@dataclass(frozen=True)
class Logging:
    """How a project keeps its logs."""

    encryption: Encryption
    days: Days

    def group(self, project: Project, title: str, service: str, name: Sub) -> logs.LogGroup:
        """The log group `/aws/<service>/<name>`."""
        return project.add(
            logs.LogGroup(
                title,
                LogGroupName=Sub(f"/aws/{service}/{name.data['Fn::Sub']}"),
                RetentionInDays=self.days,
                **self.encryption.properties("KmsKeyId"),
                DeletionPolicy="Delete",
                UpdateReplacePolicy="Delete",
            )
        )


def write(group: logs.LogGroup) -> Statement:
    """To write into one group; its ARN ends in `:*`, which is what the streams are called."""
    return allow(["logs:CreateLogStream", "logs:PutLogEvents"], [group.get_att("Arn")])
