"""A local AWS, opened: its state, its services, and sessions to talk to them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from generator.local.app import App
from generator.local.identity import Identities, administrator_key
from generator.local.service import Identity
from generator.local.state import State

if TYPE_CHECKING:
    import boto3

    from generator.local.execution.runner import Runner


class LocalAws:
    """What `open_state` gives. `app` is a WSGI application; close it when done."""

    def __init__(self, state: State, account: str, *, run_code: bool = False) -> None:
        self.state = state
        self.account = account
        self._identities = Identities(state, account)
        self.runner: Runner | None = None
        if run_code:
            from generator.local.execution.runner import Runner

            self.runner = Runner(self)
        self.app = App(state, self._identities, self.client_as, self.runner)
        self._clients: dict[tuple[str, str, Identity], Any] = {}
        self._sessions: dict[tuple[str, str], boto3.Session] = {}
        self._lock = threading.RLock()

    def session(self, region: str, *, account: str = "") -> boto3.Session:
        """A boto3 session as the administrator of an account; every client of it is answered in this process."""
        return self._session(administrator_key(account or self.account), region)

    def session_as(self, role: str, region: str) -> boto3.Session:
        """A session as somebody with this role, given by ARN; nobody asks whether there is such a role."""
        account, name = role.split(":")[4], role.rpartition("/")[2]
        arn = f"arn:aws:sts::{account}:assumed-role/{name}/catalog"
        identity = Identity(account, arn, f"AROALOCL{account}:catalog", role_arn=role)
        return self._session(self._identities.internal_key(identity), region)

    def close(self) -> None:
        if self.runner is not None:
            self.runner.close()
        self.app.journal.close()
        self.state.close()

    def _session(self, access_key: str, region: str) -> boto3.Session:
        from generator.local.session import session

        with self._lock:
            key = (access_key, region)
            if key not in self._sessions:
                self._sessions[key] = session(self.app.answer, access_key, region)
            return self._sessions[key]

    def client_as(self, service: str, region: str, identity: Identity) -> Any:
        """A client of a service under an identity, for calls between services."""
        """A client for calls between services, under an identity that has no credentials of its own."""
        with self._lock:
            key = (service, region, identity)
            if key not in self._clients:
                access_key = self._identities.internal_key(identity)
                self._clients[key] = self._session(access_key, region).client(service)  # type: ignore[call-overload]  # any service
            return self._clients[key]
