"""One applicant decided: the verdict, why, what else could be asked for, beside others, and what an officer does."""

from collections.abc import Mapping
from html import escape
from typing import Any, Final

import streamlit as st

from desk import look
from desk.api import Trouble
from desk.figures import SPACE
from desk.here import Here, guarded, here, told
from desk.officer import act, letter, waits
from desk.tables import Said, table
from desk.words import capital

Decision = Mapping[str, Any]
_LEVERS: Final = ("credit", "term_months", "down_payment")
_REVIEWED: Final = 600.0
"""Seconds a decision is kept: others may act on it."""


def read(now: Here, wanted: str) -> Decision:
    """A decision with all it rests on. Raises Trouble."""
    found: Decision = now.api.get(f"/decisions/{wanted}", {"explain": "full"}, keep=_REVIEWED)
    return found


def keep(now: Here, decision: Decision) -> None:
    """A decision just answered in full: it is not asked for again."""
    now.api.keep(f"/decisions/{decision['id']}", decision, {"explain": "full"}, seconds=_REVIEWED)


def show(now: Here, wanted: str) -> None:
    """The whole view of one decision."""
    with guarded():
        with st.spinner(now.words.say("reading")):
            decision = read(now, wanted)
        _head(now, decision)
        _why(now, decision)
        _more(decision)


def _head(now: Here, decision: Decision) -> None:
    say, figures = now.words, now.figures
    with st.container(key="verdict"):
        left, right = st.columns([5, 7], gap="medium", vertical_alignment="center")
        who = say.say("erased_person") if decision["erased"] else str(decision["applicant_id"])
        facts = [
            f"{escape(say.say('applicant'))} <b>{escape(who)}</b>",
            f"{escape(say.figure('probability'))} <b>{figures.percent(decision['probability'])}</b>",
            f"<b>{figures.number(decision['points'])}</b>{SPACE}{escape(say.of('units', 'points'))}",
            escape(figures.instant(decision["at"])),
        ]
        if decision["final"] != decision["verdict"]:
            facts.append(escape(say.say("instead_of", verdict=say.verdict(decision["verdict"]))))
        left.html(
            look.verdict(
                decision["final"],
                say.heading(decision["final"]),
                f"{SPACE}· ".join(f"<span>{fact}</span>" for fact in facts),
            )
        )
        right.vega_lite_chart(
            spec=now.charts.gauge(decision["probability"], decision["cutoff"], decision["band"]),
            key="gauge",
            theme=None,
            alt=say.say(
                "gauge_alt",
                probability=figures.percent(decision["probability"]),
                cutoff=figures.percent(decision["cutoff"]),
            ),
        )
    st.caption(_request(now, decision))
    waiting = waits(decision)
    if waiting is not None:
        st.warning(
            say.say("waits_second", officer=waiting["caller"], verdict=say.verdict(waiting["verdict"])),
            icon=":material/group:",
        )


def _request(now: Here, decision: Decision) -> str:
    """What is asked of the lender, in one line."""
    say, facts = now.words, decision["facts"]
    parts = [
        capital(say.raw("NAME_CONTRACT_TYPE", facts.get("contract") or "")),
        capital(say.raw("NAME_INCOME_TYPE", facts.get("income") or "")),
    ]
    if now.may("what_if") and not decision["erased"]:
        parts.append(_asked(now, _what_if(now, decision["id"], {})["before"]["request"]))
    elif facts.get("amount"):
        parts.append(say.say("about", amount=now.figures.number(facts["amount"])))
    return " · ".join(part for part in parts if part)


def _asked(now: Here, request: Mapping[str, Any]) -> str:
    """Amount, instalment, and the term where there is one."""
    say, figures = now.words, now.figures
    said = [say.say("asked_credit", credit=figures.number(request["credit"]))]
    if request["annuity"] is not None:
        said.append(say.say("asked_annuity", annuity=figures.number(request["annuity"], 2)))
    if request["term_months"] is not None:
        said.append(say.say("asked_term", term=figures.number(request["term_months"])))
    return " · ".join(said)


