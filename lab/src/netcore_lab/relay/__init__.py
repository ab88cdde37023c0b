"""A network between loopback addresses, emulated in user space.

Each node has two addresses: its agent's own, and a public one that the relay holds and the agent
advertises. A packet from agent i to the public address of j is kept as long as the link i → j
wants, then goes on to agent j from the public address of i, so that the answer comes back the same
way. Agents need no change, and nobody needs root.
"""

from netcore_lab.relay._addresses import AddressesTakenError, NodeAddresses, claim_addresses
from netcore_lab.relay._link import Link

__all__ = ["AddressesTakenError", "Link", "NodeAddresses", "claim_addresses"]
