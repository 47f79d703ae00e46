"""An AWS that lives in a folder: Service Catalog and CloudFormation of our own, moto's services beside them.

This is the door for the publisher and the command line; nothing heavy is imported before a call needs it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generator.local.aws import LocalAws
    from generator.local.folder import Status
    from generator.local.server import Server

ACCOUNT = "123456789012"
RUN_CODE = "CATALOG_RUN_CODE"

__all__ = ["ACCOUNT", "LocalAws", "export", "import_", "open_state", "reset", "serve", "status"]


def open_state(folder: Path, *, account: str = ACCOUNT, run_code: bool | None = None) -> LocalAws:
    """The local AWS in this folder, made when it is not there yet.

    With `run_code`, else where CATALOG_RUN_CODE says so, functions, custom resources and builds really run. Raises FactoryError for a state that is damaged, foreign, of another format, or cannot be written.
    """
    from generator.local.aws import LocalAws
    from generator.local.services import tables
    from generator.local.state import State

    wanted = os.environ.get(RUN_CODE, "") not in ("", "0") if run_code is None else run_code
    return LocalAws(State(folder, tables()), account, run_code=wanted)


def serve(local: LocalAws, port: int) -> Server:
    """A server on 127.0.0.1 (`.port`, `.url`, `.serve_forever()`); port 0 picks a free one."""
    from generator.local.server import Server

    return Server(local, port)


def status(folder: Path) -> Status | None:
    """What the state of this folder holds; None where there is none."""
    from generator.local import folder as whole

    return whole.status(folder)


def reset(folder: Path) -> Path | None:
    """Start afresh; a damaged state, or one of another format, is set aside, and its new path returned."""
    from generator.local import folder as whole

    return whole.reset(folder)


def export(folder: Path, file: Path) -> None:
    """Write the whole state to a new file."""
    from generator.local import folder as whole

    whole.export(folder, file)


def import_(folder: Path, file: Path) -> None:
    """Fill an empty or missing state from an exported file."""
    from generator.local import folder as whole

    whole.import_(folder, file)


def __getattr__(name: str) -> object:
    # For annotations at run time, without the imports behind it.
    if name == "LocalAws":
        from generator.local.aws import LocalAws

        return LocalAws
    raise AttributeError(name)
