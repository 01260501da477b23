"""What decides follows the registry's wish, whole and only where it is sound; a real MLflow store throughout."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path

import httpx
import pytest

from aval.credit.decision import Decision
from aval.credit.policy import Policy
from aval.errors import ArtefactError, LogUnavailable, PolicyError, RegistryError
from aval.model.artefact import MANIFEST, digest_of
from aval.model.gates import Gates
from aval.model.interval import Interval
from aval.model.registry import CHAMPION, NAME, Registry
from aval.service.decide import Decider
from aval.service.example import example
from aval.service.live import Live, Watcher
from aval.service.running import IMPATIENT
from aval.settings import ROOT
from tests.service.serving import PATIENCE
from tests.service.versions import (
    bolder,
    challenger,
    champion,
    client_of,
    damaged,
    drifted,
    foreign,
    own,
    register,
    unlawful,
)

POLICY = Policy.load(ROOT / "policies" / "2026-11-24.toml")
NOW = date(2026, 11, 24)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """MLflow as the service has it."""
    for name, value in IMPATIENT.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def place(home: Path, tmp_path: Path) -> Path:
    return own(home, tmp_path / "own")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(place: Path, clock: Clock) -> Live:
    made = Live(Registry("", place), POLICY, on=lambda: NOW, clock=clock)
    assert made.refresh()
    assert (made.champion.version, made.challenger, made.trouble) == ("1", None, None)
    return made


def one(live: Live) -> Decision:
    (made,) = live.decider().decide(example())
    return made


def test_a_moved_alias_is_followed_once(live: Live, place: Path) -> None:
    before = one(live)
    assert not live.refresh()
    champion(place, register(place, bolder))
    assert one(live) == before
    assert live.refresh()
    assert not live.refresh()
    after = one(live)
    assert (before.model, after.model) == ("1", "2")
    assert after.probability < before.probability


def test_decisions_in_flight_are_of_one_version_whole(live: Live, place: Path) -> None:
    """Fifty swaps under three threads: never one version's number with another's probability."""
    second = register(place, bolder)
    truth = {"1": one(live).probability}
    champion(place, second)
    live.refresh()
    truth[second] = one(live).probability
    assert len(set(truth.values())) == 2
    over, seen, wrong = threading.Event(), set[str](), list[str]()

    def decide() -> None:
        while not over.is_set():
            found = one(live)
            seen.add(found.model)
            if found.probability != truth[found.model] or found.features != live.champion.decider.model.digest:
                wrong.append(found.model)

    threads = [threading.Thread(target=decide) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(50):
        champion(place, ("1", second)[turn % 2])
        assert live.refresh()
    over.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert seen == {"1", second}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (unlawful, "looks at sex, which the policy bars; promote a lawful one."),
        (drifted, "its golden rows do not give the stored probabilities on this machine"),
        (foreign, "the definitions of features changed since the model was trained"),
    ],
)
def test_an_unsound_version_is_refused_and_the_old_one_goes_on(
    live: Live, place: Path, change: object, says: str
) -> None:
    before = one(live)
    champion(place, register(place, change))  # type: ignore[arg-type]
    assert not live.refresh()
    assert one(live) == before
    assert live.trouble is not None
    assert live.trouble.what.startswith("version 2 was not taken: ")
    assert says in live.trouble.what
    assert live.trouble.what.count("\n") == 0
    champion(place, "1")
    assert not live.refresh()
    assert live.trouble is None


def test_what_waits_for_a_slow_model_is_not_let_wait(live: Live, place: Path) -> None:
    impatient = Live(live.registry, POLICY, on=lambda: NOW, slowest_ms=0.0)
    assert not impatient.refresh()
    assert impatient.trouble is not None
    assert "ms for one row, more than 0; train a smaller model." in impatient.trouble.what
    with pytest.raises(RegistryError, match="no model decides yet"):
        impatient.decider()


def test_a_refused_version_is_not_tried_at_every_look_but_in_the_end_it_is(
    live: Live, place: Path, clock: Clock
) -> None:
    folders: list[Path] = []

    def damage(folder: Path) -> None:
        shutil.copytree(folder, folder.with_name("whole"))
        damaged(folder)
        folders.append(folder)

    wanted = register(place, bolder, after=damage)
    champion(place, wanted)
    assert not live.refresh()
    assert live.trouble is not None
    assert "its sha256 is not the one in the manifest" in live.trouble.what
    (folder,) = folders
    shutil.copytree(folder.with_name("whole"), folder, dirs_exist_ok=True)
    shutil.rmtree(folder.with_name("whole"))
    clock.at += 29
    assert not live.refresh()
    assert live.trouble is not None
    clock.at += 2
    assert live.refresh()
    assert (live.champion.version, live.trouble) == (wanted, None)


@pytest.mark.parametrize("how", ["promoted again", "away and back"])
def test_a_refused_version_that_is_wished_for_anew_is_looked_at_at_once(live: Live, place: Path, how: str) -> None:
    folders: list[Path] = []
    wanted = register(place, bolder, after=lambda folder: (folders.append(folder), damaged(folder))[0])
    champion(place, wanted)
    assert not live.refresh()
    assert not live.refresh()
    (folder,) = folders
    with pytest.raises(ArtefactError, match="sha256"):
        live.trial(wanted)
    # It is mended as an operator would: the very files from a copy.
    source = place / "mended"
    other = register(place, bolder)
    shutil.copytree(place / "made" / "1" / "artifacts" / "model", source)
    for file in source.iterdir():
        if file.is_file():
            shutil.copy(file, folder / file.name)
    assert other == "3"
    if how == "promoted again":
        passed = Gates(100, Interval(-1.0, -5.0, 3.0), Interval(1.0, 0.9, 1.1), 0.2, golden=True)
        live.registry.promote(wanted, by="a test", why="mended", gates=passed)
    else:
        champion(place, "1")
        live.refresh()
        champion(place, wanted)
    assert live.refresh()
    assert live.champion.version == wanted


def test_without_its_registry_the_service_goes_on(live: Live, place: Path) -> None:
    before = one(live)
    store, aside = place / "mlflow.db", place / "aside.db"
    store.rename(aside)
    assert not live.refresh()
    assert live.trouble is not None
    assert live.trouble.what.startswith("the registry names no champion: ")
    assert one(live) == before
    store.write_bytes(b"this is no database at all, and never was" * 100)
    assert not live.refresh()
    assert live.trouble.what.startswith("the registry is away: ")
    assert one(live) == before
    assert store.stat().st_size < 10_000
    aside.replace(store)
    assert not live.refresh()
    assert live.trouble is None


def test_a_server_that_is_away_is_not_waited_for(place: Path) -> None:
    away = Live(Registry("http://someone:hidden@127.0.0.1:9", place), POLICY, on=lambda: NOW)
    start = time.monotonic()
    assert not away.refresh()
    assert time.monotonic() - start < 10
    assert away.trouble is not None
    assert away.trouble.what.startswith("the registry is away: ")
    assert "hidden" not in away.trouble.what
    assert "MLFLOW_TRACKING_URI" not in os.environ


def test_a_restored_store_is_read_and_not_the_one_that_was_open(
    place: Path,
) -> None:
    store = place / "mlflow.db"
    shutil.copy(store, place / "backup.db")
    second = register(place, bolder)
    champion(place, second)
    live = Live(Registry("", place), POLICY, on=lambda: NOW)
    assert live.refresh()
    assert live.champion.version == second
    (place / "backup.db").replace(store)
    assert live.refresh()
    assert live.champion.version == "1"


def test_a_policy_out_of_its_dates_decides_nothing_and_comes_into_force_by_itself(place: Path) -> None:
    days = [date(2020, 1, 1)]
    live = Live(Registry("", place), POLICY, on=lambda: days[-1])
    assert live.refresh()
    with pytest.raises(PolicyError, match="not in force today"):
        live.decider()
    days.append(NOW)
    assert one(live).model == "1"


def test_a_refused_challenger_troubles_nobody_but_is_told(live: Live, place: Path) -> None:
    challenger(place, register(place, unlawful))
    assert not live.refresh()
    assert live.challenger is None
    assert live.trouble is not None
    assert live.trouble.what.startswith("version 2 was not taken: ")
    assert one(live).model == "1"


def test_a_challenger_that_wins_is_at_hand(live: Live, place: Path) -> None:
    second = register(place, bolder)
    challenger(place, second)
    live.refresh()
    shadow = live.challenger
    assert shadow is not None
    champion(place, second)
    assert live.refresh()
    assert live.champion.decider is shadow.decider
    assert live.challenger is None


def test_no_version_decides_before_its_turn_is_on_record(place: Path) -> None:
    told: list[tuple[str, str | None]] = []
    away = [False]

    def swapped(decider: Decider, before: str | None) -> None:
        if away[0]:
            raise LogUnavailable("the log", "it is away")
        told.append((decider.version, before))

    live = Live(Registry("", place), POLICY, swapped, on=lambda: NOW)
    assert live.refresh()
    second = register(place, bolder)
    champion(place, second)
    away[0] = True
    assert not live.refresh()
    assert live.champion.version == "1"
    assert live.trouble is not None
    assert live.trouble.what.startswith("version 2 could not be put on record: ")
    away[0] = False
    assert live.refresh()
    assert told == [("1", None), ("2", "1")]


def test_a_watcher_outlives_what_goes_wrong() -> None:
    calls: list[int] = []

    def task() -> None:
        calls.append(1)
        raise ValueError("once more")

    watcher = Watcher(task, 0.01)
    watcher.start()
    deadline = time.monotonic() + PATIENCE
    while len(calls) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not watcher.stopping
    watcher.stop()
    assert watcher.stopping
    assert not watcher.is_alive()
    assert len(calls) >= 3


@pytest.fixture
def served(home: Path, tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A real MLflow server that holds version 1 of `home` as its champion, files and all."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["server", "--backend-store-uri", f"sqlite:///{tmp_path / 'store.db'}", "--workers", "1"]
    words += ["--artifacts-destination", str(tmp_path / "files"), "--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path / "server.log").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words], stdout=said, stderr=said, cwd=tmp_path, start_new_session=True
        )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + PATIENCE
        while True:
            with suppress(httpx.TransportError):
                if httpx.get(f"{url}/health").status_code == 200:
                    break
            assert process.poll() is None, (tmp_path / "server.log").read_text()
            assert time.monotonic() < until
            time.sleep(0.1)
        model, _ = Registry("", home).load("1")
        assert model.folder is not None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = client_of(url)
            made.create_registered_model(NAME)
            run = made.create_run(made.create_experiment("a test"))
            made.log_artifacts(run.info.run_id, str(model.folder.parents[1]), "model")
            tags = {"manifest": digest_of(model.folder / MANIFEST)}
            found = made.create_model_version(NAME, f"{run.info.artifact_uri}/model", run.info.run_id, tags=tags)
            made.set_registered_model_alias(NAME, CHAMPION, found.version)
        yield url, process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_a_server_is_followed_its_files_fetched_whole_and_its_end_survived(
    served: tuple[str, subprocess.Popen[bytes]], tmp_path: Path
) -> None:
    url, process = served
    place = tmp_path / "machine"
    live = Live(Registry(url, place), POLICY, on=lambda: NOW)
    assert live.refresh(), live.trouble
    before = one(live)
    (fetched,) = (place / "fetched").iterdir()  # one whole copy, nothing half
    assert (fetched / "MLmodel").exists()
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    start = time.monotonic()
    assert not live.refresh()
    assert time.monotonic() - start < 10
    assert live.trouble is not None
    assert live.trouble.what.startswith("the registry is away: ")
    assert one(live) == before
