"""Bad weather on request."""

from __future__ import annotations

import subprocess
import time
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from generator.errors import FactoryError
from generator.local.weather import HEADER, Forecast, forecast

from .conftest import Catalog, code
from .test_state import other_process

LAUNCH = '{"RoleArn": "arn:aws:iam::123456789012:role/launch"}'


def under(hub: Catalog, weather: str, **config: Any) -> Any:
    """A Service Catalog client whose every request asks for this weather."""
    session: Any = hub.local.session(hub.region)
    client = session.client("servicecatalog", config=Config(**config) if config else None)
    client.meta.events.register(
        "before-call", lambda params, **_: params["headers"].update({HEADER: weather})
    )
    return client


def test_a_forecast_is_read_and_a_wrong_one_explained() -> None:
    assert forecast("throttle=0.5, die=3") == Forecast(throttle=0.5, die=3)
    assert forecast("") == Forecast()
    with pytest.raises(FactoryError, match="Did you mean 'throttle'"):
        forecast("throtle=1")
    with pytest.raises(FactoryError, match="needs a number"):
        forecast("fail=soon")


def test_throttling_is_an_error_that_clients_retry(hub: Catalog) -> None:
    with pytest.raises(ClientError) as throttled:
        under(hub, "throttle=1", retries={"max_attempts": 0}).list_portfolios()
    assert code(throttled) == "ThrottlingException"
    answer = under(hub, "throttle=0.5 seed=1").list_portfolios()
    assert answer["PortfolioDetails"] == []


def test_latency(hub: Catalog) -> None:
    client, start = under(hub, "latency=80"), time.monotonic()
    client.list_portfolios()
    assert time.monotonic() - start >= 0.08


def test_a_failure_at_the_nth_call_does_nothing(hub: Catalog) -> None:
    made = hub.portfolio("one")  # the first call of this state
    client = under(hub, "fail=3", retries={"max_attempts": 0})
    client.create_portfolio(DisplayName="two", ProviderName="p")
    with pytest.raises(ClientError) as failed:
        client.create_portfolio(DisplayName="three", ProviderName="p")
    assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    names = [detail["DisplayName"] for detail in hub.sc.list_portfolios()["PortfolioDetails"]]
    assert (made != "", names) == (True, ["one", "two"])


def test_what_is_new_is_not_seen_at_once(hub: Catalog) -> None:
    client = under(hub, "settle=2")
    place = {"PortfolioId": hub.portfolio(), "ProductId": hub.product()}
    client.associate_product_with_portfolio(**place)
    ask: dict[str, Any] = {"Type": "LAUNCH", "Parameters": LAUNCH, **place}
    for _ in range(2):
        with pytest.raises(ClientError) as early:
            client.create_constraint(**ask)
        assert code(early) == "ResourceNotFoundException"
    client.create_constraint(**ask)
    version = client.create_provisioning_artifact(ProductId=place["ProductId"], Parameters=hub.version("2"))
    ident = {
        "ProductId": place["ProductId"],
        "ProvisioningArtifactId": version["ProvisioningArtifactDetail"]["Id"],
    }
    seen = [client.describe_provisioning_artifact(**ident)["Status"] for _ in range(3)]
    assert seen == ["CREATING", "CREATING", "AVAILABLE"]


def test_a_new_role_does_not_exist_for_others_at_once(hub: Catalog) -> None:
    place = {"PortfolioId": hub.portfolio(), "ProductId": hub.product()}
    hub.sc.associate_product_with_portfolio(**place)
    iam = hub.client("iam")
    iam.meta.events.register(
        "before-call", lambda params, **_: params["headers"].update({HEADER: "settle=1"})
    )
    iam.create_role(RoleName="launch", AssumeRolePolicyDocument='{"Statement": []}')
    ask: dict[str, Any] = {"Type": "LAUNCH", "Parameters": LAUNCH, **place}
    with pytest.raises(ClientError, match="profile does not exist") as early:
        hub.sc.create_constraint(**ask)
    assert code(early) == "InvalidParametersException"
    hub.sc.create_constraint(**ask)


@pytest.mark.parametrize(("word", "kept"), [("die", ["0", "1"]), ("kill", ["0", "1", "2"])])
def test_the_process_dies_before_or_after_the_nth_call(hub: Catalog, word: str, kept: list[str]) -> None:
    with pytest.raises(subprocess.CalledProcessError) as died:
        other_process(
            hub.local.state.folder,
            "for n in range(9): sc.create_portfolio(DisplayName=str(n), ProviderName='p')",
            CATALOG_WEATHER=f"{word}=3",
        )
    assert died.value.returncode == 137
    names = [detail["DisplayName"] for detail in hub.sc.list_portfolios()["PortfolioDetails"]]
    assert names == kept
