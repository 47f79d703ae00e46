"""Step 2: train XGBoost on the prepared data, and pack the model with the code that serves it.

Runs as a SageMaker training job in the XGBoost image's script mode, which passes hyperparameters as arguments and
folders as SM_* variables.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
from pathlib import Path

import pandas as pd
import xgboost

from features import FEATURES

log = logging.getLogger(__name__)
MODEL = "model.ubj"
SERVING_CODE = ("inference.py", "features.py")


def matrix(folder: Path) -> xgboost.DMatrix:
    """The CSV files of a folder: target first, no header.

    Raises:
        ValueError: there are none.
    """
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise ValueError(f"no .csv file in {folder}")
    table = pd.concat([pd.read_csv(path, header=None) for path in files], ignore_index=True)
    return xgboost.DMatrix(table.iloc[:, 1:].to_numpy(), table.iloc[:, 0].to_numpy(), feature_names=list(FEATURES))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--validation", type=Path, default=os.environ.get("SM_CHANNEL_VALIDATION"))
    parser.add_argument("--model-dir", type=Path, default=os.environ.get("SM_MODEL_DIR", "/opt/ml/model"))
    parser.add_argument("--num_round", type=int, default=200)
    parser.add_argument("--early_stopping_rounds", type=int, default=15)
    parser.add_argument("--max_depth", type=int, default=4)
    parser.add_argument("--eta", type=float, default=0.1)
    parser.add_argument("--min_child_weight", type=float, default=6)
    parser.add_argument("--subsample", type=float, default=0.8)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)

    booster = xgboost.train(
        {
            "objective": "reg:squarederror",
            "eval_metric": "rmse",
            "max_depth": options.max_depth,
            "eta": options.eta,
            "min_child_weight": options.min_child_weight,
            "subsample": options.subsample,
            "seed": options.seed,
        },
        matrix(options.train),
        num_boost_round=options.num_round,
        evals=[(matrix(options.validation), "validation")],
        early_stopping_rounds=options.early_stopping_rounds,
        verbose_eval=25,
    )
    # What early stopping kept is the model; the rounds after the best one are dropped.
    booster = booster[: booster.best_iteration + 1]
    options.model_dir.mkdir(parents=True, exist_ok=True)
    booster.save_model(options.model_dir / MODEL)

    # The image looks for serving code in code/ of model.tar.gz, so the registered model is complete by itself.
    code = options.model_dir / "code"
    code.mkdir(exist_ok=True)
    for name in SERVING_CODE:
        shutil.copyfile(Path(__file__).parent / name, code / name)
    log.info("saved %d rounds to %s", booster.num_boosted_rounds(), options.model_dir)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
