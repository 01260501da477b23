"""What the portfolio costs, against counting one by one; and a watch that says nothing yet."""

import uuid
from collections import defaultdict
from typing import Any

import pytest
from sqlalchemy import insert

from aval.service.api.costing import WatchAnswer
from aval.service.log.tables import REPORT
from aval.service.portfolio import Portfolio


def last_decisions(house: Any, since: str) -> list[dict[str, Any]]:
    """Everybody's last decision since an instant, by walking the pages."""
    found: dict[Any, dict[str, Any]] = {}
    cursor = None
    while True:
        given = {"limit": 200, "since": since} | ({"cursor": cursor} if cursor else {})
        page = house.get("/decisions", params=given).json()
        for one in page["decisions"]:
            found.setdefault(one["applicant_id"], one)
        cursor = page["next"]
        if cursor is None:
            return list(found.values())


@pytest.fixture(scope="module")
def since(house) -> str:
    """Before the decisions of this module; what others decided may be erased."""
    return str(house.decided()["at"])


@pytest.fixture(scope="module")
def lively(house, since: str) -> list[dict[str, Any]]:
    for place, applicant in enumerate(house.ids[40:70]):
        house.decided({"applicant_id": applicant})
        if place % 5 == 0:
            house.decided({"applicant_id": applicant})
    house.refused()
    return last_decisions(house, since)


def test_figures_are_those_of_counting_one_by_one(house, since, lively) -> None:
    for prices in ({}, {"accepted_defaulter": 5.0}, {"accepted_defaulter": 20.0, "refused_payer": 2.0}):
        found = house.get(
            "/portfolio", "analyst", params={"by": "contract", "every": "month", "since": since, **prices}
        )
        answer = Portfolio.model_validate_json(found.content)
        bad, good = prices.get("accepted_defaulter", 10.0), prices.get("refused_payer", 1.0)
        assert answer.cutoff == pytest.approx(good / (good + bad))
        assert answer.applications == len(lively)
        for verdict in ("approve", "refer", "decline"):
            assert answer.verdicts[verdict] == sum(one["verdict"] == verdict for one in lively)
        groups = defaultdict(list)
        for one in lively:
            groups[one["facts"]["contract"] or ""].append(one)
        assert {one.name for one in answer.segments} == set(groups)
        for segment in answer.segments:
            inside = groups[segment.name]
            cost = sum(
                one["probability"] * bad if one["probability"] < answer.cutoff else (1 - one["probability"]) * good
                for one in inside
            )
            approved = [one["probability"] for one in inside if one["verdict"] == "approve"]
            assert segment.applications == len(inside)
            assert segment.expected_cost == pytest.approx(1000 * cost / len(inside))
            assert segment.approval_rate == pytest.approx(len(approved) / len(inside))
            if approved:
                assert segment.expected_default_rate == pytest.approx(sum(approved) / len(approved))
        (point,) = (one for one in answer.curve if one.cutoff == answer.cutoff)
        total = sum(
            one["probability"] * bad if one["probability"] < answer.cutoff else (1 - one["probability"]) * good
            for one in lively
        )
        assert point.cost == pytest.approx(1000 * total / len(lively))
        assert sum(one.applications for one in answer.over_time) == len(lively)


def test_weighted_by_amount(house, since, lively) -> None:
    answer = Portfolio.model_validate_json(house.get(f"/portfolio?weighted=true&by=amount&since={since}").content)
    (point,) = (one for one in answer.curve if one.cutoff == answer.cutoff)
    weights = [one["facts"]["amount"] for one in lively]
    approved = sum(w for w, one in zip(weights, lively, strict=True) if one["probability"] < answer.cutoff)
    assert point.approval_rate == pytest.approx(approved / sum(weights))
    assert sum(one.applications for one in answer.segments) == len(lively)


def test_nobody_costs_nothing(house, lively) -> None:
    found = house.get("/portfolio", params={"since": "2099-01-01"})
    answer = Portfolio.model_validate_json(found.content)
    assert (answer.applications, answer.curve, answer.segments, answer.over_time) == (0, [], [], [])


def test_a_stretch_of_time_holds_its_beginning_and_not_its_end(house) -> None:
    made = house.decided()
    only = {"since": made["at"]}
    assert house.get("/portfolio", params=only).json()["applications"] >= 1
    assert house.get("/portfolio", params=only | {"until": made["at"]}).json()["applications"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "by=age",
        "every=year",
        "accepted_defaulter=0",
        "accepted_defaulter=-1",
        "accepted_defaulter=nan",
        "accepted_defaulter=inf",
        "refused_payer=1001",
        "refused_payer=x",
        "weighted=perhaps",
        "since=2026-99-99",
        "model=%00",
    ],
)
def test_what_is_none_is_refused(house, query: str) -> None:
    assert house.get(f"/portfolio?{query}").status_code == 422


@pytest.mark.parametrize(("bad", "good"), [(5e-324, 1000), (1000, 5e-324), (1e-300, 1e-300), (1000, 1000)])
def test_prices_at_the_edge_are_no_failure(house, bad: float, good: float) -> None:
    found = house.get("/portfolio", params={"accepted_defaulter": bad, "refused_payer": good})
    assert found.status_code == 200, found.text


def test_a_watch_is_silent_until_it_reports(another) -> None:
    own = another()
    silent = WatchAnswer.model_validate_json(own.get("/watch", "analyst").content)
    assert (silent.state, silent.reports) == ("silent", [])
    with own.service.log.engine.execution_options(writing=True).begin() as connection:
        for day in range(25):
            at = f"2026-11-{day + 1:02}T00:00:00.000000Z"
            row = {"id": uuid.uuid4().hex, "at": at, "body": f'{{"drift": {day}}}'}
            connection.execute(insert(REPORT), row)
    told = WatchAnswer.model_validate_json(own.get("/watch").content)
    assert told.state == "reporting"
    assert [one.body["drift"] for one in told.reports] == list(range(24, 4, -1))
