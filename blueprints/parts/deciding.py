"""Who decides a value: the person who launches, on the form, or the platform team, per target.

Owns the step from an option such as `network: launch` to the parameter or the mapping entry behind it.
"""

from __future__ import annotations

from typing import Any, Literal

from troposphere import FindInMap, Ref, Split, Template

from generator.blueprint import Context

from .form import ask

Decider = Literal["launch", "target"]


def decided(
    template: Template, context: Context, by: Decider, option: str, parameter: str, **question: Any
) -> Ref | FindInMap:
    """The answer to `question` from the form, or the value of the PerTarget option."""
    return ask(template, parameter, **question) if by == "launch" else context.per_target(option)


def decided_list(
    template: Template, context: Context, by: Decider, option: str, parameter: str, **question: Any
) -> Ref | Split:
    """The same for a list, which a PerTarget option holds separated by commas."""
    if by == "launch":
        return ask(template, parameter, **question)
    return Split(",", context.per_target(option))


def missing(decider: str, **values: str) -> list[str]:
    """The PerTarget options that need a value because the target decides, and have none."""
    return [name for name, value in values.items() if decider == "target" and not value]
