"""A Jenkins: its remote API, as far as starting a job goes, with crumbs where it is set up to ask for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from .loopback import Answer, Asked, Server, as_json, basic

FIELD, CRUMB, SESSION = "Jenkins-Crumb", "0123456789abcdef", "JSESSIONID.1=node0"


@dataclass
class Jenkins:
    """Jobs, and what was started with which parameters."""

    jobs: set[str] = field(default_factory=set)  # folders with slashes
    asks_for_crumbs: bool = False
    started: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    server: Server = field(default_factory=Server)

    def __post_init__(self) -> None:
        self.server.answer = self._answer

    def _answer(self, asked: Asked) -> Answer:
        if asked.headers.get("authorization") != basic():
            return Answer(401, b"Unauthorized")
        if (asked.method, asked.path) == ("GET", "/crumbIssuer/api/json"):
            if not self.asks_for_crumbs:
                return Answer(404)
            issued = {"crumb": CRUMB, "crumbRequestField": FIELD}
            return as_json(200, issued, ("Set-Cookie", f"{SESSION}; Path=/; Secure; HttpOnly"))
        if not asked.path.startswith("/job/"):
            return Answer(404)
        if asked.method != "POST":
            return Answer(405, b"This URL requires POST", (("Allow", "POST"),))
        if self.asks_for_crumbs and (
            asked.headers.get(FIELD.lower()) != CRUMB or SESSION not in asked.headers.get("cookie", "")
        ):
            return Answer(403, b"No valid crumb was included in the request")
        *path, action = asked.path.split("/")
        job = "/".join(unquote(part) for part in path[2::2])
        if job not in self.jobs or action != "buildWithParameters":
            return Answer(404)
        if asked.headers.get("content-type") != "application/x-www-form-urlencoded":
            return Answer(400, b"Nothing is submitted")
        parameters = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        self.started.append((job, parameters))
        return Answer(201, headers=(("Location", f"{self.server.url}/queue/item/{len(self.started)}/"),))
