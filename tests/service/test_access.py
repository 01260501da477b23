"""Keys, rates and the door, on a real SQLite file and with real hashes."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Engine, create_engine, select

from aval.errors import (
    KeyNameTaken,
    KeyNameUnfit,
    KeyNameUsed,
    KeyUnknown,
    LogUnavailable,
    NotAllowed,
    NotAuthenticated,
    OptionError,
    TooMany,
)
from aval.service.access import Access, Caller, Keys, Rate, Right, Role
from aval.service.log.tables import ACCESS, METADATA, RECORD

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


class Counting(PasswordHasher):
    """argon2id at its cheapest, which counts what it is asked to verify."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=8, parallelism=1)
        self.verified: list[str | bytes] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
        self.verified.append(hash)
        return super().verify(hash, password)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = create_engine(f"sqlite:///{tmp_path / 'log.db'}")
    METADATA.create_all(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def hasher() -> Counting:
    return Counting()


@pytest.fixture
def keys(engine: Engine, clock: Clock, hasher: Counting) -> Keys:
    return Keys(engine, clock=clock, now=lambda: NOON, hasher=hasher)


def altered(key: str) -> str:
    """The same prefix with another secret."""
    return key[:-1] + ("A" if key[-1] != "A" else "B")


def test_a_key_opens_and_only_its_hash_is_kept(keys: Keys, engine: Engine) -> None:
    key = keys.add("counter-12", Role.OFFICER)
    assert re.fullmatch(r"aval_[a-z0-9]{8}_[\w-]{43}", key)
    assert keys.caller(key) == Caller("counter-12", Role.OFFICER)
    with engine.connect() as reading:
        (row,) = reading.execute(select(ACCESS))
    assert row.hash.startswith("$argon2id$")
    assert key not in str(row)
    assert key.split("_", 2)[2] not in str(row)
    (listed,) = keys.list()
    assert (listed.name, listed.role, listed.created_at) == ("counter-12", "officer", "2026-11-24T12:00:00+00:00")
    assert key.startswith(f"aval_{listed.prefix}_")
    assert row.hash not in repr(listed)


def test_what_hashes_is_argon2id_as_owasp_asks(engine: Engine) -> None:
    keys = Keys(engine)
    key = keys.add("real", Role.ANALYST)
    with engine.connect() as reading:
        assert "$argon2id$v=19$m=19456,t=2,p=1$" in reading.execute(select(ACCESS.c.hash)).scalar_one()
    assert keys.caller(key).name == "real"


def test_a_wrong_secret_an_unknown_prefix_and_a_revoked_key_cost_and_say_the_same(keys: Keys, hasher: Counting) -> None:
    key, gone = keys.add("known", Role.OFFICER), keys.add("gone", Role.OFFICER)
    keys.revoke("gone")
    said = set()
    for wrong in (altered(key), "aval_zzzzzzzz_" + key[14:], gone):
        hasher.verified.clear()
        with pytest.raises(NotAuthenticated) as refused:
            keys.caller(wrong)
        assert [str(stored).rsplit("$", 2)[0] for stored in hasher.verified] == ["$argon2id$v=19$m=8,t=1,p=1"]
        assert wrong not in repr(refused.value)
        assert wrong[14:] not in repr(refused.value)
        said.add(str(refused.value))
    assert len(said) == 1


@pytest.mark.parametrize(
    "shape",
    ["", "aval_", "aval_short_x", "AVAL_abcdefgh_" + "x" * 43, "aval_abcdefgh_" + "x" * 44, "aval_é\0" + "x" * 51],
)
def test_what_is_no_key_is_refused_without_a_hash(keys: Keys, hasher: Counting, shape: str) -> None:
    with pytest.raises(NotAuthenticated):
        keys.caller(shape)
    assert not hasher.verified


def test_a_right_key_is_hashed_once_a_minute(keys: Keys, hasher: Counting, clock: Clock) -> None:
    key = keys.add("busy", Role.OFFICER)
    for _ in range(5):
        keys.caller(key)
    assert len(hasher.verified) == 1
    clock.at += 59.9
    keys.caller(key)  # being used does not prolong it
    assert len(hasher.verified) == 1
    clock.at += 0.1
    assert keys.remembered(key) is None
    keys.caller(key)
    assert len(hasher.verified) == 2


def test_a_remembered_prefix_does_not_let_another_secret_in(keys: Keys, hasher: Counting) -> None:
    key = keys.add("busy", Role.OFFICER)
    keys.caller(key)
    assert keys.remembered(altered(key)) is None
    with pytest.raises(NotAuthenticated):
        keys.caller(altered(key))
    assert keys.remembered(key) == Caller("busy", Role.OFFICER)  # and does not push the right one out
    assert len(hasher.verified) == 2


def test_what_is_remembered_is_bounded_and_holds_no_key(engine: Engine, clock: Clock, hasher: Counting) -> None:
    keys = Keys(engine, most=2, clock=clock, hasher=hasher)
    three = [keys.add(name, Role.ANALYST) for name in "abc"]
    for key in three:
        keys.caller(key)
    assert [keys.remembered(key) is None for key in three] == [True, False, False]
    assert not any(key in repr(vars(keys)) or key[14:] in repr(vars(keys)) for key in three)


def test_a_revoked_key_ends_at_once_here_and_within_a_minute_elsewhere(
    keys: Keys, engine: Engine, clock: Clock, hasher: Counting
) -> None:
    elsewhere = Keys(engine, clock=clock, hasher=hasher)
    key = keys.add("left", Role.OFFICER)
    keys.caller(key)
    elsewhere.caller(key)
    keys.revoke("left")
    with pytest.raises(NotAuthenticated):
        keys.caller(key)
    assert elsewhere.caller(key).name == "left"
    clock.at += 60
    with pytest.raises(NotAuthenticated):
        elsewhere.caller(key)
    assert keys.list()[0].revoked_at == "2026-11-24T12:00:00+00:00"


def test_a_name_has_one_active_key_and_its_holder_may_have_another_after(keys: Keys) -> None:
    old = keys.add("desk", Role.OFFICER)
    for again in (False, True):
        with pytest.raises(KeyNameTaken):
            keys.add("desk", Role.ADMIN, again=again)
    assert keys.caller(old).role is Role.OFFICER
    keys.revoke("desk")
    with pytest.raises(KeyUnknown):
        keys.revoke("desk")
    new = keys.add("desk", Role.ANALYST, again=True)
    assert keys.caller(new) == Caller("desk", Role.ANALYST)
    with pytest.raises(NotAuthenticated):
        keys.caller(old)
    listed = [(key.prefix, key.role, key.revoked_at is None) for key in keys.list()]
    assert listed == [(old[5:13], "officer", False), (new[5:13], "analyst", True)]  # what was is not written over


def test_a_name_that_was_in_use_is_not_given_to_another(keys: Keys, engine: Engine) -> None:
    keys.add("left", Role.OFFICER)
    keys.revoke("left")
    with engine.begin() as writing:  # somebody of the provider decided
        row = dict.fromkeys(("body", "leaves", "previous", "hash"), "x") | {"seq": 1, "id": "1", "kind": "decision"}
        writing.execute(RECORD.insert().values(**row, at="2026", caller="odile"))
    for name in ("left", "odile"):
        with pytest.raises(KeyNameUsed, match=f"{name} was in use before.*--again"):
            keys.add(name, Role.ADMIN)
    assert [key.role for key in keys.list()] == ["officer"]
    assert keys.caller(keys.add("odile", Role.ANALYST, again=True)).name == "odile"


def test_a_name_is_one_that_records_can_bear(keys: Keys) -> None:
    mistaken = keys.add("fine: Élodie Martin", Role.OFFICER)
    for name in ("", " x", "x\n", "x" * 101, "a\x1b[31mb", "aval", "challenger", "cli:root", mistaken):
        for way in (lambda name: keys.add(name, Role.OFFICER), keys.revoke):
            with pytest.raises(KeyNameUnfit) as refused:
                way(name)
            assert mistaken not in str(refused.value)


@pytest.mark.parametrize("name", ["aval", "Challenger", "cli:root"])
def test_nobody_writes_records_in_the_service_s_own_name(keys: Keys, name: str) -> None:
    with pytest.raises(KeyNameUnfit, match="the service itself"):
        keys.add(name, Role.OFFICER)


def test_a_damaged_hash_opens_for_nobody(keys: Keys, engine: Engine) -> None:
    key = keys.add("damaged", Role.OFFICER)
    with engine.begin() as writing:
        writing.execute(ACCESS.update().values(hash="$argon2id$nonsense"))
    with pytest.raises(NotAuthenticated):
        keys.caller(key)


def test_many_threads_with_one_key_work_out_two_hashes_at_most(engine: Engine) -> None:
    class Held(Counting):
        go = threading.Event()

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002
            self.verified.append(hash)
            assert self.go.wait(120)
            return PasswordHasher.verify(self, hash, password)

    hasher = Held()
    keys, found = Keys(engine, hasher=hasher), []
    key = keys.add("crowd", Role.OFFICER)
    threads = [threading.Thread(target=lambda: found.append(keys.caller(key))) for _ in range(20)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while len(hasher.verified) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)  # all have come, and wait
    assert len(hasher.verified) == 2
    hasher.go.set()
    for thread in threads:
        thread.join()
    assert found == [Caller("crowd", Role.OFFICER)] * 20
    assert len(hasher.verified) == 2


def test_a_rate_lets_a_burst_through_then_so_many_a_second(clock: Clock) -> None:
    rate = Rate(2, 3, clock)
    for _ in range(3):
        rate.take("a")
    with pytest.raises(TooMany) as refused:
        rate.take("a")
    assert refused.value.retry_after == pytest.approx(0.5)
    rate.take("b")  # each has its own
    clock.at += refused.value.retry_after
    rate.take("a")
    with pytest.raises(TooMany):
        rate.check("a")
    clock.at += 3600
    for _ in range(3):
        rate.take("a")  # rest saves up no more than a burst
    with pytest.raises(TooMany):
        rate.take("a")


def test_a_rate_remembers_so_many_names_and_no_more(clock: Clock) -> None:
    rate = Rate(1, 1, clock, most=100)
    for number in range(1000):
        rate.take(str(number))
    with pytest.raises(TooMany):
        rate.take("999")
    with pytest.raises(TooMany):
        rate.take("900")
    rate.take("899")  # forgotten
    for number in range(1000):
        rate.check(f"never {number}")  # looking remembers nothing
    with pytest.raises(TooMany):
        rate.take("999")


def test_threads_share_a_rate_without_a_token_too_many(clock: Clock) -> None:
    rate, through = Rate(1, 50, clock), []

    def hurry() -> None:
        for _ in range(20):
            try:
                rate.take("a")
            except TooMany:
                continue
            through.append(1)

    threads = [threading.Thread(target=hurry) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(through) == 50


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (-1, 1), (1, 0), (float("nan"), 1)])
def test_a_rate_that_lets_nothing_through_is_refused(per_second: float, burst: int) -> None:
    with pytest.raises(OptionError):
        Rate(per_second, burst)


