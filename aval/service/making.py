"""From a judgement to what the log keeps of it: the same for one applicant at the counter and for a file of many."""

from typing import Any, Final

from aval.credit.policy import Policy
from aval.data.dossiers import Dossiers
from aval.data.tables import columns
from aval.service.decide import Judged
from aval.service.inputs import inputs_of
from aval.service.log.entry import Made, told
from aval.service.log.log import number
from aval.service.log.sealing import Private

_CONTRACT: Final = "NAME_CONTRACT_TYPE"
_INCOME: Final = "NAME_INCOME_TYPE"
_AMOUNT: Final = "AMT_CREDIT"


def facts_of(dossiers: Dossiers) -> list[dict[str, Any]]:
    """Contract, source of income and amount (two digits of it) of each application, in the order of `dossiers.ids`.

    They outlive an erasure: a level that the contract does not know may be anything, a name too, so it is None.
    """
    contract = columns("application")
    contracts, incomes = frozenset(contract[_CONTRACT].values), frozenset(contract[_INCOME].values)
    rows = dossiers.tables["application"][[_CONTRACT, _INCOME, _AMOUNT]].rows()
    return [
        {
            "contract": kind if kind in contracts else None,
            "income": income if income in incomes else None,
            "amount": float(f"{amount:.2g}"),
        }
        for kind, income, amount in rows
    ]


def made(judged: Judged, dossiers: Dossiers, policy: Policy) -> list[Made]:
    """The judgement of these dossiers under this policy as the log takes it; each decision gets its number here."""
    several = zip(judged.decisions, judged.matrix, inputs_of(dossiers), facts_of(dossiers), strict=True)
    return [
        Made(
            id=number(),
            decision=decision,
            policy_digest=policy.digest,
            private=Private(inputs, features, judged.contributions.get(place), told(decision)),
            facts=facts,
        )
        for place, (decision, features, inputs, facts) in enumerate(several)
    ]
