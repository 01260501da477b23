"""The cut-off's consequences, at the policy's prices and others."""

from collections.abc import Callable

from tests.desk.conftest import Desk, Served

Opened = Callable[..., Desk]


def figures(tab: Desk) -> dict[str, str]:
    return {one.label: one.value for one in tab.app.metric}


def test_prices_move_the_cost_and_decide_nothing(desk: Opened, served: Served) -> None:
    for number in served.ids[:3]:
        served.ask("olga", "POST", "/decisions", json={"applicant_id": number})
    count = served.ask("ana", "GET", "/portfolio")["applications"]
    tab = desk("ana", lang="en").go("portfolio")
    before = figures(tab)
    assert before["Applications"] == f"{count:,}"
    tab.app.slider(key="price").set_value(20.0).run()
    tab.well()
    after = figures(tab)
    assert after["Cost per 1,000 applications"] != before["Cost per 1,000 applications"]
    assert after["Approval rate"] == before["Approval rate"]
    tab.app.toggle(key="weighted").set_value(True).run()
    tab.well()


def test_segments_are_named_as_the_reader_speaks(desk: Opened, served: Served) -> None:
    served.ask("olga", "POST", "/decisions", json={"applicant_id": served.ids[0]})
    tab = desk("ana").go("portfolio")
    assert set(tab.app.dataframe[0].value["Type de crédit"]) <= {"prêt de trésorerie", "crédit renouvelable"}
    tab.choose("by", "amount")
    assert all("–" in name for name in tab.app.dataframe[0].value["Montant"])
    tab.choose("every", "month")
