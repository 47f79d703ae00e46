"""What goes into the zip of a Lambda function from the distributions it names."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from generator import assets, distributions
from generator.blueprint import Asset, LambdaPackage, load
from generator.errors import FactoryError, Where
from tests.conftest import ROOT

WHERE = Where("blueprints/sample.py")
NAMES = ("dulwich", "urllib3")


@pytest.fixture(scope="module")
def asset() -> Asset:
    loaded = load("sagemaker-project", ROOT, WHERE)
    return assets._package(LambdaPackage("project", NAMES), loaded, ROOT)


@pytest.fixture(scope="module")
def names(asset: Asset) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(asset.content)) as packed:
        return packed.namelist()


def test_modules_metadata_and_licences_and_nothing_else(names: list[str]) -> None:
    assert {Path(name).suffix for name in names if ".dist-info/" not in name} == {".py"}
    about = {Path(name).name for name in names if ".dist-info/" in name}
    assert about == {"METADATA", "COPYING", "LICENSE.txt"}
    assert not any(set(Path(name).parts) & {"..", "tests", "__pycache__"} for name in names)
    assert {"dulwich/client.py", "urllib3/poolmanager.py", "sagemaker_project/cleanup.py"} <= set(names)


def test_the_order_is_that_of_the_names_and_each_is_there_once(names: list[str]) -> None:
    assert names == sorted(set(names))


def test_it_stays_small(asset: Asset) -> None:
    assert len(asset.content) < 4_000_000


def test_a_package_without_requirements_is_the_folder_alone() -> None:
    loaded = load("sagemaker-project", ROOT, WHERE)
    plain = assets._package(LambdaPackage("project"), loaded, ROOT)
    with zipfile.ZipFile(io.BytesIO(plain.content)) as packed:
        assert {Path(name).parts[0] for name in packed.namelist()} == {"sagemaker_project"}


def test_git_works_from_the_zip_alone(asset: Asset, tmp_path: Path) -> None:
    """In an interpreter that has nothing else installed, as Lambda's has not."""
    (tmp_path / "function.zip").write_bytes(asset.content)
    code = (
        "import sys, types\n"
        # Lambda's Python has typing.override; before 3.12 it is another distribution's.
        "sys.modules.setdefault('typing_extensions', types.SimpleNamespace(override=lambda f: f, Buffer=bytes, "
        "Self=None, TypeIs=None, Unpack=None, TypeVarTuple=None, NotRequired=None, deprecated=None))\n"
        f"sys.path.insert(0, {str(tmp_path / 'function.zip')!r})\n"
        "from dulwich.client import HttpGitClient\n"
        "from dulwich.objects import Blob\n"
        "print(Blob.from_string(b'hello\\n').id.decode(), HttpGitClient.__module__)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert ran.stdout.split() == ["ce013625030ba8dba906f756967f9e9ca394464a", "dulwich.client"], ran.stderr


def test_a_distribution_that_is_missing_is_named_with_what_to_do() -> None:
    with pytest.raises(FactoryError) as raised:
        distributions.files(["dulwhich"], WHERE)
    assert str(raised.value) == (
        "blueprints/sample.py: the Python distribution 'dulwhich', which a Lambda package needs, is not installed. "
        "Pin it in pyproject.toml, run `make lock`, then any other make target, which installs it."
    )


def test_an_edited_distribution_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = tmp_path / "sample-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: sample\nVersion: 1.0\n")
    (tmp_path / "sample.py").write_text("answer = 42\n")
    (about / "RECORD").write_text("sample.py,sha256=pcXfPBBnFSaFMnkIjBjIEoXOLUkkxQ7NZc7TRW-pqrk,12\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        FactoryError, match=r"'sample\.py' of the installed distribution 'sample' is not as it"
    ):
        distributions.files(["sample"], WHERE)
