"""What everything that runs in a project shares: how it is encrypted, where it logs, in which network it is."""

from __future__ import annotations

from dataclasses import dataclass

from .encryption import Encryption
from .logs import Logging
from .network import Vpc


@dataclass(frozen=True)
class Surroundings:
    """Handed to whatever makes a build, a job or a function."""

    logging: Logging
    vpc: Vpc | None = None  # none: AWS's own network

    @property
    def encryption(self) -> Encryption:
        return self.logging.encryption
