"""Who is asking: a bearer token or a client certificate, and nobody else."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

MASTERS = "system:masters"
AUTHENTICATED = "system:authenticated"


@dataclass(frozen=True, slots=True)
class User:
    """A client whose word counts.

    Attributes:
        groups: every user's ``system:authenticated`` among them.
    """

    name: str
    groups: tuple[str, ...]


ADMIN = User("netcore-admin", (MASTERS, AUTHENTICATED))


class Authenticator:
    """Tells users by their credentials."""

    def __init__(self, token: str) -> None:
        """Knows one token, its owner's; empty: no token is good."""
        self._header = f"Bearer {token}".encode() if token else b""

    def user(
        self, headers: Mapping[str, str], certificate: Mapping[str, object] | None
    ) -> User | None:
        """Returns who sent a request, or None.

        Args:
            headers: of the request, by lower-case name.
            certificate: of the connection's client, as the ssl module describes one that it has
                verified; its common name is the user, its organizations are the groups.
        """
        stated = headers.get("authorization", "").encode("latin-1")
        if stated:
            if self._header and hmac.compare_digest(stated, self._header):
                return ADMIN
            return None
        return _certified(certificate) if certificate else None


def _certified(certificate: Mapping[str, object]) -> User | None:
    name = ""
    groups = []
    subject = certificate.get("subject")
    for relative in subject if isinstance(subject, tuple) else ():
        for key, value in relative:
            if key == "commonName":
                name = value
            elif key == "organizationName":
                groups.append(value)
    return User(name, (*groups, AUTHENTICATED)) if name else None
