"""Who may what: four roles, what each may do, and a caller who has one."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Right(StrEnum):
    """What can be asked of the service."""

    DECIDE = "decide"
    """Send a dossier, a file or an id to be decided, and follow its job."""
    OVERRIDE = "override"
    """Decide otherwise, with a motive, and confirm another's override."""
    READ = "read"
    """Decisions, worklist, letters, portfolio, the model, the policy, the catalogue of words."""
    WHAT_IF = "what_if"
    """Try changes on a dossier; nothing is decided."""
    READ_ALL = "read_all"
    """The journal: everything stored of every decision, inputs and callers included."""
    REPLAY = "replay"
    """Decide a stored decision again and compare."""
    VERIFY = "verify"
    """Walk the chain of records."""
    ERASE = "erase"
    """Drop an applicant's key."""
    ADMINISTER = "administer"
    """Keys, models, settings."""


class Role(StrEnum):
    """What somebody is at the bank; the strongest first, which decides where a token names several."""

    ADMIN = "admin"
    OFFICER = "officer"
    VALIDATOR = "validator"
    ANALYST = "analyst"


_RIGHTS: Final = {
    Role.ADMIN: frozenset(Right),
    Role.OFFICER: frozenset({Right.DECIDE, Right.OVERRIDE, Right.READ, Right.WHAT_IF}),
    Role.VALIDATOR: frozenset({Right.READ, Right.READ_ALL, Right.REPLAY, Right.VERIFY}),
    Role.ANALYST: frozenset({Right.READ, Right.WHAT_IF}),
}


def rights(role: Role) -> tuple[Right, ...]:
    """What `role` may, in the order in which rights are declared."""
    return tuple(right for right in Right if right in _RIGHTS[role])


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody known: the name that records and rates go by, and a role."""

    name: str
    role: Role

    def may(self, right: Right) -> bool:
        return right in _RIGHTS[self.role]
