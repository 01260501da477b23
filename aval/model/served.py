"""MLflow's model-from-code file: what its scoring server, or `mlflow.pyfunc.load_model`, runs to decide.

One row is one dossier: the raw columns of the application (numbers as doubles, text as strings), and each
history as a JSON list of its rows. `[]` says the applicant has none; a missing column or a null, that it is
not known. The probabilities are those of `aval score` on the same dossier.
"""

import json
from typing import TYPE_CHECKING, Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel

from aval.data.tables import HISTORIES, KEY, layout
from aval.errors import KeyDuplicate, SourceUnreadable

if TYPE_CHECKING:
    import polars as pl


class Served(PythonModel):
    """Raw tables in, SK_ID_CURR and the probability of default out, in the order of the rows."""

    def load_context(self, context: Any) -> None:
        """Read and verify the native folder that travels with the registered model."""
        from pathlib import Path

        from aval.model.model import Model

        self._model = Model.load(Path(context.artifacts["model"]))
        self._features = self._model.feature_set()

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Probabilities of default.

        Raises:
            KeyDuplicate: an applicant appears twice.
            SourceUnreadable: a history is not a JSON list of rows.
        """
        from aval.data.dossiers import Dossiers
        from aval.features.build import build

        del context, params  # MLflow asks for the names
        given = model_input.reset_index(drop=True)
        ids = given[KEY].astype("int64").tolist()
        if repeats := len(ids) - len(set(ids)):
            raise KeyDuplicate("the request", [KEY], repeats)
        # What is unknown of one applicant may be known of another; dossiers know it of all alike.
        groups: dict[frozenset[str], list[int]] = {}
        for place in range(len(ids)):
            known = frozenset(table for table in HISTORIES if _text(given, table, place) is not None)
            groups.setdefault(known, []).append(place)
        found: dict[int, float] = {}
        for known, places in groups.items():
            tables = {"application": _applications(given.iloc[places])}
            for table in sorted(known):
                tables[table] = _history(table, [(ids[place], _text(given, table, place)) for place in places])
            dossiers = Dossiers.of(tables)
            matrix = self._model.matrix(build(dossiers, self._features))
            found.update(zip(dossiers.ids.to_list(), self._model.probability(matrix).tolist(), strict=True))
        return pd.DataFrame({KEY: ids, "probability": [found[applicant] for applicant in ids]})


def _text(given: pd.DataFrame, table: str, place: int) -> str | None:
    if table not in given.columns:
        return None
    value = given[table].iloc[place]
    return value if isinstance(value, str) else None


def _applications(given: pd.DataFrame) -> "pl.DataFrame":
    """The applications under the contract's types; columns that were not sent are missing."""
    import polars as pl

    columns = []
    for name, dtype in layout("application").items():
        if name not in given.columns:
            columns.append(pl.repeat(None, len(given), dtype=dtype, eager=True).alias(name))
        elif dtype.is_numeric():
            columns.append(pl.Series(name, given[name].to_numpy()).fill_nan(None).cast(dtype))
        else:
            words = [value if isinstance(value, str) else None for value in given[name].tolist()]
            columns.append(pl.Series(name, words, dtype=pl.String).cast(dtype))
    return pl.DataFrame(columns)


def _history(table: str, given: list[tuple[int, str | None]]) -> "pl.DataFrame":
    """All applicants' rows of one history."""
    import polars as pl

    rows: list[dict[str, Any]] = []
    try:
        for applicant, text in given:
            rows += [{**row, KEY: applicant} for row in json.loads(text or "[]")]
        return pl.DataFrame(rows, schema=dict(layout(table)), orient="row", strict=False)
    except (TypeError, ValueError, pl.exceptions.PolarsError):
        raise SourceUnreadable(
            "the request", f"its {table} is not a JSON list of that table's rows", "send a list of objects"
        ) from None


mlflow.models.set_model(Served())
