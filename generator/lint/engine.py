"""One process's cfn-lint: its rules and the house's, loaded once, cut off from the machine it runs on.

Owns every call into cfnlint. cfn-lint takes settings from the home and working folders, the schema cache and the template,
draws random names, reads the clock, and keeps state between templates; each of these ends here, so that findings depend
on the template, the regions and the pinned package alone.
"""

from __future__ import annotations

import json
import os
import pkgutil
import random
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from generator.lint import Finding, Job, schemas

if TYPE_CHECKING:
    from cfnlint.config import ConfigMixIn
    from cfnlint.match import Match
    from cfnlint.rules import Rules

# Rules of cfn-lint that a house rule stands in for: three compare the clock with Lambda's calendar (E9002 does it with the
# date of the schemas), the fourth knows that a service was shut down but not what replaces it (E9001 does).
REPLACED = ("E2531", "E2533", "W2531", "E3710")

LANGUAGE_EXTENSIONS = "AWS::LanguageExtensions"


def text_of(template: Mapping[str, Any]) -> str:
    """A template as JSON, which cfn-lint reads like any other."""
    return json.dumps(template, default=str)


def run(job: Job) -> tuple[Finding, ...]:
    """All findings of one template, suppressions aside, merged over the job's regions and sorted."""
    regions = tuple(sorted(set(job.regions)))
    found = list(_findings(job, regions))
    # One run covers all regions and costs what one region does, but does not say which region a finding holds for, and
    # resolves AWS::Region in loops of the language extensions to the first one.
    if len(regions) > 1 and (found or LANGUAGE_EXTENSIONS in job.text):
        found = [finding for region in regions for finding in _findings(job, (region,))]
    return _merged(found)


def _merged(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    regions: dict[tuple[object, ...], set[str]] = {}
    first: dict[tuple[object, ...], Finding] = {}
    for finding in findings:
        key = (finding.path, finding.rule, finding.message)
        regions.setdefault(key, set()).update(finding.regions)
        first.setdefault(key, finding)
    return tuple(
        sorted(
            Finding(**{**vars(finding), "regions": tuple(sorted(regions[key]))})
            for key, finding in first.items()
        )
    )


def _findings(job: Job, regions: Sequence[str]) -> Iterator[Finding]:
    for match in _matches(job.text, tuple(regions)):
        path = tuple(part if type(part) is int else str(part) for part in getattr(match, "path", None) or ())
        yield Finding(
            product=job.product,
            path=path,
            rule=match.rule.id,
            level=match.rule.severity,
            message=_without_region(match.message, regions),
            regions=tuple(regions),
            blueprint=job.blueprint,
            source=match.rule.source_url,
            line=match.linenumber,
            column=match.columnnumber,
        )


def _without_region(message: str, regions: Sequence[str]) -> str:
    """A message that names the only region, without it: else the same fault in two regions would be two findings."""
    if len(regions) != 1:
        return message
    return message.replace(f" in {list(regions)!r}", "").replace(f" in {regions[0]!r}", " in this region")


def _matches(text: str, regions: tuple[str, ...]) -> list[Match]:
    loaded = rules()
    from cfnlint.decode import decode_str
    from cfnlint.match import Match
    from cfnlint.rules.errors import RuleError
    from cfnlint.runner import run_template_by_data
    from cfnlint.template.transforms import _language_extensions

    template, errors = decode_str(text)
    if errors:
        return list(errors)
    _drop_settings(template)
    # Loops of the language extensions invent names for what they cannot resolve, and remember the account of an earlier
    # template.
    _language_extensions._ACCOUNT_ID = None
    state = random.getstate()
    random.seed(0)
    try:
        return list(run_template_by_data(template, _config(regions), loaded))
    except Exception as error:  # noqa: BLE001 - cfn-lint stumbles over some malformed templates: that is a finding
        message = (
            f"cfn-lint cannot read this template: {error!r}. Check its sections against the template anatomy."
        )
        return [Match.create(message=message, filename="", rule=RuleError())]
    finally:
        random.setstate(state)


def _drop_settings(node: Any) -> None:
    """Take the settings for cfn-lint out of every Metadata: a template must not silence its own findings."""
    if isinstance(node, dict):
        metadata = node.get("Metadata")
        if isinstance(metadata, dict):
            metadata.pop("cfn-lint", None)
        for child in node.values():
            _drop_settings(child)
    elif isinstance(node, list):
        for child in node:
            _drop_settings(child)


@cache
def _config(regions: tuple[str, ...]) -> ConfigMixIn:
    from cfnlint.config import ConfigMixIn

    # A configuration file named outright is the only one that is read.
    return ConfigMixIn(["--config-file", os.devnull], regions=list(regions), ignore_checks=list(REPLACED))


@cache
def rules() -> Rules:
    """cfn-lint's own rules and every house rule in the `rules` folder, with the package's own schemas behind them."""
    from cfnlint.config import _DEFAULT_RULESDIR
    from cfnlint.rules import Rules
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    from generator.lint import rules as house

    # The singleton takes a newer copy in the user's cache folder when it is made; making it again, with folders, does not.
    # That also drops whatever was patched into the schemas before.
    folder = schemas.folder()
    PROVIDER_SCHEMA_MANAGER.__init__(folder / "providers", folder / "resources")
    loaded: Rules = Rules.create_from_directory(_DEFAULT_RULESDIR)
    for module in sorted(info.name for info in pkgutil.iter_modules(house.__path__)):
        loaded.update(Rules.create_from_module(f"{house.__name__}.{module}"))
    return loaded
