"""The profile's figures are those a plain count gives, and its page shows nothing it should not."""

import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import polars as pl
import pytest

from aval.credit.rate import Rate
from aval.data.profile import Profile, summary, write
from aval.data.profile.findings import findings
from aval.data.profile.page import page
from aval.data.tables import HISTORIES, KEY, columns
from aval.data.warehouse import Warehouse, ingest
from tests.data import hand


@pytest.fixture(scope="module")
def warehouse(ingested: Path) -> Warehouse:
    return Warehouse.open(ingested)


@pytest.fixture(scope="module")
def profile(warehouse: Warehouse) -> Profile:
    return summary(warehouse)


@pytest.fixture(scope="module")
def html(profile: Profile) -> str:
    return page(profile)


def table(warehouse: Warehouse, name: str) -> pl.DataFrame:
    return pl.read_parquet(warehouse.path / "current" / f"{name}.parquet")


def test_the_figures_are_those_of_a_plain_count(warehouse: Warehouse, profile: Profile) -> None:
    applications = table(warehouse, "application")
    labelled = applications.filter(pl.col("TARGET").is_not_null())
    assert profile.applications == applications.height
    assert profile.labelled == labelled.height
    assert profile.base == Rate.of(labelled["TARGET"].sum(), labelled.height)
    calendar = table(warehouse, "calendar")["applied_on"]
    assert (profile.first_on, profile.last_on) == (calendar.min(), calendar.max())
    assert isinstance(profile.first_on, date)
    assert sum(month.rows for month in profile.months) == applications.height


def test_histories_are_counted_with_and_without_rows(warehouse: Warehouse, profile: Profile) -> None:
    applications = table(warehouse, "application")
    assert [held.table for held in profile.tables] == ["application", *HISTORIES]
    for held in profile.tables:
        frame = table(warehouse, held.table)
        each = frame.group_by(KEY).len()
        assert (held.rows, held.holders) == (frame.height, each.height)
        assert held.coverage == pytest.approx(each.height / applications.height)
        assert held.depth == pytest.approx(each["len"].mean())
        assert held.median == each["len"].median()
        assert held.supplied
        having = applications.filter(pl.col(KEY).is_in(each[KEY].implode()) & pl.col("TARGET").is_not_null())
        assert held.having == Rate.of(having["TARGET"].sum(), having.height)
        assert sum(band.rows for band in held.bands) == applications.height
    bureau = table(warehouse, "bureau").group_by(KEY).agg(pl.col("DAYS_CREDIT").min())["DAYS_CREDIT"]
    (held,) = [held for held in profile.tables if held.table == "bureau"]
    assert held.reach_months == pytest.approx(-bureau.median() / 30.4375)  # type: ignore[operator]


def test_every_column_is_there_and_its_bins_hold_every_row(warehouse: Warehouse, profile: Profile) -> None:
    shown = [column.column for column in profile.columns]
    assert shown == [name for name in columns("application") if name not in (KEY, "TARGET")]
    expected = [(table, name) for table in HISTORIES for name, c in columns(table).items() if c.unit != "id"]
    assert [(column.table, column.column) for column in profile.histories] == expected
    for column in (*profile.columns, *profile.histories):
        assert sum(part.rows for part in column.bins) == column.rows, column.column
        assert sum(part.rows for part in column.bins if part.kind == "missing") == column.missing


def test_the_worst_missing_columns_come_first(warehouse: Warehouse, profile: Profile) -> None:
    gaps = profile.missing.columns
    assert [gap.share for gap in gaps] == sorted((gap.share for gap in gaps), reverse=True)
    for gap in gaps:
        column = table(warehouse, gap.table)[gap.column]
        assert (gap.missing, gap.rows) == (column.null_count(), len(column))
    whole = table(warehouse, "application").drop("TARGET").drop_nulls().height
    assert whole == sum(pattern.rows for pattern in profile.missing.patterns if not pattern.blocks)


def test_correlations_leave_the_stand_ins_out(warehouse: Warehouse, profile: Profile) -> None:
    frame = table(warehouse, "application").filter(pl.col("TARGET").is_not_null())
    told = {column.column: column for column in profile.columns if column.pearson is not None}
    stands = {"DAYS_EMPLOYED": 365243, "DAYS_LAST_PHONE_CHANGE": 0}
    for name in ("EXT_SOURCE_1", "EXT_SOURCE_3", "AMT_CREDIT", "CNT_CHILDREN", *stands):
        known = frame.filter(pl.col(name) != stands[name]) if name in stands else frame.drop_nulls(name)
        expected = known.select(pl.corr(pl.col(name).cast(pl.Float64), pl.col("TARGET").cast(pl.Float64))).item()
        assert told[name].pearson == pytest.approx(expected, abs=1e-9)
        assert told[name].known == known.height


