"""Seeds published as git repositories, and the projects made from them: real git, and copier's own command."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from generator import seed, seed_readme, seed_source
from generator.cli import main
from tests import catalogues
from tests.blueprints.lambdas.githost import PASSWORD, USER, hosting
from tests.conftest import ROOT
from tests.seeds.seedlings import SPEC, plant

ANSWERS = "template/{{ _copier_conf.answers_file }}.jinja"
TEXT = "one\n\ntwo\n\n{{ name }}\n"
FILES = {
    "VERSION": "1.0.0\n",
    "template/README.md.jinja": TEXT,
    "template/bin/run": "#!/bin/sh\n",
    'template/{% if kind == "large" %}large one{% endif %}': "large\n",
    ANSWERS: "# Written by copier.\n{{ _copier_answers | to_nice_yaml -}}\n",
}


@dataclass
class Ran:
    code: int
    out: str
    err: str


class Shelf:
    """A catalogue with seeds and what the command says to it."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self._capsys = root, capsys
        self.repositories = root / ".catalog" / "seeds"

    def run(self, *arguments: str) -> Ran:
        self._capsys.readouterr()
        code = main(["-C", str(self.root), "seeds", *arguments])
        return Ran(code, *self._capsys.readouterr())

    def edit(self, name: str, text: str, seed: str = "demo") -> None:
        catalogues.write(self.root / "seedcode" / seed, {name: text})

    def git(self, *arguments: str, seed: str = "demo") -> str:
        return git(self.repositories / f"{seed}.git", *arguments)


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def copier(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """copier's own command, as a person calls it."""
    return subprocess.run(
        [sys.executable, "-m", "copier", *arguments], cwd=cwd, capture_output=True, text=True, check=True
    )


@pytest.fixture(autouse=True)
def _a_person(tmp_path: Path) -> None:
    """Settings of a person that must not show in what is published."""
    (tmp_path / "home" / ".gitconfig").write_text(
        "[user]\n\tname = Ann\n\temail = ann@example.com\n"
        "[init]\n\tdefaultBranch = trunk\n[commit]\n\tgpgSign = true\n[tag]\n\tgpgSign = true\n"
    )


@pytest.fixture
def shelves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Shelf]:
    def make(name: str = "catalogue", *seeds: str, targets: str = catalogues.TARGETS) -> Shelf:
        root = catalogues.make(tmp_path / name, {"products/targets.yaml": targets})
        for each in seeds or ("demo",):
            plant(root, FILES, seed=each)
        return Shelf(root, capsys)

    return make


@pytest.fixture
def shelf(shelves: Callable[..., Shelf]) -> Shelf:
    made = shelves()
    assert made.run("publish").code == 0
    return made


@pytest.fixture
def project(shelf: Shelf, tmp_path: Path) -> Path:
    """A project of the published 1.0.0, committed."""
    copier("copy", "--defaults", str(shelf.repositories / "demo.git"), "project", cwd=tmp_path)
    return committed(tmp_path / "project")


def committed(folder: Path) -> Path:
    unsigned = ("-c", "commit.gpgSign=false")
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, *unsigned, "commit", "--quiet", "--message", "as made")
    return folder


# --- publishing