@pytest.fixture
def access(keys: Keys, clock: Clock) -> Access:
    return Access(keys, None, Rate(5, 5, clock), Rate(0.5, 3, clock))


def test_a_key_just_seen_opens_without_a_hash_and_counts_as_ever(
    access: Access, keys: Keys, hasher: Counting, clock: Clock
) -> None:
    key = keys.add("desk", Role.OFFICER)
    assert access.remembered(None, key) is None
    assert access.remembered("Bearer a.token.of-theirs", None) is None
    assert access.caller(None, key).name == "desk"
    hashed = len(hasher.verified)
    for _ in range(4):
        assert access.remembered(f"Bearer {key}", None) == Caller("desk", Role.OFFICER)
    with pytest.raises(TooMany):
        access.remembered(None, key)
    with pytest.raises(NotAuthenticated):
        access.remembered(None, None)
    assert access.remembered(None, altered(key)) is None
    clock.at += 61
    assert access.remembered(None, key) is None
    assert len(hasher.verified) == hashed


def test_a_key_may_come_in_either_header(access: Access, keys: Keys) -> None:
    key = keys.add("desk", Role.OFFICER)
    for authorization, api_key in ((None, key), (f"Bearer {key}", None), (f"bearer  {key} ", ""), ("", key)):
        assert access.caller(authorization, api_key) == Caller("desk", Role.OFFICER)


