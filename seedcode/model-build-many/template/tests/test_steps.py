"""The jobs' scripts, run for real on the sample data."""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, Run

import evaluate
import inference
import preprocess
from features import COLUMNS, FEATURES, INPUTS, features

ROW = ["M", 0.455, 0.365, 0.095, 0.514, 0.2245, 0.101, 0.15]


def test_preprocessing_keeps_each_row_of_a_model_once(runs: dict[str, Run]) -> None:
    sample = preprocess.clean(preprocess.read(ROOT / "data"))
    for run in runs.values():
        parts = {path.parent.name: pd.read_csv(path, header=None) for path in sorted(run.prepared.rglob("*.csv"))}
        assert set(parts) == {"train", "validation", "test"}
        own = preprocess.selected(sample, dict(run.spec.rows))
        assert sum(map(len, parts.values())) == len(own)
        assert sorted(pd.concat(parts.values())[0]) == sorted(own["rings"])
        assert {part.shape[1] for part in parts.values()} == {1 + len(FEATURES)}


def test_the_same_seed_gives_the_same_files(run: Run, tmp_path: Path) -> None:
    rows = json.dumps(run.spec.rows)
    preprocess.main(["--input", str(ROOT / "data"), "--output", str(tmp_path), "--rows", rows])
    for path in run.prepared.rglob("*.csv"):
        assert (tmp_path / path.relative_to(run.prepared)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("values", "said"), [({"colour": ["red"]}, "no column colour"), ({"sex": ["X"]}, "no row has")]
)
def test_rows_that_cannot_be_selected(values: dict[str, list[str]], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        preprocess.selected(preprocess.read(ROOT / "data"), values)


def test_unusable_rows_are_dropped() -> None:
    good = [*ROW, 9]
    rows = pd.DataFrame([good, ["X", *good[1:]], [*good[:3], 0.0, *good[4:]], [*good[:8], None]], columns=list(COLUMNS))
    assert len(preprocess.clean(rows)) == 1


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("rows.txt", "M,1\n", "no .csv or .data file"),
        ("rows.csv", "M,1,2\n", "has 3 columns, expected 9"),
        ("rows.csv", "X,1,1,1,1,1,1,1,9\n", "no usable row"),
        ("rows.csv", "M,1,1,1,1,1,1,1,9\n", "1 rows are too few"),
    ],
)
def test_data_that_cannot_be_used(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=said):
        preprocess.main(["--input", str(tmp_path), "--output", str(tmp_path / "out")])


def test_every_model_beats_guessing_the_mean(runs: dict[str, Run]) -> None:
    for run in runs.values():
        metrics = run.report["regression_metrics"]
        truth = pd.read_csv(run.prepared / "test" / "test.csv", header=None)[0]
        assert 0 < metrics["rmse"]["value"] < truth.std(), run.spec.name
        assert metrics["rmse"]["value"] <= run.spec.max_rmse, run.spec.name
        assert metrics["mae"]["value"] <= metrics["rmse"]["value"]


def test_metrics_are_what_their_names_say() -> None:
    report = evaluate.metrics(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 5.0]))["regression_metrics"]
    assert report["rmse"]["value"] == pytest.approx((4 / 3) ** 0.5)
    assert report["mae"]["value"] == pytest.approx(2 / 3)
    assert report["r2"]["value"] == pytest.approx(-1)


def test_an_archive_without_model(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz"):
        pass
    with pytest.raises(ValueError, match="has no model.ubj"):
        evaluate.load(tmp_path)


def answer(run: Run, body: str, kind: str, accept: str) -> tuple[str, str]:
    """The image's sequence of calls."""
    model = inference.model_fn(str(run.model))
    return inference.output_fn(inference.predict_fn(inference.input_fn(body.encode(), kind), model), accept)


def test_the_endpoint_answers_csv_and_json_alike(run: Run) -> None:
    text = ",".join(map(str, ROW))
    as_csv, kind = answer(run, f"{text}\n{text}\n", "text/csv; charset=utf-8", "text/csv")
    assert kind == "text/csv"
    listed, kind = answer(run, json.dumps({"instances": [ROW]}), "application/json", "application/json")
    assert kind == "application/json"
    named, _ = answer(run, json.dumps([dict(zip(INPUTS, ROW, strict=True))]), "application/json", "application/json")
    value = json.loads(listed)["predictions"][0]
    assert [float(line) for line in as_csv.split()] == pytest.approx([value, value], rel=1e-4)
    assert json.loads(named)["predictions"] == [value]


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        ("M,1,2", "text/csv", "has 3 values, expected 8"),
        ("[]", "application/json", "non-empty"),
        ('[{"sex": "M"}]', "application/json", "missing columns: length"),
        (json.dumps([["X", *ROW[1:]]]), "application/json", "unknown sex X"),
        ("<x/>", "application/xml", "not application/xml"),
    ],
)
def test_requests_that_cannot_be_answered(body: str, kind: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        inference.input_fn(body, kind)


def test_serving_sees_the_features_that_training_saw(run: Run) -> None:
    rows = preprocess.clean(preprocess.read(ROOT / "data"))
    model = inference.model_fn(str(run.model))
    assert model.feature_names == list(FEATURES) == list(features(rows).columns)


def test_the_packed_serving_code_stands_alone(run: Run) -> None:
    """The image imports code/inference.py of model.tar.gz with nothing else of this repository at hand."""
    program = (
        "import inference; model = inference.model_fn('..');"
        f"rows = inference.input_fn({','.join(map(str, ROW))!r}, 'text/csv');"
        "print(inference.output_fn(inference.predict_fn(rows, model), 'text/csv')[0])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=run.model / "code", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert 1 < float(done.stdout) < 30
