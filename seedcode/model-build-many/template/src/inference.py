"""How the endpoint answers: raw rows in, rings out. The XGBoost image calls these four functions.

A request is text/csv (one row a line, in the order of features.INPUTS) or application/json
(`{"instances": [["M", 0.4, …]]}` or `{"instances": [{"sex": "M", …}]}`). What cannot be read raises ValueError, which
the image answers as an error with its message.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost

from features import FEATURES, INPUTS, features

MODEL = "model.ubj"
CSV = "text/csv"
JSON = "application/json"


def model_fn(model_dir: str) -> xgboost.Booster:
    booster = xgboost.Booster()
    booster.load_model(Path(model_dir, MODEL))
    return booster


def input_fn(body: bytes | str, content_type: str) -> pd.DataFrame:
    """The model's features for each row of the request.

    Raises:
        ValueError: the body does not have the form above.
    """
    kind = content_type.partition(";")[0].strip().lower()
    text = body.decode() if isinstance(body, bytes) else body
    if kind == CSV:
        table = pd.read_csv(io.StringIO(text.strip()), header=None)
        if table.shape[1] != len(INPUTS):
            raise ValueError(f"a row has {table.shape[1]} values, expected {len(INPUTS)}: {', '.join(INPUTS)}")
        return features(table.set_axis(list(INPUTS), axis=1))
    if kind == JSON:
        rows = json.loads(text)
        rows = rows.get("instances") if isinstance(rows, dict) else rows
        if not isinstance(rows, list) or not rows:
            raise ValueError("expected a non-empty list of 'instances'")
        named = all(isinstance(row, dict) for row in rows)
        return features(pd.DataFrame(rows) if named else pd.DataFrame(rows, columns=list(INPUTS)))
    raise ValueError(f"send {CSV} or {JSON}, not {content_type}")


def predict_fn(rows: pd.DataFrame, model: xgboost.Booster) -> np.ndarray:
    return model.predict(xgboost.DMatrix(rows.to_numpy(), feature_names=list(FEATURES)))


def output_fn(predictions: np.ndarray, accept: str) -> tuple[str, str]:
    if accept.partition(";")[0].strip().lower() == JSON:
        return json.dumps({"predictions": [float(value) for value in predictions]}), JSON
    return "".join(f"{value:.6g}\n" for value in predictions), CSV