def _why(now: Here, decision: Decision) -> None:
    say = now.words
    left, right = st.columns([5, 7], gap="medium")
    with left:
        if decision["reasons"]:
            st.subheader(say.say("reasons"), anchor=False)
            st.html(look.reasons([one["sentence"] for one in decision["reasons"]]))
        elif decision["erased"]:
            st.info(say.say("erased"), icon=":material/delete:")
        else:
            st.subheader(say.say("reasons"), anchor=False)
            st.caption(say.say("no_reasons"))
        warnings = decision["warnings"]
        if warnings:
            label = say.say("warnings", count=now.figures.number(len(warnings)))
            with st.expander(label, icon=":material/info:", expanded=len(warnings) <= 2):
                for warning in warnings:
                    st.markdown(f"- {warning['sentence']}")
    with right:
        full = decision["contributions"]
        if full is None:
            st.caption(say.say("no_contributions"))
        else:
            _weighs(full)


@st.fragment
def _weighs(full: Mapping[str, Any]) -> None:
    """By theme, and one theme opened into its measures."""
    now = here()
    say = now.words
    title, choice = st.columns([3, 2], vertical_alignment="bottom")
    title.subheader(say.say("weighs"), anchor=False)
    st.html(look.legend(now.charts.ways()))
    themes = {theme["theme"]: theme for theme in full["themes"]}
    opened = choice.selectbox(
        say.say("open_theme"),
        ["", *themes],
        format_func=lambda key: themes[key]["label"] if key else say.say("all_themes"),
        key=f"theme.{say.lang}",
        label_visibility="collapsed",
    )
    if opened in themes and themes[opened]["features"]:
        shares = themes[opened]["features"]
        st.vega_lite_chart(spec=now.charts.features(shares[:12]), theme=None, key="features")
        if len(shares) > 12:
            st.caption(say.say("strongest", shown="12", all=now.figures.number(len(shares))))
    else:
        st.vega_lite_chart(
            spec=now.charts.waterfall(full["base"], full["log_odds"], full["themes"]),
            theme=None,
            key="waterfall",
            alt=say.say("weighs"),
        )


@st.fragment
def _more(decision: Decision) -> None:
    """What one may want next; only what is chosen is asked for, and only this part of the screen moves."""
    now = here()
    say = now.words
    parts = []
    if now.may("what_if") and not decision["erased"]:
        parts.append("simulate")
    if not decision["erased"]:
        parts.append("others")
    if now.may("override") and not decision["erased"]:
        parts.append("officer")
    if not decision["erased"]:
        parts.append("letter")
    parts.append("record")
    st.space("small")
    part = st.segmented_control(
        say.say("next_step"),
        parts,
        format_func=lambda key: say.say(f"part_{key}"),
        default=parts[0],
        required=True,
        key="part",
        label_visibility="collapsed",
    )
    with st.container(border=True, key=f"part_{part}"), guarded():
        if part == "simulate":
            _simulate(decision)
        elif part == "others":
            _others(now, decision)
        elif part == "officer":
            act(now, decision)
        elif part == "letter":
            letter(now, decision)
        else:
            _record(now, decision)


# Another request


@st.fragment
def _simulate(decision: Decision) -> None:
    """Sliders; only the gauge follows."""
    now = here()
    with guarded():
        _sliders(now, decision)


def _sliders(now: Here, decision: Decision) -> None:
    say, figures, wanted = now.words, now.figures, decision["id"]
    start = _what_if(now, wanted, {})
    asked = start["before"]["request"]
    price, credit, term = asked["goods_price"], float(asked["credit"]), asked["term_months"]
    controls, shown = st.columns([5, 7], gap="large")
    changes: dict[str, float] = {}
    with controls:
        # Streamlit drops a widget's value once it leaves the screen: the decision's number keeps two apart.
        names = {lever: f"{lever}.{wanted}" for lever in _LEVERS}
        # The grid goes through the amount asked for, so that the slider begins where the request stands.
        step = _step(credit)
        at = st.slider(
            capital(say.of("levers", "credit")), credit - int(0.9 * credit / step) * step,
            credit + max(1, int(0.5 * credit / step)) * step, credit, float(step), key=names["credit"],
            format="localized",
        )  # fmt: skip
        if at != credit:
            changes["credit"] = at
        if term is None:
            st.caption(say.of("obstacles", "no_term"))
        else:
            months = st.slider(
                capital(say.of("levers", "term_months")), 6, max(84, int(term)), int(term), 1, key=names["term_months"]
            )
            if months != int(term):
                changes["term_months"] = int(months)
        if not price or term is None:
            st.caption(say.of("obstacles", "no_price"))
        else:
            step = _step(float(price))
            paid = st.slider(
                capital(say.of("levers", "down_payment")), 0, _down(0.9 * float(price), step), 0, step,
                key=names["down_payment"], format="localized",
            )  # fmt: skip
            if paid:
                changes["down_payment"] = float(paid)
        st.caption(say.of("what_if", "not_logged"))
    found = _what_if(now, wanted, changes) if changes else start
    with shown:
        after = found["after"]
        st.html(
            look.verdict(
                after["verdict"],
                say.heading(after["verdict"]),
                f"<b>{figures.percent(after['probability'])}</b> · <b>{figures.number(after['points'])}</b> "
                f"{escape(say.of('units', 'points'))} · " + escape(_asked(now, after["request"])),
            )
        )
        st.vega_lite_chart(
            spec=now.charts.gauge(
                after["probability"],
                found["cutoff"],
                decision["band"],
                found["before"]["probability"] if changes else None,
            ),
            theme=None,
            key="gauge_after",
        )
        if changes:
            st.caption(say.say("hollow"))
        _approved(now, decision)


