"""What a profile states, in plain figures: everything that the page, the pictures and `summary.json` show."""

import json
from dataclasses import asdict, dataclass
from datetime import date

from aval.credit.rate import Rate


@dataclass(frozen=True)
class Bin:
    """Some of a column's rows. `kind`: value, stand-in, missing, or other (levels too rare for a line of their own)."""

    label: str
    kind: str
    rows: int
    rate: Rate | None  # of the labelled among them; not stated of fewer than 30


@dataclass(frozen=True)
class Histogram:
    """Equally wide bars between the 1st and the 99th percentile; what lies outside is in the first and the last."""

    low: float
    high: float
    whole: bool  # bars of whole numbers, whose ends lie half a step outside
    paid: tuple[int, ...]
    defaulted: tuple[int, ...]
    unknown: tuple[int, ...]


@dataclass(frozen=True)
class Distribution:
    """One column by outcome. `iv`: information value of its bins; `chance`: what 1 column of noise in 1,000 exceeds."""

    table: str
    column: str
    meaning: str
    unit: str
    rows: int
    missing: int
    quartiles: tuple[float, float, float] | None
    histogram: Histogram | None  # None where the bins show every value
    bins: tuple[Bin, ...]
    pearson: float | None  # with TARGET, over the rows that have both, stand-ins left out
    known: int  # those rows
    iv: float | None
    chance: float | None
    rate: Rate | None  # of all its labelled rows


@dataclass(frozen=True)
class Gap:
    """A column with missing values. `absent`, `there`: default rates without and with the value (applications only)."""

    table: str
    column: str
    rows: int
    missing: int
    share: float
    absent: Rate | None
    there: Rate | None


@dataclass(frozen=True)
class Block:
    """Columns of the application that go missing together. `some`, `all`: applicants who miss any, and every one."""

    columns: tuple[str, ...]
    some: int
    all: int
    share: float  # of `some`
    absent: Rate | None  # of those who miss any
    there: Rate | None


@dataclass(frozen=True)
class Pattern:
    """Applicants who miss exactly these blocks (places in `Missing.blocks`) and no other."""

    blocks: tuple[int, ...]
    rows: int
    share: float
    rate: Rate | None


@dataclass(frozen=True)
class Missing:
    columns: tuple[Gap, ...]  # most missing first
    blocks: tuple[Block, ...]
    patterns: tuple[Pattern, ...]  # most frequent first
    patterns_in_all: int


@dataclass(frozen=True)
class Twin:
    column: str
    correlation: float  # with the group's leader


@dataclass(frozen=True)
class Group:
    """Columns that say nearly the same: the leader tells most of default, the others correlate with it."""

    leader: str
    twins: tuple[Twin, ...]


@dataclass(frozen=True)
class Links:
    """Pearson correlations of the columns that stand in any group, in the order of the groups."""

    groups: tuple[Group, ...]
    columns: tuple[str, ...]
    matrix: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True)
class Segment:
    """Applicants split by one thing. `protected`: touches sex, family or age; to be watched, not decided on."""

    name: str
    columns: tuple[str, ...]
    protected: bool
    bins: tuple[Bin, ...]
    iv: float | None


@dataclass(frozen=True)
class Held:
    """One table. `coverage`: share of applicants with any row; `depth`: mean rows of those who have any."""

    table: str
    rows: int
    supplied: bool
    holders: int
    coverage: float
    depth: float
    median: float
    ninetieth: float
    reach_months: float | None  # how far back the oldest row lies, for the median holder
    having: Rate | None
    without: Rate | None
    bands: tuple[Bin, ...]  # applicants by number of rows


@dataclass(frozen=True)
class Anomaly:
    """Rows that are not what they seem. `rate`, `others`: default rates with and without (applications only)."""

    table: str
    column: str
    what: str
    rows: int
    share: float
    rate: Rate | None
    others: Rate | None


@dataclass(frozen=True)
class Kept:
    """What ingest did with a table's rows."""

    table: str
    kept: int
    rejected: int
    orphans: int
    unknown_levels: int


@dataclass(frozen=True)
class Profile:
    fingerprint: str
    created_at: str
    applications: int
    labelled: int
    default_rate: float | None  # None where nobody is labelled
    base: Rate | None
    first_on: date | None  # None where the lender keeps no calendar
    last_on: date | None
    months: tuple[Bin, ...]  # applications by month, where the lender keeps a calendar
    tables: tuple[Held, ...]
    missing: Missing
    columns: tuple[Distribution, ...]  # of the application
    histories: tuple[Distribution, ...]  # row by row, of `sampled` applicants
    sampled: int
    links: Links
    segments: tuple[Segment, ...]
    anomalies: tuple[Anomaly, ...]
    quality: tuple[Kept, ...]

    @property
    def ranked(self) -> tuple[Distribution, ...]:
        """The application's columns, the most telling first."""
        told = (column for column in self.columns if column.iv is not None)
        return tuple(sorted(told, key=lambda column: (-(column.iv or 0.0), column.column)))

    def json(self) -> str:
        return json.dumps(asdict(self), default=str)
