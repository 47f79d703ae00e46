"""The HTTP side: what is read from a request, what is answered, and which mistakes are whose."""

from __future__ import annotations

import csv
import io
import json
import os

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from serving.model import BadInput, Model, model_dir

# The largest body of a real-time invocation that SageMaker passes on.
MAX_PAYLOAD = int(os.environ.get("MAX_PAYLOAD_BYTES", 25 * 1024 * 1024))
JSON = "application/json"
CSV = "text/csv"


def create_app() -> Flask:
    """The WSGI application, with its model loaded."""
    model = Model.load(model_dir())
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = MAX_PAYLOAD

    @app.get("/ping")
    def ping() -> Response:
        return Response("{}\n", mimetype=JSON)

    @app.post("/invocations")
    def invocations() -> Response:
        readers = {JSON: read_json, CSV: read_csv}
        if request.mimetype not in readers:
            return problem(415, f"send {JSON} or {CSV}, not {request.mimetype or 'a body without Content-Type'}")
        # The answer has the format of the question where the caller has no preference.
        offered = [request.mimetype, *(kind for kind in readers if kind != request.mimetype)]
        answer = request.accept_mimetypes.best_match(offered) if request.accept_mimetypes else offered[0]
        if answer is None:
            return problem(406, f"answers are {JSON} or {CSV}")
        try:
            predictions = model.predict(readers[request.mimetype](request.get_data()))
        except BadInput as error:
            return problem(400, str(error))
        if answer == CSV:
            return Response("".join(f"{value!r}\n" for value in predictions), mimetype=CSV)
        return Response(json.dumps({"predictions": predictions}) + "\n", mimetype=JSON)

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response:
        return problem(error.code or 500, error.description or error.name)

    return app


def problem(status: int, message: str) -> Response:
    return Response(json.dumps({"error": message}) + "\n", status=status, mimetype=JSON)


def read_json(body: bytes) -> list[list[float]]:
    """`{"instances": [[1, 2], [3, null]]}` or the list alone; null is a missing value."""
    try:
        value = json.loads(body)
    except ValueError as error:
        raise BadInput(f"the body is not JSON: {error}") from None
    if isinstance(value, dict):
        if "instances" not in value:
            raise BadInput("the object has no 'instances'")
        value = value["instances"]
    if not isinstance(value, list) or not value:
        raise BadInput("'instances' is a non-empty list of rows")
    return [_row(number, row) for number, row in enumerate(value, start=1)]


def read_csv(body: bytes) -> list[list[float]]:
    """One row a line, without header; an empty field is a missing value."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadInput("the body is not UTF-8") from None
    lines = [line for line in csv.reader(io.StringIO(text)) if line]
    if not lines:
        raise BadInput("the body has no rows")
    return [
        _row(number, [None if not field.strip() else field for field in line])
        for number, line in enumerate(lines, start=1)
    ]


def _row(number: int, row: object) -> list[float]:
    if not isinstance(row, list):
        raise BadInput(f"row {number} is no list")
    values = []
    for value in row:
        if value is None:
            values.append(float("nan"))
            continue
        try:
            if isinstance(value, bool):
                raise ValueError
            values.append(float(value))
        except (TypeError, ValueError):
            raise BadInput(f"row {number} has {json.dumps(value)}, which is no number") from None
    return values
