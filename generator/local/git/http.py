"""Git's own protocol over http: requests of `git clone` and `git push` handed to git's `http-backend`.

CodeCommit's repositories are at `/v1/repos/NAME`, in any region of the account that asks, and with the host before them
(`/git-codecommit.REGION.amazonaws.com/v1/repos/NAME`) in that region. Repositories behind connections are at
`/codeconnections.REGION.amazonaws.com/git-http/ACCOUNT/REGION/CONNECTION/…`: a stand-in for the provider, where each is there
once somebody asks for it who may use the connection.
Who asks says so by basic authentication: an access key of the local AWS as the user name; passwords are not looked at.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from generator.local.attached import Attached
from generator.local.authorization import Question, ask
from generator.local.authorization.question import denied, refusal
from generator.local.git.bare import Bare, environment
from generator.local.git.codecommit import announce, repository
from generator.local.service import Call, ServiceError
from generator.local.wire import Request, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST: Final = r"(?:/git-codecommit\.([\w-]+)\.amazonaws\.com(?:\.cn)?)?"
_CODECOMMIT: Final = re.compile(
    _HOST + r"/v1/repos/([\w.-]+?)(?:\.git)?(/(?:info/refs|git-upload-pack|git-receive-pack|HEAD))"
)
_CONNECTION: Final = re.compile(
    r"/(?:codeconnections|codestar-connections)\.([\w-]+)\.amazonaws\.com(/git-http/\d{12}/[\w-]+/[\w-]+/[\w./-]+?\.git)"
    r"(/(?:info/refs|git-upload-pack|git-receive-pack|HEAD))"
)


@dataclass(frozen=True)
class Asked:
    """A repository that a request is about, and which of git's own paths in it."""

    region: str
    name: str
    path: str
    connected: bool


def asked(request: Request) -> Asked | None:
    """What a request of the git program is about; None for any other."""
    path = unquote(urlsplit(request.url).path)
    if found := _CODECOMMIT.fullmatch(path):
        return Asked(found[1] or "", found[2], found[3], connected=False)
    if found := _CONNECTION.fullmatch(path):
        return Asked(found[1], found[2], found[3], connected=True)
    return None


def access_key(request: Request) -> str | None:
    """The access key of a request's basic authentication."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user = b64decode(given).decode().partition(":")[0]
    except ValueError:
        return None
    return user.partition("%")[0]  # what follows is the session token, as AWS's credential helper puts it


UNKNOWN: Final = Response(401, {"WWW-Authenticate": 'Basic realm="CodeCommit"'}, b"")


def respond(call: Call, request: Request, wanted: Asked) -> Response:
    """git's answer."""
    writes = wanted.path == "/git-receive-pack" or "service=git-receive-pack" in urlsplit(request.url).query
    try:
        bare, arn, region = _located(call, wanted)
        if call.judged and wanted.connected:
            _ask_connection(call, wanted)
        elif call.judged:
            ask(call, [Question(f"codecommit:{'GitPush' if writes else 'GitPull'}", arn)])
    except ServiceError as error:
        return Response(
            403 if error.status == 403 else 404, {"Content-Type": "text/plain"}, f"{error.message}\n".encode()
        )
    before = bare.references()
    answer = _backend(bare, request, wanted.path, call.identity.arn)
    if wanted.path == "/git-receive-pack":
        bare.default_branch()
        if not wanted.connected:
            announce(call, region, wanted.name, arn, before, bare.references())
    return answer


def _ask_connection(call: Call, wanted: Asked) -> None:
    """Whether the caller may use the connection for the repository; its ARN is of the service's name, or of its former one."""
    _, _, account, region, ident, repository = wanted.name.removesuffix(".git").split("/", 5)
    attached = Attached(call, call.identity)
    refusals = [
        refusal(
            call,
            attached,
            Question(
                f"{name}:UseConnection",
                f"arn:{call.partition}:{name}:{region}:{account}:connection/{ident}",
                {f"{name}:FullRepositoryId": repository},
            ),
        )
        for name in ("codeconnections", "codestar-connections")
    ]
    if all(refusals):
        raise denied("codeconnections", refusals[0])


def _located(call: Call, wanted: Asked) -> tuple[Bare, str, str]:
    if wanted.connected:
        key = "connected-" + hashlib.sha256(wanted.name.encode()).hexdigest()[:32]
        return Bare(call.state.folder, key).made(), "", wanted.region
    found = repository(call, wanted.name, wanted.region)
    return Bare(call.state.folder, found["repositoryId"]).made(), found["Arn"], found["Arn"].split(":")[3]


def _backend(bare: Bare, request: Request, path: str, user: str) -> Response:
    parts = urlsplit(request.url)
    done = subprocess.run(
        ["git", "http-backend"],  # noqa: S607 - the user's git, wherever it is
        env={
            **environment(),
            "GIT_PROJECT_ROOT": str(bare.path),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": request.method,
            "CONTENT_TYPE": request.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(request.body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
            "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
            "REMOTE_USER": user,
            "REMOTE_ADDR": "127.0.0.1",
        },
        input=request.body,
        capture_output=True,
        check=False,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = dict(_header(line) for line in head.decode("latin-1").split("\r\n") if ":" in line)
    status = int(headers.pop("Status", "200").split()[0])
    if not head:
        return Response(500, {"Content-Type": "text/plain"}, done.stderr)
    return Response(status, headers, body)


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip(), value.strip()


def rewriting(url: str, key: str, regions: Mapping[str, str] | list[str]) -> dict[str, str]:
    """Settings by which git finds the repositories of these regions here, as the holder of a key."""
    here = url.replace("://", f"://{key}:local@")
    hosts = [
        f"{host}.{region}.amazonaws.com/"
        for region in regions
        for host in ("git-codecommit", "codeconnections", "codestar-connections")
    ]
    found = {"GIT_CONFIG_COUNT": str(len(hosts))}
    for number, host in enumerate(hosts):
        found[f"GIT_CONFIG_KEY_{number}"] = f"url.{here}/{host}.insteadOf"
        found[f"GIT_CONFIG_VALUE_{number}"] = f"https://{host}"
    return found
