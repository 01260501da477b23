"""The chain of champions, as any history of promotions, refusals and rollbacks leaves it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aval.errors import RegistryError
from aval.model.chain import Event, chain, previous, read

steps = st.lists(st.one_of(st.sampled_from(["1", "2", "3", "4"]), st.sampled_from(["back", "refused"])), max_size=30)


def event(at: int, what: str, version: str, before: str | None) -> Event:
    return Event(f"2026-11-25T20:00:{at:02d}.000000+00:00", what, version, "someone", "why not", before)  # type: ignore[arg-type]


@given(steps=steps)
def test_a_rollback_undoes_the_promotion_before_it_and_nothing_else(steps: list[str]) -> None:
    """Against a stack kept by hand: what the events say is what happened."""
    stack: list[str] = []
    events: list[Event] = []
    for at, step in enumerate(steps):
        now = stack[-1] if stack else None
        if step == "refused":
            events.append(event(at, "refused", "9", now))
        elif step != "back":
            if step != now:
                stack.append(step)
            events.append(event(at, "promoted", step, now))
        elif len(stack) > 1:
            assert previous(events, now) == stack[-2]
            stack.pop()
            events.append(event(at, "returned", stack[-1], now))
        else:
            with pytest.raises(RegistryError, match="none was before it" if stack else "there is no champion"):
                previous(events, now)
        assert chain(events, stack[-1] if stack else None) == stack


def test_the_alias_decides_where_other_hands_moved_it() -> None:
    events = [event(1, "promoted", "1", None), event(2, "promoted", "2", "1")]
    assert chain(events, "7") == ["1", "2", "7"]
    assert previous(events, "7") == "2"
    assert chain([], "4") == ["4"]
    # A version nobody wrote down before leaves nothing to go back to.
    assert chain([*events, event(3, "returned", "5", "2")], "5") == ["5"]


def test_events_are_read_back_as_written_in_order_and_other_tags_left_alone() -> None:
    written = [
        Event.now("promoted", "1", "Ève", "première", None, {"gate_rows": "10"}),
        Event.now("refused", "2", "Ève", "essai", "1", {}),
    ]
    tags = dict(reversed([one.tag for one in written])) | {"owner": "risk"}
    assert read(tags) == written
