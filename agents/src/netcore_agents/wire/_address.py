"""An IP address and a UDP port, as text: `192.0.2.1:862`, `[2001:db8::1]:862`."""

from ipaddress import ip_address

from netcore_agents.wire._errors import WireError


def parse_address(text: str, *, field: str = "address", any_port: bool = False) -> tuple[str, int]:
    """Split an address into its IP, in canonical form, and its port.

    Host names are refused: whoever probes once a second must not ask a name server each time.

    Args:
        text: The address.
        field: What the error calls it.
        any_port: Whether port 0 (let the system choose) is allowed.

    Raises:
        WireError: It is not of the form `IP:PORT`.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not port.isascii() or not port.isdigit() or len(port) > 5:
        raise WireError(field, f"{text!r} is not of the form IP:PORT")
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        ip = ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        raise WireError(field, f"{text!r} does not begin with an IP address") from None
    if (ip.version == 6) != bracketed or "%" in host:
        raise WireError(field, f"{text!r}: write IPv6 in brackets, as in [::1]:862, without zone")
    number = int(port)
    if not (0 if any_port else 1) <= number <= 65535:
        raise WireError(field, f"{text!r}: no such port")
    return str(ip), number


def format_address(host: str, port: int) -> str:
    """Join an IP address and a port."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
