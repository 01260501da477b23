"""Who is asking: name, role, rights and lender, for clients that show only what a caller may use."""

import pytest

from aval.service.role import Role, rights


@pytest.mark.parametrize("role", list(Role))
def test_a_caller_is_told_who_they_are_and_what_they_may(house, role: Role) -> None:
    told = house.ask("GET", "/me", role.value).json()
    assert told["role"] == role.value
    assert told["rights"] == [right.value for right in rights(role)]
    assert told["lender"] == house.service.lender


def test_nobody_is_told_nothing(house) -> None:
    assert house.ask("GET", "/me", None).status_code == 401