def test_a_version_is_a_tag_and_a_second_publish_is_empty(shelves: Callable[..., Shelf]) -> None:
    shelf = shelves()
    first = shelf.run("publish")
    assert (first.code, first.out) == (
        0,
        f"published: demo 1.0.0 to {shelf.repositories / 'demo.git'}\n",
    )
    again = shelf.run("publish")
    assert again.code == 0
    assert again.out.startswith("unchanged: demo 1.0.0 sha256:")
    assert again.out.endswith("Nothing to do. The seeds of target local are as seedcode/ says.\n")
    shelf.edit("VERSION", "1.1.0\n")
    shelf.edit("template/new.txt", "new\n")
    assert "published: demo 1.1.0" in shelf.run("publish").out
    assert shelf.git("tag") == "v1.0.0\nv1.1.0"
    assert shelf.git("rev-parse", "v1.1.0^") == shelf.git("rev-parse", "v1.0.0^{commit}")
    assert shelf.git("rev-parse", "main") == shelf.git("rev-parse", "v1.1.0^{commit}")
    assert shelf.git("show", "v1.1.0:template/README.md.jinja") == TEXT.strip()
    modes = shelf.git("ls-tree", "-r", "v1.1.0", "template/bin/run")
    assert modes.startswith("100755 ")
    assert shelf.run("list", "--format", "json").out == json.dumps(
        [
            {
                "seed": "demo",
                "version": "1.1.0",
                "published": ["1.0.0", "1.1.0"],
                "repository": str(shelf.repositories / "demo.git"),
            }
        ],
        indent=2,
    ) + "\n"  # fmt: skip


def test_the_same_commits_everywhere(
    shelves: Callable[..., Shelf], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder that is no repository, and in one whose git hook runs us, under another umask, person and zone."""
    plain, hooked = shelves("plain"), shelves("hooked")
    with (tmp_path / "home" / ".gitconfig").open("a") as settings:
        settings.write("[core]\n\tautocrlf = true\n")
    assert plain.run("publish").code == 0
    (tmp_path / "home" / ".gitconfig").unlink()
    git(hooked.root, "init", "--quiet")
    for name, value in {
        "GIT_DIR": str(hooked.root / ".git"),
        "GIT_INDEX_FILE": str(hooked.root / ".git" / "index"),
        "GIT_AUTHOR_NAME": "Bob",
        "TZ": "Asia/Tokyo",
        "LANG": "de_DE.UTF-8",
    }.items():
        monkeypatch.setenv(name, value)
    before = os.umask(0o077)
    try:
        assert hooked.run("publish").code == 0
    finally:
        os.umask(before)
    for name in ("GIT_DIR", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name)
    assert hooked.git("rev-parse", "v1.0.0", "main") == plain.git("rev-parse", "v1.0.0", "main")
    assert git(hooked.root, "status", "--porcelain", "--untracked-files=no") == ""


def test_the_readme_tells_what_the_repository_is_and_its_commands_work(shelf: Shelf, tmp_path: Path) -> None:
    readme = shelf.git("show", "v1.0.0:README.md")
    assert readme.startswith("<!-- Made by `catalog seeds publish`")
    for told in (
        "# demo",
        "published from `seedcode/demo/`",
        "version 1.0.0",
        "| `size` | How many. | a whole number | `3` |",
        "| `kind` | Which one. | `small`, `large` | `small` |",
    ):
        assert told in readme
    copy, check, update = (line.split()[1:] for line in readme.splitlines() if line.startswith("    copier "))
    address = str(shelf.repositories / "demo.git")
    copier(*(address if word == "ADDRESS" else word for word in copy), "--defaults", cwd=tmp_path)
    project = committed(tmp_path / "my-demo")
    assert (project / "README.md").read_text() == TEXT.replace("{{ name }}", "demo"), "the project's own"
    shelf.edit("VERSION", "1.1.0\n")
    shelf.edit("template/new.txt", "new\n")
    assert shelf.run("publish").code == 0
    assert "New template version available" in copier(*check, cwd=project).stdout
    copier(*update, cwd=project)
    assert (project / "new.txt").read_text() == "new\n"
    assert (project / "README.md").read_text() == TEXT.replace("{{ name }}", "demo")


def test_a_version_is_not_another_one_for_the_wording_of_its_readme(shelf: Shelf, tmp_path: Path) -> None:
    """As a later release of ours would word it; a README of the author's counts as what it is."""
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(shelf.repositories / "demo.git"), str(clone))
    readme = clone / "README.md"
    readme.write_text(readme.read_text().replace("Make a repository", "Begin"))
    git(clone, "-c", "commit.gpgSign=false", "commit", "--quiet", "--all", "--amend", "--no-edit")
    git(clone, "-c", "tag.gpgSign=false", "tag", "--force", "v1.0.0")
    git(clone, "push", "--quiet", "--force", "origin", "HEAD:main", "v1.0.0")
    again = shelf.run("publish")
    assert (again.code, again.out.startswith("unchanged: demo 1.0.0")) == (0, True), again.err
    shelf.edit("README.md", "# Ours\n")
    refused = shelf.run("publish")
    assert (refused.code, "already published with other content" in refused.err) == (1, True)
    shelf.edit("VERSION", "1.0.1\n")
    assert shelf.run("publish").code == 0
    assert shelf.git("show", "v1.0.1:README.md") == "# Ours"
    assert "Nothing to do." in shelf.run("publish").out


