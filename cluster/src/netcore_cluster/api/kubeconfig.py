"""The file that tells kubectl where the server is and how to prove who one is.

A file that holds other clusters is theirs as well: ours is added to it, and nothing is lost.
"""

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "netcore"


class KubeconfigError(Exception):
    """The file cannot be written without losing what is in it."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client of the server needs.

    Attributes:
        url: scheme, host and port.
        authority: PEM of the authority that signed the server's certificate.
        token: bearer token; empty where certificates count.
        certificate: PEM of the client's certificate; empty where the token counts.
        key: PEM of the client's private key; empty where the token counts.
    """

    url: str
    authority: bytes
    token: str = ""
    certificate: bytes = b""
    key: bytes = b""


def write_kubeconfig(path: Path, credentials: Credentials) -> None:
    """Writes the file, readable by its owner alone; adds to it if others use it too.

    Raises:
        KubeconfigError: it exists and is no kubeconfig, or cannot be written.
    """
    import yaml

    config = _merged(_existing(path), credentials)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yaml.safe_dump(config, file, sort_keys=False)
        temporary.replace(path)
    except OSError as error:
        raise KubeconfigError(f"{path}: cannot write the kubeconfig: {error.strerror}") from error


def forget_kubeconfig(path: Path, url: str) -> None:
    """Takes our server out of the file, and the file away if nothing else is in it.

    Args:
        path: the file.
        url: our server's; an entry that another server of ours has written since stays.
    """
    import yaml

    try:
        config = _existing(path)
    except KubeconfigError:
        return
    clusters = config.get("clusters") or []
    if not any(_name(each) == NAME and each["cluster"].get("server") == url for each in clusters):
        return
    for part in ("clusters", "users", "contexts"):
        config[part] = [each for each in config.get(part) or () if _name(each) != NAME]
    if not config["clusters"]:
        path.unlink(missing_ok=True)
        return
    if config.get("current-context") == NAME:
        config["current-context"] = ""
    path.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def _existing(path: Path) -> dict[str, Any]:
    import yaml

    if not path.exists():
        return {}
    problem = f"{path} exists and is no kubeconfig: name another file with --kubeconfig"
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise KubeconfigError(problem) from error
    if found is None:
        return {}
    if not isinstance(found, dict) or found.get("kind", "Config") != "Config":
        raise KubeconfigError(problem)
    for part in ("clusters", "users", "contexts"):
        if not isinstance(found.get(part) or [], list):
            raise KubeconfigError(problem)
    return found


def _merged(config: dict[str, Any], credentials: Credentials) -> dict[str, Any]:
    cluster = {
        "server": credentials.url,
        "certificate-authority-data": _encoded(credentials.authority),
    }
    user = (
        {"token": credentials.token}
        if credentials.token
        else {
            "client-certificate-data": _encoded(credentials.certificate),
            "client-key-data": _encoded(credentials.key),
        }
    )
    found = {"apiVersion": "v1", "kind": "Config"} | config
    for part, mine in (
        ("clusters", {"name": NAME, "cluster": cluster}),
        ("users", {"name": NAME, "user": user}),
        ("contexts", {"name": NAME, "context": {"cluster": NAME, "user": NAME}}),
    ):
        others = [each for each in config.get(part) or () if _name(each) != NAME]
        found[part] = [mine, *others]
    found["current-context"] = NAME
    return found


def _name(part: object) -> object:
    return part.get("name") if isinstance(part, dict) else None


def _encoded(pem: bytes) -> str:
    return base64.b64encode(pem).decode()