def _approved(now: Here, decision: Decision) -> None:
    """What would be approved, sought once it is asked for."""
    say, figures, wanted = now.words, now.figures, decision["id"]
    if st.button(say.of("what_if", "question"), key="counterfactual", icon=":material/search:"):
        st.session_state["sought"] = wanted
    if st.session_state.get("sought") != wanted:
        return
    with st.spinner(say.say("searching")):
        found = now.api.get(f"/counterfactual/{wanted}", keep=_REVIEWED)
    if found["approved"]:
        st.success(say.of("what_if", "approved"), icon=":material/check_circle:")
        return
    if not found["offers"]:
        st.info(say.of("what_if", "none"), icon=":material/block:")
        return
    st.markdown(f"**{say.of('what_if', 'found')}**")
    for offer in found["offers"]:
        lever = offer["lever"]
        text = say.say(
            "offer",
            lever=capital(say.of("levers", lever)),
            value=figures.number(offer["value"]),
            change=figures.percent(offer["relative_change"], 0, signed=True),
            probability=figures.percent(offer["outcome"]["probability"]),
        )
        nearest = found["nearest"] is not None and found["nearest"]["lever"] == lever
        st.markdown(f"{look.SHAPES['approve']} {text}" + (f" **{say.say('nearest')}**" if nearest else ""))


def _what_if(now: Here, wanted: str, changes: Mapping[str, float]) -> Mapping[str, Any]:
    """Asked once for each place of the sliders."""
    name = {"decision": wanted, "model": now.version, **changes}
    held: dict[str, Any] = st.session_state.setdefault("what_if", {})
    key = f"{now.api.lang} {sorted(name.items())}"
    if key not in held:
        if len(held) > 200:
            held.clear()
        held[key] = now.api.post("/what-if", {"decision": wanted, "changes": dict(changes)})
    found: Mapping[str, Any] = held[key]
    return found


def _step(amount: float) -> int:
    """About a hundredth, in round figures."""
    rough = max(1.0, amount / 100)
    power = 10 ** (len(str(int(rough))) - 1)
    return int(next(n for n in (power, 2 * power, 5 * power, 10 * power) if n >= rough))


