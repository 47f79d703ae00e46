"""An AWS that lives in a folder: Service Catalog and CloudFormation of our own, moto's services beside them.

This is the door for the publisher and the command line; nothing heavy is imported before a call needs it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.local.aws import LocalAws

ACCOUNT = "123456789012"

__all__ = ["ACCOUNT", "LocalAws", "open_state"]


def open_state(folder: Path, *, account: str = ACCOUNT) -> LocalAws:
    """The local AWS in this folder, made when it is not there yet.

    Raises FactoryError for a state that is damaged, foreign, of another format, or cannot be written.
    """
    from generator.local.aws import LocalAws
    from generator.local.services import tables
    from generator.local.state import State

    return LocalAws(State(folder, tables()), account)


def __getattr__(name: str) -> object:
    # For annotations at run time, without the imports behind it.
    if name == "LocalAws":
        from generator.local.aws import LocalAws

        return LocalAws
    raise AttributeError(name)