def test_published_means_frozen_and_one_conflict_holds_all(shelves: Callable[..., Shelf]) -> None:
    shelf = shelves("catalogue", "demo", "other")
    assert shelf.run("publish").code == 0
    shelf.edit("template/bin/run", "#!/bin/sh\nexit 1\n")
    shelf.edit("VERSION", "1.0.1\n", seed="other")
    refused = shelf.run("publish")
    assert refused.code == 1
    assert "seedcode/demo/VERSION:1:1: version 1.0.0 is already published with other content" in refused.err
    assert refused.err.endswith("here). Raise the version to 1.1.0.\n")
    assert shelf.git("tag", seed="other") == "v1.0.0"
    assert shelf.run("publish", "other").code == 0
    assert shelf.git("tag", seed="other") == "v1.0.0\nv1.0.1"
    shelf.edit("VERSION", "0.9.0\n")
    lower = shelf.run("publish", "demo")
    assert (lower.code, "version 0.9.0 is lower than 1.0.0" in lower.err) == (1, True)


@pytest.mark.parametrize(
    ("files", "arguments", "told"),
    [
        ({"VERSION": "one\n"}, [], "seedcode/demo/VERSION:1:1: is no version. Write MAJOR.MINOR.PATCH"),
        ({"VERSION": "1.0.0-rc.1\n"}, [], "seedcode/demo/VERSION:1:1: is no version."),
        ({}, ["domo"], "seed 'domo' does not exist: seedcode/domo/copier.yml is missing. Did you mean 'demo'?"),
        ({"copier.yml": "name:\n  type: str\n  help: Who.\n  default: x\n"}, [], "would become a file of every project"),
        ({"copier.yml": "_subdirectory: ./\nname:\n  type: str\n  help: Who.\n  default: x\n"}, [], "would become a file"),
    ],
)  # fmt: skip
def test_what_cannot_be_published(
    shelves: Callable[..., Shelf], files: dict[str, str], arguments: list[str], told: str
) -> None:
    shelf = shelves()
    for name, text in files.items():
        shelf.edit(name, text)
    refused = shelf.run("publish", *arguments)
    assert (refused.code, told in refused.err) == (1, True), refused.err
    assert not shelf.repositories.exists()


def test_a_seed_without_a_version(shelves: Callable[..., Shelf]) -> None:
    shelf = shelves()
    (shelf.root / "seedcode/demo/VERSION").unlink()
    refused = shelf.run("publish")
    assert refused.err == (
        "seedcode/demo/VERSION: seed 'demo' has no version. Write 1.0.0 into it, and commit it.\n"
    )
    assert "none" in shelf.run("list").out


def test_what_others_committed_is_not_run_over(shelf: Shelf, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(shelf.repositories / "demo.git"), str(clone))
    (clone / "theirs").write_text("theirs\n")
    git(clone, "add", "theirs")
    git(clone, "-c", "commit.gpgSign=false", "commit", "--quiet", "--message", "theirs")
    git(clone, "push", "--quiet", "origin", "HEAD:main")
    shelf.edit("VERSION", "1.0.1\n")
    refused = shelf.run("publish")
    assert refused.code == 3
    assert "its main is not at v1.0.0: somebody else has committed there" in refused.err


