"""Rendering: what comes out, that it is the same everywhere, and that nothing of the machine enters."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from generator import seed
from generator.errors import FactoryError, Where
from tests.seeds.seedlings import CONFIG, FILES, ROOT, SEEDCODE, SPEC, plant


def test_answers_and_defaults_make_the_files(tmp_path: Path) -> None:
    tree = seed.render(plant(tmp_path), {"name": "churn", "kind": "large"}, where=SPEC)
    assert tree.files == (
        (".copier-answers.yml", b"_src_path: seedcode/demo\nkind: large\nname: churn\nsize: 3\n", False),
        ("bin/run", b"#!/bin/sh\n", True),
        ("churn.txt", b"churn 3 large\n", False),
    )


def test_questions_say_what_can_be_asked(tmp_path: Path) -> None:
    config = CONFIG + 'half:\n  type: int\n  default: "{{ size // 2 }}"\n  when: false\n'
    asked = seed.questions(plant(tmp_path, config=config))
    assert list(asked) == ["name", "size", "kind"]
    assert (asked["size"].type, asked["size"].default, asked["size"].help) == ("int", 3, "How many.")
    assert asked["kind"].choices == ("small", "large")


def test_a_changed_seed_is_rendered_anew(tmp_path: Path) -> None:
    folder = plant(tmp_path)
    first = seed.render(folder, {}, where=SPEC)
    assert seed.render(folder, {}, where=SPEC) is first
    (folder / "template" / "bin" / "run").write_text("#!/bin/sh\nexit 1\n")
    assert seed.render(folder, {}, where=SPEC) != first


def test_leftovers_of_tools_do_not_enter(tmp_path: Path) -> None:
    folder = plant(tmp_path)
    clean = seed.render(folder, {}, where=SPEC)
    plant(
        tmp_path, {"template/__pycache__/x.pyc": b"\0", "template/.DS_Store": b"\0", "template/a.pyc": b"\0"}
    )
    assert seed.digest(seed.render(folder, {}, where=SPEC)) == seed.digest(clean)


def test_the_archive_is_an_ordinary_zip(tmp_path: Path) -> None:
    tree = seed.render(plant(tmp_path), {}, where=SPEC)
    content = seed.archive(tree)
    assert sha256(content).hexdigest() == seed.digest(tree)
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        assert [entry.filename for entry in packed.infolist()] == [name for name, _, _ in tree.files]
        assert [packed.read(name) for name, _, _ in tree.files] == [content for _, content, _ in tree.files]
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        modes = {entry.filename: entry.external_attr >> 16 for entry in packed.infolist()}
    assert modes == {".copier-answers.yml": 0o100644, "bin/run": 0o100755, "demo.txt": 0o100644}


def test_a_written_tree_has_its_modes(tmp_path: Path) -> None:
    seed.render(plant(tmp_path), {}, where=SPEC).write(tmp_path / "out")
    assert os.access(tmp_path / "out" / "bin" / "run", os.X_OK)
    assert not os.access(tmp_path / "out" / "demo.txt", os.X_OK)


DIGESTS = """
import sys
from pathlib import Path
from generator import seed
from generator.errors import Where
for name in ("model-build", "model-container", "model-deploy"):
    print(seed.digest(seed.render(Path(sys.argv[1], name), {}, where=Where("x"))))
"""


def digests_elsewhere(cwd: Path, umask: int, **environment: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import os; os.umask({umask}){DIGESTS}", str(SEEDCODE)],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


def test_the_same_bytes_in_every_surrounding(tmp_path: Path) -> None:
    """Another folder, home, mask, time zone, locale, hash seed and temporary folder; and a user's copier settings."""
    home, spaced = tmp_path / "home", tmp_path / "a long temporary folder with spaces" / ("x" * 60)
    spaced.mkdir(parents=True)
    settings = home / ".config" / "copier" / "settings.yml"
    settings.parent.mkdir(parents=True)
    settings.write_text("defaults: {name: planted, ci: jenkins, description: planted}\ntrust: ['/']\n")
    (home / ".gitconfig").write_text("[core]\n\tfileMode = false\n\tautocrlf = true\n")
    here = digests_elsewhere(ROOT, 0o022, HOME=str(tmp_path), TZ="UTC")
    there = digests_elsewhere(
        tmp_path,
        0o077,
        HOME=str(home),
        XDG_CONFIG_HOME=str(home / ".config"),
        COPIER_SETTINGS_PATH=str(settings),
        TZ="Pacific/Kiritimati",
        LC_ALL="C",
        PYTHONHASHSEED="7",
        TMPDIR=str(spaced),
    )
    assert len(here) == 3
    assert there == here


