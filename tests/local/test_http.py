"""Over HTTP: boto3, the AWS CLI, and what must not get in."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from generator.errors import FactoryError
from generator.local import LocalAws, serve
from generator.local.server import Server

from .conftest import NO_RETRIES, REGION, SPOKE, TEMPLATE, Catalog, code, held_to_the_model

CLI = Path(sys.executable).parent / "aws"


@pytest.fixture
def served(local: LocalAws) -> Iterator[Server]:
    with serve(local, 0) as running:
        yield running


def client(served: Server, service: str, **credentials: str) -> Any:
    session = boto3.Session(
        credentials.get("key", "made-up"), "secret", credentials.get("token"), region_name=REGION
    )
    maker: Any = session.client
    return maker(service, endpoint_url=served.url, config=NO_RETRIES)


def aws(served: Server, *words: str, account: str = "test", status: int = 0) -> Any:
    """What the AWS CLI answers, with an account id as its access key."""
    done = subprocess.run(
        [CLI, "--endpoint-url", served.url, "--output", "json", *words],
        env={
            "PATH": os.environ["PATH"],
            "HOME": "/nonexistent",
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_MAX_ATTEMPTS": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    if status:
        return done.stderr
    return json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout


def test_the_same_catalogue_in_process_and_over_http(served: Server, hub: Catalog) -> None:
    portfolio, product = hub.portfolio(), hub.product()
    sc = held_to_the_model(client(served, "servicecatalog"))
    sc.associate_product_with_portfolio(PortfolioId=portfolio, ProductId=product)
    assert (
        sc.describe_portfolio(Id=portfolio)["PortfolioDetail"]
        == (hub.sc.describe_portfolio(Id=portfolio)["PortfolioDetail"])
    )
    assert hub.sc.search_products_as_admin(PortfolioId=portfolio)["ProductViewDetails"] != []
    with pytest.raises(ClientError) as refused:
        sc.delete_product(Id=product)
    assert code(refused) == "ResourceInUseException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_two_accounts_through_assumed_roles(served: Server, hub: Catalog) -> None:
    sts = client(served, "sts")
    assert sts.get_caller_identity()["Account"] == hub.account
    arn = f"arn:aws:iam::{SPOKE}:role/OrganizationAccountAccessRole"
    given = sts.assume_role(RoleArn=arn, RoleSessionName="visit")["Credentials"]
    visitor = {"key": given["AccessKeyId"], "token": given["SessionToken"]}
    who = client(served, "sts", **visitor).get_caller_identity()
    assert who["Arn"] == f"arn:aws:sts::{SPOKE}:assumed-role/OrganizationAccountAccessRole/visit"
    made = client(served, "servicecatalog", **visitor).create_portfolio(
        DisplayName="Theirs", ProviderName="p"
    )
    assert f":{SPOKE}:" in made["PortfolioDetail"]["ARN"]
    assert hub.sc.list_portfolios()["PortfolioDetails"] == []

    trust: dict[str, Any] = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{SPOKE}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    role = hub.client("iam").create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))[
        "Role"
    ]
    from_there = client(served, "sts", **visitor).assume_role(RoleArn=role["Arn"], RoleSessionName="back")
    assert from_there["AssumedRoleUser"]["AssumedRoleId"] == f"{role['RoleId']}:back"
    for refused_arn in (role["Arn"], role["Arn"] + "-none"):
        with pytest.raises(ClientError) as refused:
            sts.assume_role(RoleArn=refused_arn, RoleSessionName="me")
        assert code(refused) == "AccessDenied"
    asks_more = {**trust["Statement"][0], "Condition": {"StringEquals": {"sts:ExternalId": "42"}}}
    hub.client("iam").update_assume_role_policy(
        RoleName="reader", PolicyDocument=json.dumps({**trust, "Statement": [asks_more]})
    )
    ask = {"RoleArn": role["Arn"], "RoleSessionName": "back"}
    with pytest.raises(ClientError):
        client(served, "sts", **visitor).assume_role(**ask)
    client(served, "sts", **visitor).assume_role(**ask, ExternalId="42")
    user = hub.client("iam")
    user.create_user(UserName="ann")
    key = user.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    assert (
        client(served, "sts", key=key).get_caller_identity()["Arn"] == f"arn:aws:iam::{hub.account}:user/ann"
    )


def test_the_aws_cli_from_empty_to_a_governed_product(served: Server, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    aws(served, "s3", "mb", "s3://artifacts")
    aws(served, "s3", "cp", str(tmp_path / "template.yaml"), "s3://artifacts/a/template.yaml", "--quiet")
    assert "a/template.yaml" in aws(served, "s3", "ls", "--recursive", "s3://artifacts")
    sc = ("servicecatalog",)
    info = "Name=1.0.0,Info={LoadTemplateFromURL=https://artifacts.s3.amazonaws.com/a/template.yaml}"
    made = aws(
        served, *sc, "create-product", "--name", "Notebook", "--owner", "o",
        "--product-type", "CLOUD_FORMATION_TEMPLATE", "--provisioning-artifact-parameters", info,
    )  # fmt: skip
    product = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    made = aws(served, *sc, "create-portfolio", "--display-name", "Analytics", "--provider-name", "p")
    portfolio = made["PortfolioDetail"]["Id"]
    place = ("--portfolio-id", portfolio, "--product-id", product)
    aws(served, *sc, "associate-product-with-portfolio", *place)
    constraint = ("--type", "LAUNCH", "--parameters", '{"LocalRoleName": "launch"}')
    aws(served, *sc, "create-constraint", *place, *constraint)
    aws(served, *sc, "create-portfolio-share", "--portfolio-id", portfolio, "--account-id", SPOKE)
    aws(served, *sc, "accept-portfolio-share", "--portfolio-id", portfolio, account=SPOKE)
    seen = aws(served, *sc, "list-accepted-portfolio-shares", account=SPOKE)
    assert [detail["Id"] for detail in seen["PortfolioDetails"]] == [portfolio]
    listed = aws(served, *sc, "list-constraints-for-portfolio", "--portfolio-id", portfolio)
    assert [detail["Type"] for detail in listed["ConstraintDetails"]] == ["LAUNCH"]
    refused = aws(served, *sc, "create-constraint", *place, *constraint, status=255)
    assert "DuplicateResourceException" in refused
    assert aws(served, "s3", "cp", "s3://artifacts/a/template.yaml", "-").startswith(
        "AWSTemplateFormatVersion"
    )


def request(served: Server, method: str, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.putrequest(method, path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
@pytest.mark.parametrize("path", ["/", "/moto-api/", "/moto-api/reset", "/artifacts/key"])
def test_a_page_in_a_browser_gets_nothing(served: Server, hub: Catalog, method: str, path: str) -> None:
    portfolio = hub.portfolio()
    signed = "AWS4-HMAC-SHA256 Credential=AKIALOCL123456789012/20260101/us-east-1/s3/aws4_request"
    for headers in (
        {"origin": "https://evil.example"},
        {"host": "evil.example", "authorization": signed},
        {"host": "evil.example:80"},
    ):
        response = request(served, method, path, **headers)
        assert response.status == 403
        assert not [name for name in response.headers if name.lower().startswith("access-control")]
    signed_answer = request(served, method, path, authorization=signed, origin="https://evil.example")
    assert not [name for name in signed_answer.headers if name.lower().startswith("access-control")]
    assert hub.sc.describe_portfolio(Id=portfolio)["PortfolioDetail"]["Id"] == portfolio


def test_a_missing_pipeline_is_not_found_as_in_aws(served: Server) -> None:
    with pytest.raises(ClientError) as missing:
        client(served, "sagemaker").describe_pipeline(PipelineName="none")
    assert code(missing) == "ResourceNotFound"


def test_only_the_loopback_address_and_a_free_port(served: Server, local: LocalAws) -> None:
    assert served.url.startswith("http://127.0.0.1:")
    with pytest.raises(FactoryError, match="--port"):
        serve(local, served.port)


def test_a_fault_of_ours_is_an_internal_failure_with_its_reason(served: Server, local: LocalAws) -> None:
    with local.state.write() as tx:
        tx.execute("DROP TABLE sc_budget")
    sc = client(served, "servicecatalog")
    portfolio = sc.create_portfolio(DisplayName="P", ProviderName="p")["PortfolioDetail"]["Id"]
    with pytest.raises(ClientError, match="sc_budget") as failed:
        sc.describe_portfolio(Id=portfolio)
    assert code(failed) == "InternalFailure"


def test_a_server_keeps_nothing_open_for_clients_that_have_gone(served: Server, local: LocalAws) -> None:
    for _ in range(20):
        sts = client(served, "sts")
        sts.get_caller_identity()
        sts.close()
    deadline = time.monotonic() + 10
    while len(local.state._connections) > 5 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(local.state._connections) <= 5
