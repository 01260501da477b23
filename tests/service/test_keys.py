"""`aval key`, run as an administrator runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aval.errors import KeyNameTaken, KeyNameUsed, KeyUnknown, NotAuthenticated
from aval.service.access import Caller, Keys, Role
from aval.service.log.opening import engine
from aval.settings import ROOT
from tests.conftest import run


def test_a_key_made_by_command_opens_until_it_is_revoked(tmp_path: Path) -> None:
    key = json.loads(run(tmp_path, "key", "add", "counter-12", "--role", "officer", "--json"))["key"]
    opened = engine("", tmp_path)
    assert Keys(opened).caller(key) == Caller("counter-12", Role.OFFICER)
    with pytest.raises(KeyNameTaken):
        run(tmp_path, "key", "add", "counter-12", "--role", "admin")
    assert json.loads(run(tmp_path, "key", "revoke", "counter-12", "--json")) == {"name": "counter-12", "revoked": True}
    with pytest.raises(NotAuthenticated):
        Keys(opened).caller(key)
    with pytest.raises(KeyUnknown):
        run(tmp_path, "key", "revoke", "counter-12")
    with pytest.raises(KeyNameUsed):
        run(tmp_path, "key", "add", "counter-12", "--role", "admin")
    new = run(tmp_path, "key", "add", "counter-12", "--role", "analyst", "--again").split()[0]
    assert Keys(opened).caller(new) == Caller("counter-12", Role.ANALYST)
    opened.dispose()
    first, second = run(tmp_path, "key", "list").splitlines()
    assert "revoked 20" in first
    assert second.endswith("active")


def test_the_list_shows_everything_but_the_key(tmp_path: Path) -> None:
    assert "aval key add" in run(tmp_path, "key", "list")
    key = json.loads(run(tmp_path, "key", "add", "Élodie Martin", "--role", "validator", "--json"))["key"]
    run(tmp_path, "key", "add", "old", "--role", "analyst")
    run(tmp_path, "key", "revoke", "old")
    text = run(tmp_path, "key", "list")
    first, second = text.splitlines()
    assert first.startswith("old")
    assert "revoked 20" in first
    assert "Élodie Martin  validator" in second
    assert second.endswith("active")
    assert key[:14] in text
    assert key[14:] not in text
    listed = json.loads(run(tmp_path, "key", "list", "--json"))
    assert [set(entry) for entry in listed] == [{"name", "role", "prefix", "created_at", "revoked_at"}] * 2


def test_standard_output_holds_the_key_alone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aval", "--home", str(tmp_path), "key", "add", "script", "--role", "analyst"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.startswith("aval_")
    assert len(done.stdout.split()) == 1
    assert "read, what_if" in done.stderr
    assert done.stdout.strip() not in done.stderr


def test_the_url_of_the_log_is_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AVAL_LOG", f"sqlite:///{tmp_path / 'elsewhere.db'}")
    run(tmp_path / "home", "key", "add", "one", "--role", "analyst")
    assert (tmp_path / "elsewhere.db").is_file()
    assert not (tmp_path / "home").exists()


def test_a_role_must_be_one_of_the_four(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "aval", "--home", str(tmp_path), "key", "add", "x", "--role", "root"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "validator" in done.stderr