@pytest.mark.parametrize("name", ["model-build", "model-container", "model-deploy"])
def test_nothing_of_this_machine_is_in_the_real_seeds(name: str) -> None:
    for _, content, _ in seed.render(SEEDCODE / name, {}, where=SPEC).files:
        assert str(ROOT).encode() not in content
        assert sys.prefix.encode() not in content


# Answers

BAD_ANSWERS = {
    "nam": ("x", "seed 'demo' has no question 'nam'. Did you mean 'name'?"),
    "name": ("Demo", "'Demo' is refused for 'name': lower-case letters only"),
    "size": ("three", "'size' wants a whole number, not 'three'"),
    "kind": ("smal", "'smal' is no choice of 'kind'. Did you mean 'small'?"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
def test_a_bad_answer_is_named_at_its_line(tmp_path: Path, name: str) -> None:
    value, said = BAD_ANSWERS[name]

    def where(*path: str) -> Where:
        return Where("products/demo.yaml", 9 if path == (name,) else 7, 3)

    with pytest.raises(FactoryError) as caught:
        seed.render(plant(tmp_path), {name: value}, where=where)
    assert str(caught.value) == f"products/demo.yaml:9:3: {said}"


def test_all_bad_answers_at_once(tmp_path: Path) -> None:
    with pytest.raises(FactoryError) as caught:
        seed.render(plant(tmp_path), {"nam": 1, "size": True, "kind": None}, where=SPEC)
    assert len(caught.value.problems) == 3
    with pytest.raises(FactoryError) as caught:  # and those that only the seed's validators can tell
        seed.render(plant(tmp_path), {"name": "Demo", "size": 10}, where=SPEC)
    assert {problem.problem for problem in caught.value.problems} == {
        "'Demo' is refused for 'name': lower-case letters only",
        "10 is refused for 'size': at most 9",
    }


def test_several_choices(tmp_path: Path) -> None:
    config = CONFIG.replace("default: small\n", "default: [small]\n  multiselect: true\n")
    files = FILES | {"template/{{ name }}.txt.jinja": "{{ kind | join('+') }}\n"}
    folder = plant(tmp_path, files, config=config)
    tree = seed.render(folder, {"kind": ["small", "large"]}, where=SPEC)
    assert ("demo.txt", b"small+large\n", False) in tree.files
    for bad in ("small", ["medium"]):
        with pytest.raises(FactoryError, match="'kind'"):
            seed.render(folder, {"kind": bad}, where=SPEC)


def test_a_file_for_each_item_knows_its_item(tmp_path: Path) -> None:
    name = "template/{% yield part from ['a', 'b'] %}{{ part }}.txt{% endyield %}.jinja"
    tree = seed.render(plant(tmp_path, FILES | {name: "{{ part }} of {{ name }}\n"}), {}, where=SPEC)
    assert tree.files[2:4] == (("b.txt", b"b of demo\n", False), ("bin/run", b"#!/bin/sh\n", True))
    folder = plant(tmp_path, FILES | {name: "{{ art }}\n"})
    with pytest.raises(FactoryError, match="'art' is no question of this seed"):
        seed.render(folder, {}, where=SPEC)


def test_a_seed_that_does_not_exist(tmp_path: Path) -> None:
    plant(tmp_path)
    with pytest.raises(FactoryError, match=r"7:3: seed 'dmo' does not exist.*Did you mean 'demo'\?"):
        seed.render(tmp_path / "seedcode" / "dmo", {}, where=SPEC)