def test_nothing_is_half_pushed(shelf: Shelf) -> None:
    """A server that takes the commit and refuses the tag gets neither; the next publish finishes."""
    hook = shelf.repositories / "demo.git" / "hooks" / "update"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) echo "tags are closed" >&2; exit 1;; esac\n')
    hook.chmod(0o755)
    before = shelf.git("rev-parse", "main")
    shelf.edit("VERSION", "1.0.1\n")
    refused = shelf.run("publish")
    assert refused.code == 4
    assert "rejected" in refused.err
    assert (shelf.git("tag"), shelf.git("rev-parse", "main")) == ("v1.0.0", before)
    hook.unlink()
    assert "published: demo 1.0.1" in shelf.run("publish").out
    assert "Nothing to do." in shelf.run("publish").out


def test_a_git_server_of_the_target(shelves: Callable[..., Shelf], tmp_path: Path) -> None:
    """By the target's pattern over http, with the credentials of git's own helper; without them, its refusal."""
    targets = catalogues.TARGETS.replace(
        "local: {}",
        'local: {seeds: "https://git.example.com/platform/{seed}.git"}\n'
        'prod: {account: "111122223333", seeds: "https://git.example.com/platform/{seed}.git"}\n'
        'bare: {account: "111122223333"}',
    )
    shelf = shelves(targets=targets)
    server = tmp_path / "server" / "platform"
    server.mkdir(parents=True)
    git(server, "init", "--quiet", "--bare", "--initial-branch=main", "demo.git")
    git(server / "demo.git", "config", "http.receivepack", "true")
    settings = tmp_path / "home" / ".gitconfig"
    with hosting(server.parent) as address:
        settings.write_text(f'[url "{address}/"]\n\tinsteadOf = https://git.example.com/\n')
        refused = shelf.run("publish")
        assert (refused.code, "https://git.example.com/platform/demo.git: git ls-remote" in refused.err) == (
            4,
            True,
        )
        helper = f"!f() {{ echo username={USER}; echo password={PASSWORD}; }}; f"
        settings.write_text(settings.read_text() + f'[credential]\n\thelper = "{helper}"\n')
        unasked = shelf.run("publish", "--target", "prod")
        assert (unasked.code, "nobody can be asked. Add --yes." in unasked.err) == (3, True)
        assert (
            "published: demo 1.0.0 to https://git.example.com/platform/demo.git" in shelf.run("publish").out
        )
        shelf.edit("VERSION", "1.1.0\n")
        assert shelf.run("publish", "--target", "prod", "--yes").code == 0
        assert "Nothing to do." in shelf.run("publish").out
        nowhere = shelf.run("publish", "--target", "bare")
        assert (nowhere.code, "target 'bare' names no place for seeds. Add seeds:" in nowhere.err) == (
            1,
            True,
        )
    assert git(server / "demo.git", "tag") == "v1.0.0\nv1.1.0"


@pytest.mark.parametrize(
    "pattern",
    [
        "https://ann:secret@git.example.com/{seed}.git",
        "http://git.example.com/{seed}.git",
        "https://git.example.com/{seed}",
        "https://git.example.com/seeds.git",
        "--upload-pack=x/{seed}.git",
        "https://git.example.com/{stage}/{seed}.git",
    ],
)
def test_addresses_that_are_refused(shelves: Callable[..., Shelf], pattern: str) -> None:
    targets = catalogues.TARGETS.replace("local: {}", f'local: {{seeds: "{pattern}"}}')
    refused = shelves(targets=targets).run("list")
    assert refused.code == 1
    assert refused.err.startswith("products/targets.yaml:3:")


# --- projects


