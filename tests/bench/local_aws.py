"""The local AWS, measured: calls a second in process and over HTTP, opening a full state, and creates as it fills."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from generator import local

TEMPLATE = "AWSTemplateFormatVersion: '2010-09-09'\nResources: {Topic: {Type: AWS::SNS::Topic}}\n"
BUCKET, REGION = "bench", "us-east-1"


class Account:
    """A client of Service Catalog, and a product a call."""

    def __init__(self, session: Any, **client: Any) -> None:
        self.sc = session.client("servicecatalog", **client)
        self.s3 = session.client("s3", **client)
        self.made = 0

    def prepare(self) -> None:
        self.s3.create_bucket(Bucket=BUCKET)
        self.s3.put_object(Bucket=BUCKET, Key="template.yaml", Body=TEMPLATE.encode())

    def create(self) -> str:
        self.made += 1
        answer = self.sc.create_product(
            Name=f"Product {self.made}",
            Owner="Bench",
            ProductType="CLOUD_FORMATION_TEMPLATE",
            ProvisioningArtifactParameters={
                "Name": "1.0.0",
                "Info": {"LoadTemplateFromURL": f"https://{BUCKET}.s3.{REGION}.amazonaws.com/template.yaml"},
                "Type": "CLOUD_FORMATION_TEMPLATE",
            },
        )
        return str(answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"])

    def describe(self, product: str) -> None:
        self.sc.describe_product_as_admin(Id=product)


def as_role(aws: Any) -> Any:
    """A session of a role with a policy of its own, whose every request is judged by it."""
    import boto3

    trusted = {"AWS": f"arn:aws:iam::{local.ACCOUNT}:root"}
    trust = {"Effect": "Allow", "Principal": trusted, "Action": "sts:AssumeRole"}
    reading = {"Effect": "Allow", "Action": "servicecatalog:Describe*", "Resource": "*"}
    iam, sts = (aws.session(REGION).client(service) for service in ("iam", "sts"))
    role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=policy(trust))["Role"]["Arn"]
    iam.put_role_policy(RoleName="bench", PolicyName="read", PolicyDocument=policy(reading))
    keys = sts.assume_role(RoleArn=role, RoleSessionName="bench")["Credentials"]
    return boto3.Session(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
        region_name=REGION,
    )


def policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def each(action: Callable[[], object], times: int) -> float:
    """Milliseconds of one call, the median of several."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return 1000 * median(taken)


def calls(folder: Path) -> Iterator[tuple[str, float]]:
    """(what, milliseconds) of a create and a read, in process and over HTTP."""
    import boto3

    aws = local.open_state(folder)
    account = Account(aws.session(REGION))
    account.prepare()
    product = account.create()
    yield "create in process", each(account.create, 200)
    yield "read in process", each(lambda: account.describe(product), 200)
    with local.serve(aws, 0) as server:
        session = boto3.Session(
            aws_access_key_id=local.ACCOUNT, aws_secret_access_key="local", region_name=REGION
        )
        remote = Account(session, endpoint_url=server.url)
        remote.made = account.made
        yield "create over HTTP", each(remote.create, 200)
        yield "read over HTTP", each(lambda: remote.describe(product), 200)
        judged = Account(as_role(aws), endpoint_url=server.url)
        yield "read over HTTP, judged by policies", each(lambda: judged.describe(product), 50)
    aws.close()


def filling(folder: Path, marks: tuple[int, ...]) -> Iterator[tuple[str, float]]:
    """(what, milliseconds) of a create with so many products there, and of opening the state at 1,000."""
    aws = local.open_state(folder)
    account = Account(aws.session(REGION))
    account.prepare()
    for mark in marks:
        while account.made < mark:
            account.create()
        yield f"create at {mark:,} products", each(account.create, 100)
        if mark == 1000:
            aws.close()
            started = time.perf_counter()
            aws = local.open_state(folder)
            yield "open a state of 1,000 products", 1000 * (time.perf_counter() - started)
            again = Account(aws.session(REGION))
            again.made = account.made
            account = again
            started = time.perf_counter()
            account.sc.search_products_as_admin(PageSize=20)
            yield "and its first call", 1000 * (time.perf_counter() - started)
    aws.close()


def main(folder: str, *marks: str) -> None:
    """A line of JSON for each measurement."""
    for found in (*calls(Path(folder, "calls")), *filling(Path(folder, "full"), tuple(map(int, marks)))):
        print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
