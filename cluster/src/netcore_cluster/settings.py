"""How an embedded control plane is to run."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from netcore_cluster.nodes import NodeSpec


class SettingsError(Exception):
    """The control plane cannot start as asked; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the control plane is to run.

    Attributes:
        data: directory that keeps everything; None: a temporary one, gone afterwards.
        address: IP address to listen on.
        port: TCP port; 0 takes any free one.
        kubeconfig: file to write; None: in the data directory, or in the home directory where
            the data is temporary.
        tls: directory of certificates; needed where others can reach the address.
        nodes: how many simulated nodes to run, or which.
        runs_scheduler: whether to run the scheduler beside the server.
        scheduler_config: KubeSchedulerConfiguration for it; None: its own default.
    """

    data: Path | None = None
    address: str = "127.0.0.1"
    port: int = 6443
    kubeconfig: Path | None = None
    tls: Path | None = None
    nodes: "int | Sequence[NodeSpec]" = 0
    runs_scheduler: bool = True
    scheduler_config: Path | None = None

    @property
    def is_loopback(self) -> bool:
        """Whether nobody outside this machine can reach the server.

        Raises:
            SettingsError: the address is none.
        """
        try:
            return ipaddress.ip_address(self.address).is_loopback
        except ValueError as error:
            raise SettingsError(f"--address {self.address} is no IP address") from error
