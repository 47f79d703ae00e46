"""The one way into the local AWS: a request, signed or not, to the service it is meant for.

Used by the boto3 session of this process and, as a WSGI application, by the HTTP server. It knows who calls and which
service answers; it must not know what any service does.
"""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from generator.errors import FactoryError
from generator.local import authorization, bucketevents, engine, noted, services, steps
from generator.local.execution import callbacks, functions, invocations, mappings
from generator.local.git import http as git_http
from generator.local.identity import Identities, Scope, scope, unlimited
from generator.local.journal import Journal
from generator.local.reworded import reworded
from generator.local.service import Call, Identity, ServiceError
from generator.local.state import State
from generator.local.weather import Forecast, Weather
from generator.local.wire import Request, Response, query, refusal

if TYPE_CHECKING:
    from generator.local.execution.runner import Runner

log = logging.getLogger(__name__)
Clients = Callable[[str, str, Identity], Any]
# Services whose endpoint is not `<signing name>.<region>.amazonaws.com`, which is where moto expects them.
HOSTS = {
    "iam": "iam.amazonaws.com",
    "organizations": "organizations.us-east-1.amazonaws.com",
    "budgets": "budgets.amazonaws.com",
    "cloudfront": "cloudfront.amazonaws.com",
    "route53": "route53.amazonaws.com",
    "sagemaker": "api.sagemaker.{region}.amazonaws.com",
    "ecr": "api.ecr.{region}.amazonaws.com",
    "eventbridge": "events.{region}.amazonaws.com",
}


class App:
    """The services over one state."""

    def __init__(
        self, state: State, identities: Identities, clients: Clients, runner: Runner | None = None
    ) -> None:
        self.state = state
        self.runner = runner
        self.identities = identities
        self.journal = Journal(state)
        self.weather = Weather.from_environment()
        self._clients = clients

    def answer(self, request: Request) -> Response:
        """The answer to a request whose URL names the service's own host."""
        request_id = str(uuid.uuid4())
        signed = scope(request)
        try:
            if signed is not None and self.identities.is_internal(signed.access_key):
                return self._answer(request, signed, request_id, self.weather.usual)  # no weather indoors
            today = self.weather.now(request.headers)
            number = self.weather.before(today)
            response = _numbered(self._answer(request, signed, request_id, today), signed, request_id)
            self.weather.after(today, number)
        except ServiceError as error:
            response = _refused(request, signed, error, request_id)
        return response

    def _answer(self, request: Request, signed: Scope | None, request_id: str, today: Forecast) -> Response:
        if self.runner is not None and request.path.startswith(callbacks.PREFIX):
            return self.runner.callbacks.receive(request)
        about_git = git_http.asked(request)
        if about_git is not None:
            return self._git(request, about_git, request_id, today)
        if signed is None:
            raise ServiceError("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
        identity = self.identities.find(signed.access_key)
        call = self._call(signed, identity, request, request_id, today)
        if signed.service in services.MODULES:
            steps.settle(self.state)
            return engine.respond(services.service(signed.service), request, call)
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        overlay = services.overlay(signed.service, operation)
        if overlay is not None:
            steps.settle(self.state)
            return engine.respond(overlay, request, call)
        after = services.after(signed.service, operation)
        if after is not None:
            with self.state.write():
                response = self.journal.answer(request, identity.account)
                if response.status < 300:
                    after(call, json.loads(request.body or b"{}"), json.loads(response.body or b"{}"))
            return response
        account = identity.account
        if signed.service == "s3":
            account = self._check_bucket(call, request)
            if changes := self._heard(request, account):
                with self.state.write():
                    response = self.journal.answer(request, account)
                    if response.status < 300:
                        bucketevents.tell(call, account, bucket_name(request.url), changes, response)
                return response
        if signed.service == "iam":
            authorization.check_iam(call, request)
        if signed.service == "iam" and noted.action(request) in noted.OF_KEYS:
            with self.state.write():
                response = self.journal.answer(request, account)
                if response.status == 200:
                    noted.note_key(call, request, response)
            return response
        if signed.service == "lambda":
            mapping = mappings.asked(request)
            if mapping is not None:
                return mappings.respond(call, request, mapping)
            return self._lambda(call, request)
        response = reworded(request, self.journal.answer(request, account))
        if signed.service == "iam" and response.status == 200 and noted.action(request) == "CreateRole":
            noted.note_role(self.weather, today, response)
        return response

    def _call(
        self, signed: Scope, identity: Identity, request: Request, request_id: str, today: Forecast
    ) -> Call:
        return Call(
            service=signed.service,
            operation="",
            params={},
            identity=identity,
            region=signed.region,
            request_id=request_id,
            now=datetime.now(UTC),
            state=self.state,
            clients=self._clients,
            headers=request.headers,
            judged=not (self.identities.is_internal(signed.access_key) or unlimited(identity)),
            weather=self.weather,
            forecast=today,
            look=self.journal.look,
            runner=self.runner,
        )

    def _git(self, request: Request, wanted: git_http.Asked, request_id: str, today: Forecast) -> Response:
        key = git_http.access_key(request)
        if key is None:
            return git_http.UNKNOWN
        signed = Scope(key, wanted.region or "us-east-1", "codecommit")
        call = self._call(signed, self.identities.find(key), request, request_id, today)
        return git_http.respond(call, request, wanted)

    def _lambda(self, call: Call, request: Request) -> Response:
        """moto keeps functions; running one is our own, and so is what moto drops of a configuration."""
        invoked = invocations.function_of(request)
        if invoked is not None:
            return invocations.respond(call, request, invoked)
        configured = invocations.configures(request)
        if configured is None:
            return self.journal.answer(request, call.account)
        with self.state.write():
            response = self.journal.answer(request, call.account)
            if response.status < 300:
                functions.note_settings(self.state, call.account, call.region, *configured)
        return response

    def _check_bucket(self, call: Call, request: Request) -> str:
        """The account to ask moto as: a bucket's owner, under whom moto keeps all that belongs to it.

        A bucket of another owner than expected is refused, and so is what policies refuse; moto does neither.
        """
        identity = call.identity
        bucket = bucket_name(request.url)
        owner, policy = self.journal.bucket(bucket) if bucket else (None, None)
        if owner is None or (
            request.method == "PUT" and owner != identity.account and _names_bucket(request)
        ):
            authorization.check_s3(call, request, bucket, None, None)
            return identity.account  # the latter is refused by moto, because the name is taken
        if request.headers.get("x-amz-expected-bucket-owner", owner) != owner:
            raise ServiceError("AccessDenied", "Access Denied", 403)
        authorization.check_s3(call, request, bucket, owner, policy)
        return owner

    def _heard(self, request: Request, owner: str) -> tuple[bucketevents.Change, ...]:
        """What a request to S3 changes of which EventBridge is told."""
        bucket = bucket_name(request.url)
        changes = bucketevents.changes(request, bucket)
        if not changes or not self.journal.look(partial(bucketevents.listens, owner, bucket)):
            return ()
        return changes

    def over_http(self, request: Request) -> Response:
        """The same for a request to the loopback address, whose signature names the service."""
        signed = scope(request)
        parts = urlsplit(request.url)
        if signed is not None:
            host = HOSTS.get(signed.service, "{service}.{region}.amazonaws.com")
            host = host.format(service=signed.service, region=signed.region)
            request = Request(
                request.method,
                urlunsplit(("https", host, parts.path, parts.query, "")),
                {**request.headers, "host": host},
                request.body,
            )
        try:
            return self.answer(request)
        except FactoryError as error:
            failure = ServiceError("InternalFailure", str(error), 500)
        except Exception as error:  # a fault of ours must reach the client as AWS's do
            log.exception("a request failed")
            failure = ServiceError("InternalFailure", f"{type(error).__name__}: {error}", 500)
        return _refused(request, signed, failure, str(uuid.uuid4()))

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """The WSGI application."""
        response = self.over_http(_from_environ(environ))
        headers = {k: v for k, v in response.headers.items() if k.lower() not in ("content-length", "status")}
        if environ["REQUEST_METHOD"] == "HEAD":
            lengths = [v for k, v in response.headers.items() if k.lower() == "content-length"]
            headers["Content-Length"] = lengths[0] if lengths else "0"
        else:
            headers["Content-Length"] = str(len(response.body))
        start_response(
            f"{response.status} {'OK' if response.status < 400 else 'Refused'}", list(headers.items())
        )
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]


