"""The network of service addresses."""

import ipaddress

NETWORK = ipaddress.IPv4Network("10.96.0.0/16")
"""Addresses of services. Source: kubeadm's default service subnet, a sixteenth of it."""

SERVER_ADDRESS = str(NETWORK[1])
"""Address of the service ``kubernetes``, which leads to the API server."""
