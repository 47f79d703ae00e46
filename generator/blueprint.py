"""The contract between the factory and `blueprints/<kind>.py`, and finding that file.

A blueprint module holds `class Params(BlueprintParams)` and `def build(params, context) -> Template`; where it
seeds repositories or ships Lambda code it also holds `def assets(params) -> tuple[Seed | LambdaPackage, ...]`,
which is asked first, because the assets' content-addressed keys are inputs of the template; where it accepts a
lint finding, `def lint_exceptions(params) -> tuple[Suppression, ...]` says which and why; what people should know beyond
the template, `def guide(params) -> Guide` tells on the product's page. Blueprints are loaded by path from the catalogue
root, as one package, so that they may import `.parts`; `sys.path` stays as it is.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict
from troposphere import FindInMap, Ref, Template

from generator.errors import Where, did_you_mean, fail
from generator.lint import Suppression

CATALOG = "Catalog"  # the mapping through which everything that depends on the target enters a template
BUCKET = "AssetBucket"
BOUNDARY = "PermissionsBoundary"
RAW = "raw-template"  # no blueprint of the user's: `bundle` takes the CloudFormation file as it is


class _PerTarget:
    """Marks a field that a target may override; its value enters the template through Mappings.Catalog."""


PerTarget = Annotated[str, _PerTarget()]


class BlueprintParams(BaseModel):
    """The options of a blueprint: what a spec writes under `options:`. Unknown keys are refused.

    Where the required options alone are not enough for a product, `json_schema_extra={"examples": [...]}` in
    `model_config` holds options that are; `catalog new product` starts from the first.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    product_tags: ClassVar[Mapping[str, str]] = {}
    """Tags that every product of the blueprint should have; `catalog new product` writes them."""

    @classmethod
    def example(cls) -> Mapping[str, Any]:
        """Options to start from, beside those that are required."""
        extra = cls.model_config.get("json_schema_extra")
        examples = extra.get("examples") if isinstance(extra, dict) else None
        return dict(examples[0]) if isinstance(examples, list) and isinstance(examples[0], dict) else {}

    @classmethod
    def per_target(cls) -> frozenset[str]:
        """The names of the fields that a target may override."""
        return frozenset(
            name
            for name, info in cls.model_fields.items()
            if any(isinstance(mark, _PerTarget) for mark in info.metadata)
        )


@dataclass(frozen=True)
class Seed:
    """A seed rendered for one repository of the product; a spec's `seed_answers.<seed>` wins over `answers`."""

    repository: str
    seed: str
    answers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return f"seed-{self.repository}"


@dataclass(frozen=True)
class LambdaPackage:
    """The folder `blueprints/lambdas/<package>/`, zipped as it is for a Lambda function.

    `requirements` are distributions of the lock file that the zip brings along, pure Python and by name; what they require
    in turn is named too, unless Lambda's runtime has it.
    """

    package: str
    requirements: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"lambda-{self.package}"


@dataclass(frozen=True)
class Asset:
    """A zip that the template points at: `<name>.zip` in the build folder, `key` in the asset bucket."""

    name: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> str:
        return sha256(self.content).hexdigest()

    @property
    def key(self) -> str:
        return f"assets/{self.name}/{self.digest}.zip"


@dataclass(frozen=True)
class Later:
    """What comes into being after the launch: by a resource of the template, and with the use of others of it."""

    title: str
    type: str  # such as AWS::CloudFormation::Stack
    by: str
    uses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Guide:
    """What a product's page says beyond its template: sentences, each a bullet of the page."""

    costs: tuple[str, ...] = ()  # what costs money beside the template's own resources
    clean_up: tuple[str, ...] = ()  # what to do or to know when it is terminated
    before: tuple[str, ...] = ()  # what must be there before it is launched, and what comes first
    later: tuple[Later, ...] = ()  # what its picture shows beside the template's own resources


@dataclass(frozen=True)
class Context:
    """What a blueprint may know beside its params: the product and where its assets will lie."""

    product: str  # the product's id
    name: str
    version: str
    description: str
    assets: Mapping[str, Asset]

    def bucket(self) -> FindInMap:
        """The name of the asset bucket of the region the stack is in."""
        return FindInMap(CATALOG, Ref("AWS::Region"), BUCKET)

    def seed_key(self, repository: str) -> str:
        """The S3 key of the seed zip of that repository."""
        return self.assets[f"seed-{repository}"].key

    def lambda_key(self, package: str) -> str:
        """The S3 key of that Lambda package's zip."""
        return self.assets[f"lambda-{package}"].key

    def per_target(self, option: str) -> FindInMap:
        """The value of a `PerTarget` option, which each target may set differently."""
        return FindInMap(CATALOG, Ref("AWS::Region"), mapping_key(option))