def bucket_name(url: str) -> str:
    """The bucket that a request to S3 names, in the host or as the first part of the path."""
    parts = urlsplit(url)
    host = parts.netloc.partition(".s3")[0]
    return host if host != parts.netloc and not parts.netloc.startswith("s3") else parts.path.split("/")[1]


def _names_bucket(request: Request) -> bool:
    """Whether a request is about a bucket itself: no key, no sub-resource."""
    parts = urlsplit(request.url)
    path = parts.path.strip("/")
    return not parts.query and (not path or path == bucket_name(request.url))


def _from_environ(environ: dict[str, Any]) -> Request:
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    length = int(environ.get("CONTENT_LENGTH") or 0)
    chunked = environ.get("wsgi.input_terminated")
    body = environ["wsgi.input"].read() if chunked and not length else environ["wsgi.input"].read(length)
    path = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    if path is None:
        path = quote(environ["PATH_INFO"].encode("latin-1")) + (
            f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
        )
    return Request(
        environ["REQUEST_METHOD"], f"http://{headers.get('host', 'localhost')}{path}", headers, body
    )


def _numbered(response: Response, signed: Scope | None, request_id: str) -> Response:
    """The response with a request id, which moto leaves out of some services' answers."""
    name = "x-amz-request-id" if signed and signed.service == "s3" else "x-amzn-RequestId"
    if name.lower() in {each.lower() for each in response.headers}:
        return response
    return Response(response.status, {**response.headers, name: request_id}, response.body)


def _refused(request: Request, signed: Scope | None, error: ServiceError, request_id: str) -> Response:
    """A refusal that no service made, in the protocol of the request."""
    service = signed.service if signed else ""
    headers = request.headers
    if service in services.MODULES:
        protocol = engine.protocol(request)
        return refusal(protocol, services.service(service).model, error, request_id)
    # S3's content type is the object's, and says nothing of the protocol.
    if service != "s3" and ("x-amz-target" in headers or "json" in headers.get("content-type", "")):
        content = f'{{"__type": "{error.code}", "message": {json.dumps(error.message)}}}'
        return Response(error.status, {"Content-Type": "application/x-amz-json-1.1"}, content.encode())
    if service in ("s3", ""):
        text = f"<Error><Code>{error.code}</Code><Message>{query.text(error.message)}</Message></Error>"
    else:
        text = query.error("", error.code, error.message, error.status, request_id)
    body = b"" if request.method == "HEAD" else text.encode()
    return Response(error.status, {"Content-Type": "text/xml", "x-amzn-RequestId": request_id}, body)
