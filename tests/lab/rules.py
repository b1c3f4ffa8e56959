"""What server and clients of the lab agree on without asking."""

import uuid
from dataclasses import dataclass, field

PASSWORD = "secret"
DIALECTS = (18, 15, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2)


def ticket_of(account):
    """What a login service would have handed out."""
    return f"t=lab:{account}&p="


def endpoint_of(account):
    """The endpoint id a client of dialect 16 and newer shows beside its account."""
    return "{" + str(uuid.uuid5(uuid.NAMESPACE_DNS, account)) + "}"


@dataclass
class Call:
    """One conversation and the switchboard sessions in it."""
    identifier: str
    members: list = field(default_factory=list)


@dataclass(frozen=True)
class Invitation:
    """What a cookie stands for: this account may enter this call (None: open a new one)."""
    account: str
    call: Call
