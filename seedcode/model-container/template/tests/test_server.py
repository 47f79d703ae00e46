"""The contract with SageMaker, over HTTP against the real server."""

from __future__ import annotations

import http.client
from pathlib import Path

import pytest
from conftest import Server, free_port, start

JSON = "application/json"
CSV = "text/csv"


def test_ping_says_that_the_model_is_loaded(server: Server) -> None:
    assert server.call("/ping").status == 200


def test_json_in_json_out(server: Server) -> None:
    answer = server.call("/invocations", b'{"instances": [[5, 1], [1, 5]]}', Content_Type=JSON)
    assert (answer.status, answer.content_type) == (200, JSON)
    assert answer.json["predictions"] == pytest.approx([9, -3], abs=1)


def test_csv_in_csv_out(server: Server) -> None:
    answer = server.call("/invocations", b"5,1\n1,5\n", Content_Type=CSV)
    assert (answer.status, answer.content_type) == (200, CSV)
    assert [float(line) for line in answer.body.splitlines()] == pytest.approx([9, -3], abs=1)


def test_both_formats_predict_the_same(server: Server) -> None:
    as_json = server.call("/invocations", b"[[3, 4]]", Content_Type=JSON, Accept="*/*")
    as_csv = server.call("/invocations", b"3,4", Content_Type="text/csv; charset=utf-8")
    assert as_json.json["predictions"] == [float(as_csv.body)]


def test_the_caller_chooses_the_answer(server: Server) -> None:
    answer = server.call("/invocations", b"[[3, 4]]", Content_Type=JSON, Accept=CSV)
    assert (answer.status, answer.content_type) == (200, CSV)


def test_missing_values_are_allowed(server: Server) -> None:
    as_json = server.call("/invocations", b"[[3, null]]", Content_Type=JSON)
    as_csv = server.call("/invocations", b"3,\n", Content_Type=CSV)
    assert as_json.status == 200
    assert as_json.json["predictions"] == [float(as_csv.body)]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "said"),
    [
        (b"{", JSON, 400, "not JSON"),
        (b"{}", JSON, 400, "no 'instances'"),
        (b"[]", JSON, 400, "non-empty"),
        (b"[1, 2]", JSON, 400, "row 1 is no list"),
        (b'[[1, 2], [1, "x"]]', JSON, 400, 'row 2 has "x"'),
        (b"[[1, true]]", JSON, 400, "row 1 has true"),
        (b"[[1, 2, 3]]", JSON, 400, "row 1 has 3 values, the model takes 2"),
        (b"[[1, Infinity]]", JSON, 400, "infinite"),
        (b"", CSV, 400, "no rows"),
        (b"a,b\n1,2\n", CSV, 400, 'row 1 has "a"'),
        (b"1,2\n1\n", CSV, 400, "row 2 has 1 values"),
        (b"\xff\xfe", CSV, 400, "UTF-8"),
        (b"<x/>", "application/xml", 415, "not application/xml"),
        (b"[[1, 2]]", "", 415, "without Content-Type"),
    ],
)
def test_mistakes_of_the_caller(server: Server, body: bytes, content_type: str, status: int, said: str) -> None:
    answer = server.call("/invocations", body, Content_Type=content_type)
    assert answer.status == status
    assert said in answer.json["error"]
    assert server.call("/ping").status == 200  # and the server lives on


def test_an_answer_format_we_do_not_have(server: Server) -> None:
    answer = server.call("/invocations", b"[[1, 2]]", Content_Type=JSON, Accept="image/png")
    assert answer.status == 406


def test_a_body_over_the_limit_is_refused_before_it_is_read(server: Server) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Content-Length", str(25 * 1024 * 1024 + 1))
    connection.endheaders()
    with connection.getresponse() as answer:
        assert answer.status == 413
    connection.close()


def test_other_routes_and_methods(server: Server) -> None:
    assert server.call("/").status == 404
    assert server.call("/invocations").status == 405


def test_without_a_model_the_container_stops_and_says_why(tmp_path: Path) -> None:
    process = start(tmp_path, free_port())
    output, _ = process.communicate(timeout=60)
    assert process.returncode != 0
    assert f"no model in {tmp_path}" in output
