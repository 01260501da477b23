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
    │   └── RejectsExceeded  more rejected rows than tolerated
    ├── WarehouseError       no warehouse, or one that is damaged
    ├── FeatureError         features that a model or a plan does not accept
    ├── PlanError            a plan that cannot be trained
    ├── PolicyError          a policy that cannot be applied
    ├── ArtefactError        a stored model that is not what was stored
    ├── RegistryError        no such model, or a move the gates refuse
    ├── ApplicantUnknown     an applicant the tables do not hold
    └── ChangeInvalid        a change of a request that cannot be decided

Constructors take facts (names, counts, never an applicant's value) and write the sentence:
what is wrong, where, what to do.
"""

from collections.abc import Sequence
from pathlib import Path


class AvalError(Exception):
    """The root: one sentence for a person, safe to print and to log."""


class OptionError(AvalError):
    def __init__(self, option: str, rule: str) -> None:
        super().__init__(f"{option} {rule}.")


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


class ChangeInvalid(AvalError):
    def __init__(self, option: str, what: str, remedy: str) -> None:
        super().__init__(f"{option}: {what}; {remedy}.")
