"""The real gateway to AWS, and the only user of boto3 beside the local AWS; both speak through the same clients."""

from __future__ import annotations

from pathlib import Path

from generator.aws.gateway import AwsGateway
from generator.aws.session import Sessions, local_sessions, real_sessions
from generator.catalogue import Target
from generator.gateway import Gateway

__all__ = ["connect", "state_folder"]


def state_folder(root: Path, named: str | None) -> Path:
    """Where the local AWS keeps its state: CATALOG_STATE, else .catalog/ in the working tree."""
    return Path(named) if named else root / ".catalog" / "aws"


def connect(target: Target, catalogue: str, state: Path) -> Gateway:
    """A gateway to the target's account: the local AWS in the folder `state`, or the real one."""
    sessions: Sessions = local_sessions(target, state) if target.is_local else real_sessions(target)
    return AwsGateway(sessions, target, catalogue)