def test_the_chunks_do_not_matter(warehouse: Warehouse, profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Warehouse.stream
    monkeypatch.setattr(Warehouse, "stream", lambda self, _: stream(self, 700))
    assert summary(warehouse).json() == profile.json()


def test_findings_state_the_profile_s_own_figures(profile: Profile) -> None:
    said = {found.title: f"{found.text} {' '.join(found.points)}" for found in findings(profile)}
    everything = " ".join([*said, *said.values()])
    assert profile.base is not None
    assert f"{profile.base.bad:,} of the {profile.base.rows:,} labelled applications defaulted" in everything
    assert f"{profile.ranked[0].column} says most about default" in said
    assert "365243" in everything
    assert profile.missing.blocks[0].columns[0].rpartition("_")[0] in everything
    about = {found.about for found in findings(profile)}
    assert about == {"outcome", "predictors", "missing", "anomalies", "segments", "histories", "groups"}


def test_the_page_asks_the_network_for_nothing(html: str) -> None:
    assert not re.findall(r"https?:|//[a-z]|@import|url\(|<script|<link|<iframe|<object|src=", html)
    assert "default-src 'none'" in html


class _Outline(HTMLParser):
    """Heading levels, anchors, links, pictures without a name, and tags that never close."""

    def __init__(self) -> None:
        super().__init__()
        self.levels: list[int] = []
        self.anchors: list[str] = []
        self.links: set[str] = set()
        self.nameless = 0
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        if "id" in facts:
            self.anchors.append(str(facts["id"]))
        if tag == "a":
            self.links.add(str(facts["href"]).removeprefix("#"))
        if tag == "svg":
            self.nameless += not (facts.get("aria-label") or facts.get("aria-hidden"))
        if tag not in ("meta", "br", "rect", "line", "circle", "path"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_headings_links_and_pictures_can_be_followed(html: str) -> None:
    outline = _Outline()
    outline.feed(html.replace("/>", ">"))
    assert outline.open == []
    assert outline.levels[0] == 1
    assert outline.levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(outline.levels, outline.levels[1:], strict=False))
    assert len(outline.anchors) == len(set(outline.anchors))
    assert outline.links <= set(outline.anchors)
    assert outline.nameless == 0


def test_no_applicant_is_in_the_page_or_the_figures(warehouse: Warehouse, profile: Profile, html: str) -> None:
    """Neither the application's number, nor a credit's, nor a rate of so few that it tells who paid."""
    text = html + profile.json()
    numbers = set(re.findall(r"\d{6,}", text.replace(",", "")))
    for name in (KEY, "SK_ID_BUREAU", "SK_ID_PREV"):
        owner = {"SK_ID_BUREAU": "bureau", "SK_ID_PREV": "previous_application"}.get(name, "application")
        assert name not in text
        # Any six digits may collide with a count; identifiers as a list cannot.
        ids = {str(value) for value in table(warehouse, owner)[name]}
        assert len(ids & numbers) < 0.002 * len(ids)
    rates = re.findall(r'"rate": {"bad": \d+, "rows": (\d+)', profile.json())
    assert rates
    assert min(map(int, rates)) >= 30


def test_a_level_nobody_listed_is_escaped_and_rare_ones_stay_hidden(tmp_path: Path) -> None:
    made = hand.tables()
    rows = pl.concat([made["application"]] * 4).with_columns(pl.int_range(100_001, 100_049).cast(pl.String).alias(KEY))
    levels = ["<b onclick=x>&"] * 24 + ["Jane Doe"] + [None] * 23
    rows = rows.with_columns(pl.Series("OCCUPATION_TYPE", levels, dtype=pl.String))
    ingest(hand.write(tmp_path / "source", {"application": rows}), tmp_path / "warehouse")
    facts = summary(Warehouse.open(tmp_path / "warehouse"))
    shown = page(facts)
    assert "&lt;b onclick=x&gt;&amp;" in shown
    assert "<b onclick" not in shown
    assert "Jane Doe" not in shown + facts.json()
    assert "1 other level" in shown


def test_everything_is_written(profile: Profile, tmp_path: Path) -> None:
    made = write(profile, tmp_path / "profile")
    assert made.read_text(encoding="utf-8") == page(profile)
    kept = json.loads((tmp_path / "profile" / "summary.json").read_text(encoding="utf-8"))
    assert kept == json.loads(profile.json())
    for name in ("overview", "predictors", "missing", "segments", "correlations"):
        assert (tmp_path / "profile" / f"{name}.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_the_page_is_written_all_the_same(
    profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    assert write(profile, tmp_path).is_file()
    assert not list(tmp_path.glob("*.png"))


def test_a_lender_with_nothing_but_unlabelled_applications(tmp_path: Path) -> None:
    made = {"application": hand.tables()["application"].drop("TARGET")}
    ingest(hand.write(tmp_path / "source", made, split=False), tmp_path / "warehouse")
    found = summary(Warehouse.open(tmp_path / "warehouse"))
    assert (found.labelled, found.default_rate, found.first_on, found.ranked) == (0, None, None, ())
    assert [held.supplied for held in found.tables] == [True, *[False] * 6]
    shown = write(found, tmp_path / "profile").read_text(encoding="utf-8")
    assert "Nobody is labelled" in shown
    assert "6 histories not supplied" in shown


def test_the_real_rows_have_their_known_oddities(real: Path, tmp_path: Path) -> None:
    ingest(real, tmp_path / "warehouse")
    facts = summary(Warehouse.open(tmp_path / "warehouse"))
    odd = {(entry.column, entry.what): entry for entry in facts.anomalies if entry.table == "application"}
    employed = odd["DAYS_EMPLOYED", "365243 stands for none"]
    assert 0.17 < employed.share < 0.2
    assert employed.rate is not None
    assert employed.others is not None
    assert employed.rate.high < employed.others.low
    assert {column.column for column in facts.ranked[:3]} == {"EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3"}
    assert len(page(facts)) < 3_000_000