@pytest.mark.parametrize(
    "headers",
    [
        lambda key: (None, None),
        lambda key: ("", ""),
        lambda key: ("Bearer", None),
        lambda key: ("Bearer ", None),
        lambda key: (key, None),
        lambda key: (f"Basic {key}", None),
        lambda key: (f"Bearer {key}", key),
        lambda key: (None, key.removeprefix("aval_")),
        lambda key: (None, f" {key}"),
        lambda key: (f"Bearer {key} {key}", None),
        lambda key: ("Bearer eyJhbGciOiJub25lIn0.e30.", None),  # there is no provider
    ],
)
def test_what_shows_no_one_key_is_nobody(
    access: Access, keys: Keys, headers: Callable[[str], tuple[str | None, str | None]]
) -> None:
    key = keys.add("desk", Role.OFFICER)
    with pytest.raises(NotAuthenticated) as refused:
        access.caller(*headers(key))
    assert key[5:] not in repr(refused.value)
    assert str(refused.value).count(". ") == 0


def test_a_caller_who_asks_too_often_waits(access: Access, keys: Keys, clock: Clock) -> None:
    one, other = keys.add("one", Role.OFFICER), keys.add("other", Role.OFFICER)
    for _ in range(5):
        access.caller(None, one)
    with pytest.raises(TooMany) as refused:
        access.caller(None, one)
    access.caller(None, other)
    clock.at += refused.value.retry_after
    access.caller(None, one)


