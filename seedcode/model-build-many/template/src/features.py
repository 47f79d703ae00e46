"""The columns of the abalone data and how they become numbers; used by every step and by the endpoint alike.

Training and serving share this one function, so that they cannot drift apart.
"""

from __future__ import annotations

import pandas as pd

SEX = ("F", "I", "M")  # female, infant, male
MEASURES = (
    "length",
    "diameter",
    "height",
    "whole_weight",
    "shucked_weight",
    "viscera_weight",
    "shell_weight",
)
INPUTS = ("sex", *MEASURES)  # the order of a row sent to the endpoint
TARGET = "rings"
COLUMNS = (*INPUTS, TARGET)  # the order in the data file, which has no header
FEATURES = (*(f"sex_{sex}" for sex in SEX), *MEASURES)


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """The model's features for rows that have the INPUTS columns.

    Raises:
        ValueError: a column is missing, a sex is unknown, or a measure is no number.
    """
    missing = [column for column in INPUTS if column not in rows]
    if missing:
        raise ValueError(f"missing columns: {', '.join(missing)}")
    sexes = rows["sex"].astype(str).str.strip()
    unknown = sorted(set(sexes) - set(SEX))
    if unknown:
        raise ValueError(f"unknown sex {', '.join(unknown)}: expected one of {', '.join(SEX)}")
    encoded = {f"sex_{sex}": (sexes == sex).astype("float32") for sex in SEX}
    measures = {name: pd.to_numeric(rows[name]).astype("float32") for name in MEASURES}
    return pd.DataFrame(encoded | measures, index=rows.index, columns=list(FEATURES))
