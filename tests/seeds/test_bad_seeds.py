"""Seeds with one fault each: refused, at the line, with nothing rendered and nothing of theirs run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator import seed
from generator.errors import FactoryError
from tests.seeds.seedlings import CONFIG, FILES, SPEC, plant

LAST = CONFIG.count("\n") + 1


def refusal(folder: Path, **answers: object) -> str:
    with pytest.raises(FactoryError) as caught:
        seed.render(folder, answers, where=SPEC)
    return str(caught.value)


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ("_tasks: [touch {mark}]\n", "'_tasks' is refused: it runs commands"),
        ("_migrations: [touch {mark}]\n", "'_migrations' is refused: it runs commands"),
        ("_jinja_extensions: [evil.Extension]\n", "'_jinja_extensions' is refused: it loads code"),
        ("_external_data: {{a: /etc/hosts}}\n", "'_external_data' is refused"),
        ("_secret_questions: [name]\n", "'_secret_questions' is refused"),
        ("_preserve_symlinks: true\n", "'_preserve_symlinks' is refused"),
        ("_task: []\n", "copier has no setting '_task'"),
        ("_answers_file: ../x\n", "may leave the seed's folder"),
        ("extra:\n  type: str\n  help: x\n", "question 'extra' has no default"),
        ("extra:\n  default: x\n", "question 'extra' has no type and no help"),
        ("extra: x\n", "question 'extra' is no mapping"),
        ("extra:\n  type: string\n  help: x\n  default: x\n", "no type 'string'. Did you mean 'str'?"),
        ("extra:\n  type: str\n  help: x\n  default: x\n  secret: true\n", "asks for a secret"),
        ("extra:\n  type: str\n  help: x\n  default: '{{{{ nam }}}}'\n", "'nam' is no question of this seed"),
        ("extra:\n  type: str\n  help: x\n  default: '{{{{ now() }}}}'\n", "depend on the clock"),
    ],
)
def test_configuration(tmp_path: Path, added: str, said: str) -> None:
    mark = tmp_path / "mark"
    text = refusal(plant(tmp_path, config=CONFIG + added.format(mark=mark)))
    assert said in text
    assert text.startswith("seedcode/demo/copier.yml:")
    assert int(text.split(":")[1]) >= LAST
    assert not mark.exists()


def test_broken_yaml(tmp_path: Path) -> None:
    assert refusal(plant(tmp_path, config="name: [\n")).startswith("seedcode/demo/copier.yml:")


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("one\n{{ name \n", "2:1: broken template"),
        ("one\n{% if name %}\n", "2:1: broken template"),
        ("one\n{{ nam }}\n", "2:1: 'nam' is no question of this seed. Did you mean 'name'?"),
        ("{% if false %}\n{{ nam }}\n{% endif %}\n", "2:1: 'nam' is no question"),
        ("one\n{{ name | uper }}\n", "2:1: broken template: No filter named 'uper'"),
        ("one\n{{ '%Y' | strftime }}\n", "2:1: '| strftime' makes the output depend on the clock"),
        ("one\n{{ [1, 2] | shuffle }}\n", "2:1: '| shuffle' makes the output depend on chance"),
        (
            "one\n{{ '~' | expanduser }}\n",
            "2:1: '| expanduser' makes the output depend on the machine's files",
        ),
        ("one\n{{ _copier_python }}\n", "2:1: '_copier_python' makes the output depend on"),
        ("one\n{{ _copier_conf.src_path }}\n", "2:1: '_copier_conf.src_path' makes the output depend on"),
        ("one\n{{ 1 // (size - 3) }}\n", "2:1: the template cannot be rendered (ZeroDivisionError"),
        ("one\n{{ name.upper.x.y }}\n", "2:1: the template cannot be rendered (UndefinedError"),
        ("one\n{% include '/etc/hosts' %}\n", "2:1: the template cannot be rendered (TemplateNotFound"),
    ],
)
def test_templates(tmp_path: Path, template: str, said: str) -> None:
    text = refusal(plant(tmp_path, FILES | {"template/bad.txt.jinja": template}))
    assert text.startswith("seedcode/demo/template/bad.txt.jinja:")
    assert said in text


def test_whole_settings_of_copier_in_a_file(tmp_path: Path) -> None:
    text = refusal(plant(tmp_path, FILES | {"template/bad.txt.jinja": "{{ _copier_conf | to_json }}\n"}))
    assert "contains a path of this machine" in text


def test_a_file_name_that_names_no_question(tmp_path: Path) -> None:
    text = refusal(plant(tmp_path, FILES | {"template/{{ nam }}.txt": "x"}))
    assert "'nam' is no question of this seed" in text


@pytest.mark.parametrize("name", ["../{{ name }}/../../out", "a\\b", ".git/hooks/post-checkout", "a:b", "a "])
def test_file_names_that_an_answer_makes_dangerous(tmp_path: Path, name: str) -> None:
    config = (
        CONFIG
        + f"file:\n  type: str\n  help: x\n  default: ok\nout:\n  type: str\n  help: x\n  default: '{name}'\n"
    )
    text = refusal(plant(tmp_path, FILES | {"template/{{ out }}.jinja": "x\n"}, config=config), file="x")
    assert "seed" in text
    assert not list(tmp_path.rglob("out*"))


def test_names_that_differ_in_case_only(tmp_path: Path) -> None:
    text = refusal(plant(tmp_path, FILES | {"template/DEMO.txt": "x"}))
    assert "'DEMO.txt' and 'demo.txt'" in text


def test_a_seed_that_makes_nothing(tmp_path: Path) -> None:
    assert "makes no file" in refusal(plant(tmp_path, {"template/{% if size > 5 %}x{% endif %}": "x"}))


def test_not_utf8_and_crlf(tmp_path: Path) -> None:
    folder = plant(tmp_path, FILES | {"template/a.txt.jinja": b"one\n\xff\n"})
    assert "a.txt.jinja:2:1: the template is not UTF-8" in refusal(folder)
    folder = plant(tmp_path, FILES | {"template/a.txt.jinja": "one\ntwo\r\n"})
    assert "a.txt.jinja:2:1: the line ends with a carriage return" in refusal(folder)


def test_what_must_be_crlf_or_binary_may(tmp_path: Path) -> None:
    folder = plant(tmp_path, FILES | {"template/a.cmd": "one\r\n", "template/a.png": b"\0\r\n"})
    assert len(seed.render(folder, {}, where=SPEC).files) == 5


@pytest.mark.parametrize("target", ["/etc", "/etc/hosts", "../../../secret", "bin/run", "nowhere"])
def test_symbolic_links(tmp_path: Path, target: str) -> None:
    folder = plant(tmp_path)
    (tmp_path / "secret").write_text("x")
    (folder / "template" / "link").symlink_to(target)
    assert "seedcode/demo/template/link: a symbolic link in a seed" in refusal(folder)


def test_a_repository_inside_the_seed(tmp_path: Path) -> None:
    assert "no repository of its own" in refusal(
        plant(tmp_path, FILES | {".git/HEAD": "ref: refs/heads/main\n"})
    )


def test_a_pipe_in_the_seed(tmp_path: Path) -> None:
    folder = plant(tmp_path)
    os.mkfifo(folder / "template" / "pipe")
    assert "neither a file nor a folder" in refusal(folder)


def test_too_large(tmp_path: Path) -> None:
    folder = plant(tmp_path)
    with (folder / "template" / "data.bin").open("wb") as file:
        file.truncate(20_000_001)
    assert "more than 20 MB" in refusal(folder)


def test_a_subdirectory_outside(tmp_path: Path) -> None:
    config = CONFIG.replace("_subdirectory: template", "_subdirectory: ../..")
    assert "may leave the seed's folder" in refusal(plant(tmp_path, config=config))
