"""What is wrong with the security contexts of a pod and of its containers."""

import re
from collections.abc import Iterator
from typing import Any

from netcore_cluster.schema.errors import FieldError, invalid, required, unsupported

JsonObject = dict[str, Any]

_LARGEST_ID = 2**31 - 1
_SYSCTL = r"([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_PROC_MOUNTS = ("Default", "Unmasked")
_PROFILES = ("Localhost", "RuntimeDefault", "Unconfined")


def container_security_errors(context: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the security context of a container."""
    yield from _id_errors(context, path, "runAsUser", "runAsGroup")
    mount = context.get("procMount")
    if mount is not None and mount not in _PROC_MOUNTS:
        yield unsupported(f"{path}.procMount", mount, _PROC_MOUNTS)
    yield from _profile_errors(context, path)
    if context.get("allowPrivilegeEscalation") is False:
        if context.get("privileged"):
            text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"
            yield invalid(path, context, text)
        if "CAP_SYS_ADMIN" in ((context.get("capabilities") or {}).get("add") or ()):
            text = (
                "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` "
                "CAP_SYS_ADMIN"
            )
            yield invalid(path, context, text)


def pod_security_errors(spec: JsonObject, path: str) -> Iterator[FieldError]:
    """Yield what is wrong with the security context of a pod."""
    context = spec.get("securityContext")
    if spec.get("shareProcessNamespace") and spec.get("hostPID"):
        text = "ShareProcessNamespace and HostPID cannot both be enabled"
        yield invalid(f"{path}.shareProcessNamespace", True, text)
    if not context:
        return
    yield from _id_errors(context, path, "fsGroup", "runAsUser", "runAsGroup")
    for index, group in enumerate(context.get("supplementalGroups") or ()):
        yield from _id_errors({"group": group}, path, "group", at=f"supplementalGroups[{index}]")
    names: set[str] = set()
    for index, sysctl in enumerate(context.get("sysctls") or ()):
        where, name = f"{path}.sysctls[{index}].name", sysctl.get("name", "")
        if not name:
            yield required(where)
        elif len(name) > 253 or not re.fullmatch(_SYSCTL, name):
            yield invalid(
                where, name, f"must have at most 253 characters and match regex ^{_SYSCTL}$"
            )
        elif name in names:
            yield invalid(where, name, "Duplicate value")
        names.add(name)
    yield from _profile_errors(context, path)


def _id_errors(context: JsonObject, path: str, *fields: str, at: str = "") -> Iterator[FieldError]:
    for field in fields:
        number = context.get(field)
        if number is not None and not 0 <= number <= _LARGEST_ID:
            text = f"must be between 0 and {_LARGEST_ID}, inclusive"
            yield invalid(f"{path}.{at or field}", number, text)


def _profile_errors(context: JsonObject, path: str) -> Iterator[FieldError]:
    for field, name in (("seccompProfile", "seccomp"), ("appArmorProfile", "AppArmor")):
        profile = context.get(field)
        if profile is None:
            continue
        where, kind = f"{path}.{field}", profile.get("type", "")
        if kind == "Localhost":
            if not profile.get("localhostProfile"):
                text = f"must be set when {name} type is Localhost"
                yield required(f"{where}.localhostProfile", text)
        elif profile.get("localhostProfile") is not None:
            text = f"can only be set when {name} type is Localhost"
            yield invalid(f"{where}.localhostProfile", profile["localhostProfile"], text)
        if not kind:
            yield required(f"{where}.type", f"type is required when {field} is set")
        elif kind not in _PROFILES:
            yield unsupported(f"{where}.type", kind, _PROFILES)
