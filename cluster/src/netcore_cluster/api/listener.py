"""The listening socket and the tasks behind it: one for each connection."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from netcore_cluster.api.connection import Connection
from netcore_cluster.api.server import Server

DRAIN_S = 2.0
"""How long requests under way may take when the server stops."""


@asynccontextmanager
async def listening(
    sock: socket.socket, server: Server, context: ssl.SSLContext | None
) -> AsyncIterator[None]:
    """Serves connections while the context lasts; then lets requests under way end.

    Args:
        sock: a bound socket, which is taken over.
        server: who answers.
        context: TLS; None for plain HTTP.
    """
    loop = asyncio.get_running_loop()
    connections: dict[Connection, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as group:

        def opened(connection: Connection) -> None:
            task = group.create_task(connection.serve(server.handle), name="connection")
            connections[connection] = task
            task.add_done_callback(lambda _task: connections.pop(connection, None))

        listener = await loop.create_server(
            lambda: Connection(opened), sock=sock, ssl=context, backlog=1024
        )
        try:
            yield
        finally:
            listener.close()
            await _drain(connections)


async def _drain(connections: dict[Connection, asyncio.Task[None]]) -> None:
    """Ends every connection: idle ones and streams at once, others after their answer."""
    busy = []
    for connection, task in list(connections.items()):
        if connection.is_answering:
            connection.finish()
            busy.append(task)
        else:
            task.cancel()
    if busy:
        await asyncio.wait(busy, timeout=DRAIN_S)
    for task in list(connections.values()):
        task.cancel()