def test_an_update_merges_into_local_edits(shelf: Shelf, project: Path, tmp_path: Path) -> None:
    assert "_commit: v1.0.0" in (project / ".copier-answers.yml").read_text()
    current = shelf.run("status", str(project), "--detailed-exitcode")
    assert (current.code, "current" in current.out) == (0, True)
    readme = project / "README.md"
    readme.write_text(readme.read_text().replace("one", "ours"))
    committed(project)
    shelf.edit("VERSION", "1.1.0\n")
    shelf.edit("template/README.md.jinja", TEXT.replace("two", "theirs"))
    assert shelf.run("publish").code == 0
    behind = shelf.run("status", str(project), "--detailed-exitcode", "--format", "json")
    assert behind.code == 2
    (told,) = json.loads(behind.out)
    assert (told["seed"], told["version"], told["newest"], told["state"]) == (
        "demo",
        "1.0.0",
        "1.1.0",
        "behind",
    )
    (command,) = told["commands"]
    program, *arguments = shlex.split(command)
    assert program == "copier"
    copier(*arguments, cwd=tmp_path)
    assert readme.read_text() == "ours\n\ntheirs\n\ndemo\n"
    committed(project)
    assert "current" in shelf.run("status", str(project)).out


def test_a_conflict_is_marked_for_a_person(shelf: Shelf, project: Path, tmp_path: Path) -> None:
    readme = project / "README.md"
    readme.write_text(readme.read_text().replace("two", "ours"))
    committed(project)
    shelf.edit("VERSION", "1.1.0\n")
    shelf.edit("template/README.md.jinja", TEXT.replace("two", "theirs"))
    assert shelf.run("publish").code == 0
    told = shelf.run("status", str(project)).out
    assert told.endswith("What copier cannot merge it marks in the files; git status then names them.\n")
    copier("update", "--skip-answered", str(project), cwd=tmp_path)
    text = readme.read_text()
    assert text.index("<<<<<<<") < text.index("ours") < text.index("=======") < text.index("theirs")
    assert "UU README.md" in git(project, "status", "--porcelain")


def test_a_project_that_a_product_seeded_is_adopted(shelf: Shelf, tmp_path: Path) -> None:
    """Its bytes may not depend on a target, so it names the seed's folder and version; adopting names the repository."""
    folder = tmp_path / "seeded"
    seed.render(shelf.root / "seedcode" / "demo", {"kind": "large"}, where=SPEC).write(folder)
    answers = folder / ".copier-answers.yml"
    assert answers.read_text().startswith("# Written by copier.\n_commit: v1.0.0\n_src_path: seedcode/demo\n")
    shelf.edit("VERSION", "1.1.0\n")
    shelf.edit("template/README.md.jinja", TEXT.replace("two", "theirs"))
    assert shelf.run("publish").code == 0
    status = shelf.run("status", str(folder), "--detailed-exitcode")
    assert status.code == 2
    assert f"  catalog seeds adopt {folder}\n  copier update --skip-answered {folder}\n" in status.out
    adopted = shelf.run("adopt", str(folder))
    assert (adopted.code, adopted.err) == (0, "")
    assert answers.read_text() == (
        f"# Written by copier.\n_commit: v1.0.0\n_src_path: {shelf.repositories / 'demo.git'}\n"
        "kind: large\nname: demo\nsize: 3\n"
    )
    committed(folder)
    copier("update", "--skip-answered", str(folder), cwd=tmp_path)
    assert "theirs" in (folder / "README.md").read_text()


def test_a_project_of_no_known_version_is_told_it(shelf: Shelf, tmp_path: Path) -> None:
    """As `copier copy seedcode/demo` leaves it."""
    folder = tmp_path / "project"
    copier("copy", "--defaults", str(shelf.root / "seedcode" / "demo"), str(folder), cwd=tmp_path)
    status = shelf.run("status", str(folder))
    assert "unlinked" in status.out
    assert f"catalog seeds adopt {folder} --version X.Y.Z" in status.out
    refused = shelf.run("adopt", str(folder))
    assert (refused.code, "nothing tells which version of 'demo' the project has" in refused.err) == (1, True)
    unknown = shelf.run("adopt", str(folder), "--version", "3.0.0")
    assert "'3.0.0' is no published version of seed 'demo'. Published: 1.0.0." in unknown.err
    assert shelf.run("adopt", str(folder), "--version", "1.0.0").code == 0
    assert "current" in shelf.run("status", str(folder)).out


