"""The watch: silent and says so, and whatever it reports is shown."""

from collections.abc import Callable

from sqlalchemy import insert

from aval.service.log.tables import REPORT
from tests.desk.conftest import Desk, Served

Opened = Callable[..., Desk]


def test_silence_is_said_and_a_report_is_shown(desk: Opened, served: Served) -> None:
    tab = desk("ana").go("watch")
    assert "silencieuse" in tab.text
    body = '{"drifted": 2, "alarm": true, "columns": [{"name": "EXT_SOURCE_2", "distance": 0.12}], "auc": {"now": 0.7}}'
    with served.service.log.engine.begin() as connection:
        connection.execute(insert(REPORT).values(id="0" * 32, at="2026-11-25T10:00:00.000000Z", body=body))
    tab = desk("ana").go("watch")
    assert "Drifted" in tab.text
    assert "oui" in tab.text
    assert tab.app.dataframe[0].value["name"][0] == "EXT_SOURCE_2"
