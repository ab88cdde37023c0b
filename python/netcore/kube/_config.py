"""Where the API server is and who we are, as kubectl finds it.

In order: the file given, the files of $KUBECONFIG, the service account of a pod, ~/.kube/config.
Tokens and certificates are read here; a user with `exec` or `auth-provider` goes through
kubernetes-asyncio, which is imported for that case alone: it costs 40 MB and half a second.
"""

import base64
import os
import ssl
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from netcore.kube._errors import KubeConfigError

_SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
# A projected token lives an hour and is renewed long before: reading it once a minute suffices.
_TOKEN_REREAD_S: Final = 60.0


@dataclass(slots=True)
class Credentials:
    """An API server and an identity at it."""

    server: str
    tls: ssl.SSLContext | None = None
    token: str = ""
    token_file: Path | None = None
    namespace: str = "default"
    exec_configuration: Any = None
    _read_at: float = field(default=float("-inf"), repr=False)

    async def headers(self) -> dict[str, str]:
        """Authorization for the next request."""
        if self.exec_configuration is not None:
            return await _exec_headers(self.exec_configuration)
        if self.token_file is not None and time.monotonic() - self._read_at > _TOKEN_REREAD_S:
            self.token = self.token_file.read_text("utf-8").strip()
            self._read_at = time.monotonic()
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


async def load_credentials(
    kubeconfig: str | Path | None = None, *, context: str | None = None
) -> Credentials:
    """Find the API server.

    Args:
        kubeconfig: File; None looks where kubectl looks.
        context: Context in it; None takes its current one.

    Raises:
        KubeConfigError: Nothing usable was found.
    """
    if kubeconfig is not None:
        paths = [Path(kubeconfig)]
    elif os.environ.get("KUBECONFIG"):
        paths = [Path(part) for part in os.environ["KUBECONFIG"].split(os.pathsep) if part]
    elif (_SERVICE_ACCOUNT / "token").exists():
        return _in_cluster()
    else:
        paths = [Path.home() / ".kube" / "config"]
    config = _merge(paths)
    name = context or config.get("current-context")
    if not name:
        raise KubeConfigError(f"{_names(paths)}: no current-context; name one with --context")
    entry = _named(config, "contexts", "context", name, paths)
    cluster = _named(config, "clusters", "cluster", entry.get("cluster", ""), paths)
    user = _named(config, "users", "user", entry["user"], paths) if entry.get("user") else {}
    server = cluster.get("server")
    if not server:
        raise KubeConfigError(f"{_names(paths)}: cluster {entry.get('cluster')!r} has no server")
    credentials = Credentials(
        server=server.rstrip("/"),
        tls=_tls(cluster, user) if server.startswith("https") else None,
        token=user.get("token", ""),
        token_file=Path(user["tokenFile"]) if user.get("tokenFile") else None,
        namespace=entry.get("namespace") or "default",
    )
    if "exec" in user or "auth-provider" in user:
        await _load_through_library(credentials, config, name)
    return credentials


def _in_cluster() -> Credentials:
    host = os.environ.get("KUBERNETES_SERVICE_HOST")
    port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    if not host:
        raise KubeConfigError("a service account is mounted, but KUBERNETES_SERVICE_HOST is unset")
    return Credentials(
        server=f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}",
        tls=ssl.create_default_context(cafile=str(_SERVICE_ACCOUNT / "ca.crt")),
        token_file=_SERVICE_ACCOUNT / "token",
        namespace=(_SERVICE_ACCOUNT / "namespace").read_text("utf-8").strip(),
    )


def _merge(paths: list[Path]) -> dict[str, Any]:
    """Read kubeconfigs as kubectl merges them: the first mention of a name wins."""
    merged: dict[str, Any] = {}
    found = False
    for path in paths:
        try:
            document = yaml.safe_load(path.read_text("utf-8")) or {}
        except FileNotFoundError:
            continue
        except (OSError, yaml.YAMLError) as error:
            raise KubeConfigError(f"kubeconfig {path}: {error}") from error
        if not isinstance(document, dict):
            raise KubeConfigError(f"kubeconfig {path}: not a mapping")
        found = True
        merged.setdefault("current-context", document.get("current-context"))
        merged["current-context"] = merged["current-context"] or document.get("current-context")
        for section, kind in (("clusters", "cluster"), ("contexts", "context"), ("users", "user")):
            known = merged.setdefault(section, {})
            for entry in document.get(section) or []:
                value = dict(entry.get(kind) or {})
                _absolute(value, path.parent)
                known.setdefault(entry.get("name"), value)
    if not found:
        raise KubeConfigError(
            f"no kubeconfig at {_names(paths)}: name one with --kubeconfig or KUBECONFIG, "
            "or start a cluster with netcore up"
        )
    return merged


def _absolute(value: dict[str, Any], folder: Path) -> None:
    """File names in a kubeconfig are relative to the kubeconfig."""
    for key in ("certificate-authority", "client-certificate", "client-key", "tokenFile"):
        if value.get(key):
            value[key] = str(folder / value[key])


def _named(
    config: dict[str, Any], section: str, kind: str, name: str, paths: list[Path]
) -> dict[str, Any]:
    try:
        found: dict[str, Any] = config[section][name]
    except KeyError:
        known = ", ".join(sorted(str(key) for key in config.get(section, {}))) or "none"
        raise KubeConfigError(f"{_names(paths)}: no {kind} {name!r}; it has: {known}") from None
    return found


def _names(paths: list[Path]) -> str:
    return ", ".join(str(path) for path in paths)


def _tls(cluster: dict[str, Any], user: dict[str, Any]) -> ssl.SSLContext:
    if cluster.get("certificate-authority-data"):
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode("ascii")
        context = ssl.create_default_context(cadata=authority)
    else:
        context = ssl.create_default_context(cafile=cluster.get("certificate-authority"))
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    certificate = _file(user, "client-certificate")
    key = _file(user, "client-key")
    if certificate and key:
        context.load_cert_chain(certificate, key)
    for path, data in ((certificate, "client-certificate-data"), (key, "client-key-data")):
        if path and user.get(data):
            Path(path).unlink()
    return context


def _file(user: dict[str, Any], key: str) -> str | None:
    """Path of a certificate or key; inline data goes to a private file that the caller removes."""
    data = user.get(f"{key}-data")
    if not data:
        return user.get(key)
    descriptor, path = tempfile.mkstemp(prefix="netcore-")
    with os.fdopen(descriptor, "wb") as target:
        target.write(base64.b64decode(data))
    return path


async def _load_through_library(
    credentials: Credentials, config: dict[str, Any], context: str
) -> None:
    from kubernetes_asyncio import client
    from kubernetes_asyncio.config import load_kube_config_from_dict

    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        **{
            section: [{"name": name, kind: value} for name, value in config[section].items()]
            for section, kind in (
                ("clusters", "cluster"),
                ("contexts", "context"),
                ("users", "user"),
            )
        },
    }
    configuration = client.Configuration()
    await load_kube_config_from_dict(document, context=context, client_configuration=configuration)
    credentials.exec_configuration = configuration
    if configuration.cert_file and credentials.tls is not None:
        credentials.tls.load_cert_chain(configuration.cert_file, configuration.key_file)


async def _exec_headers(configuration: Any) -> dict[str, str]:
    if configuration.refresh_api_key_hook is not None:
        await configuration.refresh_api_key_hook(configuration)
    token = configuration.get_api_key_with_prefix("BearerToken")
    return {"Authorization": token} if token else {}
