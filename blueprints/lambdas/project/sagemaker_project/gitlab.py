"""GitLab's API: projects made for a team's code, and the hooks that tell of pushes.

Owns the conversation with the API, version 4. What is there already is taken as it is, so that every step can be repeated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import urllib3

from .custom_resource import Deadline
from .servers import Credentials, connect, https, patience

_LONGEST_MESSAGE = 300


class GitLabRefused(Exception):
    """GitLab did not do it; the message says what was asked and what GitLab said."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class GitLab:
    """One server, with the rights of one token, until a deadline."""

    def __init__(self, address: str, known: Credentials, deadline: Deadline) -> None:
        self._api = f"{https(address)}/api/v4"
        self._connections = connect(known)
        self._authorization = f"Bearer {known.token}"
        self._deadline = deadline

    def __enter__(self) -> GitLab:
        return self

    def __exit__(self, *_: object) -> None:
        self._connections.clear()

    def project(self, path: str) -> int | None:
        """The id of the project at `group/…/name`; none where there is none that the token may see."""
        try:
            return int(self._ask("GET", f"/projects/{quote(path, safe='')}")["id"])
        except GitLabRefused as error:
            if error.status == 404:
                return None
            raise

    def ensure_project(self, path: str, branch: str) -> int:
        """The project's id; it is made, private and empty, where it does not exist."""
        if (found := self.project(path)) is not None:
            return found
        namespace, _, name = path.rpartition("/")
        try:
            group = self._ask("GET", f"/namespaces/{quote(namespace, safe='')}")["id"]
        except GitLabRefused as error:
            if error.status != 404:
                raise
            raise GitLabRefused(
                f"GitLab has no group or user '{namespace}' that the token may see. Create the group, or add the token's user "
                "to it, then repeat.",
                error.status,
            ) from None
        wanted = {
            "name": name,
            "path": name,
            "namespace_id": group,
            "visibility": "private",
            "initialize_with_readme": False,
            "default_branch": branch,
        }
        try:
            return int(self._ask("POST", "/projects", wanted)["id"])
        except GitLabRefused as error:
            # Made meanwhile, or by a request whose answer was lost.
            found = self.project(path) if error.status in (400, 409) else None
            if found is None:
                raise
            return found

    def set_hook(self, project: int, url: str, token: str, branch: str) -> None:
        """Have GitLab tell `url` of pushes to the branch, and prove itself by the token."""
        wanted = {
            "url": url,
            "token": token,
            "push_events": True,
            "push_events_branch_filter": branch,
            "enable_ssl_verification": True,
        }
        first, *doubled = self._hooks(project, url) or [None]
        if first is None:
            self._send("POST", f"/projects/{project}/hooks", wanted)
        else:
            self._send("PUT", f"/projects/{project}/hooks/{first}", wanted)
        for hook in doubled:
            self._remove(project, hook)

    def remove_hook(self, path: str, url: str) -> None:
        """Take the hook away, if it and its project are there."""
        project = self.project(path)
        for hook in self._hooks(project, url) if project is not None else ():
            self._remove(project, hook)

    def _hooks(self, project: int, url: str) -> list[int | None]:
        found: list[int | None] = []
        page = "1"
        while page:
            answer = self._send("GET", f"/projects/{project}/hooks?per_page=100&page={page}")
            found += [int(hook["id"]) for hook in answer.json() if hook["url"] == url]
            page = answer.headers.get("X-Next-Page", "")
        return found

    def _remove(self, project: int | None, hook: int | None) -> None:
        try:
            self._send("DELETE", f"/projects/{project}/hooks/{hook}")
        except GitLabRefused as error:
            if error.status != 404:
                raise

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        try:
            return self._send(method, path, body).json()
        except ValueError:
            raise GitLabRefused(
                f"{self._api} did not answer as GitLab's API does. Check the address."
            ) from None

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": self._authorization, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = self._connections.request(
                method,
                f"{self._api}{path}",
                body=None if body is None else json.dumps(body).encode(),
                headers=headers,
                timeout=patience(self._deadline),
            )
        except urllib3.exceptions.HTTPError as error:
            raise GitLabRefused(f"{self._api} cannot be reached: {error}") from error
        if answer.status >= 300:
            said = answer.data.decode("utf-8", "replace")[:_LONGEST_MESSAGE]
            raise GitLabRefused(
                f"GitLab answered {answer.status} to {method} {path.partition('?')[0]}: {said}", answer.status
            )
        return answer
