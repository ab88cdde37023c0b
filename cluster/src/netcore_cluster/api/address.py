"""The address that the server listens on."""

import socket


class AddressError(Exception):
    """The address cannot be listened on."""


def bind(address: str, port: int) -> socket.socket:
    """Returns a socket bound to an address, not yet listening.

    Raises:
        AddressError: it is taken, or none of this machine's.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((address, port))
    except OSError as error:
        found.close()
        raise AddressError(
            f"cannot listen on {address} port {port}: {error.strerror}; "
            "choose another with --port (0 takes any free one)"
        ) from error
    return found
