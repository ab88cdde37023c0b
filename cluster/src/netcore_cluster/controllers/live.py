"""Reads past the cache, where acting on what is no longer true could not be undone."""

from netcore_cluster.api.client import Client
from netcore_cluster.api.errors import ApiError, Object
from netcore_cluster.controllers.objects import Key, uid_of


async def read(client: Client, resource: str, key: Key, uid: str) -> Object | None:
    """The object with that uid as stored now; None where it is gone or another has its name.

    Raises:
        ApiError: The API server could not tell.
    """
    try:
        found = await client.get(resource, key.name, key.namespace)
    except ApiError as error:
        if error.code == 404:
            return None
        raise
    return found if uid_of(found) == uid else None


async def list_all(client: Client, resource: str, namespace: str) -> list[Object]:
    """The objects of a namespace as stored now; none where the resource is no longer served.

    Raises:
        ApiError: The API server could not tell.
    """
    try:
        objects, _ = await client.list(resource, namespace)
    except ApiError as error:
        if error.code == 404:
            return []
        raise
    return objects
