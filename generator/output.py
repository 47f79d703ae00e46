"""Writing a build to disk: each product's folder as a whole, or not at all."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from generator.bundle import Bundle
from generator.errors import fail
from generator.launch_role import stack_template


def files_of(bundle: Bundle) -> dict[str, bytes]:
    """What `build/<id>/` holds: the template, the launch role, the assets and a description of all."""
    files = {
        "template.yaml": bundle.draft.content,
        "bundle.json": _json(bundle.describe()),
        **{f"{asset.name}.zip": asset.content for asset in bundle.draft.assets},
    }
    if bundle.role:
        files["launch-role.json"] = _json(stack_template([bundle.role]))
    if bundle.project_role:
        files["launch-role-sagemaker.json"] = _json(stack_template([bundle.project_role]))
    return files


def review_files(bundle: Bundle) -> dict[str, str]:
    """The files of `build/<id>/` as text for people to compare: of a zip, a listing of its entries."""
    return {
        f"{name}.txt" if name.endswith(".zip") else name: _listing(content)
        if name.endswith(".zip")
        else content.decode()
        for name, content in files_of(bundle).items()
    }


def _listing(archive: bytes) -> str:
    """A line for each entry of a zip: mode, bytes, SHA-256 and path."""
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return "".join(
            f"{entry.external_attr >> 16 & 0o777:o} {entry.file_size:>7} {sha256(packed.read(entry)).hexdigest()} {entry.filename}\n"
            for entry in packed.infolist()
        )


def _json(value: Mapping[str, object]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def write(
    bundles: Iterable[Bundle], folder: Path, beside: Mapping[str, Mapping[str, bytes]] | None = None
) -> list[Path]:
    """Write `folder/<id>/` for each bundle, replacing what was there; the folders written.

    `beside` has further files by product, which follow from more than its bundle.
    """
    written = []
    with writing(folder):
        for bundle in bundles:
            target, fresh, old = (folder / f"{prefix}{bundle.id}" for prefix in ("", ".new-", ".old-"))
            for leftover in (fresh, old):
                shutil.rmtree(leftover, ignore_errors=True)
            fresh.mkdir(parents=True)
            for name, content in {**files_of(bundle), **(beside or {}).get(bundle.id, {})}.items():
                (fresh / name).write_bytes(content)
            if target.exists():
                target.rename(old)
            fresh.rename(target)
            shutil.rmtree(old, ignore_errors=True)
            written.append(target)
    return written


def write_file(path: Path, text: str) -> None:
    """Write a file as a whole, or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    with writing(path):
        fresh.write_text(text, encoding="utf-8", newline="\n")
        fresh.replace(path)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell a full disk, a missing permission or a missing folder as a problem of the path."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        raise fail(
            str(where), f"cannot be written ({error.strerror})", "Free space or correct the permissions."
        ) from None
