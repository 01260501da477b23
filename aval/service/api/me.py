"""Who is asking, as clients need it to show only what this caller may use."""

from fastapi import APIRouter

from aval.service.answer import Answer
from aval.service.api.doors import Reader, The
from aval.service.api.problems import documented
from aval.service.role import rights

router = APIRouter(tags=["read"])


class MeAnswer(Answer):
    """The caller."""

    name: str
    """As records name them."""
    role: str
    """Key of `roles` in the words."""
    rights: list[str]
    """What the role may do; keys of `rights` in the words."""
    lender: str
    """Whose service this is."""


@router.get("/me", summary="Who is asking", responses=documented())
def get_me(service: The, caller: Reader) -> MeAnswer:
    """Name, role and rights; the service enforces them whatever a client shows."""
    return MeAnswer(
        name=caller.name,
        role=caller.role.value,
        rights=[right.value for right in rights(caller.role)],
        lender=service.lender,
    )
