"""Decide: an applicant by number, files, or a form; then one verdict, or a table of many."""

import io
import json
import uuid
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from desk import applicant, look
from desk.api import FOREVER
from desk.here import Here, guarded, here
from desk.tables import Said, pick, table
from desk.words import capital

_WAYS: Final = ("number", "files", "form")
_KINDS: Final[Mapping[str, str]] = {
    "csv": "text/csv",
    "zip": "application/zip",
    "parquet": "application/vnd.apache.parquet",
}
_FEW: Final = 100_000
"""Bytes up to which every applicant of a file is explained, the approved too."""
_ASK: Final[Sequence[tuple[str, Sequence[str]]]] = (
    ("form_request", ("SK_ID_CURR", "NAME_CONTRACT_TYPE", "AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE")),
    ("form_person", ("CODE_GENDER", "DAYS_BIRTH", "NAME_FAMILY_STATUS", "CNT_CHILDREN", "NAME_EDUCATION_TYPE")),
    (
        "form_means",
        ("AMT_INCOME_TOTAL", "NAME_INCOME_TYPE", "DAYS_EMPLOYED", "OCCUPATION_TYPE", "NAME_HOUSING_TYPE",
         "FLAG_OWN_CAR", "FLAG_OWN_REALTY"),
    ),
    ("form_scores", ("EXT_SOURCE_1", "EXT_SOURCE_2", "EXT_SOURCE_3")),
)  # fmt: skip
"""Columns of the application that the form asks for, by heading; the rest is the example's."""
_YEARS: Final = ("DAYS_BIRTH", "DAYS_EMPLOYED")
"""Days before the application, asked for in years."""
_YEAR: Final = 365.25


def page() -> None:
    """The screen."""
    now = here()
    say = now.words
    opened, jobs = st.session_state.get("decide.open"), st.session_state.get("decide.jobs")
    head, back = st.columns([1, 1], vertical_alignment="center")
    head.title(say.say("decide"), anchor=False)
    place = st.empty()
    if not opened:
        with place.container(), guarded():
            if jobs:
                _many(now, jobs)
            else:
                opened = _ask(now)
    if opened:
        st.session_state["decide.open"] = opened
        with place.container():  # in the place of what was asked: a second pass would cost the officer its time
            applicant.show(now, opened)
    if opened or jobs:
        with back.container(horizontal=True, horizontal_alignment="right"):
            if opened and jobs:
                st.button(say.say("back_list"), key="back_list", icon=":material/arrow_back:", on_click=_close)
            st.button(say.say("another"), key="another", icon=":material/add:", on_click=_restart)


def _ask(now: Here) -> str | None:
    """By number, files or form; the decision, once there is one."""
    say = now.words
    way = st.segmented_control(
        say.say("way"),
        _WAYS,
        format_func=lambda key: say.say(f"way_{key}"),
        default=_WAYS[0],
        required=True,
        key="way",
        label_visibility="collapsed",
    )
    return {"files": _files, "form": _form}.get(str(way), _number)(now)


def _close() -> None:
    st.session_state.pop("decide.open", None)


def _restart() -> None:
    for name in ("decide.open", "decide.jobs", "found", "way", "number"):
        st.session_state.pop(name, None)
    st.session_state["uploads"] = uuid.uuid4().hex  # a new widget: the files dropped before are gone from it


def _open(wanted: str) -> None:
    """From a list: drawn anew, so that it forgets the row that was picked."""
    st.session_state["decide.open"] = wanted
    st.rerun()


# By number


def _number(now: Here) -> str | None:
    say = now.words
    with st.form("by_number", border=False), st.container(horizontal=True, vertical_alignment="bottom"):
        number = st.text_input(say.say("applicant_number"), key="number", placeholder="100001", width=260)
        sent = st.form_submit_button(say.say("decide_it"), type="primary", key="decide_number")
        sought = st.form_submit_button(say.say("find_it"), key="find_number")
    if sent or sought:
        st.session_state.pop("found", None)
        digits = "".join((number or "").split())
        if not digits.isdigit() or int(digits) < 1:
            st.error(say.say("number_wrong"), icon=":material/error:")
            return None
        if sent:
            return applicant.decide(now, {"applicant_id": int(digits)})
        st.session_state["found"] = int(digits)
    if "found" in st.session_state:
        _dossier(now, st.session_state["found"])
    else:
        st.html(look.empty(say.say("empty_decide"), say.say("empty_decide_what")))
    return None


