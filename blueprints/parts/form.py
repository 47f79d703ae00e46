"""The launch form: parameters with a group, a label and an explanation for the person who launches the product.

Owns how a template asks: `Parameters`, the console's `AWS::CloudFormation::Interface`, and the rules by which
SageMaker Studio shows a project's form. What a part does with an answer is the part's own business.
"""

from __future__ import annotations

from collections.abc import Sequence

from troposphere import Equals, Join, Not, Parameter, Ref, Template

INTERFACE = "AWS::CloudFormation::Interface"
STUDIO_RULES = "SagemakerTemplateParameterRules"
STUDIO_OWN = frozenset({"SageMakerProjectName", "SageMakerProjectId"})  # Studio fills these in itself
LISTS = ("CommaDelimitedList", "List<")

# One pattern per kind of identifier, so that every form asks for the same thing in the same way. ARNs allow every
# partition. An optional parameter takes `or_empty(PATTERN)`.
KMS_KEY_ARN = r"^arn:[a-z0-9-]+:kms:[a-z0-9-]+:\d{12}:key/[a-zA-Z0-9-]{36}$"
SNS_TOPIC_ARN = r"^arn:[a-z0-9-]+:sns:[a-z0-9-]+:\d{12}:[a-zA-Z0-9_-]{1,256}$"
BUCKET_NAME = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"


def or_empty(pattern: str) -> str:
    """The pattern of a parameter that may also be left empty."""
    return f"^$|{pattern}"


def ask(
    template: Template,
    name: str,
    *,
    group: str,
    label: str,
    description: str,
    type: str = "String",  # noqa: A002  # CloudFormation's own word
    default: str | int | None = None,
    allowed: Sequence[str | int] = (),
    pattern: str = "",
    length: tuple[int, int] | None = None,
    value: tuple[int, int] | None = None,
    constraint: str = "",
    secret: bool = False,
) -> Ref:
    """Declare a parameter and return the reference to it.

    Groups stand in the order of their first parameter. `length` and `value` are inclusive ranges; any limit but
    `allowed`, whose error the console explains by itself, needs `constraint`, the sentence shown when it is broken.
    Parts that need the same answer may each ask for it, in the same words: it stays one parameter.
    """
    if (pattern or length or value) and not constraint:
        raise ValueError(
            f"parameter {name} has a limit without a constraint, the sentence that explains the limit"
        )
    for wording, text in (("group", group), ("label", label), ("description", description)):
        if not text.strip():
            raise ValueError(f"parameter {name} has an empty {wording}")
    properties: dict[str, object] = {"Type": type, "Description": description}
    if default is not None:
        properties["Default"] = default
    if allowed:
        properties["AllowedValues"] = list(allowed)
        if default is not None and default not in allowed:
            raise ValueError(f"parameter {name} defaults to {default!r}, which it does not allow")
    if pattern:
        properties["AllowedPattern"] = pattern
    if length:
        properties["MinLength"], properties["MaxLength"] = length
    if value:
        properties["MinValue"], properties["MaxValue"] = value
    if constraint:
        properties["ConstraintDescription"] = constraint
    if secret:
        properties["NoEcho"] = True
    parameter = Parameter(name, **properties)
    asked = template.parameters.get(name)
    if asked is not None:
        if asked.to_dict() != parameter.to_dict() or _label(template, name) != label:
            raise ValueError(f"parameter {name} is asked for twice, in different words")
        return Ref(name)
    template.add_parameter(parameter)
    template.add_parameter_to_group(parameter, group)
    template.set_parameter_label(parameter, label)
    return Ref(name)


def given(template: Template, name: str) -> str:
    """The name of the condition that an optional parameter was filled in."""
    condition = f"{name}Given"
    if condition not in template.conditions:
        answer: Ref | Join = Ref(name)
        if template.parameters[name].properties["Type"].startswith(LISTS):
            answer = Join("", answer)
        template.add_condition(condition, Not(Equals(answer, "")))
    return condition


def studio_rules(template: Template) -> None:
    """Tell SageMaker Studio which of a project's parameters may be left alone; call it when all are declared.

    Studio otherwise demands an answer even where the template has a default.
    """
    rules = {
        name: {"Optional": True}
        for name, parameter in template.parameters.items()
        if "Default" in parameter.properties and name not in STUDIO_OWN
    }
    if rules:
        template.metadata[STUDIO_RULES] = rules


def _label(template: Template, name: str) -> str:
    return str(template.metadata[INTERFACE]["ParameterLabels"][name]["default"])
