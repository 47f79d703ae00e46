"""Dynamic references, `{{resolve:…}}`: put in only when a service is called, so that no record holds a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

from .provider import ResourceError

_REFERENCE: Final = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}")


class Secrets(Protocol):
    """Where values are kept; None stands for none."""

    def stored(self, name: str) -> str | None:
        """A value of the parameter store; `name:version` for one version."""

    def secret(self, secret_id: str, key: str, stage: str, version: str) -> str | None:
        """A secret's string, or one key of its JSON."""


def resolved(value: Any, secrets: Secrets) -> Any:
    """The value with all dynamic references replaced; raises ResourceError for one that leads nowhere."""
    if isinstance(value, str):
        return _REFERENCE.sub(lambda match: _found(match, secrets), value) if "{{resolve:" in value else value
    if isinstance(value, Mapping):
        return {key: resolved(item, secrets) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolved(item, secrets) for item in value]
    return value


def _found(match: re.Match[str], secrets: Secrets) -> str:
    service, reference = match.groups()
    value = secrets.stored(reference) if service != "secretsmanager" else _secret(reference, secrets)
    if value is None:
        raise ResourceError(f"Could not resolve the dynamic reference {match.group(0)}", "NotFound")
    return value


def _secret(reference: str, secrets: Secrets) -> str | None:
    # secret-id:SecretString:json-key:version-stage:version-id, where the id may be an ARN of seven parts.
    parts = reference.split(":")
    width = 7 if reference.startswith("arn:") else 1
    name, rest = ":".join(parts[:width]), [*parts[width:], "", "", "", ""]
    if rest[0] not in {"SecretString", ""}:
        raise ResourceError(f"Only SecretString can be resolved, not {rest[0]}")
    return secrets.secret(name, rest[1], rest[2], rest[3])
