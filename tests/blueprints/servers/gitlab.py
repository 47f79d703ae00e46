"""A GitLab: its API for projects and hooks, and git over https for the same projects."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from .git import bare, serve_git
from .loopback import TOKEN, Answer, Asked, Server, as_json

PAGE = 2  # GitLab's page, made small here whatever is asked for


@dataclass
class GitLab:
    """Groups, projects and hooks; projects are real repositories below `root`."""

    root: Path
    groups: dict[str, int] = field(default_factory=lambda: {"acme": 7, "acme/models": 8})
    projects: dict[str, int] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)  # there, but not for this token
    hooks: dict[int, dict[int, dict[str, Any]]] = field(default_factory=dict)
    lose_answer: bool = False  # of the next creation: it happens, and fails all the same
    server: Server = field(default_factory=Server)

    def __post_init__(self) -> None:
        self.server.answer = self._answer

    def add(self, path: str) -> Path:
        """A project that is there already."""
        self.projects[path] = 100 + len(self.projects)
        self.hooks[self.projects[path]] = {}
        return bare(self.root, path)

    def repository(self, path: str) -> Path:
        return self.root / f"{path}.git"

    def hooks_of(self, path: str) -> list[dict[str, Any]]:
        return list(self.hooks[self.projects[path]].values())

    def _answer(self, asked: Asked) -> Answer:
        if not asked.path.startswith("/api/v4/"):
            return serve_git(self.root, asked)
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return as_json(401, {"message": "401 Unauthorized"})
        if asked.body and asked.headers.get("content-type") != "application/json":
            return as_json(415, {"message": "not JSON"})
        body = json.loads(asked.body) if asked.body else {}
        match asked.method, *(unquote(part) for part in asked.path.split("/")[3:]):
            case "GET", "projects", path:
                return self._found(path, self.projects, hidden=path in self.hidden)
            case "GET", "namespaces", path:
                return self._found(path, self.groups)
            case "POST", "projects":
                return self._create(body)
            case "GET", "projects", number, "hooks":
                return self._list(int(number), asked)
            case "POST", "projects", number, "hooks":
                hooks = self.hooks[int(number)]
                hooks[max(hooks, default=0) + 1] = self._hook(body)
                return as_json(201, {"id": max(hooks)})
            case "PUT", "projects", number, "hooks", hook:
                return self._known(int(number), int(hook), lambda held: held.update(self._hook(body)))
            case "DELETE", "projects", number, "hooks", hook:
                return self._known(int(number), int(hook), lambda _: self.hooks[int(number)].pop(int(hook)))
        return as_json(404, {"error": f"{asked} is no path of the API"})

    def _found(self, path: str, held: dict[str, int], *, hidden: bool = False) -> Answer:
        if path in held and not hidden:
            return as_json(200, {"id": held[path]})
        return as_json(404, {"message": "404 Not Found"})

    def _create(self, body: dict[str, Any]) -> Answer:
        group = next(path for path, number in self.groups.items() if number == body["namespace_id"])
        path = f"{group}/{body['path']}"
        if path in self.projects:
            return as_json(400, {"message": {"path": ["has already been taken"]}})
        if (body["visibility"], body["initialize_with_readme"]) != ("private", False):
            return as_json(400, {"message": "would be public, or not empty"})
        self.add(path)
        if self.lose_answer:
            self.lose_answer = False
            return as_json(502, {"message": "bad gateway"})
        return as_json(201, {"id": self.projects[path]})

    def _list(self, project: int, asked: Asked) -> Answer:
        page = int(parse_qs(asked.query)["page"][0])
        found = [{"id": number, "url": hook["url"]} for number, hook in sorted(self.hooks[project].items())]
        more = str(page + 1) if len(found) > page * PAGE else ""
        return as_json(200, found[(page - 1) * PAGE : page * PAGE], ("X-Next-Page", more))

    def _hook(self, body: dict[str, Any]) -> dict[str, Any]:
        if body["enable_ssl_verification"] is not True:
            raise AssertionError("the hook would not verify certificates")
        return body

    def _known(self, project: int, hook: int, then: Callable[[dict[str, Any]], object]) -> Answer:
        held = self.hooks[project].get(hook)
        if held is None:
            return as_json(404, {"message": "404 Not found"})
        then(held)
        return as_json(200, {"id": hook})
