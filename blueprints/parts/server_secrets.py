"""Secrets of servers outside AWS: how a form asks for them, and what reading them takes.

A secret is made by people, in Secrets Manager, and named at launch; its text is nobody's but the functions'.
"""

from __future__ import annotations

from troposphere import Ref, Sub

from .access import Statement, allow, arn
from .form import ask
from .project import Project

ARN_PATTERN = r"^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+$"
SERVER_URL = r"^https://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~-]+)*$"


def ask_secret(project: Project, name: str, *, group: str, server: str, use: str) -> Ref:
    """Ask for the secret with the credentials of `server`, whose token is for `use`."""
    return ask(
        project.template,
        name,
        group=group,
        label=f"Credentials for {server}",
        description=(
            f'ARN of the secret {{"username": "…", "token": "…"}} in Secrets Manager; the token {use}. A third text, '
            "ca_bundle, holds the certificates of an authority of your own."
        ),
        pattern=ARN_PATTERN,
        constraint="The ARN of a secret in Secrets Manager.",
    )


def read_secret(secret: Ref) -> list[Statement]:
    """To read one secret, also where a customer's key encrypts it."""
    return [
        allow(["secretsmanager:GetSecretValue"], [secret]),
        # Which key that is, nobody asks: it decrypts nothing but this secret.
        allow(
            ["kms:Decrypt"],
            [arn("kms", "key/*")],
            {
                "StringEquals": {
                    "kms:EncryptionContext:SecretARN": secret,
                    "kms:ViaService": Sub("secretsmanager.${AWS::Region}.${AWS::URLSuffix}"),
                }
            },
        ),
    ]
