"""Every mistake in the user's files: where it is, what it is, what to do, exit code 1, and nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest

from generator.cli import main
from tests import catalogues
from tests.catalogues import BLUEPRINT, PORTFOLIOS, PRODUCT, QUEUE, TARGETS, TEMPLATE

Files = dict[str, str | bytes]
BOMB = "name: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"k{i}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 10)}]\n" for i in range(8)
)


def product(old: str, new: str) -> Files:
    assert old in PRODUCT
    return {"products/store.yaml": PRODUCT.replace(old, new)}


def queue(old: str, new: str) -> Files:
    assert old in QUEUE
    return {"products/queue.yaml": QUEUE.replace(old, new), "blueprints/queue.py": BLUEPRINT}


def blueprint(old: str, new: str) -> Files:
    assert old in BLUEPRINT
    return {"products/queue.yaml": QUEUE, "blueprints/queue.py": BLUEPRINT.replace(old, new)}


SEED = """\
_subdirectory: template
name: {type: str, help: What it is called., default: my-job}
size: {type: str, help: How large., choices: [small, large], default: small}
"""
SEEDED = BLUEPRINT.replace(
    "BlueprintParams, Context, PerTarget", "BlueprintParams, Context, PerTarget, Seed"
).replace("def build(", 'def assets(params):\n    return (Seed("code", "etl"),)\n\n\ndef build(')


def seeded(answer: str) -> Files:
    return {
        "products/queue.yaml": QUEUE.replace(
            "options:\n", f"seed_answers:\n  etl:\n    {answer}\noptions:\n"
        ),
        "blueprints/queue.py": SEEDED,
        "seedcode/etl/copier.yml": SEED,
        "seedcode/etl/template/README.md.jinja": "# {{ name }}\n",
        "seedcode/etl/template/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml -}}",
    }


TAGS = "".join(f"  t{number}: x\n" for number in range(20))
OPTIONS = "  many: [" + ", ".join(f"v{number}" for number in range(26)) + "]\n"

# name: (files, the start of the message, a word of its remedy)
CASES: dict[str, tuple[Files, str, str]] = {
    "broken-yaml": (
        product("owner: Platform", "owner: [Platform"),
        "products/store.yaml:5:12: broken YAML",
        "Correct",
    ),
    "duplicate-key": (
        product("owner:", "name:"),
        "products/store.yaml:4:1: the key 'name' stands here again",
        "Keep one",
    ),
    "tab": (product("  template", "\ttemplate"), "products/store.yaml:8:1: a tab", "spaces"),
    "exploding-anchors": ({"products/store.yaml": BOMB}, "products/store.yaml:1:35: more than", "aliases"),
    "recursive-anchor": (
        {"products/store.yaml": "name: &a [*a]\n"},
        "products/store.yaml:1:7: nested deeper",
        "Flatten",
    ),
    "nested-deep": (
        {"products/store.yaml": "name: " + "[" * 100_000},
        "products/store.yaml:1:46: nested deeper",
        "Flatten",
    ),
    "hundred-megabytes": (
        {"products/store.yaml": b"#" * 100_000_000},
        "products/store.yaml:1:1: 100.0 MB",
        "elsewhere",
    ),
    "byte-order-mark": (
        {"products/store.yaml": "\ufeff" + PRODUCT},
        "products/store.yaml:1:1: starts with a byte order mark",
        "UTF-8",
    ),
    "crlf": (
        {"products/store.yaml": PRODUCT.replace("\n", "\r\n")},
        "products/store.yaml:1:12: the line ends with",
        "LF",
    ),
    "not-utf8": ({"products/store.yaml": b"name: caf\xe9\n"}, "products/store.yaml:1:10: byte 0xe9", "UTF-8"),
    "empty-file": ({"products/store.yaml": ""}, "products/store.yaml:1:1: the file is empty", "keys"),
    "two-documents": (
        {"products/store.yaml": PRODUCT + "---\na: 1\n"},
        "products/store.yaml:9:1: a second YAML",
        "---",
    ),
    "tag": (
        product("name: Store", "name: !!python/name:os.system x"),
        "products/store.yaml:1:7: the tag",
        "Remove",
    ),
    "unknown-key": (product("owner:", "ownr:"), "products/store.yaml:4:1: unknown key 'ownr'", "'owner'"),
    "missing-key": (
        product("owner: Platform\n", ""),
        "products/store.yaml:1:1: the key 'owner' is missing",
        "team",
    ),
    "wrong-type": (
        product("portfolios: [shelf]", "portfolios: shelf"),
        "products/store.yaml:6:1: portfolios is 'shelf'",
        "",
    ),
    "wrong-type-nested": (
        product("name: Store", "name: {a: b}"),
        "products/store.yaml:1:1: name is",
        "string",
    ),
    "unknown-nested-key": (
        product("options:", "support: {mail: a@example.com}\noptions:"),
        "products/store.yaml:7:11: unknown key 'mail'",
        "'email'",
    ),
    "unknown-blueprint": (
        product("raw-template", "raw-templat"),
        "products/store.yaml:2:1: blueprint 'raw-templat'",
        "'raw-template'",
    ),
    "unknown-portfolio": (
        product("[shelf]", "[shelv]"),
        "products/store.yaml:6:14: portfolio 'shelv'",
        "'shelf'",
    ),
    "unknown-target-product": (
        {"products/targets.yaml": TARGETS.replace("{}", "{options: {stroe: {a: b}}}")},
        "products/targets.yaml:3:19: product 'stroe'",
        "'store'",
    ),
    "unknown-default-target": (
        {"products/targets.yaml": TARGETS.replace("default: local", "default: lokal")},
        "products/targets.yaml:2:1: default target 'lokal'",
        "'local'",
    ),
    "option-out-of-range": (
        queue("seconds: 60", "seconds: 0"),
        "products/queue.yaml:8:3: options.seconds is 0",
        "greater",
    ),
    "option-unknown": (
        queue("seconds: 60", "second: 60"),
        "products/queue.yaml:8:3: unknown key 'second'",
        "'seconds'",
    ),
    "raw-option-unknown": (
        product("template: store.yaml", "file: store.yaml"),
        "products/store.yaml:8:3: unknown key 'file'",
        "template",
    ),
    "case-collision": (
        {"products/Store.yaml": PRODUCT},
        "products/store.yaml: the ids 'Store' and 'store' collide",
        "Rename",
    ),
    "upper-case-id": (
        {"products/Shop.yaml": PRODUCT},
        "products/Shop.yaml: 'Shop' is no product id",
        "lower-case",
    ),
    "yml": ({"products/shop.yml": PRODUCT}, "products/shop.yml: ends with .yml", "shop.yaml"),
    "version-not-semver": (
        product("1.0.0", "1.0"),
        "products/store.yaml:3:1: version is '1.0'",
        "MAJOR.MINOR.PATCH",
    ),
    "version-float": (
        product("1.0.0", "1.10"),
        "products/store.yaml:3:1: version is '1.10'",
        "MAJOR.MINOR.PATCH",
    ),
    "name-too-long": (
        {"products/portfolios.yaml": PORTFOLIOS.replace("name: Shelf", f"name: {'x' * 101}")},
        "products/portfolios.yaml:2:3: shelf.name is",
        "100",
    ),
    "provider-too-long": (
        {"products/portfolios.yaml": PORTFOLIOS.replace("Platform", "x" * 51)},
        "products/portfolios.yaml:3:3",
        "50",
    ),
    "product-name-too-long": (product("Store", "x" * 8192), "products/store.yaml:1:1: name is", "8191"),
    "too-many-tags": (
        product("options:", "tags:\n" + TAGS + "options:"),
        "products/store.yaml:7:1: tags",
        "19",
    ),
    "reserved-tag": (
        product("options:", "tags: {'catalog:product': x}\noptions:"),
        "products/store.yaml:7:8: tags",
        "identity",
    ),
    "aws-tag": (product("options:", "tags: {'aws:x': x}\noptions:"), "products/store.yaml:7:8: tags", "AWS"),
    "too-many-tag-options": (
        product("options:", "tag_options:\n" + OPTIONS + "options:"),
        "products/store.yaml:8:3: tag_options.many",
        "25",
    ),
    "tag-options-over-all-keys": (
        product(
            "options:",
            "tag_options:\n" + OPTIONS.replace("many", "a").replace(", v25", "") + "  b: [x]\noptions:",
        ),
        "products/store.yaml:7:1: 26 TagOptions",
        "Remove",
    ),
    "empty-intersection": (
        product("options:", "tag_options: {environment: [stage]}\noptions:"),
        "products/store.yaml:7:15: no value of the TagOption 'environment'",
        "in common",
    ),
    "tag-on-both": (
        {
            "products/store.yaml": PRODUCT.replace("options:", "tags: {team: a}\noptions:"),
            "products/portfolios.yaml": PORTFOLIOS.replace("  access:", "  tags: {team: b}\n  access:"),
        },
        "products/store.yaml:7:8: the tag key 'team' also stands on the portfolio 'shelf'",
        "one of them",
    ),
    "access-of-two": (
        {"products/portfolios.yaml": PORTFOLIOS.replace("role: analyst", "{role: a, user: b}")},
        "products/portfolios.yaml:6:7: shelf.access.0",
        "exactly one",
    ),
    "share-principals-with-account": (
        {"products/portfolios.yaml": PORTFOLIOS + "  share: [{account: '222233334444', principals: true}]\n"},
        "products/portfolios.yaml:9:11",
        "organisational",
    ),
    "account-unquoted-octal": (
        {"products/targets.yaml": TARGETS + "prod: {account: 1234}\n"},
        "products/targets.yaml:4:8: prod.account is 1234",
        "12 digits",
    ),
    "target-without-account": (
        {"products/targets.yaml": TARGETS + "prod: {regions: [eu-west-1]}\n"},
        "products/targets.yaml:4:1: target 'prod' names no account",
        "account:",
    ),
    "blueprint-raises": (
        blueprint("template = Template()", "template = Template(); 1 / 0"),
        "blueprints/queue.py:17:1: the blueprint raised ZeroDivisionError",
        "Correct",
    ),
    "blueprint-type-error": (
        blueprint("MessageRetentionPeriod=params.seconds", "MessageRetentionPeriod='x'"),
        "blueprints/queue.py:18:1: the blueprint raised",
        "Correct",
    ),
    "blueprint-syntax": (
        blueprint("template = Template()", "template = = 1"),
        "blueprints/queue.py:17:1: the blueprint cannot be imported",
        "Correct",
    ),
    "blueprint-without-params": (
        blueprint("class Params(", "class Parameters("),
        "blueprints/queue.py",
        "Params",
    ),
    "blueprint-without-build": (
        blueprint("def build(", "def built("),
        "blueprints/queue.py:1:1: no function build",
        "Template",
    ),
    "template-missing": (
        product("store.yaml", "stroe.yaml"),
        "products/store.yaml:8:3: products/templates/stroe.yaml does not exist",
        "'store.yaml'",
    ),
    "template-outside": (
        product("template: store.yaml", "template: ../portfolios.yaml"),
        "products/store.yaml:8:3: 'portfolios.yaml' leads out of templates/",
        "inside",
    ),
    "template-absolute": (
        product("template: store.yaml", "template: /etc/passwd"),
        "products/store.yaml:8:3: 'passwd' leads out of templates/",
        "inside",
    ),
    "template-too-large": (
        {"products/templates/store.yaml": TEMPLATE + "#" * 1_000_000},
        "products/store.yaml:8:3: store.yaml has 1,000",
        "Split",
    ),
    "template-no-cloudformation": (
        {"products/templates/store.yaml": "apiVersion: v1\nkind: Pod\n"},
        "products/templates/store.yaml:1:1: is no CloudFormation template",
        "Resources",
    ),
    "template-no-yaml": (
        {"products/templates/store.yaml": "Resources: [\n"},
        "products/templates/store.yaml:2:1: broken YAML",
        "Correct",
    ),
    "template-binary": (
        {"products/templates/store.yaml": b"\x89PNG\xff\xfe"},
        "products/store.yaml:8:3: store.yaml is not UTF-8",
        "UTF-8",
    ),
    "template-local-path": (
        {
            "products/templates/store.yaml": "Resources: {A: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: ./a.yaml}}}\n"
        },
        "products/templates/store.yaml: Resources/A/Properties/TemplateURL is the local path",
        "package",
    ),
    "unknown-seed-answers": (
        queue("options:", "seed_answers: {etl: {a: b}}\noptions:"),
        "products/queue.yaml:7:16: seed 'etl' is not one that this product uses",
        "",
    ),
    "per-target-not-allowed": (
        {
            **queue("seconds: 60", "seconds: 60"),
            "products/targets.yaml": TARGETS.replace("{}", "{options: {queue: {seconds: '5'}}}"),
        },
        "products/targets.yaml:3:27: the option 'seconds' of blueprint 'queue' cannot differ by target",
        "topic",
    ),
    "placeholder": (
        {"products/targets.yaml": TARGETS.replace("{}", "{bucket: 'x-{acount}'}")},
        "products/targets.yaml:3:9: '{acount}' is no placeholder",
        "'account'",
    ),
    "unknown-region": (
        {"products/targets.yaml": TARGETS.replace("{}", "{regions: [eu-wset-3]}")},
        "products/targets.yaml:3:19: there is no region 'eu-wset-3'",
        "'eu-west-3'",
    ),
    "unknown-region-of-a-product": (
        product("options:", "regions: [eu-wset-1]\noptions:"),
        "products/store.yaml:7:11: there is no region 'eu-wset-1'",
        "'eu-west-1'",
    ),
    "unknown-seed-answer": (
        seeded("nmae: x"),
        "products/queue.yaml:9:5: seed 'etl' has no question 'nmae'",
        "'name'",
    ),
    "seed-answer-outside-its-choices": (
        seeded("size: huge"),
        "products/queue.yaml:9:5: 'huge' is no choice of 'size'",
        "small",
    ),
    "unknown-seed": (
        {
            **seeded("name: x"),
            "blueprints/queue.py": SEEDED.replace('"etl"', '"elt"'),
            "products/queue.yaml": QUEUE,
        },
        "products/queue.yaml:2:1: seed 'elt' does not exist",
        "'etl'",
    ),
    "no-region": (
        product("options:", "regions: [eu-west-1]\noptions:"),
        "products/store.yaml:7:1: none of its regions",
        "Add a region",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_is_told_with_its_place_and_remedy(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files, start, remedy = CASES[case]
    root = catalogues.make(tmp_path / "catalogue", files)
    before = {} if case == "hundred-megabytes" else catalogues.snapshot(root)
    monkeypatch.chdir(root)

    assert main(["publish", "--yes"]) == 1

    out, err = capsys.readouterr()
    assert out == ""
    line = next((line for line in err.splitlines() if line.startswith(start)), None)
    assert line is not None, f"{err}\nlacks a line starting with\n{start}"
    assert remedy in line
    if before:
        assert catalogues.snapshot(root) == before


def test_all_problems_of_all_files_are_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = catalogues.make(
        tmp_path,
        {
            "products/a.yaml": PRODUCT.replace("owner:", "ownr:").replace("1.0.0", "one"),
            "products/b.yaml": PRODUCT.replace("[shelf]", "[attic]"),
            "products/portfolios.yaml": PORTFOLIOS.replace("provider:", "provder:"),
            **queue("seconds: 60", "seconds: 0"),
        },
    )
    assert main(["-C", str(root), "check"]) == 1
    err = capsys.readouterr().err
    for place in ("a.yaml:3:1", "a.yaml:4:1", "portfolios.yaml:3:3", "queue.yaml:8:3"):
        assert f"products/{place}" in err
    assert err.splitlines()[-1].endswith(" problems")
    assert "attic" not in err  # nobody knows whether it exists while portfolios.yaml cannot be read


def test_a_link_out_of_the_catalogue_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = catalogues.make(tmp_path / "catalogue")
    (tmp_path / "secret.yaml").write_text(TEMPLATE)
    (root / "products/templates/store.yaml").unlink()
    (root / "products/templates/store.yaml").symlink_to(tmp_path / "secret.yaml")
    assert main(["-C", str(root), "build"]) == 1
    assert "products/store.yaml:8:3: 'store.yaml' leads out of templates/" in capsys.readouterr().err
    (root / "products/other.yaml").symlink_to(tmp_path / "secret.yaml")
    assert main(["-C", str(root), "check"]) == 1
    assert "products/other.yaml: 'other.yaml' leads out of" in capsys.readouterr().err


def test_a_folder_that_is_no_catalogue(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(tmp_path), "check"]) == 1
    assert (
        "no products/targets.yaml here or in any folder above. Change into a catalogue"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["plann"], "Did you mean 'plan'?"),
        (["plan", "--format", "yaml"], "invalid choice"),
        (["local", "export"], "names no FILE"),
        ([], "VERB"),
    ],
)
def test_wrong_usage_ends_with_64(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = catalogues.make(tmp_path)
    try:
        code = main(["-C", str(root), *arguments])
    except SystemExit as error:
        code = int(str(error.code))
    assert code == 64
    assert told in capsys.readouterr().err


def test_an_unknown_product_target_or_region(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = catalogues.make(tmp_path)
    for arguments, told in (
        (["build", "stroe"], "product 'stroe' does not exist. Did you mean 'store'?"),
        (["plan", "--target", "lokal"], "target 'lokal' does not exist. Did you mean 'local'?"),
    ):
        assert main(["-C", str(root), *arguments]) == 1
        assert told in capsys.readouterr().err
