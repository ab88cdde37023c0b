"""The options about the MQTT broker, which agent and aggregator share."""

from dataclasses import dataclass
from pathlib import Path

from netcore_agents.settings import SettingsError, option
from netcore_agents.transport import BrokerAddress, MqttTransport, parse_broker, tls_context


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerOptions:
    """Where the broker is and who we are at it."""

    broker: BrokerAddress | None = option(
        None, help="MQTT broker, mqtt://HOST:PORT or mqtts://…", parse=parse_broker, metavar="URL"
    )
    broker_username: str | None = option(
        None, help="user name at the broker (default: the node's or program's)", metavar="NAME"
    )
    broker_password_file: Path | None = option(
        None, help="file with the password at the broker", parse=Path, metavar="FILE"
    )
    broker_ca: Path | None = option(
        None, help="certificates that the broker's must come from", parse=Path, metavar="FILE"
    )
    broker_certificate: Path | None = option(
        None, help="client certificate for the broker", parse=Path, metavar="FILE"
    )
    broker_key: Path | None = option(
        None, help="key of the client certificate", parse=Path, metavar="FILE"
    )

    def check_certificate(self) -> None:
        """Refuse half of a client certificate.

        Raises:
            SettingsError: Only one of certificate and key was given.
        """
        if (self.broker_certificate is None) != (self.broker_key is None):
            raise SettingsError("--broker-certificate and --broker-key go together")

    def transport(self, *, client_id: str, username: str) -> MqttTransport | None:
        """The way to the broker; None where none is named.

        Args:
            client_id: Who we are to it; one connection at a time.
            username: User name where none was given.

        Raises:
            SettingsError: A file cannot be read.
        """
        if self.broker is None:
            return None
        try:
            password = (
                self.broker_password_file.read_text("utf-8").strip()
                if self.broker_password_file
                else None
            )
            tls = (
                tls_context(self.broker_ca, self.broker_certificate, self.broker_key)
                if self.broker.secure
                else None
            )
        except OSError as error:
            raise SettingsError(
                f"{error.filename or '--broker-ca, -certificate, -key'}: {error}"
            ) from None
        return MqttTransport(
            self.broker,
            client_id=client_id,
            username=self.broker_username or username,
            password=password,
            tls=tls,
        )
