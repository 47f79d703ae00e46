"""Secrets of servers outside AWS: how a form asks for them, and what reading them takes.

A secret is made by people, in Secrets Manager, and named at launch; its text is nobody's but the functions'. Whoever launches
names the server, too, and needs no right on the secret: it is read for the server alone that its own tag names.
"""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import Ref, Select, Split, Sub

from .access import Statement, allow, arn
from .form import ask
from .project import Project

ARN_PATTERN = r"^arn:[a-z0-9-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:[A-Za-z0-9/_+=.@-]+$"
SERVER_URL = r"^https://[A-Za-z0-9.-]+(:\d+)?(/[A-Za-z0-9._~-]+)*$"
SERVER_TAG = "catalog:server"


@dataclass(frozen=True)
class ServerSecret:
    """A secret with the credentials of one server."""

    arn: Ref
    address: Ref

    def read(self) -> list[Statement]:
        """To read it, if it is that server's, also where a customer's key encrypts it."""
        host = Select(2, Split("/", self.address))  # https://host:port/path
        return [
            allow(
                ["secretsmanager:GetSecretValue"],
                [self.arn],
                {"StringEquals": {f"aws:ResourceTag/{SERVER_TAG}": host}},
            ),
            # Which key that is, nobody asks: it decrypts nothing but this secret.
            allow(
                ["kms:Decrypt"],
                [arn("kms", "key/*")],
                {
                    "StringEquals": {
                        "kms:EncryptionContext:SecretARN": self.arn,
                        "kms:ViaService": Sub("secretsmanager.${AWS::Region}.${AWS::URLSuffix}"),
                    }
                },
            ),
        ]


def ask_secret(
    project: Project, name: str, address: Ref, *, group: str, server: str, use: str
) -> ServerSecret:
    """Ask for the secret with the credentials of `server` at the address, whose token is for `use`."""
    asked = ask(
        project.template,
        name,
        group=group,
        label=f"Credentials for {server}",
        description=(
            f'ARN of the secret {{"username": "…", "token": "…"}} in Secrets Manager; the token {use}. Its tag {SERVER_TAG} '
            "holds the server's host as the address has it, with the port if there is one: to no other server it is sent. A "
            "third text, ca_bundle, holds the certificates of an authority of your own."
        ),
        pattern=ARN_PATTERN,
        constraint="The ARN of a secret in Secrets Manager.",
    )
    return ServerSecret(asked, address)
