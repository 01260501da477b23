"""Every word a screen says is in the service's catalogue, and every word of the catalogue's desk is said."""

import re

import pytest

from aval.service.api.problems import STATUS
from aval.service.labels import DESK
from aval.service.remedies import PROBLEMS
from aval.settings import ROOT
from desk.api import Api, connection
from desk.words import DOOR, Words, capital, door
from tests.desk.conftest import Served

CODE = "\n".join(file.read_text() for file in sorted((ROOT / "desk").rglob("*.py")))


@pytest.fixture(scope="module")
def catalogue(served: Served) -> dict[str, Words]:
    with connection(served.address) as client:
        api = Api.by_key(client, served.keys["olga"])
        features = {one["name"]: one for one in api.get("/features", {"used": True})}
        return {lang: Words(api.get("/words", {"lang": lang}), features) for lang in ("fr", "en")}


def test_every_key_that_is_said_is_known() -> None:
    said = set(re.findall(r'\.say\(\s*"([a-z_]+)"', CODE)) | set(re.findall(r'screen\([a-z.]+, "([a-z_]+)"', CODE))
    assert said
    assert said <= set(DESK)


def test_every_word_of_the_desk_is_used() -> None:
    literal = set(re.findall(r"[\"']([a-z_]+)[\"']", CODE))
    made = set(re.findall(r'say\(\s*f"([a-z_]+)\{', CODE))
    told = {"champion", "challenger", "promoted", "refused", "returned"}  # aliases and happenings of the registry
    idle = {key for key in DESK if key not in literal | told and not any(key.startswith(start) for start in made)}
    assert idle == set()


def test_every_problem_of_the_service_has_its_sentence_in_both_languages() -> None:
    kinds = {kind for _, kind in STATUS.values()} | {"request", "http", "internal", "timeout"}
    assert kinds <= set(PROBLEMS)
    assert all(fr.strip().endswith(".") and en.strip().endswith(".") for fr, en in PROBLEMS.values())


def test_the_door_speaks_both_languages() -> None:
    assert all(door(key, lang) for key in DOOR for lang in ("fr", "en"))


def test_words_say_what_the_catalogue_says(catalogue: dict[str, Words]) -> None:
    fr, en = catalogue["fr"], catalogue["en"]
    assert (fr.verdict("decline"), en.verdict("decline")) == ("Refus", "Declined")
    assert fr.say("job_line", state="en cours", done="1", total="2") == "en cours\u00a0: 1 sur 2"
    assert en.raw("NAME_CONTRACT_TYPE", "Cash loans") == "Cash loans"
    assert fr.raw("NAME_CONTRACT_TYPE", "Cash loans") == "prêt de trésorerie"
    assert fr.raw("NAME_CONTRACT_TYPE", "unheard") == "unheard"
    assert en.column("NO_SUCH")["meaning"] == "NO_SUCH"
    assert en.feature("no_such_feature") == "no_such_feature"
    assert fr.problem("applicant-unknown").startswith("Aucun demandeur")
    assert fr.problem("never-heard-of") == door("garbled", "fr")
    assert (fr.pair("a", "b"), en.pair("a", "b")) == ("a\u00a0: b", "a: b")
    assert capital("été") == "Été"


def test_measures_have_meaning_unit_and_levels(catalogue: dict[str, Words]) -> None:
    words = catalogue["fr"]
    name = next(name for name, one in words.features.items() if one["kind"] == "number")
    assert words.comparable(name)
    assert words.feature(name) == words.features[name]["fr"]
    assert words.unit(name) in words.told["units"]
    assert not words.comparable("no_such_feature")
