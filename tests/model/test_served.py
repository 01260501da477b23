"""MLflow's own loading of the registered model gives the probabilities of the native one."""

import json
import math
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

from aval.data.dossiers import Dossiers
from aval.data.tables import HISTORIES, KEY, layout
from aval.data.warehouse import Warehouse
from aval.features.build import build
from aval.model.model import Model
from aval.model.registry import Registry


@pytest.fixture(scope="module")
def champion(home: Path) -> Model:
    return Registry("", home).champion()[0]


@pytest.fixture(scope="module")
def served(home: Path) -> Iterator[Any]:
    with warnings.catch_warnings(), pytest.MonkeyPatch.context() as patch:
        warnings.simplefilter("ignore")
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        import mlflow

        uri = Registry("", home).uri
        mlflow.set_tracking_uri(uri)
        mlflow.set_registry_uri(uri)
        try:
            yield mlflow.pyfunc.load_model("models:/aval@champion")
        finally:
            mlflow.set_tracking_uri(None)  # type: ignore[arg-type]
            mlflow.set_registry_uri(None)  # type: ignore[arg-type]
            for name in ("MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI"):
                os.environ.pop(name, None)


@pytest.fixture(scope="module")
def some(home: Path) -> Dossiers:
    warehouse = Warehouse.open(home / "warehouse")
    return warehouse.dossiers(warehouse.ids[:40])


def native(model: Model, dossiers: Dossiers) -> dict[int, float]:
    found = model.probability(model.matrix(build(dossiers, model.feature_set())))
    return dict(zip(dossiers.ids.to_list(), found.tolist(), strict=True))


def request(dossiers: Dossiers, histories: tuple[str, ...] = HISTORIES) -> pd.DataFrame:
    """What a client sends: doubles, strings, and each history as a JSON list of rows."""
    numbers = [name for name, dtype in layout("application").items() if dtype.is_numeric() and name != KEY]
    rows = dossiers.tables["application"].with_columns(pl.col(numbers).cast(pl.Float64))
    sent = {}
    for table in histories:
        parts = {key[0]: part.drop(KEY).to_dicts() for key, part in dossiers.tables[table].group_by(KEY)}
        sent[table] = [json.dumps(parts.get(applicant, [])) for applicant in rows[KEY]]
    return pd.concat([rows.to_pandas(), pd.DataFrame(sent, index=range(rows.height))], axis=1)


def test_the_same_probabilities_with_every_history(served: Any, champion: Model, some: Dossiers) -> None:
    found = served.predict(request(some))
    assert list(found.columns) == [KEY, "probability"]
    expected = native(champion, some)
    assert len(expected) == 40
    for applicant, probability in zip(found[KEY], found["probability"], strict=True):
        assert math.isclose(probability, expected[applicant], rel_tol=0, abs_tol=1e-12)


def test_the_order_is_the_requests(served: Any, champion: Model, some: Dossiers) -> None:
    asked = request(some).sample(frac=1.0, random_state=3)
    found = served.predict(asked)
    assert found[KEY].tolist() == asked[KEY].tolist()
    assert dict(zip(found[KEY], found["probability"], strict=True)) == native(champion, some)


def test_a_history_that_is_not_sent_is_unknown_not_empty(served: Any, champion: Model, some: Dossiers) -> None:
    known = ("bureau", "bureau_balance")
    partial = Dossiers.of({table: some.tables[table] for table in ("application", *known)})
    expected = native(champion, partial)
    assert expected != native(champion, some)
    found = served.predict(request(some, known))
    assert dict(zip(found[KEY], found["probability"], strict=True)) == expected


def test_what_is_unknown_of_one_changes_nothing_for_another(served: Any, champion: Model, some: Dossiers) -> None:
    asked = request(some)
    first = int(asked[KEY].iloc[0])
    asked.loc[asked[KEY] == first, list(HISTORIES)] = None
    found = dict(served.predict(asked).itertuples(index=False))
    alone = Dossiers.of({"application": some.select([first]).tables["application"]})
    assert found.pop(first) == native(champion, alone)[first]
    expected = native(champion, some)
    assert found == {applicant: expected[applicant] for applicant in found}


def test_columns_that_were_not_sent_are_missing(served: Any, champion: Model, some: Dossiers) -> None:
    asked = request(some, ()).drop(columns=["OWN_CAR_AGE", "OCCUPATION_TYPE", "EXT_SOURCE_1"])
    frame = some.tables["application"]
    blank = frame.with_columns(
        pl.lit(None, dtype=frame.schema[name]).alias(name)
        for name in ("OWN_CAR_AGE", "OCCUPATION_TYPE", "EXT_SOURCE_1")
    )
    found = served.predict(asked)
    assert dict(zip(found[KEY], found["probability"], strict=True)) == native(
        champion, Dossiers.of({"application": blank})
    )


@pytest.mark.parametrize("sent", ["{", "3", "[1]", '[{"DAYS_CREDIT": "soon"}]'])
def test_a_history_that_is_none_is_one_sentence(served: Any, some: Dossiers, sent: str) -> None:
    asked = request(some).head(1)
    asked["bureau"] = sent
    with pytest.raises(Exception, match="its bureau is not a JSON list of that table's rows"):
        served.predict(asked)


def test_an_applicant_twice_is_refused(served: Any, some: Dossiers) -> None:
    asked = request(some).head(1)
    with pytest.raises(Exception, match=r"repeat the key SK_ID_CURR|repeats? the key"):
        served.predict(pd.concat([asked, asked]))


def test_a_number_sent_as_text_is_refused_by_the_signature(served: Any, some: Dossiers) -> None:
    asked = request(some).head(1)
    asked["AMT_CREDIT"] = "much"
    with pytest.raises(Exception, match="AMT_CREDIT"):
        served.predict(asked)
