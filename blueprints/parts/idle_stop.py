"""Idle auto-stop: the lifecycle configuration that stops a notebook instance which nobody uses.

Owns the script that runs when the instance starts, put together from the files in `scripts/`, and the one permission it
needs. How long is idle comes from the form; the script's own tests run it.
"""

from __future__ import annotations

import base64
from pathlib import Path

from troposphere import Base64, Join, Ref, Sub, Template
from troposphere.sagemaker import NotebookInstanceLifecycleConfig, NotebookInstanceLifecycleHook

from .access import Statement, allow

SCRIPTS = Path(__file__).parent / "scripts"
LARGEST = 16_384  # base64 characters of a lifecycle script (SageMaker API)
MARK = "END_OF_PROGRAM"


def on_start(minutes: Ref | str) -> list[Ref | str]:
    """The script in pieces, of which only the minutes come from the form."""
    program = (SCRIPTS / "idle_stop.py").read_text("utf-8")
    install = (SCRIPTS / "install_idle_stop.sh").read_text("utf-8")
    head = "#!/bin/bash\nset -euo pipefail\nIDLE_MINUTES="
    write = (
        'install -d "${DESTDIR:-}/opt/idle-stop"\n'
        f"cat > \"${{DESTDIR:-}}/opt/idle-stop/idle_stop.py\" <<'{MARK}'\n{program}{MARK}\n"
    )
    length = len(base64.b64encode(f"{head}1440\n{write}{install}".encode()))
    if length > LARGEST or "\r" in program + install or MARK in program:
        raise ValueError(
            f"the lifecycle script must be at most {LARGEST:,} characters with LF line ends; it has {length:,}"
        )
    return [head, minutes, "\n", write + install]


def idle_stop(template: Template, minutes: Ref) -> NotebookInstanceLifecycleConfig:
    """Install the watch at every start; a changed number of minutes holds from the next start on."""
    return template.add_resource(
        NotebookInstanceLifecycleConfig(
            "IdleStop",
            OnStart=[NotebookInstanceLifecycleHook(Content=Base64(Join("", on_start(minutes))))],
        )
    )


def use(arn: Sub) -> list[Statement]:
    """The instance stops itself, and no other."""
    return [allow(["sagemaker:StopNotebookInstance"], [arn])]
