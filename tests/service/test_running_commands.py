"""`aval verify`, `aval replay` and `aval erase`, run as an operator or an auditor runs them."""

import json
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from aval.credit.policy import Policy
from aval.credit.reason import Explain
from aval.data.warehouse import Warehouse
from aval.errors import LogBroken, OptionError
from aval.model.registry import Registry
from aval.service.decide import Decider
from aval.service.log.log import Log
from aval.service.making import made
from aval.settings import ROOT
from tests.conftest import run
from tests.service.serving import aval
from tests.service.versions import own


@pytest.fixture(scope="module")
def logged(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], list[int]]:
    """A log with twelve decisions of twelve applicants, made without a server."""
    place = own(home, tmp_path_factory.mktemp("logged") / "home")
    warehouse = Warehouse.open(place / "warehouse")
    policy = Policy.load(ROOT / "policies" / "2026-11-24.toml")
    model, version = Registry("", place).champion()
    decider = Decider(model, version, policy, on=date(2026, 11, 24))
    log = Log.open("", place)
    log.once("policy", policy.digest[:32], "aval", {"name": policy.name, "digest": policy.digest, "text": policy.text})
    people = warehouse.ids[:12].to_list()
    dossiers = warehouse.dossiers(people)
    several = made(decider.judge(dossiers, Explain.ALL), dossiers, policy)
    log.append(several, "a test")
    log.engine.dispose()
    return place, [one.id for one in several], [one.decision.applicant_id for one in several]


def test_verify_tells_whether_it_holds(logged: tuple[Path, list[str], list[int]], tmp_path: Path) -> None:
    place, _, _ = logged
    told = run(place, "verify")
    assert told.startswith("The log holds: 2 records, 12 decisions, head signed 20")
    facts = json.loads(run(place, "verify", "--json"))
    assert (facts["holds"], facts["records"], facts["decisions"], facts["faults"]) == (True, 2, 12, [])
    with pytest.raises(LogBroken, match="there is no head; name a file that was kept"):
        run(place, "verify", "--head", str(tmp_path / "none.json"))
    # Somebody changes a verdict behind its back.
    forged = tmp_path / "forged"
    (forged / "log").mkdir(parents=True)
    for name in ("log.db", "signing.key", "head.json"):
        (forged / "log" / name).write_bytes((place / "log" / name).read_bytes())
    with sqlite3.connect(forged / "log" / "log.db") as store:
        for (trigger,) in store.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            store.execute(f"drop trigger {trigger}")
        store.execute("update decision set probability = probability / 2 where place = 3")
    store.close()
    done = aval(forged, "verify")
    assert done.returncode == 1
    assert "record 2: decision " in done.stdout
    assert "The log DOES NOT HOLD" in done.stdout
    assert done.stderr == ""


def test_an_auditor_needs_the_public_key_alone(logged: tuple[Path, list[str], list[int]], tmp_path: Path) -> None:
    place, _, _ = logged
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "log.db").write_bytes((place / "log" / "log.db").read_bytes())
    head = place / "log" / "head.json"
    public = json.loads(head.read_text())["key"]
    words = ("verify", "--head", str(head), "--json")
    assert json.loads(run(tmp_path, *words, "--key", public))["holds"]
    other = aval(tmp_path, *words)  # whose key this is nobody said
    assert other.returncode == 1
    assert [fault["what"] for fault in json.loads(other.stdout)["faults"]] == [
        "the exported head is not signed by this log"
    ]


def test_replay_makes_them_again(logged: tuple[Path, list[str], list[int]]) -> None:
    place, ids, _ = logged
    assert run(place, "replay", ids[0]) == f"{ids[0]} same (model 1, policy 2026-11-24)\n"
    assert run(place, "replay", "--all") == "Replayed 12: 12 same.\n"
    facts = json.loads(run(place, "replay", ids[1], "--json"))
    assert (facts["id"], facts["outcome"], facts["differs"]) == (ids[1], "same", [])
    with pytest.raises(OptionError, match="names decisions, or give --all"):
        run(place, "replay")
    unknown = aval(place, "replay", "0" * 32)
    assert (unknown.returncode, unknown.stdout) == (1, "")
    assert unknown.stderr == "aval: No decision of this number is in the log; check the number.\n"


def test_erase_takes_the_person_and_leaves_the_chain(logged: tuple[Path, list[str], list[int]]) -> None:
    place, ids, people = logged
    told = run(place, "erase", str(people[0]), "--yes", "--json")
    assert json.loads(told) == {"applicants": 1, "decisions": 1}
    assert "erased" in run(place, "replay", ids[0])
    assert run(place, "replay", "--all") == "Replayed 12: 1 erased, 11 same.\n"
    assert json.loads(run(place, "verify", "--json"))["holds"]
    for words, rule in (
        (("erase", str(people[0]), "--yes"), "nobody the log knows"),
        (("erase", "--yes"), "names an applicant, or give --before"),
        (("erase", str(people[1]), "--why", "fun", "--yes"), "--why is asked, retention or court"),
        (("erase", "--before", "soon", "--yes"), "--before is a day"),
    ):
        with pytest.raises(OptionError, match=rule):
            run(place, *words)
    assert "Nobody's last decision is that old" in run(place, "erase", "--before", "2001-01-01", "--yes")
    assert run(place, "replay", ids[1]).startswith(f"{ids[1]} same")
