"""An officer decides otherwise: who, why, and a second pair of eyes where the policy asks for them."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from aval.credit.application import Application
from aval.credit.decision import Verdict
from aval.credit.policy import Policy
from aval.errors import Erased, NotNow, OverrideInvalid, Quicker, Said
from aval.service.log.entry import Receipt, Stored
from aval.service.log.log import Log

OVERRIDE: Final = "override"
SECOND: Final = "second"
"""Kinds of records: an officer's verdict, and a second officer's yes or no to one that waits."""

WORDS_MOST: Final = 2_000
"""Characters of an officer's own words."""


@dataclass(frozen=True, slots=True)
class Overridden:
    """What became of an override."""

    state: Literal["in_force", "awaiting_second", "rejected"]
    """What it is now."""
    verdict: Verdict
    """The verdict that stands now."""
    receipt: Receipt


def override(
    log: Log, policy: Policy, stored: Stored, caller: str, verdict: Verdict, motive: str, words: str
) -> Overridden:
    """Record another verdict than the one that stands, in force or waiting for a second officer.

    Raises:
        OverrideInvalid: `refer`, no motive of the policy's list, no words, or against a hard rule.
        NotNow: that verdict stands already, or an override waits for a second officer.
        Erased: nobody can say any more whose decision it is.
        LogUnavailable: nothing was recorded.
    """
    if stored.private is None:
        raise Erased(stored.id)
    if verdict is Verdict.REFER:
        raise OverrideInvalid("An override approves or declines", "choose one of the two")
    if motive not in policy.motives:
        raise OverrideInvalid(
            "The motive is not in the policy's list",
            Said("use one of {motives}", motives=", ".join(sorted(policy.motives))),
        )
    if not words.strip() or len(words) > WORDS_MOST:
        raise OverrideInvalid("Say why in your own words", Said("write 1 to {most:,} characters", most=WORDS_MOST))
    hard = _declining(stored, policy)
    if hard and verdict is Verdict.APPROVE:
        raise OverrideInvalid(Said("The hard rule {rule} declined", rule=hard[0]), "no officer may approve against it")
    if stored.awaiting is not None:
        raise NotNow("An override waits for a second officer", "let them confirm or reject it first")
    if stored.final is verdict:
        raise NotNow("That verdict stands already", "there is nothing to override")
    needs_two = _amount(stored) > policy.four_eyes_above if policy.four_eyes_above is not None else False
    body = {"policy": policy.name, "instead_of": stored.final.value, "awaiting": needs_two}
    receipt = _note(log, OVERRIDE, caller, stored, verdict, motive, words, body)
    return Overridden("awaiting_second" if needs_two else "in_force", stored.final if needs_two else verdict, receipt)


def confirm(log: Log, stored: Stored, caller: str, *, agrees: bool, words: str) -> Overridden:
    """A second officer confirms or rejects the override that waits.

    Raises:
        NotNow: none waits, or it is one's own.
        OverrideInvalid: no words.
        Erased, LogUnavailable: as `override`.
    """
    if stored.private is None:
        raise Erased(stored.id)
    waiting = stored.awaiting
    if waiting is None or waiting.verdict is None:
        raise NotNow("No override waits for a second officer", "look at the decision again")
    if _same(waiting.caller, caller):
        raise NotNow("The second pair of eyes must be another officer's", "ask a colleague")
    if not words.strip() or len(words) > WORDS_MOST:
        raise OverrideInvalid("Say why in your own words", Said("write 1 to {most:,} characters", most=WORDS_MOST))
    verdict = Verdict(waiting.verdict)
    body = {"proposal": waiting.id, "proposed_by": waiting.caller, "agrees": agrees}
    agreed = verdict if agrees else None
    receipt = _note(log, SECOND, caller, stored, agreed, waiting.motive, words, body)
    return Overridden("in_force" if agrees else "rejected", verdict if agrees else stored.final, receipt)


def _same(one: str, other: str) -> bool:
    """Whether two names are but spellings of one: `Alice` by a token and `alice` by a key are no two pairs of eyes."""
    first, second = (unicodedata.normalize("NFKC", name).casefold() for name in (one, other))
    return first == second


def _note(
    log: Log,
    kind: str,
    caller: str,
    stored: Stored,
    verdict: Verdict | None,
    motive: str | None,
    words: str,
    body: Mapping[str, object],
) -> Receipt:
    """One step after the officers' others: of two at once, one finds that the other was quicker."""
    place = sum(event.kind in (OVERRIDE, SECOND) for event in stored.events)
    try:
        return log.note(
            kind, caller, about=stored.id, place=place, verdict=verdict, motive=motive, words=words, body=body
        )
    except Quicker:
        raise NotNow("Another officer was quicker", "look at the decision again") from None


def _declining(stored: Stored, policy: Policy) -> list[str]:
    """Hard rules that decline this application, also where its probability declined it before they were asked."""
    rules = [rule for rule in policy.rules if rule.verdict is Verdict.DECLINE]
    values = _application(stored)
    application = Application(stored.applicant_id or 0, {rule.column: values[rule.column][0] for rule in rules})
    return [rule.code for rule in rules if rule.code in stored.rules or rule.holds(application)]


def _amount(stored: Stored) -> float:
    """Of the credit asked for, from the inputs: the public facts are rounded."""
    return float(_application(stored)["AMT_CREDIT"][0])


def _application(stored: Stored) -> Mapping[str, list[Any]]:
    """The raw columns of the one application, a list of one value each."""
    assert stored.private is not None
    found: Mapping[str, list[Any]] = json.loads(stored.private.inputs)["application"]
    return found
