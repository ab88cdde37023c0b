"""The address of an API server with the rights to it, for the few requests of fixtures."""

import base64
import json
import ssl
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens.

    Attributes:
        url: Scheme, host and port.
        token: Bearer token.
        trust: TLS trust in the server's certificate; None for plain HTTP.
    """

    url: str
    token: str
    trust: ssl.SSLContext | None

    @classmethod
    def from_kubeconfig(cls, path: Path) -> Self:
        config = yaml.safe_load(path.read_text())
        cluster = config["clusters"][0]["cluster"]
        trust = None
        if authority := cluster.get("certificate-authority-data"):
            trust = ssl.create_default_context(cadata=base64.b64decode(authority).decode())
        return cls(cluster["server"].rstrip("/"), config["users"][0]["user"]["token"], trust)

    def send(self, method: str, path: str, body: Any = None) -> bytes:
        """The body of the answer; an answer of 400 or more raises `HTTPError`."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        with urllib.request.urlopen(request, context=self.trust, timeout=TIMEOUT_S) as response:
            return response.read()
