"""The letter: says what it must in both languages, and nothing that a customer must not read."""

import re
from dataclasses import replace
from datetime import date
from html import unescape
from html.parser import HTMLParser

import pytest

from aval.credit.decision import Decision, Given, Verdict
from aval.credit.policy import Policy
from aval.credit.reason import LANGUAGES, REASONS, Language
from aval.service.letter import letter
from aval.settings import ROOT

POLICY = Policy.load(ROOT / "policies" / "2026-11-24.toml")
REASONED = (
    Given("BUREAU_DEBT", 0.61),
    Given("REPAYMENT_LATE", 0.47),
    Given("ENQUIRIES", 0.33),
    Given("TOTAL_BURDEN", 0.21),
)
DECLINED = Decision(
    123456789, 0.2137, 431, 1 / 11, Verdict.DECLINE, (), REASONED, (), "17", "2026-11-24", "fe" * 32
)  # fmt: skip
REFERENCE = "d7c1a9e24b604f0a9c3e51f2a8b7e604"


def written(decision: Decision, lang: Language, **more: object) -> str:
    return letter(decision, POLICY, lang, on=date(2026, 12, 1), reference=REFERENCE, **more)  # type: ignore[arg-type]


def plain(page: str) -> str:
    """What a reader reads."""
    body = page.partition("<body>")[2]
    return unescape(re.sub(r"<[^>]+>", " ", body)).replace("\u2019", "'").replace("\u2011", "-")


class Strict(HTMLParser):
    """Every element closed in order; nothing that runs or loads."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += attrs
        assert tag not in ("script", "link", "img", "iframe", "object", "form")
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("verdict", list(Verdict))
def test_a_whole_page_that_loads_and_runs_nothing(lang: Language, verdict: Verdict) -> None:
    page = written(replace(DECLINED, verdict=verdict), lang)
    parser = Strict()
    parser.feed(page)
    assert parser.open == []
    assert page.startswith("<!doctype html>")
    assert f'<html lang="{lang}">' in page
    assert "size: A4" in page
    assert not re.search(r"https?:|url\(|@import|src=", page)
    assert not [name for name, _ in parser.attributes if name.startswith("on") or name in ("src", "href")]


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("verdict", list(Verdict))
def test_no_figure_of_the_model_and_no_identity(lang: Language, verdict: Verdict) -> None:
    text = plain(written(replace(DECLINED, verdict=verdict), lang)).replace(REFERENCE, "")
    for secret in ("123456789", "0.2137", "0,2137", "21", "431", "0.61", "9.1", "9,1", "fefe"):
        assert secret not in text.replace("2016/679", "").replace("2023/2225", ""), secret
    assert not re.search(r"probab|score de|points|log-|modèle|model\b|seuil|cut-off", text, re.IGNORECASE)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_refusal_gives_reasons_rights_and_whom_to_ask(lang: Language) -> None:
    page = written(DECLINED, lang, contact=("12, rue des Acacias",), database="Fichier Un")
    text = plain(page)
    for reason in REASONED:
        assert reason.sentence(lang) in text
    assert page.count("<li>") == 4 + 3
    for article in ("22", "15", "16", "77", "2016/679", "2023/2225", "18", "19", "L.\u00a0312-16", "FICP", "CNIL"):
        assert article in text
    assert text.count(REFERENCE) == 2
    assert "Fichier Un" in text
    assert "12, rue des Acacias" in text
    assert ("automatisé" if lang == "fr" else "automated") in text
    assert ("réexamine" if lang == "fr" else "review your application") in text
    assert ("contester" if lang == "fr" else "contest the decision") in text
    assert ("rectifier" if lang == "fr" else "corrected") in text
    assert ("conseil budgétaire" if lang == "fr" else "debt advisory") in text


def test_a_rule_comes_first_and_no_more_than_four_are_told() -> None:
    page = written(replace(DECLINED, rules=("MINOR",)), "fr")
    told = re.findall(r"<li>(.*?)</li>", page.partition("<ol>")[2].partition("</ol>")[0])
    assert told[0] == "Un crédit ne peut être accordé à une personne mineure."
    assert len(told) == 4


def test_no_database_is_named_where_none_was_consulted() -> None:
    alone = replace(DECLINED, warnings=("ABSENT:bureau",), reasons=(Given("TOTAL_BURDEN", 0.2),))
    text = plain(written(alone, "fr"))
    assert "fichier" not in text
    assert "article 19" not in text
    assert "FICP" not in text
    assert "vérifier la solvabilité" in text
    assert "incomplètes." in text
    assert "article 19" in plain(written(replace(alone, reasons=REASONED), "fr"))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_officers_approval_carries_no_reason_of_the_model(lang: Language) -> None:
    page = written(DECLINED, lang, verdict=Verdict.APPROVE)
    text = plain(page)
    assert ("est acceptée" if lang == "fr" else "has been approved") in text
    assert "<ol>" not in page
    assert not any(reason.sentence(lang) in text for reason in DECLINED.reasons)
    assert "2023/2225" not in text


def test_an_officers_refusal_says_so_and_tells_only_what_speaks_against() -> None:
    kind = (Given("CAR", -0.4), Given("EDUCATION", -0.3))
    approved = replace(DECLINED, verdict=Verdict.APPROVE, reasons=kind)
    page = written(approved, "fr", verdict=Verdict.DECLINE)
    text = plain(page)
    assert "Un conseiller a étudié votre demande et a pris cette décision" in text
    assert "<ol>" not in page
    assert "articles 15, 16 et 77" in text  # article 22 is about decisions that nobody took
    assert "vous en expose les motifs" in text
    assert not any(reason.sentence("fr") in text for reason in kind)
    referred = replace(DECLINED, verdict=Verdict.REFER, rules=("LARGE_CREDIT",))
    refused = plain(written(referred, "fr", verdict=Verdict.DECLINE))
    assert "sans l'avis d'un conseiller" not in refused
    assert REASONED[0].sentence("fr") in refused


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_referral_promises_an_officer_and_refuses_nothing(lang: Language) -> None:
    page = written(replace(DECLINED, verdict=Verdict.REFER), lang)
    assert ("Un conseiller l'étudie" if lang == "fr" else "An officer is looking at it") in plain(page)
    assert "<li>" not in page


def test_french_is_set_as_a_bank_sets_it() -> None:
    for verdict in Verdict:
        body = written(replace(DECLINED, verdict=verdict), "fr").partition("<body>")[2]
        assert "'" not in unescape(body).replace("\u2019", "")
        assert not re.search(r" [:;?!»]", unescape(body))
    assert "1er\u00a0décembre\u00a02026" in body
    assert "Madame, Monsieur," in body


def test_whatever_a_lender_is_called_is_escaped() -> None:
    page = written(DECLINED, "en", lender="<script>alert(1)</script>", contact=("<b>",), database='"><img src=x>')
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_every_reason_can_stand_in_a_letter() -> None:
    for lang in LANGUAGES:
        for code in REASONS:
            assert Given(code, 1.0).sentence(lang) in plain(
                written(replace(DECLINED, reasons=(Given(code, 1.0),)), lang)
            )
