"""The model itself: how it is loaded and how it predicts. Replace this module to serve another kind of model."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xgboost

# In order of preference: what `Booster.save_model` writes, and the name SageMaker's own XGBoost uses.
FILE_NAMES = ("model.ubj", "model.json", "xgboost-model")


class BadInput(ValueError):
    """The caller's rows do not fit the model; the message is sent back."""


def model_dir() -> Path:
    """SageMaker unpacks model.tar.gz into /opt/ml/model; MODEL_DIR overrides it elsewhere."""
    return Path(os.environ.get("MODEL_DIR", "/opt/ml/model"))


@dataclass(frozen=True)
class Model:
    booster: xgboost.Booster

    @classmethod
    def load(cls, folder: Path) -> Model:
        """Load the first known file in the folder.

        Raises:
            FileNotFoundError: there is none.
            xgboost.core.XGBoostError: the file is no XGBoost model.
        """
        for name in FILE_NAMES:
            if (folder / name).is_file():
                booster = xgboost.Booster()
                booster.load_model(folder / name)
                return cls(booster)
        raise FileNotFoundError(f"no model in {folder}: expected one of {', '.join(FILE_NAMES)}")

    @property
    def features(self) -> int:
        """How many numbers a row has."""
        return self.booster.num_features()

    def predict(self, rows: list[list[float]]) -> list[float]:
        """One prediction for each row; a missing value is NaN.

        Raises:
            BadInput: a row has another number of features than the model.
        """
        for number, row in enumerate(rows, start=1):
            if len(row) != self.features:
                raise BadInput(f"row {number} has {len(row)} values, the model takes {self.features}")
            if any(math.isinf(value) for value in row):
                raise BadInput(f"row {number} has an infinite value")
        matrix = np.asarray(rows, dtype=np.float32)
        return [float(value) for value in self.booster.inplace_predict(matrix, validate_features=False)]
