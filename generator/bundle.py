"""From a spec to everything that publishing it needs: its draft, the findings on it and its launch role.

Nothing is written and no AWS is asked; only findings may be kept, in a cache that the caller names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from generator import launch_role, lint
from generator.catalogue import Catalogue, Product, Target
from generator.draft import Draft, draft
from generator.errors import FactoryError, Problem, fail
from generator.launch_role import Delivery, LaunchRole, Reason, Scope
from generator.spec import FORMAT

Progress = Callable[[str], None]

PROJECT_PARAMETERS = ("SageMakerProjectName", "SageMakerProjectId")
_DELIVERIES = {"service-catalog": Delivery.SERVICE_CATALOG, "sagemaker-s3": Delivery.SAGEMAKER}


@dataclass(frozen=True)
class Bundle:
    """A product's version, ready to publish."""

    draft: Draft
    findings: tuple[lint.Finding, ...]
    role: LaunchRole | None
    reasons: tuple[Reason, ...] = field(repr=False, default=())
    project_role: LaunchRole | None = None  # for SageMaker, where Service Catalog delivers it too

    @property
    def roles(self) -> tuple[LaunchRole, ...]:
        return tuple(role for role in (self.role, self.project_role) if role)

    @property
    def product(self) -> Product:
        return self.draft.product

    @property
    def id(self) -> str:
        return self.draft.product.id

    @property
    def template_key(self) -> str:
        """Where the artifact bucket holds it; the content is in the key, so that two contents never meet."""
        digest = sha256(self.draft.content).hexdigest()
        return f"templates/{self.id}/{self.product.spec.version}/{digest}.yaml"

    def describe(self) -> dict[str, Any]:
        """The content of bundle.json: what was made, without a word of where or when."""
        draft = self.draft
        return {
            "format": FORMAT,
            "product": self.id,
            "name": self.product.spec.name,
            "version": self.product.spec.version,
            "blueprint": self.product.spec.blueprint,
            "fingerprint": draft.fingerprint,
            "target_values": dict(draft.values),
            "regions": list(draft.regions),
            "template": {"key": self.template_key, "bytes": len(draft.content)},
            "assets": [
                {
                    "file": f"{asset.name}.zip",
                    "key": asset.key,
                    "sha256": asset.digest,
                    "bytes": len(asset.content),
                }
                for asset in draft.assets
            ],
            "launch_role": self.role.name if self.role else None,
            **({"sagemaker_launch_role": self.project_role.name} if self.project_role else {}),
            "parameters": sorted(draft.template.get("Parameters", {})),
        }


def build(
    catalogue: Catalogue,
    products: Iterable[Product],
    target: Target,
    *,
    cache: Path | None = None,
    processes: int = 1,
    progress: Progress = lambda _: None,
) -> list[Bundle]:
    """The bundles of products, in their order; raises every product's problems at once.

    Findings do not raise: they are part of the bundle, and the caller decides. `cache` keeps findings between runs.
    """
    drafts: list[Draft] = []
    problems: list[Problem] = []
    for product in products:
        progress(f"render {product.id}")
        try:
            drafts.append(draft(product, catalogue, target))
        except FactoryError as error:
            problems += error.problems
    if problems:
        raise FactoryError(*problems)
    progress(f"lint {len(drafts)} templates")
    jobs = [
        lint.Job(one.content.decode("utf-8-sig"), one.product.id, one.file, one.regions, one.exceptions)
        for one in drafts
    ]
    findings = lint.lint_many(jobs, processes=processes, cache=cache)
    bundles = []
    for one, found in zip(drafts, findings, strict=True):
        progress(f"launch role of {one.product.id}")
        try:
            bundles.append(_with_role(one, found, catalogue, target))
        except FactoryError as error:
            problems += error.problems
    if problems:
        raise FactoryError(*problems)
    return bundles


def _with_role(
    one: Draft, findings: tuple[lint.Finding, ...], catalogue: Catalogue, target: Target
) -> Bundle:
    spec = one.product.spec
    if "sagemaker-s3" in spec.delivery:
        _refuse_project(one)
    if spec.launch.role != "synthesised" or any(finding.level == "error" for finding in findings):
        return Bundle(one, findings, None)  # a template with errors may not even name real resource types
    scope = Scope(
        catalogue=catalogue.name,
        product=one.product.id,
        regions=tuple(target.spec.regions),
        boundary=target.spec.permissions_boundary or None,
        launch_boundary=target.spec.launch_boundary or None,
        # By name, not by content: the role outlives the version that first needed it.
        assets=tuple(
            f"{target.bucket(region)}/assets/{a.name}/*.zip" for a in one.assets for region in one.regions
        ),
        delivery=_DELIVERIES[spec.delivery[0]],
    )
    role, reasons = launch_role.synthesise(one.template, scope)
    second = None
    if len(set(spec.delivery)) > 1:
        other = replace(scope, delivery=_DELIVERIES[spec.delivery[1]])
        second, _ = launch_role.synthesise(one.template, other)
    return Bundle(one, findings, role, reasons, second)


def _refuse_project(one: Draft) -> None:
    """SageMaker fills two parameters, and takes a role that only CloudFormation assumes."""
    where = one.product.where("delivery")
    missing = [name for name in PROJECT_PARAMETERS if name not in one.template.get("Parameters", {})]
    if missing:
        raise fail(
            where,
            f"SageMaker projects are made of templates with the parameters {' and '.join(PROJECT_PARAMETERS)};"
            f" this one has no {' and no '.join(missing)}",
            "Leave sagemaker-s3 out, or use a blueprint for projects.",
        )
    if one.product.spec.launch.role != "synthesised":
        raise fail(
            one.product.where("launch"),
            "delivery sagemaker-s3 needs a launch role of its own, which CloudFormation assumes",
            "Leave `launch:` out, or sagemaker-s3.",
        )


def errors(bundles: Iterable[Bundle]) -> list[lint.Finding]:
    """The findings that forbid publishing."""
    return [finding for bundle in bundles for finding in bundle.findings if finding.level == "error"]
