"""The decision service's parts without HTTP: the champion that decides, a log of a test's own, applicants."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from aval.credit.decision import Decision, Verdict
from aval.credit.policy import Policy
from aval.data.dossiers import Dossiers
from aval.model.registry import Registry
from aval.service.contract import dossier
from aval.service.example import dossier as example
from aval.service.live import Live
from aval.service.log.chain import Signer
from aval.service.log.entry import Made, Stored
from aval.service.log.log import Log, number
from aval.service.log.opening import engine
from aval.service.log.sealing import House
from aval.service.making import made
from aval.settings import ROOT

POLICY = Policy.load(ROOT / "policies" / "2026-11-24.toml")
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


def live(home: Path, policy: Policy = POLICY) -> Live:
    """The champion of a home, loaded."""
    found = Live(Registry("", home), policy)
    assert found.refresh()
    return found


class Clock:
    """Goes where it is set; a second on at every look."""

    def __init__(self, at: str = "2026-11-25T10:00:00") -> None:
        self.at = datetime.fromisoformat(at).replace(tzinfo=UTC)

    def __call__(self) -> datetime:
        self.at = datetime.fromtimestamp(self.at.timestamp() + 1, UTC)
        return self.at


def log(place: Path, now: Callable[[], datetime] | None = None, *, busy: float = 20.0) -> Log:
    """A log in a folder of its own."""
    if now is None:
        return Log.open("", place, busy=busy)
    signer = Signer(place / "log" / "signing.key", place / "log" / "head.json")
    return Log(engine("", place, busy), signer, House.of(None), now, busy)


def applicant(applicant_id: int, **changes: Any) -> Dossiers:
    """The example under another number, with other values in the application."""
    found = example()
    application = found["application"] | {"SK_ID_CURR": applicant_id} | changes
    return dossier({"application": application})


def written(deciding: Live, log: Log, applicant_id: int, verdict: Verdict | None = None, **changes: Any) -> Stored:
    """A decision in the log; `verdict` and other facts of it as a test wants them."""
    return log.decision(several(deciding, log, [one(deciding, applicant_id, verdict, **changes)])[0])


def one(deciding: Live, applicant_id: int, verdict: Verdict | None = None, **changes: Any) -> Made:
    """A decision as the log takes it."""
    known = {"probability", "rules", "model", "policy", "cutoff"}
    other: dict[str, Any] = {name: value for name, value in changes.items() if name in known}
    dossiers = applicant(applicant_id, **{name: value for name, value in changes.items() if name not in known})
    (found,) = made(deciding.decider().judge(dossiers), dossiers, deciding.policy)
    decision: Decision = replace(found.decision, **other, **({} if verdict is None else {"verdict": verdict}))
    return replace(found, id=number(), decision=decision)


def several(deciding: Live, log: Log, some: list[Made], caller: str = "somebody", **more: Any) -> list[str]:
    """Decisions of one record; their numbers."""
    log.once("policy", deciding.policy.digest[:32], "aval", {"text": deciding.policy.text})
    log.append(some, caller, **more)
    return [made.id for made in some]