def test_folders_that_are_no_projects_are_told_after_those_that_are(
    shelf: Shelf, project: Path, tmp_path: Path
) -> None:
    catalogues.write(
        tmp_path,
        {
            "empty/README.md": "x\n",
            "foreign/.copier-answers.yml": "_commit: v1.0.0\n_src_path: https://git.example.com/thing.git\n",
            "later/.copier-answers.yml": "_commit: v7.0.0\n_src_path: seedcode/demo\n",
            "broken/.copier-answers.yml": "_src_path: [\n",
            "silent/.copier-answers.yml": "name: x\n",
        },
    )
    folders = [str(tmp_path / name) for name in ("gone", "empty", "foreign", "later", "broken", "silent")]
    told = shelf.run("status", *folders, str(project), "--detailed-exitcode")
    assert told.code == 1
    assert "current" in told.out
    for what in (
        f"{tmp_path / 'gone'}: is no folder.",
        f"{tmp_path / 'empty'}: holds no .copier-answers.yml.",
        "foreign/.copier-answers.yml:2:1: 'https://git.example.com/thing.git' is no seed of this catalogue.",
        "later/.copier-answers.yml:1:1: '7.0.0' is no published version of seed 'demo'. Published: 1.0.0.",
        "broken/.copier-answers.yml:2:1: broken YAML",
        "silent/.copier-answers.yml:1:1: it does not tell its seed (_src_path).",
    ):
        assert what in told.err, told.err
    assert "6 problems" in told.err


# --- the seeds that ship

SEEDCODE = ROOT / "seedcode"


@pytest.mark.proof
@pytest.mark.parametrize("name", sorted(path.parent.name for path in SEEDCODE.glob("*/copier.yml")))
def test_every_seed_updates_a_project_with_local_edits(
    name: str, shelves: Callable[..., Shelf], tmp_path: Path
) -> None:
    shelf = shelves()
    own = shelf.root / "seedcode" / name
    shutil.copytree(SEEDCODE / name, own)
    assert shelf.run("publish", name).code == 0
    folder = tmp_path / "project"
    copier("copy", "--defaults", str(shelf.repositories / f"{name}.git"), str(folder), cwd=tmp_path)
    committed(folder)
    (folder / "Makefile").write_text((folder / "Makefile").read_text() + "\nours:\n\ttrue\n")
    committed(folder)
    (readme,) = (own / "template").glob("README.md*")
    readme.write_text(f"Theirs.\n\n{readme.read_text()}")
    major = int((own / "VERSION").read_text().partition(".")[0])
    (own / "VERSION").write_text(f"{major + 1}.0.0\n")
    assert shelf.run("publish", name).code == 0
    copier("update", "--skip-answered", str(folder), cwd=tmp_path)
    assert (folder / "Makefile").read_text().endswith("\nours:\n\ttrue\n")
    assert (folder / "README.md").read_text().startswith("Theirs.\n")
    assert f"_commit: v{major + 1}.0.0" in (folder / ".copier-answers.yml").read_text()


@pytest.mark.parametrize("name", sorted(path.parent.name for path in SEEDCODE.glob("*/copier.yml")))
def test_every_seeds_readme_says_what_it_is_and_asks(name: str) -> None:
    source = seed_source.load(SEEDCODE / name)
    readme = seed_readme.text(source)
    assert 15 < len(seed_readme.about(source)) < 100
    assert f"# {name}\n\n{seed_readme.about(source)}.\n" in readme
    rows = [line for line in readme.splitlines() if line.startswith("| `")]
    assert len(rows) == sum(not question.computed for question in source.questions.values())
    assert all(row.count(" | ") == 3 for row in rows)