def _down(amount: float, step: int) -> int:
    return int(amount // step * step)


# Beside others


def _others(now: Here, decision: Decision) -> None:
    say = now.words
    full = decision["contributions"]
    shares = [share for theme in full["themes"] for share in theme["features"]] if full else []
    shares.sort(key=lambda one: -abs(one["contribution"]))
    known = [share["name"] for share in shares if say.comparable(share["name"])]
    names = known[:6]
    if not names:
        st.html(look.empty(say.say("nothing_beside"), say.say("no_contributions")))
        return
    with st.spinner(say.say("reading")):
        params = {"decision": decision["id"], "name": names}
        found = now.api.get("/distributions", params, keep=_REVIEWED)
    company = found["company"]
    alike = " · ".join(say.feature(name) for name in company["alike"])
    st.caption(
        say.say(
            "similar_line",
            count=now.figures.number(company["applicants"]),
            low=now.figures.percent(company["lowest"]),
            high=now.figures.percent(company["highest"]),
            alike=alike or "–",
        )
    )
    st.html(look.legend(now.charts.beside_whom()))
    columns = st.columns(2, gap="large")
    for place, one in enumerate(company["features"]):
        with columns[place % 2]:
            st.html(look.headed(say.feature(one["name"]), _rank(now, one)))
            st.vega_lite_chart(spec=now.charts.beside(one), theme=None, key=f"beside.{place}")


def _rank(now: Here, one: Mapping[str, Any]) -> str:
    """Of how many applicants this one's value is the greater, where values have an order."""
    if one["value"] is None:
        return now.words.say("not_known")
    if one["rank"] is None:
        return ""
    all_, similar = (now.figures.percent(one[which], 0) for which in ("rank", "rank_similar"))
    return now.words.say("rank_line", all=all_, similar=similar)


# Where it stands


def _record(now: Here, decision: Decision) -> None:
    say, figures = now.words, now.figures
    st.html(
        look.terms(
            {
                say.say("decision"): decision["id"],
                say.say("decided_at"): figures.instant(decision["at"]),
                say.say("as_decided"): say.verdict(decision["verdict"]),
                say.say("model"): decision["model"],
                say.say("policy"): decision["policy"],
                say.say("link"): f"{figures.number(decision['record']['seq'])} · {decision['record']['hash'][:24]}…",
            }
        )
    )
    for event in decision["events"]:
        verdict = say.verdict(event["verdict"]) if event["verdict"] else "–"
        line = say.say(
            f"event_{event['kind']}", officer=event["caller"], verdict=verdict, at=figures.instant(event["at"])
        )
        motive = f" · {say.of('motives', event['motive'])}" if event["motive"] else ""
        st.markdown(f"- {line}{motive}" + (f" — *{event['words']}*" if event["words"] else ""))
    if now.may("replay"):
        _replay(now, decision)
    if now.may("read_all") and not decision["erased"]:
        # No fold around it: one that moves up when the replay's line goes would close again.
        st.markdown(f"**{say.say('inputs')}**")
        if st.button(say.say("inputs_open"), key="inputs_open", icon=":material/table:"):
            _inputs(now, decision)


def _replay(now: Here, decision: Decision) -> None:
    say = now.words
    if not st.button(say.say("replay"), key="replay", icon=":material/replay:"):
        return
    with st.spinner(say.say("replaying")):
        found = now.api.post(f"/decisions/{decision['id']}/replay")
    outcome = found["outcome"]
    more = (
        f" ({', '.join(say.of('parts', one) for one in found['differs'])})"
        if found["differs"]
        else f" {found['why']}"
        if found["why"]
        else ""
    )
    (st.success if outcome == "same" else st.warning)(say.say(f"replay_{outcome}") + more)


def _inputs(now: Here, decision: Decision) -> None:
    """The raw tables: the application column by column, histories row by row."""
    say = now.words
    found = now.api.get(f"/decisions/{decision['id']}", {"inputs": True}, keep=_REVIEWED)["inputs"] or {}
    for name, columns in found.items():
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        if not rows:
            continue
        st.markdown(f"**{say.told['tables'][name]['title']}**")
        if name == "application":
            rows = [
                {
                    say.say("column"): column,
                    say.say("meaning"): capital(say.column(column)["meaning"]),
                    say.say("value"): say.raw(column, value)
                    if isinstance(value, str)
                    else now.figures.value(value, say.column(column)["unit"]),
                }
                for column, value in rows[0].items()
            ]
            table(rows, key="inputs.application")
        else:
            table(rows, {column: _by_unit(now, name, column) for column in rows[0]}, key=f"inputs.{name}")


def _by_unit(now: Here, name: str, column: str) -> Said:
    unit = str(now.words.column(column, name)["unit"])
    return lambda value: now.figures.value(value, unit)


def decide(now: Here, body: Mapping[str, Any]) -> str | None:
    """Decide one application; its number, or None where it failed and that was said."""
    try:
        with st.spinner(now.words.say("deciding")):
            decision = now.api.post("/decisions", body, {"explain": "full"})
    except Trouble as trouble:
        if trouble.status == 401:
            raise
        told(trouble)
        return None
    now.api.forget("/decisions?", "/worklist", "/portfolio")
    keep(now, decision)
    return str(decision["id"])