def mapping_key(option: str) -> str:
    """Mapping keys are alphanumeric: `vpc_id` -> `VpcId`."""
    return "".join(word[:1].upper() + word[1:] for word in option.split("_"))


def module_name(kind: str) -> str:
    """`notebook-instance` -> `notebook_instance`."""
    return kind.replace("-", "_")


@dataclass(frozen=True)
class Blueprint:
    """A loaded blueprint; its functions are called through `call`, so that an author's mistake names its line."""

    kind: str
    file: str
    folder: Path = field(repr=False)
    params: type[BlueprintParams]
    _module: Any = field(repr=False)

    def assets(self, params: BlueprintParams) -> tuple[Seed | LambdaPackage, ...]:
        function = getattr(self._module, "assets", None)
        return tuple(self._call(function, params)) if function else ()

    def lint_exceptions(self, params: BlueprintParams) -> tuple[Suppression, ...]:
        function = getattr(self._module, "lint_exceptions", None)
        return tuple(self._call(function, params)) if function else ()

    def guide(self, params: BlueprintParams) -> Guide:
        function = getattr(self._module, "guide", None)
        guide = self._call(function, params) if function else Guide()
        if not isinstance(guide, Guide):
            raise fail(self.file, "guide() returned no Guide", "Return a generator.blueprint.Guide.")
        return guide

    def build(self, params: BlueprintParams, context: Context) -> Template:
        template = self._call(self._module.build, params, context)
        if not isinstance(template, Template):
            raise fail(
                self.file, "build() returned no troposphere Template", "Return the template it builds."
            )
        return template

    def _call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            return function(*arguments)
        except Exception as error:  # the user's code may raise anything
            raise fail(
                self._place(error),
                f"the blueprint raised {type(error).__name__}: {error}",
                "Correct the blueprint, or the options that lead there.",
            ) from error

    def _place(self, error: BaseException) -> Where:
        """The innermost line of the traceback that lies in the blueprints folder."""
        for frame in reversed(traceback.extract_tb(error.__traceback__)):
            path = Path(frame.filename)
            if path.is_relative_to(self.folder):
                return Where(f"blueprints/{path.relative_to(self.folder).as_posix()}", frame.lineno or 1, 1)
        return Where(self.file, 1, 1)


def kinds(root: Path) -> list[str]:
    """The blueprints of a catalogue root, by the names specs use."""
    return sorted(
        path.stem.replace("_", "-") for path in (root / "blueprints").glob("*.py") if path.stem != "__init__"
    )


def load(kind: str, root: Path, where: Where) -> Blueprint:
    """Load `blueprints/<kind>.py`; `where` is the place that names it."""
    folder = (root / "blueprints").resolve()
    path = folder / f"{module_name(kind)}.py"
    if kind not in kinds(root):
        raise fail(where, f"blueprint '{kind}' does not exist", did_you_mean(kind, [*kinds(root), RAW]))
    if not path.resolve().is_relative_to(folder):
        raise fail(where, f"blueprint '{kind}' leads out of blueprints/", "Keep the file inside the folder.")
    file = f"blueprints/{path.name}"
    package = _package(folder)
    try:
        module = importlib.import_module(f"{package}.{path.stem}")
    except Exception as error:  # the user's code may raise anything
        line = error.lineno if isinstance(error, SyntaxError) else None
        innermost = [
            f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(folder)
        ]
        at = Path(innermost[-1].filename).relative_to(folder).as_posix() if innermost else path.name
        raise fail(
            Where(f"blueprints/{at}", line or (innermost[-1].lineno if innermost else 1) or 1, 1),
            f"the blueprint cannot be imported ({type(error).__name__}: {error})",
            "Correct it.",
        ) from error
    params = getattr(module, "Params", None)
    if not (isinstance(params, type) and issubclass(params, BlueprintParams)):
        raise fail(
            Where(file, 1, 1), "no class Params(BlueprintParams)", "Declare the blueprint's options in it."
        )
    if not callable(getattr(module, "build", None)):
        raise fail(
            Where(file, 1, 1), "no function build(params, context)", "It returns the troposphere Template."
        )
    return Blueprint(kind, file, folder, params, module)


def _package(folder: Path) -> str:
    """Make the blueprints folder importable under a name of its own, so that two roots never mix."""
    name = f"_catalog_blueprints_{sha256(str(folder).encode()).hexdigest()[:12]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_loader(name, loader=None, is_package=True)
        assert spec
        spec.submodule_search_locations = [str(folder)]
        sys.modules[name] = importlib.util.module_from_spec(spec)
    return name
