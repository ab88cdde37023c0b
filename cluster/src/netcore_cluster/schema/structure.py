"""The structure of an object: which fields it has, of which type, and how they merge."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectSchema:
    """The structure of one kind in one version."""

    group: str
    version: str
    kind: str
    is_custom: bool = False

    @property
    def api_version(self) -> str:
        """`group/version`, or the version alone for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version
