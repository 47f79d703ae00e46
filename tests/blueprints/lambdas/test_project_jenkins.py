"""The real handler against a Jenkins over https, with its credentials in the local AWS."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Iterator

import pytest

from tests.blueprints.servers.jenkins import Jenkins
from tests.blueprints.servers.loopback import Server, as_json, serving

from .account import Account
from .loopback import Context

JOB = "models/sagemaker-churn-deploy"
VERSION = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/sagemaker-churn-p-a1b2c3d4e5f6/3"
EVENT = {
    "detail-type": "SageMaker Model Package State Change",
    "source": "aws.sagemaker",
    "detail": {"ModelPackageArn": VERSION, "ModelApprovalStatus": "Approved"},
}


@pytest.fixture
def jenkins() -> Iterator[Jenkins]:
    made = Jenkins(jobs={JOB})
    with serving(made.server):
        yield made


@pytest.fixture
def handle(
    account: Account, package: str, jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    monkeypatch.setenv("JENKINS_JOB_URL", f"{jenkins.server.url}/job/models/job/sagemaker-churn-deploy")
    monkeypatch.setenv("CREDENTIALS_SECRET_ARN", account.credentials())
    handler = importlib.import_module(f"{package}.jenkins").handler
    return lambda: handler(EVENT, Context(120))


def test_the_job_is_started_once_with_the_approved_version(
    handle: Callable[[], None], jenkins: Jenkins
) -> None:
    handle()
    assert jenkins.started == [(JOB, {"MODEL_PACKAGE_ARN": VERSION})]
    assert jenkins.server.requests() == ["POST /job/models/job/sagemaker-churn-deploy/buildWithParameters"]


def test_a_crumb_is_brought_where_jenkins_asks_for_one(handle: Callable[[], None], jenkins: Jenkins) -> None:
    jenkins.asks_for_crumbs = True
    handle()
    assert jenkins.started == [(JOB, {"MODEL_PACKAGE_ARN": VERSION})]
    assert [one.method for one in jenkins.server.asked] == ["POST", "GET", "POST"]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_jenkins_is_asked_again(handle: Callable[[], None], jenkins: Jenkins, status: int) -> None:
    jenkins.server.failing = [status]
    handle()
    assert len(jenkins.started) == 1


FAULTS: dict[str, tuple[Callable[[Jenkins], object], str]] = {
    "the job": (lambda jenkins: jenkins.jobs.clear(), "Jenkins answered 404"),
    "an error": (lambda jenkins: jenkins.server.failing.append(500), "Jenkins answered 500"),
    "a redirect": (lambda jenkins: jenkins.server.failing.append(302), "Jenkins answered 302"),
    "forbidden": (lambda jenkins: jenkins.server.failing.append(403), "Jenkins answered 403"),
}


@pytest.mark.parametrize(("fault", "reason"), FAULTS.values(), ids=FAULTS)
def test_what_goes_wrong_is_raised_for_lambda_to_try_again(
    handle: Callable[[], None], jenkins: Jenkins, fault: Callable[[Jenkins], object], reason: str
) -> None:
    fault(jenkins)
    with pytest.raises(Exception, match=reason):
        handle()
    assert jenkins.started == []


def test_a_wrong_token_is_raised_and_never_shown(
    handle: Callable[[], None],
    account: Account,
    jenkins: Jenkins,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other = account.credentials("other", token="wrong-token")
    monkeypatch.setenv("CREDENTIALS_SECRET_ARN", other)
    with caplog.at_level(logging.INFO), pytest.raises(Exception, match="Jenkins answered 401") as raised:
        handle()
    assert "wrong-token" not in str(raised.value) + caplog.text
    assert jenkins.started == []


def test_nothing_but_https_is_spoken(
    handle: Callable[[], None], jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JENKINS_JOB_URL", f"{jenkins.server.url.replace('https', 'http')}/job/{JOB}")
    with pytest.raises(Exception, match="must be addressed as https://host"):
        handle()


def test_an_authority_that_nobody_named_is_not_trusted(
    handle: Callable[[], None], account: Account, jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = account.credentials("other", ca_bundle="")
    monkeypatch.setenv("CREDENTIALS_SECRET_ARN", other)
    with pytest.raises(Exception, match="certificate is not trusted"):
        handle()
    assert jenkins.server.asked == []


def test_a_secret_that_is_for_another_server_is_not_had(
    handle: Callable[[], None], jenkins: Jenkins, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusing = Server(answer=lambda _: as_json(400, {"__type": "AccessDeniedException", "Message": "No."}))
    with serving(refusing, tls=False):
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", refusing.url)
        with pytest.raises(Exception, match="Its tag catalog:server must hold the host"):
            handle()
    assert jenkins.server.asked == []


def test_a_silent_server_is_given_up_on_before_the_functions_time_is_over(package: str) -> None:
    """All tries of a request, and the pauses between them, end before Lambda ends the function."""
    servers, answering = (
        importlib.import_module(f"{package}.{name}") for name in ("servers", "custom_resource")
    )
    pauses = [0, *(min(20, 0.5 * 2**number) for number in range(1, servers.PATIENT.total))]
    for seconds in (900, 300, 120, 60):
        each = servers.patience(answering.Deadline(seconds)).total
        assert 1 <= each <= servers.LONGEST_READ
        assert (1 + servers.PATIENT.total) * each + sum(pauses) < seconds
    with pytest.raises(answering.OutOfTime, match="Repeat the operation"):
        servers.patience(answering.Deadline(20))
