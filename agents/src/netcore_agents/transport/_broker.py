"""Where the broker is and who we are at it."""

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker: host, port, and whether TLS is spoken."""

    host: str
    port: int
    secure: bool

    def __str__(self) -> str:
        """The URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.secure else 'mqtt'}://{host}:{self.port}"


def parse_broker(text: str) -> BrokerAddress:
    """Read `mqtt://HOST[:PORT]` or `mqtts://HOST[:PORT]`.

    Raises:
        ValueError: It is something else. A password in it is refused: others see it in the list
            of processes.
    """
    parts = urlsplit(text)
    if parts.scheme not in _PORTS or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError("mqtt://HOST[:PORT] or mqtts://HOST[:PORT] is wanted")
    if parts.username or parts.password:
        raise ValueError("name user and password with --broker-username, --broker-password-file")
    return BrokerAddress(
        parts.hostname, parts.port or _PORTS[parts.scheme], secure=parts.scheme == "mqtts"
    )


def tls_context(
    authority: Path | None, certificate: Path | None, key: Path | None
) -> ssl.SSLContext:
    """Verify the broker by `authority` (the system's where None); show a client certificate."""
    context = ssl.create_default_context(cafile=authority)
    if certificate is not None:
        context.load_cert_chain(certificate, key)
    return context
