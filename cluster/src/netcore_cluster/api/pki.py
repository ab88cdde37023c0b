"""Which files make TLS work, and the program that makes them where they are missing."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path


class PkiError(Exception):
    """The certificates cannot be made or used."""


@dataclass(frozen=True, slots=True)
class Signing:
    """A program that is making certificates, or None where there is nothing to make."""

    folder: Path
    program: asyncio.subprocess.Process | None

    async def finish(self) -> None:
        """Waits until the certificates are there.

        Raises:
            PkiError: they could not be made.
        """
        if self.program is None:
            return
        _, problem = await self.program.communicate()
        if self.program.returncode:
            last = problem.decode(errors="replace").strip().splitlines()[-1:]
            raise PkiError(f"{self.folder}: cannot make certificates: {' '.join(last)}")


@dataclass(frozen=True, slots=True)
class Pki:
    """A folder of PEM files: an authority, the server's certificate, the administrator's."""

    folder: Path

    @property
    def authority(self) -> Path:
        """Certificate that clients trust and that signs theirs."""
        return self.folder / "ca.crt"

    @property
    def authority_key(self) -> Path:
        """Private key of the authority; only needed to sign."""
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        """Certificate that the server shows."""
        return self.folder / "server.crt"

    @property
    def server_key(self) -> Path:
        """Private key of the server."""
        return self.folder / "server.key"

    @property
    def admin(self) -> Path:
        """Client certificate of the administrator, in the group system:masters."""
        return self.folder / "admin.crt"

    @property
    def admin_key(self) -> Path:
        """Private key of the administrator."""
        return self.folder / "admin.key"

    @asynccontextmanager
    async def signing(self, names: list[str]) -> AsyncIterator["Signing"]:
        """Makes the authority if there is none, and new certificates of server and administrator.

        The library that signs is heavy; a process of its own keeps it out of this one.

        A folder with an authority but without its key belongs to somebody else who signs: its
        certificates are used as they are.

        Args:
            names: host names and addresses under which the server is reached.
        """
        if self.authority.exists() and not self.authority_key.exists():
            yield Signing(self.folder, None)
            return
        program = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "netcore_cluster.api.certificates",
            str(self.folder),
            *names,
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield Signing(self.folder, program)
        finally:
            if program.returncode is None:
                program.kill()
                await program.communicate()

    def read(self, path: Path) -> bytes:
        """Returns one of the files.

        Raises:
            PkiError: it cannot be read.
        """
        try:
            return path.read_bytes()
        except OSError as error:
            raise PkiError(f"{path}: {error.strerror}") from error

    def server_context(self, *, needs_client_certificate: bool) -> ssl.SSLContext:
        """Returns the server's side of TLS.

        Raises:
            PkiError: a file is missing or no PEM.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            context.load_cert_chain(self.server, self.server_key)
            if needs_client_certificate:
                context.load_verify_locations(self.authority)
                context.verify_mode = ssl.CERT_REQUIRED
        except (OSError, ssl.SSLError) as error:
            raise PkiError(f"{self.folder}: cannot use its certificates: {error}") from error
        return context