def _dossier(now: Here, number: int) -> None:
    """Who it is, and what was decided before."""
    say, figures = now.words, now.figures
    with st.spinner(say.say("reading")):
        found = now.api.get(f"/applicants/{number}", keep=60.0)
    rows = [
        say.say("rows_of", table=say.told["tables"][table]["title"], rows=figures.number(count))
        for table, count in found["histories"].items()
        if count is not None
    ]
    st.caption(say.say("found_line", number=str(number), rows=" · ".join(rows)))
    columns = st.columns(3, gap="large")
    for column, (heading, names) in zip(columns, _ASK, strict=False):
        with column:
            st.markdown(f"**{say.say(heading)}**")
            st.html(look.terms({label: text for label, text in (_told(now, name, found) for name in names) if text}))
    st.markdown(f"**{say.say('decided_before')}**")
    decisions = found["decisions"]
    if not decisions:
        st.caption(say.say("never_decided"))
        return
    said: dict[str, Said] = {say.say("decided_at"): figures.instant, say.figure("probability"): figures.percent}
    place = pick(
        [
            {
                say.say("decided_at"): one["at"],
                say.say("verdict"): f"{look.SHAPES[one['final']]} {say.verdict(one['final'])}",
                say.figure("probability"): one["probability"],
                say.figure("points"): one["points"],
                say.say("policy"): one["policy"],
            }
            for one in decisions
        ],
        said,
        key=f"before.{number}",
    )
    st.caption(say.say("click_row"))
    if place is not None:
        _open(str(decisions[place]["id"]))


def _told(now: Here, name: str, found: Mapping[str, Any]) -> tuple[str, str]:
    """A column of the application as one says it."""
    column, value = now.words.column(name), found["application"].get(name)
    if name in _YEARS and value is not None:
        never = value > 0  # the tables' way of saying: without employment
        label = now.words.say("years_employed" if name == "DAYS_EMPLOYED" else "years_old")
        return label, "–" if never else now.figures.number(-value / _YEAR, 1)
    text = now.words.raw(name, value) if isinstance(value, str) else now.figures.value(value, column["unit"])
    label = now.words.say("applicant_number") if name == "SK_ID_CURR" else str(column["meaning"]).partition(";")[0]
    return capital(label.strip()), text


# By files


def _files(now: Here) -> str | None:
    say = now.words
    dropped = st.file_uploader(
        say.say("drop"),
        type=list(_KINDS),
        accept_multiple_files=True,
        key=f"files.{st.session_state.setdefault('uploads', 'first')}",
        help=say.say("drop_help"),
    )
    if not dropped:
        st.caption(say.say("drop_help"))
        return None
    parcels = _parcels([(file.name, file.getvalue()) for file in dropped], list(say.told["tables"]))
    if not st.button(say.say("decide_it"), type="primary", key="decide_files"):
        return None
    jobs: list[str] = []
    with st.status(say.say("deciding"), expanded=True) as status:
        for name, kind, content in parcels:
            st.write(name)
            explain = "all" if len(content) <= _FEW else "needed"
            small = len(content) <= _FEW
            response = now.api.send(content, kind, {"form": "ndjson", "explain": explain, "later": not small})
            if response.status_code == 202:
                jobs.append(str(response.json()["id"]))
            else:
                jobs.append(response.headers["X-Job"])
                _held()[f"{now.api.lang} {jobs[-1]}"] = _read(response.text)
            st.session_state.setdefault("names", {})[jobs[-1]] = name
        status.update(state="complete", expanded=False)
    now.api.forget("/decisions?", "/worklist", "/portfolio", "/jobs")
    lines = [line for job in jobs for line in _held().get(f"{now.api.lang} {job}", ())]
    if len(jobs) > 1 or len(lines) != 1 or lines[0]["kind"] != "decision":
        st.session_state["decide.jobs"] = jobs
        st.rerun()
    return str(lines[0]["decision"])


