"""The change of the personas' policies: what people may do, as managed policies that their roles attach."""

from __future__ import annotations

from dataclasses import dataclass

from generator.changes.change import OBJECTS, PERSONA_POLICIES, PERSONA_STACK, POLICY_WRITES, Change


@dataclass(frozen=True)
class DeployPersonas(Change):
    """The stack of the personas' policies; `policies` are those that are new or changed, with whom they are for."""

    stack: str
    exists: bool
    policies: tuple[tuple[str, str], ...]
    template_sha256: str
    operations = ("s3:PutObject", "cloudformation:CreateStack", "cloudformation:UpdateStack")
    permissions = (
        ("s3:PutObject", OBJECTS),
        ("s3:GetObject", OBJECTS),
        ("cloudformation:CreateStack", PERSONA_STACK),
        ("cloudformation:UpdateStack", PERSONA_STACK),
        ("cloudformation:DescribeStackEvents", PERSONA_STACK),
        ("cloudformation:DescribeStacks", PERSONA_STACK),
        *((action, PERSONA_POLICIES) for action in POLICY_WRITES),
    )

    @property
    def about(self) -> str:
        return f"policies of personas (stack {self.stack})"

    @property
    def details(self) -> tuple[str, ...]:
        return tuple(f"{name}: {whom}" for name, whom in self.policies)
