"""The files that the jobs read, at S3 addresses made from their content.

The same code has the same address, so that compiling needs no AWS, an unchanged pipeline compiles to the same
definition, and nothing that a running execution reads is ever overwritten.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Folder:
    """The files of a local folder and their digest."""

    name: str
    files: tuple[tuple[str, bytes], ...]

    @classmethod
    def read(cls, name: str) -> Folder:
        """Read a folder of this repository; leftovers of Python are left out."""
        root = ROOT / name
        paths = sorted(path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return cls(name, tuple((path.relative_to(root).as_posix(), path.read_bytes()) for path in paths))

    @property
    def digest(self) -> str:
        total = sha256()
        for path, content in self.files:
            total.update(f"{path}\0{len(content)}\0".encode())
            total.update(content)
        return total.hexdigest()[:16]

    def uri(self, prefix: str) -> str:
        """The folder's address below an S3 prefix."""
        return f"{prefix}/{self.name}/{self.digest}"


CODE = "src"
DATA = "data"