def _parcels(files: Sequence[tuple[str, bytes]], tables: Sequence[str]) -> list[tuple[str, str, bytes]]:
    """What to send: files that are tables of one lender go together, as the zip the service reads."""
    histories = [table.lower() for table in tables if table not in ("application", "several")]

    def history(name: str) -> bool:
        return name.rsplit(".", 1)[0].lower() in histories

    if len(files) > 1 and any(history(name) for name, _ in files):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files:
                archive.writestr(name, content)
        return [(" + ".join(name for name, _ in files), _KINDS["zip"], packed.getvalue())]
    return [
        (name, _KINDS.get(name.rsplit(".", 1)[-1].lower(), "application/octet-stream"), content)
        for name, content in files
    ]


def _read(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line]


def _held() -> dict[str, list[dict[str, Any]]]:
    """Lines of jobs that are done, by language and number."""
    held: dict[str, list[dict[str, Any]]] = st.session_state.setdefault("lines", {})
    return held


def _many(now: Here, jobs: Sequence[str]) -> None:
    lines: list[dict[str, Any]] = []
    running: list[str] = []
    for job in jobs:
        name = f"{now.api.lang} {job}"
        if name not in _held():
            state = now.api.get(f"/jobs/{job}")
            if state["state"] == "failed":
                st.error(f"{now.words.say('job_failed')} {state['problem'] or ''}", icon=":material/error:")
                continue
            if state["state"] != "done":
                running.append(job)
                continue
            with st.spinner(now.words.say("reading")):
                _held()[name] = _read(now.api.text(f"/jobs/{job}/results", {"form": "ndjson"}))
        called = st.session_state.get("names", {}).get(job, "")
        lines += [{**line, "file": called} if _unnamed(line) else line for line in _held()[name]]
    if running:
        _progress(running)
        return
    _table(now, jobs, lines)


def _unnamed(line: Mapping[str, Any]) -> bool:
    """Whether the service knows the line's file only as what was sent."""
    return str(line.get("file", "")).startswith("upload.")


@st.fragment(run_every=0.7)
def _progress(jobs: Sequence[str]) -> None:
    """How far files are, until they are done."""
    now = here()
    with guarded():
        ended = 0
        for job in jobs:
            state = now.api.get(f"/jobs/{job}")
            total, done = state["total"], state["done"] + state["rejected"]
            said = now.words.say(
                "job_line",
                state=now.words.of("jobs", state["state"]),
                done=now.figures.number(done),
                total=now.figures.number(total) if total else "…",
            )
            st.progress(min(1.0, done / total) if total else 0.0, capital(said))
            ended += state["state"] in ("done", "failed")
        if ended == len(jobs):
            now.api.forget("/decisions?", "/worklist", "/portfolio")
            st.rerun()


