"""Loading and predicting, without HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest
import xgboost

from serving.model import BadInput, Model, model_dir


def test_sagemakers_place_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODEL_DIR", raising=False)
    assert model_dir() == Path("/opt/ml/model")


@pytest.mark.parametrize("name", ["model.json", "model.ubj"])
def test_every_format_of_xgboost_loads(model_folder: Path, tmp_path: Path, name: str) -> None:
    first = Model.load(model_folder)
    first.booster.save_model(tmp_path / name)
    assert Model.load(tmp_path).predict([[5, 1]]) == pytest.approx(first.predict([[5, 1]]))


def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(xgboost.core.XGBoostError):
        Model.load(tmp_path)


def test_rows_that_do_not_fit(model_folder: Path) -> None:
    with pytest.raises(BadInput, match="the model takes 2"):
        Model.load(model_folder).predict([[1.0]])
