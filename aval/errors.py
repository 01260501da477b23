"""Everything that can go wrong, as one tree.

    AvalError
    ├── OptionError          an option of a command is out of range
    ├── SourceError          a source file or folder of raw tables
    │   ├── SourceMissing    nothing to read there
    │   ├── SourceUnreadable empty, truncated, not what its name says
    │   ├── SourceAmbiguous  two files for one table
    │   ├── ColumnMissing    a column the contract requires
    │   ├── ColumnType       a column of the wrong type throughout
    │   ├── KeyDuplicate     rows that repeat a unique key
    │   ├── ArchiveRefused   an upload that cannot be unpacked
    │   │   └── ArchiveTooLarge  or unpacks to more than is read
    │   └── RejectsExceeded  more rejected rows than tolerated
    ├── WarehouseError       no warehouse, or one that is damaged
    ├── FeatureError         features that a model or a plan does not accept
    ├── PlanError            a plan that cannot be trained
    ├── PolicyError          a policy that cannot be applied
    ├── ArtefactError        a stored model that is not what was stored
    ├── RegistryError        no such model, or a move the gates refuse
    ├── ApplicantUnknown     an applicant the tables do not hold
    ├── RequestError         a request over HTTP that cannot be answered
    │   ├── BodyTooLarge     more bytes than are read
    │   ├── BodySlow         too long on its way
    │   ├── MediaUnknown     a body of another kind
    │   ├── OverrideInvalid  an override that the policy does not allow
    │   ├── NotNow           not in the state that decision is in
    │   ├── VersionUnknown   no registered version of this number
    │   ├── NoRoom           nowhere to keep what was sent
    │   └── Busy             more at once than can be decided
    ├── LogError             the decision log
    │   ├── LogUnavailable   locked, full, away: nothing was decided
    │   │   └── Quicker      another worker wrote this very record
    │   ├── LogBroken        the chain, a signature or a key is not what it should be
    │   ├── DecisionUnknown  no decision of this number
    │   ├── JobUnknown       no job of this number
    │   ├── Erased           what it rested on was erased
    │   └── KeyReused        an Idempotency-Key that came with another request before
    ├── AccessError          who may
    │   ├── NotAuthenticated nobody we know: no key, a wrong one, a token that is not accepted
    │   ├── NotAllowed       somebody we know, who may not
    │   │   └── RoleMissing  a token that gives no role here
    │   ├── TooMany          more requests, or more failures, than the rate allows
    │   ├── ProviderUnavailable the identity provider cannot be asked for its keys
    │   ├── ProviderUnsafe   an identity provider that must not be asked
    │   ├── KeyNameTaken     a name that an active key has
    │   ├── KeyNameUsed      a name that a key had, or that records bear
    │   ├── KeyNameUnfit     a name that cannot be a caller's
    │   └── KeyUnknown       no active key of that name
    ├── BodyInvalid          a request's body that is not JSON
    ├── DossierInvalid       a request's dossier that breaks the contract
    ├── DossierTooLarge      a request's dossier of too many rows
    └── ChangeInvalid        a change of a request that cannot be decided

Constructors take facts (names, counts, never an applicant's value) and write the sentence:
what is wrong, where, what to do. It is in English and keeps what it was made of (`Said`), so that
the service's catalogue can say it in another language.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Said(str):
    """An English sentence, or a part of one, that knows its form and its facts; facts that are `Said` are parts."""

    form: str
    facts: Mapping[str, Any]

    def __new__(cls, form: str, /, **facts: Any) -> "Said":
        if isinstance(form, Said) and not facts:
            return form
        made = super().__new__(cls, form.format(**facts) if facts else form)
        made.form, made.facts = form, facts
        return made

    def kept(self) -> dict[str, Any]:
        """As JSON can hold it."""
        facts = {
            name: fact.kept() if isinstance(fact, Said) else fact if isinstance(fact, int | float) else str(fact)
            for name, fact in self.facts.items()
        }
        return {"form": self.form, "facts": facts}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Said":
        """What `kept` gave."""
        facts = {name: cls.of(fact) if isinstance(fact, dict) else fact for name, fact in kept["facts"].items()}
        return cls(kept["form"], **facts)


def listed(names: Sequence[str]) -> Said:
    """`a and b and c`."""
    if len(names) == 1:
        return Said("{name}", name=names[0])
    return Said("{name} and {rest}", name=names[0], rest=listed(names[1:]))


class AvalError(Exception):
    """The root: one sentence for a person, safe to print and to log."""

    said: Said

    def __init__(self, form: str, /, **facts: Any) -> None:
        self.said = Said(form, **facts)
        super().__init__(self.said)


class OptionError(AvalError):
    def __init__(self, option: str, rule: str) -> None:
        super().__init__("{option} {rule}.", option=option, rule=Said(rule))


class SourceError(AvalError):
    """A source that cannot be read as the raw tables."""


class SourceMissing(SourceError):
    def __init__(self, where: str | Path, wanted: str, remedy: str) -> None:
        super().__init__("{where}: no {wanted} there; {remedy}.", where=where, wanted=Said(wanted), remedy=Said(remedy))


class SourceUnreadable(SourceError):
    def __init__(self, file: str | Path, what: str, remedy: str) -> None:
        super().__init__("{file}: {what}; {remedy}.", file=file, what=Said(what), remedy=Said(remedy))


class SourceAmbiguous(SourceError):
    def __init__(self, table: str, files: Sequence[str]) -> None:
        super().__init__("{files} both hold the table {table}; keep one of them.", files=listed(files), table=table)


class ColumnMissing(SourceError):
    """Of more than six columns, five are named."""

    def __init__(self, file: str | Path, columns: Sequence[str]) -> None:
        more = len(columns) - 5 if len(columns) > 6 else 0
        names = ", ".join(columns[:5] if more else columns)
        form = "{file}: column {names} missing; add it under its published name and run again."
        if len(columns) > 1:
            form = "{file}: columns {names} missing; add it under its published name and run again."
        if more:
            form = "{file}: columns {names}, and {more} more missing; add it under its published name and run again."
        super().__init__(form, file=file, names=names, **({"more": more} if more else {}))


class ColumnType(SourceError):
    def __init__(self, file: str | Path, column: str, wanted: str) -> None:
        super().__init__(
            "{file}: no value of column {column} is {wanted}; check that the file's columns are not shifted.",
            file=file,
            column=column,
            wanted=Said(wanted),
        )


class KeyDuplicate(SourceError):
    def __init__(self, file: str | Path, key: Sequence[str], rows: int) -> None:
        super().__init__(
            "{file}: {rows:,} rows repeat the key {key}; remove the repeated rows.",
            file=file,
            rows=rows,
            key=", ".join(key),
        )


class ArchiveRefused(SourceError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__("The upload {what}; {remedy}.", what=Said(what), remedy=Said(remedy))


class ArchiveTooLarge(ArchiveRefused):
    """More comes out of it, or seems to, than is read."""


class RejectsExceeded(SourceError):
    def __init__(self, table: str, rejected: int, rows: int, worst: str, where: Path) -> None:
        super().__init__(
            "{table}: {rejected:,} of {rows:,} rows break the contract (most often {worst}), more than tolerated; "
            "look at {where}, mend the source, or allow it with --tolerate.",
            table=table,
            rejected=rejected,
            rows=rows,
            worst=worst,
            where=where,
        )


class WarehouseError(AvalError):
    def __init__(self, where: str | Path, what: str, remedy: str = "run `aval ingest SRC` again") -> None:
        super().__init__("{where}: {what}; {remedy}.", where=where, what=Said(what), remedy=Said(remedy))


class FeatureError(AvalError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__("{what}; {remedy}.", what=Said(what), remedy=Said(remedy))


class PlanError(AvalError):
    def __init__(self, plan: str | Path, what: str, remedy: str) -> None:
        super().__init__("{plan}: {what}; {remedy}.", plan=plan, what=Said(what), remedy=Said(remedy))


class PolicyError(AvalError):
    def __init__(self, policy: str | Path, what: str, remedy: str) -> None:
        super().__init__("{policy}: {what}; {remedy}.", policy=policy, what=Said(what), remedy=Said(remedy))


class ArtefactError(AvalError):
    def __init__(self, file: str | Path, what: str) -> None:
        super().__init__(
            "{file}: {what}; do not decide with this model, fetch it again from the registry.",
            file=file,
            what=Said(what),
        )


class RegistryError(AvalError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__("{what}; {remedy}.", what=Said(what), remedy=Said(remedy))


class ApplicantUnknown(AvalError):
    def __init__(self, where: str | Path) -> None:
        super().__init__(
            "{where}: no application with this SK_ID_CURR; check the number or ingest the newer tables.", where=where
        )


class LogError(AvalError):
    """The decision log cannot do what is asked."""


class LogUnavailable(LogError):
    def __init__(self, where: str | Path, what: str) -> None:
        super().__init__(
            "{where}: {what}; nothing was decided, check the log's database (AVAL_LOG) and try again.",
            where=where,
            what=Said(what),
        )


class Quicker(LogUnavailable):
    """What was to be written once stands in the log already."""


class LogBroken(LogError):
    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__("{where}: {what}; {remedy}.", where=where, what=Said(what), remedy=Said(remedy))


class DecisionUnknown(LogError):
    def __init__(self) -> None:
        super().__init__("No decision of this number is in the log; check the number.")


class JobUnknown(LogError):
    def __init__(self) -> None:
        super().__init__("No job of this number is known; check the number.")


class Erased(LogError):
    def __init__(self, decision: str) -> None:
        super().__init__(
            "Decision {decision}: everything personal in it was erased; only its public part is left.",
            decision=decision,
        )


class KeyReused(LogError):
    def __init__(self) -> None:
        super().__init__("The Idempotency-Key came with another request before; send a new key for a new request.")


class RequestError(AvalError):
    """A request that cannot be answered as it stands."""


class BodyTooLarge(RequestError):
    def __init__(self, most: int) -> None:
        super().__init__(
            "The body is larger than {most:,} bytes; send a file to /decisions/file, in parts if need be.", most=most
        )


class BodySlow(RequestError):
    def __init__(self) -> None:
        super().__init__("The body came too slowly; send it again.")


class MediaUnknown(RequestError):
    def __init__(self, wanted: str) -> None:
        super().__init__("The body is not {wanted}; name what it is in Content-Type.", wanted=Said(wanted))


class OverrideInvalid(RequestError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__("{what}; {remedy}.", what=Said(what), remedy=Said(remedy))


class NotNow(RequestError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__("{what}; {remedy}.", what=Said(what), remedy=Said(remedy))


class VersionUnknown(RequestError):
    def __init__(self) -> None:
        super().__init__("No version of this number is registered; the versions are at /models.")


class NoRoom(RequestError):
    retry_after = 60

    def __init__(self, what: str) -> None:
        super().__init__("What was sent cannot be kept on this disk now ({what}); try again later.", what=what)


class Busy(RequestError):
    retry_after = 1

    def __init__(self, what: str = "More applications came at once than can be decided") -> None:
        super().__init__("{what}; try again in a moment.", what=Said(what))


class AccessError(AvalError):
    """Who may: constructors never take a key or a token."""


class NotAuthenticated(AccessError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__("{what}; {remedy}.", what=Said(what), remedy=Said(remedy))


class NotAllowed(AccessError):
    def __init__(self, role: str, right: str) -> None:
        super().__init__(
            "The role {role} may not {right}; ask an administrator for a role that may.",
            role=Said(role),
            right=Said(right.replace("_", " ")),
        )


class RoleMissing(NotAllowed):
    def __init__(self, claim: str) -> None:
        AvalError.__init__(
            self,
            "The bearer token's claim {claim} holds no role of this service; ask an administrator for one.",
            claim=claim,
        )


class TooMany(AccessError):
    """`retry_after` is in seconds."""

    def __init__(self, what: str, retry_after: float) -> None:
        seconds = max(retry_after, 0.1)
        super().__init__("Too many {what}; try again in {seconds:.1f} s.", what=Said(what), seconds=seconds)
        self.retry_after = retry_after


class ProviderUnavailable(AccessError):
    """`retry_after` is in seconds."""

    def __init__(self, issuer: str, what: str, retry_after: float) -> None:
        seconds = max(retry_after, 1)
        super().__init__(
            "The identity provider {issuer} {what}; try again in {seconds:.0f} s.",
            issuer=issuer,
            what=Said(what),
            seconds=seconds,
        )
        self.retry_after = retry_after


class ProviderUnsafe(AccessError):
    def __init__(self, what: str) -> None:
        super().__init__(
            "The issuer of tokens {what}; give the https address that the identity provider states.", what=Said(what)
        )


class KeyNameTaken(AccessError):
    def __init__(self, name: str) -> None:
        super().__init__(
            "{name} has an active key; revoke it with `aval key revoke`, or choose another name.", name=name
        )


class KeyNameUsed(AccessError):
    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} was in use before, and the log knows that holder by it; choose another name, or say with --again "
            "that it is the same person or program."
        )


class KeyNameUnfit(AccessError):
    def __init__(self, rule: str) -> None:
        super().__init__("The name of a key {rule}; choose another.", rule=Said(rule))


class KeyUnknown(AccessError):
    def __init__(self, name: str) -> None:
        super().__init__("{name} has no active key; `aval key list` shows those there are.", name=name)


class BodyInvalid(AvalError):
    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__(
            "The body {what} at line {line}, column {column}; send one JSON object in UTF-8.",
            what=Said(what),
            line=line,
            column=column,
        )


class Problem(NamedTuple):
    """One cell, row or table of a dossier and the rule it breaks (`NAME|rule`); rows are counted from 0."""

    table: str
    row: int | None
    column: str | None
    rule: str

    def __str__(self) -> str:
        return self.said

    @property
    def said(self) -> Said:
        """As a part of a sentence."""
        place = self.table if self.row is None else Said("{table}, row {row}", table=self.table, row=self.row)
        column = self.column or Said("the whole")
        return Said("{place}: {column} breaks {rule}", place=place, column=column, rule=self.rule)


class DossierInvalid(AvalError):
    """`problems` are the first ones in the order of the tables; `more` counts those left out."""

    def __init__(self, problems: Sequence[Problem], more: int = 0) -> None:
        self.problems, self.more = tuple(problems), more
        total = len(self.problems) + more
        form = "{first} ({total:,} problem in all); mend the dossier and send it again."
        if total > 1:
            form = "{first} ({total:,} problems in all); mend the dossier and send it again."
        super().__init__(form, first=self.problems[0].said, total=total)


class DossierTooLarge(AvalError):
    def __init__(self, rows: int, limit: int) -> None:
        super().__init__(
            "The dossier holds {rows:,} rows; send at most {limit:,} rows for one applicant.", rows=rows, limit=limit
        )


class ChangeInvalid(AvalError):
    def __init__(self, option: str, what: str, remedy: str) -> None:
        super().__init__("{option}: {what}; {remedy}.", option=option, what=Said(what), remedy=Said(remedy))
