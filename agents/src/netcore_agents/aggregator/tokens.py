"""Which node a token proves: a file with one `NODE TOKEN` a line."""

import hashlib
import hmac
import logging
from pathlib import Path

from netcore_agents.settings import SettingsError
from netcore_agents.wire import is_node_name

log = logging.getLogger(__name__)


class Tokens:
    """The tokens of a file; read again when it changes.

    Args:
        path: The file.

    Raises:
        SettingsError: It cannot be read, or a line of it is wrong.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._digests: dict[bytes, str] = {}
        self._version = (0, 0)
        try:
            self._read()
        except OSError as error:
            raise SettingsError(f"--tokens {path}: {error.strerror}") from None

    def node_of(self, token: str) -> str | None:
        """The node that a token proves, or None.

        Tokens are compared by their digests, so that the time taken tells nothing of them.
        """
        try:
            self._read()
        except (OSError, SettingsError) as error:
            log.warning("the last good tokens stand", extra={"error": str(error)})
        return self._digests.get(_digest(token))

    def proves(self, node: str, token: str) -> bool:
        """Whether the token is the node's."""
        found = self.node_of(token)
        return found is not None and hmac.compare_digest(found, node)

    def _read(self) -> None:
        stat = self._path.stat()
        version = (stat.st_mtime_ns, stat.st_size)
        if version == self._version:
            return
        digests: dict[bytes, str] = {}
        for number, line in enumerate(self._path.read_text("utf-8").splitlines(), start=1):
            words = line.split()
            if not words or line.startswith("#"):
                continue
            if len(words) != 2 or not is_node_name(words[0]) or len(words[1]) < 16:
                raise SettingsError(
                    f"--tokens {self._path}, line {number}: a node's name and a token of at least "
                    "16 characters are wanted"
                )
            if _digest(words[1]) in digests:
                raise SettingsError(f"--tokens {self._path}, line {number}: the token is repeated")
            digests[_digest(words[1])] = words[0]
        self._digests, self._version = digests, version


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