def _table(now: Here, jobs: Sequence[str], lines: Sequence[Mapping[str, Any]]) -> None:
    say, figures = now.words, now.figures
    decided = [line for line in lines if line["kind"] == "decision"]
    rejected = [line for line in lines if line["kind"] != "decision"]
    counts = {kind: sum(line["verdict"] == kind for line in decided) for kind in look.SHAPES}
    columns = st.columns(5)
    columns[0].metric(say.say("applications"), figures.number(len(decided)))
    for column, (kind, count) in zip(columns[1:4], counts.items(), strict=True):
        column.metric(f"{look.SHAPES[kind]} {say.verdict(kind)}", figures.number(count))
    columns[4].metric(say.say("rejected"), figures.number(len(rejected)))
    if decided:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            wanted = st.pills(
                say.say("show"),
                list(look.SHAPES),
                selection_mode="multi",
                format_func=lambda key: f"{look.SHAPES[key]} {say.verdict(key)}",
                key="filter",
            )
            number = st.text_input(say.say("applicant_number"), key="filter_number", width=200)
            for job in jobs:
                st.download_button(
                    say.say("export"),
                    _export(now, job),
                    file_name=f"{job[:12]}.csv",
                    mime="text/csv",
                    key=f"export.{job}",
                    icon=":material/download:",
                    on_click="ignore",
                )
        shown = [
            line
            for line in decided
            if (not wanted or line["verdict"] in wanted) and str(number or "") in str(line["applicant_id"])
        ]
        place = pick(
            _listing(now, shown), {say.figure("probability"): figures.percent, say.say("applicant"): str}, key="many"
        )
        st.caption(say.say("click_row"))
        if place is not None:
            _open(str(shown[place]["decision"]))
    if rejected:
        st.subheader(say.say("rejected_rows"), anchor=False)
        st.caption(say.say("rejected_what"))
        table(
            [
                {
                    say.say("file"): line.get("file", ""),
                    say.say("table"): line.get("table", ""),
                    say.say("row"): line.get("row"),
                    say.say("why"): " ".join(line.get("why", ())),
                    say.say("rules"): " · ".join(line.get("rules", ())),
                }
                for line in rejected
            ],
            key="rejected",
        )


def _export(now: Here, job: str) -> Any:
    api = now.api

    def file() -> str:
        return api.text(f"/jobs/{job}/results", {"form": "csv"})

    return file


def _listing(now: Here, lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    say = now.words
    return [
        {
            say.say("applicant"): line["applicant_id"],
            say.say("verdict"): f"{look.SHAPES[line['verdict']]} {say.verdict(line['verdict'])}",
            say.figure("probability"): line["probability"],
            say.figure("points"): line["points"],
            say.say("reasons"): " ".join(line["reasons"]),
        }
        for line in lines
    ]


# By form


def _form(now: Here) -> str | None:
    say = now.words
    example = _example(now)
    st.caption(say.say("form_help"))
    values: dict[str, Any] = {}
    with st.form("application", border=True):
        columns = st.columns(2, gap="large")
        for place, (heading, names) in enumerate(_ASK):
            with columns[place % 2]:
                st.markdown(f"**{say.say(heading)}**")
                for name in names:
                    values[name] = _field(now, name, example.get(name))
        sent = st.form_submit_button(say.say("decide_it"), type="primary", key="decide_form")
    return applicant.decide(now, {"application": {**example, **values}}) if sent else None


def _field(now: Here, name: str, default: Any) -> Any:
    column = now.words.column(name)
    label, _, more = (capital(part.strip()) for part in str(column["meaning"]).partition(";"))
    unit, key = column["unit"], f"form.{name}"
    if name == "SK_ID_CURR":
        label = now.words.say("applicant_number")
        return int(st.number_input(label, 1, 10**15, int(default), 1, key=key))
    if name in _YEARS:
        worked = name == "DAYS_EMPLOYED"
        label = now.words.say("years_employed" if worked else "years_old")
        years = st.number_input(label, 0.0, 110.0, round(-default / _YEAR, 1), 0.5, format="%.1f", key=key)
        return -round(years * _YEAR)
    if column["levels"]:
        levels = list(column["levels"])
        return st.selectbox(
            label,
            levels,
            index=levels.index(default) if default in levels else None,
            format_func=lambda level: capital(now.words.raw(name, level)),
            key=f"{key}.{now.words.lang}",
        )
    if isinstance(default, str):
        return st.text_input(label, default, key=key)
    if unit == "count":
        return int(st.number_input(label, 0, 50, int(default), 1, key=key))
    if unit == "currency":
        return float(st.number_input(label, 0.0, 1e10, float(default), 1000.0, format="%.2f", key=key))
    return st.number_input(label, 0.0, 1.0, default, 0.01, format="%.3f", key=key, help=more or None)


def _example(now: Here) -> Mapping[str, Any]:
    """The service's own example of an application: where the form begins."""
    described = now.api.get("/openapi.json", keep=FOREVER)
    found: Mapping[str, Any] = described["components"]["schemas"]["Dossier"]["examples"][0]["application"]
    return found
