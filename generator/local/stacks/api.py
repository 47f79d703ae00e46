"""CloudFormation as a service of the local AWS, and what its operations share: names and pages.

Operations that this CloudFormation lacks (drift, type registration, resource scans) are answered by the
engine of the local AWS as not offered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from generator.local.service import Service

from .fault import invalid

SERVICE: Final = Service("cloudformation")
Answer = Mapping[str, Any]
PAGE: Final = 100
_NAME: Final = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")


def check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy constraint: Member must satisfy "
            "regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )


def page(items: Sequence[Any], token: str | None, size: int = PAGE) -> tuple[list[Any], dict[str, str]]:
    """One page of a list, and the NextToken member if there are more."""
    try:
        start = int(token or 0)
    except ValueError:
        raise invalid("The pagination token is invalid.") from None
    rest = {"NextToken": str(start + size)} if start + size < len(items) else {}
    return list(items[start : start + size]), rest
