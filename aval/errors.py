"""Everything that can go wrong, as one tree.

    AvalError
    ├── OptionError          an option of a command is out of range
    ├── FileRefused          a file or folder that cannot be opened or written
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
    │   ├── BodySlow         too long between two pieces of it
    │   ├── MediaUnknown     a body of another kind
    │   ├── OverrideInvalid  an override that the policy does not allow
    │   ├── NotNow           not in the state that decision is in
    │   ├── VersionUnknown   no registered version of this number
    │   └── Busy             more at once than can be decided
    ├── LogError             the decision log
    │   ├── LogMissing       none was begun there
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
    │   ├── KeyNameUnfit     a name that cannot be a caller's
    │   └── KeyUnknown       no active key of that name
    ├── BodyInvalid          a request's body that is not JSON
    ├── DossierInvalid       a request's dossier that breaks the contract
    ├── DossierTooLarge      a request's dossier of too many rows
    └── ChangeInvalid        a change of a request that cannot be decided

Constructors take facts (names, counts, never an applicant's value) and write the sentence:
what is wrong, where, what to do.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class AvalError(Exception):
    """The root: one sentence for a person, safe to print and to log."""


class OptionError(AvalError):
    def __init__(self, option: str, rule: str) -> None:
        super().__init__(f"{option} {rule}.")


class FileRefused(AvalError):
    def __init__(self, file: str | Path, what: str) -> None:
        super().__init__(f"{file}: {what}; check who may write there and the room left, or name another place.")


class SourceError(AvalError):
    """A source that cannot be read as the raw tables."""


class SourceMissing(SourceError):
    def __init__(self, where: str | Path, wanted: str, remedy: str) -> None:
        super().__init__(f"{where}: no {wanted} there; {remedy}.")


class SourceUnreadable(SourceError):
    def __init__(self, file: str | Path, what: str, remedy: str) -> None:
        super().__init__(f"{file}: {what}; {remedy}.")


class SourceAmbiguous(SourceError):
    def __init__(self, table: str, files: Sequence[str]) -> None:
        super().__init__(f"{' and '.join(files)} both hold the table {table}; keep one of them.")


class ColumnMissing(SourceError):
    def __init__(self, file: str | Path, columns: Sequence[str]) -> None:
        names = ", ".join(columns)
        noun = "column" if len(columns) == 1 else "columns"
        super().__init__(f"{file}: {noun} {names} missing; add it under its published name and run again.")


class ColumnType(SourceError):
    def __init__(self, file: str | Path, column: str, wanted: str) -> None:
        super().__init__(
            f"{file}: no value of column {column} is {wanted}; check that the file's columns are not shifted."
        )


class KeyDuplicate(SourceError):
    def __init__(self, file: str | Path, key: Sequence[str], rows: int) -> None:
        super().__init__(f"{file}: {rows:,} rows repeat the key {', '.join(key)}; remove the repeated rows.")


class ArchiveRefused(SourceError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"The upload {what}; {remedy}.")


class ArchiveTooLarge(ArchiveRefused):
    """More comes out of it, or seems to, than is read."""


class RejectsExceeded(SourceError):
    def __init__(self, table: str, rejected: int, rows: int, rule: str, where: Path) -> None:
        super().__init__(
            f"{table}: {rejected:,} of {rows:,} rows break the contract (most often {rule}), more than tolerated; "
            f"look at {where}, mend the source, or allow it with --tolerate."
        )


class WarehouseError(AvalError):
    def __init__(self, where: str | Path, what: str, remedy: str = "run `aval ingest SRC` again") -> None:
        super().__init__(f"{where}: {what}; {remedy}.")


class FeatureError(AvalError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}.")


class PlanError(AvalError):
    def __init__(self, plan: str | Path, what: str, remedy: str) -> None:
        super().__init__(f"{plan}: {what}; {remedy}.")


class PolicyError(AvalError):
    def __init__(self, policy: str | Path, what: str, remedy: str) -> None:
        super().__init__(f"{policy}: {what}; {remedy}.")


class ArtefactError(AvalError):
    def __init__(self, file: str | Path, what: str) -> None:
        super().__init__(f"{file}: {what}; do not decide with this model, fetch it again from the registry.")


class RegistryError(AvalError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}.")


class ApplicantUnknown(AvalError):
    def __init__(self, where: str | Path) -> None:
        super().__init__(f"{where}: no application with this SK_ID_CURR; check the number or ingest the newer tables.")


class LogError(AvalError):
    """The decision log cannot do what is asked."""


class LogMissing(LogError):
    def __init__(self, file: str | Path) -> None:
        super().__init__(
            f"{file}: no decision log there; name the folder that holds it (--home, AVAL_HOME), "
            "or its database (AVAL_LOG)."
        )


class LogUnavailable(LogError):
    def __init__(self, where: str | Path, what: str) -> None:
        super().__init__(f"{where}: {what}; nothing was decided, check the log's database (AVAL_LOG) and try again.")


class Quicker(LogUnavailable):
    """What was to be written once stands in the log already."""


class LogBroken(LogError):
    def __init__(self, where: str, what: str, remedy: str) -> None:
        super().__init__(f"{where}: {what}; {remedy}.")


class DecisionUnknown(LogError):
    def __init__(self) -> None:
        super().__init__("No decision of this number is in the log; check the number.")


class JobUnknown(LogError):
    def __init__(self) -> None:
        super().__init__("No job of this number is known; check the number.")


class Erased(LogError):
    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: everything personal in it was erased; only its public part is left.")


class KeyReused(LogError):
    def __init__(self) -> None:
        super().__init__("The Idempotency-Key came with another request before; send a new key for a new request.")


class RequestError(AvalError):
    """A request that cannot be answered as it stands."""


class BodyTooLarge(RequestError):
    def __init__(self, most: int) -> None:
        super().__init__(
            f"The body is larger than {most:,} bytes; send a file to /decisions/file, in parts if need be."
        )


class BodySlow(RequestError):
    def __init__(self) -> None:
        super().__init__("The body came too slowly; send it again.")


class MediaUnknown(RequestError):
    def __init__(self, wanted: str) -> None:
        super().__init__(f"The body is not {wanted}; name what it is in Content-Type.")


class OverrideInvalid(RequestError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}.")


class NotNow(RequestError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}.")


class VersionUnknown(RequestError):
    def __init__(self) -> None:
        super().__init__("No version of this number is registered; the versions are at /models.")


class Busy(RequestError):
    retry_after = 1

    def __init__(self, what: str = "More applications came at once than can be decided") -> None:
        super().__init__(f"{what}; try again in a moment.")


class AccessError(AvalError):
    """Who may: constructors never take a key or a token."""


class NotAuthenticated(AccessError):
    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}.")


class NotAllowed(AccessError):
    def __init__(self, role: str, right: str) -> None:
        super().__init__(
            f"The role {role} may not {right.replace('_', ' ')}; ask an administrator for a role that may."
        )


class RoleMissing(NotAllowed):
    def __init__(self, claim: str) -> None:
        Exception.__init__(
            self, f"The bearer token's claim {claim} holds no role of this service; ask an administrator for one."
        )


class TooMany(AccessError):
    """`retry_after` is in seconds."""

    def __init__(self, what: str, retry_after: float) -> None:
        super().__init__(f"Too many {what}; try again in {max(retry_after, 0.1):.1f} s.")
        self.retry_after = retry_after


class ProviderUnavailable(AccessError):
    """`retry_after` is in seconds."""

    def __init__(self, issuer: str, what: str, retry_after: float) -> None:
        super().__init__(f"The identity provider {issuer} {what}; try again in {max(retry_after, 1):.0f} s.")
        self.retry_after = retry_after


class ProviderUnsafe(AccessError):
    def __init__(self, what: str) -> None:
        super().__init__(f"The issuer of tokens {what}; give the https address that the identity provider states.")


class KeyNameTaken(AccessError):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has an active key; revoke it with `aval key revoke`, or choose another name.")


class KeyNameUnfit(AccessError):
    def __init__(self, rule: str) -> None:
        super().__init__(f"The name of a key {rule}; choose another.")


class KeyUnknown(AccessError):
    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no active key; `aval key list` shows those there are.")


class BodyInvalid(AvalError):
    def __init__(self, what: str, line: int, column: int) -> None:
        super().__init__(f"The body {what} at line {line}, column {column}; send one JSON object in UTF-8.")


class Problem(NamedTuple):
    """One cell, row or table of a dossier and the rule it breaks (`NAME|rule`); rows are counted from 0."""

    table: str
    row: int | None
    column: str | None
    rule: str

    def __str__(self) -> str:
        place = self.table if self.row is None else f"{self.table}, row {self.row}"
        return f"{place}: {self.column or 'the whole'} breaks {self.rule}"


class DossierInvalid(AvalError):
    """`problems` are the first ones in the order of the tables; `more` counts those left out."""

    def __init__(self, problems: Sequence[Problem], more: int = 0) -> None:
        self.problems, self.more = tuple(problems), more
        total = len(self.problems) + more
        noun = "problem" if total == 1 else "problems"
        super().__init__(f"{self.problems[0]} ({total:,} {noun} in all); mend the dossier and send it again.")


class DossierTooLarge(AvalError):
    def __init__(self, rows: int, limit: int) -> None:
        super().__init__(f"The dossier holds {rows:,} rows; send at most {limit:,} rows for one applicant.")


class ChangeInvalid(AvalError):
    def __init__(self, option: str, what: str, remedy: str) -> None:
        super().__init__(f"{option}: {what}; {remedy}.")
