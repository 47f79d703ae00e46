"""Step 1: read the raw data, drop what is unusable and what is another model's, split it, and write features.

The target is the first column. Runs as a SageMaker processing job; the folders are those that the pipeline mounts.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np
import pandas as pd

from features import COLUMNS, MEASURES, SEX, TARGET, features

log = logging.getLogger(__name__)
SPLITS = {"train": 0.7, "validation": 0.15, "test": 0.15}


def read(folder: Path) -> pd.DataFrame:
    """All CSV files of a folder as one table.

    Raises:
        ValueError: there are none, or one has another number of columns.
    """
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".csv", ".data"})
    if not files:
        raise ValueError(f"no .csv or .data file in {folder}")
    tables = []
    for path in files:
        table = pd.read_csv(path, header=None)
        if table.shape[1] != len(COLUMNS):
            raise ValueError(f"{path.name} has {table.shape[1]} columns, expected {len(COLUMNS)}: {', '.join(COLUMNS)}")
        tables.append(table.set_axis(list(COLUMNS), axis=1))
    return pd.concat(tables, ignore_index=True)


def clean(rows: pd.DataFrame) -> pd.DataFrame:
    """Without rows that have no target, an unknown sex or an impossible measure."""
    numbers = rows[[*MEASURES, TARGET]].apply(pd.to_numeric, errors="coerce")
    usable = numbers.notna().all(axis=1) & (numbers > 0).all(axis=1) & rows["sex"].isin(SEX)
    log.info("%d of %d rows are usable", usable.sum(), len(rows))
    if not usable.any():
        raise ValueError("no usable row is left")
    return rows[usable].reset_index(drop=True)


def selected(rows: pd.DataFrame, values: dict[str, list[str]]) -> pd.DataFrame:
    """The rows that have one of the values in each of the columns.

    Raises:
        ValueError: a column is unknown, or no row is left.
    """
    unknown = sorted(set(values) - set(rows))
    if unknown:
        raise ValueError(f"no column {', '.join(unknown)}: there are {', '.join(COLUMNS)}")
    for column, wanted in values.items():
        rows = rows[rows[column].astype(str).isin(wanted)]
    if rows.empty:
        raise ValueError(f"no row has {json.dumps(values)}")
    return rows.reset_index(drop=True)


def split(rows: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """The rows in SPLITS' proportions; the same seed gives the same split.

    Raises:
        ValueError: a part would be empty.
    """
    order = np.random.default_rng(seed).permutation(len(rows))
    first = round(len(rows) * SPLITS["train"])
    second = first + round(len(rows) * SPLITS["validation"])
    parts = {"train": order[:first], "validation": order[first:second], "test": order[second:]}
    empty = [name for name, part in parts.items() if not len(part)]
    if empty:
        raise ValueError(f"{len(rows)} rows are too few: nothing is left for {', '.join(empty)}")
    return {name: rows.iloc[part] for name, part in parts.items()}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, default=Path("/opt/ml/processing/input"))
    parser.add_argument("--output", type=Path, default=Path("/opt/ml/processing/output"))
    parser.add_argument("--rows", type=json.loads, default={}, help="values by column; other rows are left out")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args(arguments)
    for name, rows in split(selected(clean(read(options.input)), options.rows), options.seed).items():
        folder = options.output / name
        folder.mkdir(parents=True, exist_ok=True)
        table = features(rows)
        table.insert(0, TARGET, pd.to_numeric(rows[TARGET]))
        table.to_csv(folder / f"{name}.csv", index=False, header=False, lineterminator="\n")
        log.info("%s: %d rows", name, len(table))


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
