"""The real desk against the real service, in a real browser: the main path of each role, and what goes wrong.

AVAL_PICTURES=write keeps a picture of each screen in docs/desk.
"""

import csv
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from playwright.sync_api import Browser, expect

from aval.service.role import Role
from aval.settings import ROOT
from tests.browser import Tab, chromium
from tests.service.bank import CLIENT, SECRET, Bank
from tests.service.serving import PATIENCE, Server, aval, environment, key

PEOPLE: Mapping[str, Role] = {
    "olga": Role.OFFICER,
    "otto": Role.OFFICER,
    "ana": Role.ANALYST,
    "val": Role.VALIDATOR,
    "guest": Role.OFFICER,
}
DOCS = ROOT / "docs" / "desk"


@dataclass
class Town:
    """A lender with its service and its desk, and people with keys."""

    home: Path
    folder: Path
    service: Server
    desk: str
    keys: Mapping[str, str]
    bank: Bank
    settings: Mapping[str, str]
    applications: list[dict[str, str]]
    """A thousand, as the lender's files have them, without outcomes."""

    def decided(self, who: str, number: int) -> dict[str, Any]:
        """A decision made without the desk."""
        with self.service.client(self.keys[who]) as client:
            answer = client.post("/decisions", json={"applicant_id": number})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def first(self, verdict: str, least: float = 0, most: float = 1e6) -> int:
        """The first applicant to be judged so, with a credit between these amounts."""
        for one in self.applications:
            number = int(one["SK_ID_CURR"])
            if least < float(one["AMT_CREDIT"]) < most and self.decided("guest", number)["verdict"] == verdict:
                return number
        raise AssertionError(f"nobody is judged {verdict}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def applications(lender: Path) -> list[dict[str, str]]:
    """Unlabelled ones first, then labelled ones without their label."""
    rows: list[dict[str, str]] = []
    for name in ("application_test.csv", "application_train.csv"):
        with (lender / name).open(newline="") as file:
            rows += list(csv.DictReader(file))
    for row in rows:
        row.pop("TARGET", None)
    return rows[:1000]


def written(file: Path, rows: list[dict[str, str]]) -> Path:
    with file.open("w", newline="") as out:
        table = csv.DictWriter(out, rows[0])
        table.writeheader()
        table.writerows(rows)
    return file


@pytest.fixture(scope="module")
def town(home: Path, lender: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """`aval serve` and `aval desk`, started once, with a log of their own and the bank's provider."""
    folder = tmp_path_factory.mktemp("town")
    place = folder / "home"
    place.mkdir()
    for part in home.iterdir():
        if part.name not in ("log", "jobs", "run"):
            (place / part.name).symlink_to(part)
    bank, signing = Bank(), ECKey.generate_key("P-256", {"kid": "town", "use": "sig"})
    bank.publish(signing)
    bank.signing = signing
    keys = {name: key(place, name, role) for name, role in PEOPLE.items()}
    settings = {"AVAL_LENDER": "Banque d'essai", "AVAL_OIDC_ISSUER": bank.issuer, "AVAL_OIDC_AUDIENCE": "aval"}
    service = Server(place, folder / "service", **settings)
    desk, port = _desk(folder, service.url, bank, settings)
    found = Town(place, folder, service, f"http://localhost:{port}", keys, bank, settings, applications(lender))
    try:
        service.wait()
        yield found
    finally:
        desk.send_signal(signal.SIGTERM)
        desk.wait(PATIENCE)
        found.service.close()
        bank.stop()


def _desk(folder: Path, api: str, bank: Bank, settings: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], int]:
    port = _free()
    told = folder / "provider.toml"
    told.write_text(
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\n'
        f'cookie_secret = "{"of tests alone " * 3}"\nexpose_tokens = ["access"]\n'
        f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
        f'server_metadata_url = "{bank.issuer}/.well-known/openid-configuration"\n'
    )
    words = [sys.executable, "-m", "aval", "desk", "--api", api, "--port", str(port), "--provider", str(told)]
    with (folder / "desk.log").open("wb") as log:
        process = subprocess.Popen(words, cwd=ROOT, env=environment(**settings), stdout=log, stderr=log)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        assert process.poll() is None, (folder / "desk.log").read_text()
        with suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/_stcore/health", trust_env=False).is_success:
                return process, port
        time.sleep(0.1)
    raise AssertionError((folder / "desk.log").read_text())


def _free() -> int:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def busy(town: Town) -> Town:
    """A day at the counter is over: many were decided, some wait."""
    file = written(town.folder / "day.csv", town.applications[:418])
    with town.service.client(town.keys["guest"]) as client:
        done = client.post("/decisions/file", content=file.read_bytes(), headers={"Content-Type": "text/csv"})
    assert done.status_code == 200, done.text
    return town


# The officer


def test_an_officer_decides_explains_and_hands_over_a_letter(town: Town, browser: Browser) -> None:
    number = town.first("decline")
    with Tab(browser, town.desk) as tab:
        page = tab.page
        tab.sees("Banque d'essai", "Clé d'accès").picture(DOCS / "door.png")
        page.locator("input[type=password]").fill("aval_somebody_else")
        tab.press("Se connecter").sees("Cette clé n'est pas reconnue")
        tab.well()
        tab.sign_in(town.keys["olga"])
        tab.fill("Numéro du demandeur", str(number)).press("Voir le dossier")
        tab.sees("Décisions antérieures", f"Dossier {number}").picture(DOCS / "dossier.png")
        tab.press("Décider")
        expect(tab.status()).to_contain_text("Crédit refusé")
        expect(page.locator(".aval-reasons li").first).to_be_visible()
        gauge = page.locator(".st-key-verdict svg.marks")
        expect(gauge).to_contain_text("Seuil 9,1 %")
        tab.choose("Ouvrir un thème", "Scores externes").sees("Scores externes")
        expect(page.locator("svg.marks").nth(1)).to_contain_text("score")
        tab.choose("Ouvrir un thème", "Tous les thèmes")
        # Another request: the gauge follows the slider, and the decision does not move.
        after, before = page.locator(".st-key-part_simulate svg.marks"), gauge.text_content()
        expect(after).to_contain_text("Seuil")
        there = after.text_content() or ""
        page.get_by_role("slider", name="Montant du crédit").press("Home")
        tab.sees("Repère creux : la demande telle quelle.")
        expect(after).not_to_have_text(there)
        assert gauge.text_content() == before
        tab.press("Qu'est-ce qui serait accordé ?")
        tab.sees(re.compile("Voici ce qui serait accordé|aucun|Aucun|rien ne", re.IGNORECASE))
        tab.picture(DOCS / "applicant.png")
        tab.pick("Comparer").sees(re.compile(r"^Semblables"), re.compile("^Plus que"))
        tab.picture(DOCS / "others.png")
        # The letter of a refusal, as the customer receives it.
        tab.pick("Lettre")
        letter = page.frame_locator("iframe")
        expect(letter.locator("body")).to_contain_text("Banque d’essai")
        expect(letter.locator("body")).to_contain_text("motifs")
        expect(letter.locator("body")).not_to_contain_text("%")
        button = letter.get_by_role("button", name="Imprimer")
        expect(button).to_be_visible()
        tab.picture(DOCS / "letter.png")
        with page.expect_download() as kept:
            tab.press("Télécharger")
        _prints(tab, Path(kept.value.path()))
        page.emulate_media(media="print")
        expect(button).to_be_hidden()
        page.emulate_media(media="screen")
        # An override, with a motive.
        tab.pick("Décision du conseiller").sees("Le verdict en vigueur est « Refus ».")
        tab.press("Enregistrer la décision").sees("Choisissez une décision et un motif")
        tab.choose("Motif", "Garantie").fill("En vos propres mots", "Ses parents se portent caution.")
        tab.picture(DOCS / "override.png")
        tab.press("Enregistrer la décision").sees("Décision enregistrée, en vigueur.")
        expect(tab.status()).to_contain_text("Crédit accordé")
        expect(tab.status()).to_contain_text("au lieu de : Refus")
        tab.pick("Registre").sees(re.compile(r"olga a décidé\s: Accord"), "Ses parents se portent caution.")
        tab.press("Nouvelle demande").sees("Qui est devant vous ?")


def _prints(tab: Tab, letter: Path) -> None:
    """What was kept is a page that prints on one sheet."""
    page = tab.context.new_page()
    page.set_content(letter.read_text("utf-8"))
    printed = page.pdf(format="A4")
    page.close()
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_a_large_credit_takes_two_officers(town: Town, browser: Browser) -> None:
    number = town.first("decline", least=1e6, most=3e6)
    with Tab(browser, town.desk) as tab:
        tab.sign_in(town.keys["olga"]).fill("Numéro du demandeur", str(number)).press("Décider")
        tab.pick("Décision du conseiller").sees("un second conseiller doit confirmer")
        tab.choose("Motif", "Garantie").fill("En vos propres mots", "Hypothèque de premier rang.")
        tab.press("Enregistrer la décision").sees("Enregistrée : elle attend un second conseiller.")
        expect(tab.status()).to_contain_text("Crédit refusé")
        tab.sees("C'est votre proposition : demandez à un collègue de la confirmer.")
    with Tab(browser, town.desk) as tab:
        tab.sign_in(town.keys["otto"]).go("Liste de travail")
        waiting = _row(tab, str(number), column=2)
        tab.click_row(waiting).sees("olga propose")
        tab.pick("Décision du conseiller").sees("Hypothèque de premier rang.")
        tab.fill("En vos propres mots", "L'acte est au dossier.").press("Confirmer")
        tab.sees("Décision enregistrée, en vigueur.")
        expect(tab.status()).to_contain_text("Crédit accordé")


def _row(tab: Tab, text: str, column: int) -> int:
    """Where a table says this."""
    expect(tab.page.get_by_test_id("stDataFrame").first).to_be_visible()
    cells = tab.page.locator(f'[data-testid^="glide-cell-{column}-"]')
    expect(cells.filter(has_text=text).first).to_be_attached()
    name = cells.filter(has_text=text).first.get_attribute("data-testid") or ""
    return int(name.rsplit("-", 1)[1])


def test_a_file_of_one_opens_its_decision(town: Town, browser: Browser) -> None:
    one = written(town.folder / "one.csv", town.applications[:1])
    with Tab(browser, town.desk) as tab:
        tab.sign_in(town.keys["olga"]).pick("Par fichiers")
        tab.page.locator("input[type=file]").set_input_files(one)
        tab.press("Décider")
        expect(tab.status()).to_contain_text(town.applications[0]["SK_ID_CURR"])


def test_a_thousand_rows_are_sorted_filtered_exported_and_opened(town: Town, browser: Browser) -> None:
    bad = {**town.applications[7], "SK_ID_CURR": "999999999", "AMT_CREDIT": "-5"}
    many = written(town.folder / "many.csv", [*town.applications, bad])
    with Tab(browser, town.desk) as tab:
        page = tab.page
        tab.sign_in(town.keys["olga"]).pick("Par fichiers")
        page.locator("input[type=file]").set_input_files(many)
        tab.press("Décider").sees("Exporter en CSV", "Lignes écartées").settled()
        expect(page.get_by_test_id("stMetric").first).to_contain_text("1 000")
        expect(page.get_by_test_id("stMetric").last).to_contain_text("1")
        assert tab.cell(0, 2, table=1) == "1002"
        assert (tab.cell(0, 0, table=1), "AMT_CREDIT" in tab.cell(0, 3, table=1)) == ("many.csv", True)
        tab.picture(DOCS / "many.png")
        with page.expect_download() as kept:
            tab.press("Exporter en CSV")
        with Path(kept.value.path()).open(newline="") as file:
            lines = list(csv.DictReader(file))
        assert len(lines) >= 1000
        tab.pick_many("Refus")
        expect(page.get_by_test_id("glide-cell-2-0").first).to_contain_text("Refus")
        tab.click_row(-1, column=2)  # by probability, the least risky first
        number = tab.cell(0, 1)
        tab.click_row(0)
        expect(tab.status()).to_contain_text(number)
        expect(tab.status()).to_contain_text("Crédit refusé")
        tab.press("Retour à la liste").sees("Exporter en CSV")


def test_an_officer_needs_no_mouse(town: Town, browser: Browser) -> None:
    number = town.applications[3]["SK_ID_CURR"]
    with Tab(browser, town.desk) as tab:
        tab.sees("Clé d'accès").reach("Clé d'accès")
        tab.page.keyboard.type(town.keys["olga"])
        tab.page.keyboard.press("Enter")
        tab.sees("Qui est devant vous ?").reach("Numéro du demandeur")
        tab.page.keyboard.type(number)
        tab.page.keyboard.press("Enter")
        expect(tab.status()).to_contain_text(number)


# The analyst


def test_an_analyst_asks_what_the_cut_off_does(busy: Town, browser: Browser) -> None:
    with Tab(browser, busy.desk) as tab:
        page = tab.page
        tab.sign_in(busy.keys["ana"])
        expect(page.get_by_role("link", name="Décider")).to_have_count(0)
        tab.sees("dossiers, du plus ancien au plus récent").picture(DOCS / "worklist.png")
        tab.go("Portefeuille")
        cost = page.get_by_test_id("stMetric").nth(1)
        expect(cost).to_contain_text(re.compile(r"\d"))
        expect(page.locator("svg.marks").first).to_be_visible()
        tab.picture(DOCS / "portfolio.png")
        before = cost.inner_text()
        page.get_by_role("slider").first.press("End")
        expect(cost).not_to_have_text(before)
        tab.pick("Montant").sees("Par segment")
        page.get_by_text("Pondérer par le montant").click()
        expect(page.get_by_role("switch")).to_be_checked()
        tab.settled().well()
        tab.go("Modèle").sees(re.compile("Sur 100 couples"))
        expect(page.locator("svg.marks").first).to_be_visible()
        tab.picture(DOCS / "model.png")
        for part, said in (
            ("Ce qui compte", "Les quinze mesures les plus fortes"),
            ("Équité", "Ces groupes sont observés"),
            ("Candidats", "Pour comparaison"),
            ("Versions", "D'où elle vient"),
        ):
            tab.pick(part).sees(re.compile(said)).settled().well()
            if part in PARTS:
                tab.picture(DOCS / PARTS[part])
        tab.go("Surveillance").sees("La surveillance est silencieuse")


PARTS = {"Ce qui compte": "model-counts.png", "Équité": "model-fairness.png"}


# The validator


def test_a_validator_finds_opens_replays_and_verifies(busy: Town, browser: Browser) -> None:
    number = busy.first("decline")
    with Tab(browser, busy.desk, "en") as tab:
        tab.sign_in(busy.keys["val"]).go("Journal")
        tab.press("Verify the chain").sees(re.compile("The log is whole and unchanged"))
        tab.page.get_by_label("Applicant number", exact=True).fill(str(number))
        tab.page.keyboard.press("Enter")
        expect(tab.page.get_by_test_id("glide-cell-2-0")).to_contain_text(str(number))
        expect(tab.page.get_by_role("button", name="Older")).to_be_disabled()
        tab.settled().picture(DOCS / "journal.png")
        tab.click_row(0)
        expect(tab.status()).to_contain_text(str(number))
        tab.pick("Record").press("Replay the decision").sees("Decided again, it is the same to the last bit.")
        tab.sees("The data it rests on").press("Open the data")
        expect(tab.page.get_by_test_id("stDataFrame").first).to_be_visible()
        tab.picture(DOCS / "record.png")


# Language, light, size


def test_language_light_and_size_change_in_place(busy: Town, browser: Browser) -> None:
    number = busy.first("refer")
    with Tab(browser, busy.desk) as tab:
        tab.sign_in(busy.keys["olga"]).fill("Numéro du demandeur", str(number)).press("Décider")
        tab.sees("Principaux motifs")
        tab.pick("English").sees("Principal reasons", "What helps and what hurts")
        expect(tab.page.get_by_role("combobox", name="Open a theme")).to_have_value("All themes")
        expect(tab.status()).to_contain_text(re.compile(r"\d\.\d\s%"))
        expect(tab.status()).to_contain_text(str(number))
        tab.page.set_viewport_size({"width": 1024, "height": 900})
        tab.picture(DOCS / "applicant-en-1024.png")
        tab.page.emulate_media(color_scheme="dark")
        expect(tab.page.get_by_test_id("stApp")).to_have_css("background-color", "rgb(18, 23, 30)")
        words = tab.page.locator(".st-key-verdict svg.marks text")
        expect(words.last).to_have_attribute("fill", re.compile("e6ebf1|9aa7b5"))
        tab.picture(DOCS / "applicant-dark-1024.png")
        tab.go("Portfolio").sees("Segment").picture(DOCS / "portfolio-dark-1024.png")
        tab.page.emulate_media(color_scheme="light")
        expect(tab.page.locator(".aval-who b")).to_have_css("color", "rgb(29, 39, 51)")
        tab.go("Worklist").sees("Officers and the model").picture(DOCS / "worklist-en-1024.png")


# What goes wrong


def test_a_service_that_is_down_and_a_session_that_is_over_are_said_plainly(town: Town, browser: Browser) -> None:
    number, secret = town.applications[0]["SK_ID_CURR"], key(town.home, "leaver", Role.OFFICER)
    with Tab(browser, town.desk) as tab, Tab(browser, town.desk) as leaver:
        for one, who in ((tab, town.keys["olga"]), (leaver, secret)):
            one.sign_in(who).fill("Numéro du demandeur", number)
        port = town.service.port
        town.service.kill()
        tab.press("Décider").sees(re.compile("^Le service ne répond pas"))
        tab.well()
        aval(town.home, "key", "revoke", "leaver")
        town.service = Server(town.home, town.folder / "again", "--port", str(port), **town.settings)
        town.service.wait()
        tab.press("Décider")
        expect(tab.status()).to_contain_text(number)
        leaver.press("Décider").sees("Votre session est terminée. Reconnectez-vous pour continuer.")
        expect(leaver.page.locator("input[type=password]")).to_be_visible()


# The bank's provider


def test_the_banks_provider_lets_an_officer_in(town: Town, browser: Browser) -> None:
    with Tab(browser, town.desk) as tab:
        page = tab.page
        tab.press("Se connecter avec la banque")
        page.get_by_label("Nom").fill("odile")
        page.get_by_label("Rôle").fill("officer")
        page.get_by_role("button", name="Entrer").click()
        tab.sees("odile", "conseiller")
        number = town.applications[5]["SK_ID_CURR"]
        tab.fill("Numéro du demandeur", number).press("Décider")
        expect(tab.status()).to_contain_text(number)
        with town.service.client(town.keys["val"]) as client:
            made = client.get("/decisions", params={"caller": "odile"}).json()["decisions"]
        assert [one["applicant_id"] for one in made] == [int(number)]
        with page.expect_request(lambda asked: "/realm/logout" in asked.url):
            tab.press("Se déconnecter")
        tab.sees("Se connecter avec la banque")
