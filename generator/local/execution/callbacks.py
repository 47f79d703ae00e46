"""The addresses at which custom resources answer: signed, on the loopback address, and good for one answer."""

from __future__ import annotations

import hmac
import queue
import secrets
import threading
import time
from typing import Final
from urllib.parse import parse_qs, quote, urlsplit

from generator.local.wire import Request, Response

PREFIX: Final = "/cloudformation-custom-resource-response-"
LONGEST: Final = 4096  # bytes of an answer


class Callbacks:
    """The answers that this process waits for."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._open: dict[str, queue.Queue[bytes]] = {}
        self._lock = threading.Lock()

    def expect(self, region: str, name: str, seconds: float, arrived: queue.Queue[bytes]) -> str:
        """The path and query of a new address; what is put there arrives in the queue."""
        path = f"{PREFIX}{region.replace('-', '')}/{quote(name, safe='')}"
        expires = int(time.time() + seconds) + 1
        with self._lock:
            self._open[path] = arrived
        return f"{path}?Expires={expires}&Signature={self._signature(path, expires)}"

    def forget(self, address: str) -> None:
        with self._lock:
            self._open.pop(urlsplit(address).path, None)

    def receive(self, request: Request) -> Response:
        """Take an answer; later ones, and those without the signature, are refused as S3 refuses them."""
        parts = urlsplit(request.url)
        given = parse_qs(parts.query)
        expires, signature = given.get("Expires", ["0"])[0], given.get("Signature", [""])[0]
        if not expires.isdecimal() or not hmac.compare_digest(
            signature, self._signature(parts.path, int(expires))
        ):
            return _refused("SignatureDoesNotMatch", "The request signature does not match.")
        if request.method != "PUT":
            return _refused("MethodNotAllowed", "An answer is put.")
        if int(expires) < time.time():
            return _refused("AccessDenied", "Request has expired")
        with self._lock:
            arrived = self._open.pop(parts.path, None)
        if arrived is None:
            return _refused("AccessDenied", "An answer was given here already, or nobody waits for one.")
        arrived.put(request.body)
        return Response(200, {"ETag": '"answered"'})

    def _signature(self, path: str, expires: int) -> str:
        return hmac.new(self._secret, f"PUT {path} {expires}".encode(), "sha256").hexdigest()


def _refused(code: str, message: str) -> Response:
    text = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(403, {"Content-Type": "application/xml"}, text.encode())
