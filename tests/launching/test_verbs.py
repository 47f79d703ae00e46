"""catalog launch, provisioned, update and terminate: what a person types, and what is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.cli import main
from generator.local import open_state
from tests import catalogues

from .conftest import REGION

SIZED = """\
Parameters:
  Size: {Type: String, AllowedValues: [small, large], Description: How much it holds.}
  Days: {Type: Number, Default: 3}
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      SqsManagedSseEnabled: true
      MessageRetentionPeriod: !If [Large, 1209600, 86400]
Conditions:
  Large: !Equals [!Ref Size, large]
Outputs:
  Address: {Value: !Ref Queue, Description: Where to send.}
  Days: {Value: !Ref Days}
"""


class Shell:
    """Runs the command on a small catalogue with a state of its own."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys

    def run(self, *arguments: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = main(["-C", str(self.root), *arguments])
        out, err = self._capsys.readouterr()
        return code, out, err

    def __call__(self, *arguments: str) -> str:
        code, out, err = self.run(*arguments)
        assert code == 0, err
        return out


@pytest.fixture
def shell(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setenv("CATALOG_STATE", str(tmp_path / "state"))
    product = catalogues.PRODUCT.replace("Store", "Sized").replace("store.yaml", "sized.yaml")
    root = catalogues.make(
        tmp_path / "catalogue", {"products/sized.yaml": product, "products/templates/sized.yaml": SIZED}
    )
    made = Shell(root, capsys)
    made("publish", "--yes")
    return made


LAUNCH = ("launch", "sized", "--param", "Size=small", "--tag", "environment=dev")


def test_from_launch_to_termination(shell: Shell) -> None:
    code, out, err = shell.run(*LAUNCH)
    assert code == 0
    assert "sized: Sized 1.0.0, record rec-" in err
    assert err.endswith("sized: succeeded\n")
    assert "\n  Where to send.\n" in out
    assert "Days: 3\n" in out
    assert "sized-2" in shell.run(*LAUNCH)[2], "the id is taken: the next one gets a number"
    listed = shell("provisioned").splitlines()
    assert [line.split()[:2] for line in listed] == [
        ["NAME", "STATUS"],
        ["sized", "AVAILABLE"],
        ["sized-2", "AVAILABLE"],
    ]
    (first, _) = json.loads(shell("provisioned", "--format", "json"))
    assert (first["product_name"], first["version_name"]) == ("Sized", "1.0.0")

    assert "Days: 5\n" in shell("update", "sized", "--param", "Days=5")
    template = shell.root / "products/templates/sized.yaml"
    template.write_text(SIZED.replace("Address", "Url"))
    spec = shell.root / "products/sized.yaml"
    spec.write_text(spec.read_text().replace("1.0.0", "2.0.0"))
    shell("publish", "--yes")
    updated = shell("update", "sized", "--version", "2.0.0")
    assert "Url: " in updated
    assert "Days: 5\n" in updated, "what is not named stays"

    assert shell("terminate", "sized").startswith("sized is terminated")
    shell("terminate", "sized-2")
    assert shell("provisioned") == "Nothing is launched: catalog launch ID.\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("launch", "sized", "--tag", "environment=dev"), "parameter Size is missing. How much it holds."),
        ((*LAUNCH, "--param", "Sise=small"), "there is no parameter 'Sise'. Did you mean 'Size'?"),
        (("launch", "sized", "--param", "Size=huge", "--tag", "environment=dev"), "One of small, large."),
        (("launch", "sized", "--param", "Size=small"), "tag 'environment' must be chosen"),
        ((*LAUNCH, "--version", "3.0.0"), "there is no version 3.0.0 to launch"),
        ((*LAUNCH, "--param", "Size"), "is not of the form KEY=VALUE"),
        ((*LAUNCH, "--as", "stranger"), "no product named 'Sized' is there for you to launch"),
        ((*LAUNCH, "--portfolio", "Shelv"), "Did you mean 'Shelf'?"),
        (("terminate", "sized"), "nothing of this name is launched"),
        (("update", "sized", "--param", "Size=large"), "nothing of this name is launched"),
    ],
)
def test_mistakes_are_named_before_anything_is_made(
    shell: Shell, arguments: tuple[str, ...], says: str
) -> None:
    code, out, err = shell.run(*arguments)
    assert (code, out) == (1, "")
    assert says in err
    assert shell("provisioned").startswith("Nothing")


def test_an_update_of_nothing_is_a_mistake_of_usage(shell: Shell) -> None:
    code, _, err = shell.run("update", "sized")
    assert code == 64
    assert "--version, --param or --tag" in err


def test_a_failed_record_says_why_and_what_to_do(shell: Shell, tmp_path: Path) -> None:
    local = open_state(tmp_path / "state")
    session: Any = local.session(REGION)
    iam = session.client("iam")
    role = "catalog-launch-acme-sized"
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    local.close()
    code, out, err = shell.run(*LAUNCH)
    assert (code, out) == (4, "")
    assert "sized: failed" in err
    assert "is not authorized to perform: cloudformation:CreateStack" in err
    assert "Add to the identity-based policy" in err
    assert "`catalog terminate sized`" in err
    shell("terminate", "sized")


def test_a_deprecated_version_is_for_what_runs_already(shell: Shell) -> None:
    shell(*LAUNCH)
    template = shell.root / "products/templates/sized.yaml"
    template.write_text(SIZED.replace("Where to send.", "The queue."))
    spec = shell.root / "products/sized.yaml"
    spec.write_text(spec.read_text().replace("1.0.0", "1.0.1") + "deprecated_versions: [1.0.0]\n")
    shell("publish", "--yes")
    code, _, err = shell.run(*LAUNCH, "--version", "1.0.0")
    assert code == 1
    assert "version 1.0.0 is deprecated" in err
    assert "1.0.1, record" in shell.run(*LAUNCH)[2]
    assert "Days: 4\n" in shell("update", "sized", "--param", "Days=4")


@pytest.mark.parametrize("verb", ["launch", "provisioned", "update", "terminate"])
def test_help_has_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    assert f"Examples:\n  catalog {verb}" in capsys.readouterr().out
