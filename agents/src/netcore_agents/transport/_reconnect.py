"""Stay connected: after each loss try again, later each time, never all at once."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from netcore_agents.transport._protocol import Message, Session, Transport, TransportError

log = logging.getLogger(__name__)

# A connection that held this long was a good one: the next loss starts from the first pause again.
_GOOD_AFTER_S: Final = 5.0


@dataclass(slots=True)
class Backoff:
    """Pauses between attempts: doubling, capped, each drawn between half and the whole.

    A thousand agents lose their broker at the same instant; drawn pauses spread their return.
    """

    first_s: float = 0.25
    limit_s: float = 30.0
    _next_s: float = 0.0

    def pause_s(self) -> float:
        """Seconds to wait before the next attempt."""
        self._next_s = min(self._next_s * 2 or self.first_s, self.limit_s)
        return self._next_s * random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin with the first pause again."""
        self._next_s = 0.0


async def keep_connected(
    transport: Transport,
    serve: Callable[[Session], Awaitable[bool]],
    *,
    will: Callable[[], Message | None] = lambda: None,
    backoff: Backoff | None = None,
) -> None:
    """Open session after session and let `serve` use each, until it says that it is done.

    Args:
        transport: The broker.
        serve: Uses a session; returns true to end for good, raises `TransportError` when the
            session is lost.
        will: Makes the will of the next session.
        backoff: Pauses between attempts.
    """
    backoff = backoff or Backoff()
    clock = asyncio.get_running_loop().time
    told = False
    while True:
        opened_at = None
        try:
            async with transport.open(will()) as session:
                opened_at = clock()
                log.info("connected to the broker", extra={"broker": str(transport)})
                told = False
                if await serve(session):
                    return
        except* TransportError as errors:
            # Once per outage: each further attempt fails the same way.
            log.log(
                logging.DEBUG if told else logging.WARNING,
                "no connection to the broker",
                extra={"broker": str(transport), "error": _first(errors)},
            )
            told = True
        if opened_at is not None and clock() - opened_at > _GOOD_AFTER_S:
            backoff.reset()
        await asyncio.sleep(backoff.pause_s())


def _first(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)
