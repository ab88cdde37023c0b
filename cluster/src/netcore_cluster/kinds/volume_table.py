"""What volumes and claims on them share."""

from typing import Any

_SHORT_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
UNSET = "<unset>"
MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
VOLUME_MODES = ("Block", "Filesystem")


def access_modes(modes: list[str] | None) -> str:
    """Return access modes in their short forms."""
    return ",".join(_SHORT_MODES[mode] for mode in _SHORT_MODES if mode in (modes or ()))


def storage_of(capacity: dict[str, Any] | None) -> str:
    """Return the storage among quantities, or nothing."""
    return str((capacity or {}).get("storage", ""))