def test_an_address_that_keeps_failing_waits_and_costs_no_hash(
    access: Access, keys: Keys, hasher: Counting, clock: Clock
) -> None:
    key = keys.add("desk", Role.OFFICER)
    access.caller(None, key, "192.0.2.7")
    for _ in range(3):
        with pytest.raises(NotAuthenticated):
            access.caller(None, altered(key), "192.0.2.7")
    hasher.verified.clear()
    with pytest.raises(TooMany) as refused:
        access.caller(None, altered(key), "192.0.2.7")
    assert not hasher.verified
    assert refused.value.retry_after == pytest.approx(2)
    assert (
        access.caller(None, key, "192.0.2.7").name == "desk"
    )  # seen a moment ago: a neighbour's failures do not stop it
    with pytest.raises(NotAuthenticated):
        access.caller(None, altered(key), "192.0.2.8")
    clock.at += 2
    with pytest.raises(NotAuthenticated):
        access.caller(None, altered(key), "192.0.2.7")


def test_an_ipv6_network_is_one_address_and_a_mapped_one_is_the_ipv4(access: Access, keys: Keys) -> None:
    key = altered(keys.add("desk", Role.OFFICER))
    for first, same, other in (
        ("2001:db8:0:1::%d", "2001:db8:0:1:ffff::1", "2001:db8:0:2::1"),
        ("::ffff:192.0.2.%d", "192.0.2.1", "192.0.2.9"),
    ):
        for _ in range(3):
            with pytest.raises(NotAuthenticated):
                access.caller(None, key, first % 1)
        with pytest.raises(TooMany):
            access.caller(None, key, same)
        with pytest.raises(NotAuthenticated):
            access.caller(None, key, other)


def test_who_may_not_is_told_role_and_right(access: Access) -> None:
    Access.require(Caller("ana", Role.ANALYST), Right.WHAT_IF)
    with pytest.raises(NotAllowed, match=r"analyst may not override") as refused:
        access.require(Caller("ana", Role.ANALYST), Right.OVERRIDE)
    assert "ana " not in str(refused.value)


def test_a_database_that_is_away_is_nobodys_fault(tmp_path: Path) -> None:
    """It says so in one sentence, and counts as no failed attempt."""
    opened = create_engine(f"sqlite:///{tmp_path / 'nowhere' / 'log.db'}")
    keys = Keys(opened, hasher=Counting())
    access = Access(keys)
    for _ in range(20):
        with pytest.raises(LogUnavailable, match="unable to open database file; nothing was decided"):
            access.caller(None, f"aval_{'x' * 8}_{'y' * 43}", "192.0.2.1")
    for deed in (lambda: keys.add("counter", Role.OFFICER), lambda: keys.revoke("counter"), keys.list):
        with pytest.raises(LogUnavailable):
            deed()
    opened.dispose()
