"""Four roles, and what each may and may not."""

import pytest

from aval.service.role import Caller, Right, Role, rights


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.OFFICER, {"decide", "override", "read", "what_if"}),
        (Role.ANALYST, {"read", "what_if"}),
        (Role.VALIDATOR, {"read", "read_all", "replay", "verify"}),
        (Role.ADMIN, {right.value for right in Right}),
    ],
)
def test_each_role_may_this_and_nothing_else(role: Role, may: set[str]) -> None:
    assert set(rights(role)) == may
    assert {right.value for right in Right if Caller("somebody", role).may(right)} == may


def test_nobody_but_an_admin_erases_or_administers_and_only_officers_decide_beside_them() -> None:
    having = lambda right: {role for role in Role if right in rights(role)}  # noqa: E731
    assert having(Right.ERASE) == having(Right.ADMINISTER) == {Role.ADMIN}
    assert having(Right.DECIDE) == having(Right.OVERRIDE) == {Role.ADMIN, Role.OFFICER}
