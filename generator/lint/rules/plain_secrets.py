"""E9011: secrets in plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Placed, call, parameters, resources, walk

# The last words of a name that holds a secret itself, not the ARN, the name or the rules of one.
SECRET_NAME = re.compile(
    r"(password|passwd|passphrase|secretstring|secretaccesskey|secretkey|clientsecret|privatekey|"
    r"authtoken|apitoken|accesstoken|oauthtoken|apikey)$"
)
# Credentials that show by their form. The keys in AWS's documentation end with EXAMPLE.
SECRET_FORM = (
    ("an AWS access key id", re.compile(r"\b(?:AKIA|ASIA)(?![A-Z0-9]{9}EXAMPLE)[A-Z0-9]{16}\b")),
    ("a private key", re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")),
    ("a GitHub token", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,})")),
    ("a GitLab token", re.compile(r"\bglpat-[A-Za-z0-9_-]{20}")),
    ("a Slack token", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
)
REMEDY = "Keep it in Secrets Manager and refer to it by ARN, or by {{resolve:secretsmanager:…}}."


class PlainSecrets(HouseRule):
    id = "E9011"
    shortdesc = "Secret in plain text"
    description = "A published template is read by everybody who may launch it, and can never be changed."
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html#creds"
    )
    tags = ["secrets"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        yield from self._parameters(subject)
        for placed in walk(Placed((), subject.template)):
            if isinstance(placed.value, str):
                for kind, form in SECRET_FORM:
                    if form.search(placed.value):
                        yield Fault(placed.path, f"The text contains {kind}. {REMEDY}")
        for resource in resources(subject.template):
            for placed in walk(Placed(resource.path, resource.properties)):
                name = placed.path[-1]
                if isinstance(name, str) and _is_secret_name(name) and _is_plain(placed.value):
                    yield Fault(placed.path, f"{name} has its value in the template. {REMEDY}")
                yield from self._pair(placed)

    def _parameters(self, subject: Subject) -> Iterator[Fault]:
        for name, declared in parameters(subject.template).items():
            # A parameter of an SSM type has the parameter's name for its value, not the secret.
            if not _is_secret_name(name) or declared.get("Type", "String") != "String":
                continue
            if str(declared.get("NoEcho", "false")).lower() != "true":
                yield Fault(
                    ("Parameters", name), f"{name} is shown in the console and in logs. Set NoEcho to true."
                )
            if declared.get("Default"):
                yield Fault(
                    ("Parameters", name, "Default"), f"{name} has its value in the template. {REMEDY}"
                )

    def _pair(self, placed: Placed) -> Iterator[Fault]:
        """Environment variables as CodeBuild and ECS list them: a Name and a Value."""
        pair = placed.value
        if (
            isinstance(pair, dict)
            and isinstance(pair.get("Name"), str)
            and pair.get("Type", "PLAINTEXT") == "PLAINTEXT"
            and _is_secret_name(pair["Name"])
            and _is_plain(pair.get("Value"))
        ):
            yield Fault((*placed.path, "Value"), f"{pair['Name']} has its value in the template. {REMEDY}")


def _is_secret_name(name: str) -> bool:
    return SECRET_NAME.search(re.sub(r"[^a-z]", "", name.lower())) is not None


def _is_plain(value: Any) -> bool:
    """Whether a value is a literal: the text itself, or a substitution or join without any reference."""
    called = call(value)
    if called and called[0] in ("Fn::Sub", "Fn::Base64"):
        text = called[1][0] if isinstance(called[1], list) and called[1] else called[1]
        return isinstance(text, str) and "${" not in text and _is_plain(text)
    if called and called[0] == "Fn::Join" and isinstance(called[1], list) and len(called[1]) == 2:
        parts = called[1][1]
        return isinstance(parts, list) and bool(parts) and all(isinstance(part, str) for part in parts)
    if not isinstance(value, str) or not value or value.startswith(("{{resolve:", "arn:")):
        return False
    if value.lower() in ("true", "false"):
        return False
    return not _is_blank(value)


def _is_blank(text: str) -> bool:
    """JSON with keys and no values: the form of a secret that somebody fills in after the launch."""
    try:
        form = json.loads(text)
    except ValueError:
        return False
    return isinstance(form, dict) and not any(form.values())
