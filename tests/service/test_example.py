"""The example of documents and of warming up is one applicant who keeps the contract."""

from aval.data.tables import HISTORIES
from aval.service.example import dossier, example


def test_the_example_is_one_whole_dossier() -> None:
    found = example()
    assert len(found) == 1
    assert not found.absent
    assert found.ids.to_list() == [dossier()["application"]["SK_ID_CURR"]]
    assert {table: found.tables[table].height for table in HISTORIES} == {
        table: len(dossier()[table]) for table in HISTORIES
    }


def test_it_is_a_typical_one() -> None:
    rows = {table: len(dossier()[table]) for table in HISTORIES}
    assert rows["bureau"] == 6
    assert rows["previous_application"] == 6
    assert rows["installments_payments"] == 43
    assert rows["POS_CASH_balance"] == 30
