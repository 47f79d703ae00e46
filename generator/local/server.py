"""The local AWS over HTTP, on the loopback address only.

A page in a browser must not reach it: the Host header has to be a loopback name, an unsigned request is refused, and no
answer carries CORS headers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from generator.errors import fail

if TYPE_CHECKING:
    from generator.local.aws import LocalAws

ADDRESS = "127.0.0.1"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


class _Quiet(WSGIRequestHandler):
    """Logs nothing: the command line says what there is to say."""

    protocol_version = "HTTP/1.1"
    release: Callable[[], None]

    def finish(self) -> None:
        super().finish()
        type(self).release()  # each client has a thread, which has what it opened

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's name
        pass


class Server:
    """A running server; as a context manager it serves in the background."""

    def __init__(self, local: LocalAws, port: int) -> None:
        self._local = local
        handler = type("Handler", (_Quiet,), {"release": staticmethod(local.state.release)})
        try:
            self._server: BaseWSGIServer = make_server(
                ADDRESS, port, self._guarded, threaded=True, request_handler=handler
            )
        except (OSError, SystemExit) as error:  # werkzeug exits when the port is taken
            raise fail(f"port {port}", "this port cannot be used", "Choose another with --port.") from error
        self._server.daemon_threads = True  # type: ignore[attr-defined]  # of the threading mix-in
        self._thread: threading.Thread | None = None
        if local.runner is not None:
            local.runner.serves_at(self.url)

    @property
    def port(self) -> int:
        return int(self._server.port)

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.port}"

    def serve_forever(self) -> None:
        """Serve until interrupted."""
        self._server.serve_forever(poll_interval=0.1)

    def __enter__(self) -> Server:
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        if self._thread is not None:
            self._thread.join()
        self._server.server_close()

    def _guarded(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "").rpartition(":")
        name = host[0] if host[2].isdecimal() else environ.get("HTTP_HOST", "")
        if name not in LOOPBACK:
            start_response("403 Forbidden", [("Content-Length", "0")])
            return []
        return self._local.app(environ, start_response)
