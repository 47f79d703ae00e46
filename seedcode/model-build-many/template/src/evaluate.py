"""Step 3: measure the model on data it has not seen, and write the report that the condition and the registry read.

Runs as a SageMaker processing job.
"""

from __future__ import annotations

import argparse
import json
import logging
import tarfile
from pathlib import Path

import numpy as np
import xgboost

from train import MODEL, matrix

log = logging.getLogger(__name__)
REPORT = "evaluation.json"


def load(folder: Path) -> xgboost.Booster:
    """The booster in a folder's model.tar.gz.

    Raises:
        ValueError: the archive has no model.
    """
    with tarfile.open(folder / "model.tar.gz") as archive:
        # Read, not unpacked: a path in an archive is nobody's to choose.
        found = [archive.extractfile(each) for each in archive if each.isfile() and Path(each.name).name == MODEL]
        if not found or found[0] is None:
            raise ValueError(f"{folder}/model.tar.gz has no {MODEL}")
        booster = xgboost.Booster()
        booster.load_model(bytearray(found[0].read()))
    return booster


def metrics(truth: np.ndarray, predicted: np.ndarray) -> dict[str, dict[str, dict[str, float]]]:
    """The report in the shape that the model registry shows."""
    errors = truth - predicted
    values = {
        "rmse": float(np.sqrt(np.mean(errors**2))),
        "mae": float(np.mean(np.abs(errors))),
        "r2": float(1 - np.sum(errors**2) / np.sum((truth - truth.mean()) ** 2)),
    }
    deviations = {"rmse": float(np.std(errors)), "mae": float(np.std(np.abs(errors))), "r2": 0.0}
    return {
        "regression_metrics": {
            name: {"value": value, "standard_deviation": deviations[name]} for name, value in values.items()
        }
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("/opt/ml/processing/model"))
    parser.add_argument("--test", type=Path, default=Path("/opt/ml/processing/test"))
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/evaluation"))
    options = parser.parse_args(arguments)
    test = matrix(options.test)
    report = metrics(test.get_label(), load(options.model).predict(test))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / REPORT).write_text(json.dumps(report, indent=2) + "\n")
    log.info("%s", json.dumps(report))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
