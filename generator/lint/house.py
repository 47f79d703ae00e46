"""What a house rule is.

A rule is one file in `rules/`: a subclass of HouseRule with its id, short description, description and source at the top,
and `faults`, a pure function of the template. cfn-lint runs it, and gives each fault its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from generator.lint.intrinsics import Path, plain


@dataclass(frozen=True)
class Fault:
    """A broken rule: where, and what to do about it in the same sentence or the next."""

    path: Path
    message: str


@dataclass(frozen=True)
class Subject:
    """What is judged: a template whose transforms have been applied, and the regions at hand."""

    template: Mapping[str, Any]
    regions: Sequence[str]


class HouseRule(CloudFormationLintRule):  # type: ignore[misc]  # cfn-lint ships no type information
    """One rule of the house. Subclasses set `id`, `shortdesc`, `description` and `source_url`."""

    def faults(self, subject: Subject) -> Iterator[Fault]:
        """The faults of a template, in any order."""
        raise NotImplementedError

    def match(self, cfn: Any) -> list[RuleMatch]:
        """cfn-lint's way of asking."""
        template = plain(cfn.template)
        # Once applied, a transform is gone from the template; the rule on macros still has to see it.
        if cfn.transform_pre["Transform"]:
            template["Transform"] = plain(cfn.transform_pre["Transform"])
        subject = Subject(template, cfn.regions)
        return [RuleMatch(list(fault.path), fault.message) for fault in self.faults(subject)]
