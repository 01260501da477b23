"""Routes about the whole: what the portfolio costs, and what the watch reports."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from aval.credit.policy import Cost
from aval.service.answer import Answer
from aval.service.api.doors import PLAIN, Instant, Reader, The
from aval.service.api.problems import documented
from aval.service.api.state import Service
from aval.service.portfolio import By, Every, Portfolio, portfolio
from aval.service.views import Wanted, figures, reports

Price = Annotated[float | None, Query(gt=0, le=1000, description="Instead of the policy's cost.")]

router = APIRouter(tags=["read"])


@router.get("/portfolio", summary="What the portfolio costs", operation_id="get_portfolio", responses=documented())
async def a_portfolio(
    service: The,
    _: Reader,
    since: Instant = None,
    until: Instant = None,
    model: Annotated[str | None, Query(max_length=40, pattern=PLAIN)] = None,
    by: Annotated[By, Query(description="Segments by.")] = "contract",
    every: Annotated[Every, Query(description="Stretches of time.")] = "day",
    accepted_defaulter: Price = None,
    refused_payer: Price = None,
    weighted: Annotated[bool, Query(description="Each application by its amount.")] = False,
) -> Portfolio:
    """Expected cost, approval and default rates against the cut-off; segments; over time."""
    cost = Cost(
        accepted_defaulter=accepted_defaulter or service.policy.cost.accepted_defaulter,
        refused_payer=refused_payer or service.policy.cost.refused_payer,
        review=service.policy.cost.review,
    )
    wanted = Wanted(model=model, since=since, until=until)
    return await service.working(lambda: _portfolio(service, wanted, cost, by, every, weighted=weighted))


def _portfolio(service: Service, wanted: Wanted, cost: Cost, by: By, every: Every, *, weighted: bool) -> Portfolio:
    found = figures(service.log, wanted)
    return portfolio(found, cost, by, every, weighted=weighted, policy=service.policy.cutoff)


class ReportAnswer(Answer):
    """What the watch found."""

    id: str
    """Number of the report."""
    at: str
    """UTC."""
    body: Mapping[str, Any]
    """As the watch wrote it."""


class WatchAnswer(Answer):
    """Drift and performance, once the watch reports them."""

    state: Literal["reporting", "silent"]
    """`silent` until the first report."""
    reports: list[ReportAnswer]
    """The newest first; at most 20."""


@router.get("/watch", summary="What the watch reports", operation_id="get_watch", responses=documented())
def watch(service: The, _: Reader) -> WatchAnswer:
    """Empty, and says so, until there is a watch."""
    found = [ReportAnswer(id=one.id, at=one.at, body=one.body) for one in reports(service.log)]
    return WatchAnswer(state="reporting" if found else "silent", reports=found)
