"""Installed distributions as files for the zip of a Lambda function: pure Python, as the lock file installed them.

Owns what of a distribution goes along: its modules, its metadata and its licences. Compiled extensions are left out, since
they fit one interpreter on one machine; so are tests and whatever the installer wrote itself. What is installed, and that it
is what the lock file says, is pip's business.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from hashlib import sha256
from importlib.metadata import Distribution, PackageNotFoundError, PackagePath, distribution
from pathlib import Path, PurePosixPath

from generator.errors import Where, fail

_METADATA = (
    "METADATA",
)  # WHEEL and RECORD tell of the compiled extensions, and differ from machine to machine
_LICENCES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")


def files(names: Iterable[str], where: Where) -> list[tuple[str, bytes, bool]]:
    """The files of the distributions as a `Tree` holds them, at the paths from which Python imports them.

    `where` is the place that asks for them.

    Raises:
        FactoryError: one is not installed, or was edited since.
    """
    return [
        (path.as_posix(), _content(name, path, where), False)
        for name in names
        for path in sorted(filter(_wanted, _installed(name, where).files or ()))
    ]


def _installed(name: str, where: Where) -> Distribution:
    try:
        return distribution(name)
    except PackageNotFoundError:
        raise fail(
            where,
            f"the Python distribution '{name}', which a Lambda package needs, is not installed",
            "Pin it in pyproject.toml, run `make lock`, then any other make target, which installs it.",
        ) from None


def _wanted(path: PackagePath) -> bool:
    parts = PurePosixPath(path.as_posix()).parts
    if ".." in parts or {"__pycache__", "tests"} & set(parts):
        return False
    if parts[0].endswith(".dist-info"):
        return path.name in _METADATA or path.name.upper().startswith(_LICENCES)
    return path.suffix == ".py" or path.name.upper().startswith(_LICENCES)


def _content(name: str, path: PackagePath, where: Where) -> bytes:
    content = Path(str(path.locate())).read_bytes()
    digest = urlsafe_b64encode(sha256(content).digest()).rstrip(b"=").decode()
    if path.hash is None or path.hash.mode != "sha256" or path.hash.value != digest:
        raise fail(
            where,
            f"'{path.as_posix()}' of the installed distribution '{name}' is not as it was published",
            "Remove .venv; the next make target installs it anew.",
        )
    return content
