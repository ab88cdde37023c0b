"""The end of a CustomResourceDefinition: first its objects go, then it goes itself.

Source: apiextensions-apiserver ``pkg/controller/finalizer``.
"""

import asyncio
import logging

from netcore_cluster.api.definitions import CLEANUP, RESOURCE, is_being_cleaned
from netcore_cluster.api.deletion import DeleteOptions
from netcore_cluster.api.errors import ApiError, Object, qualified
from netcore_cluster.api.registry import Registry
from netcore_cluster.storage.watch import WatcherLaggedError

logger = logging.getLogger(__name__)

RETRY_S = 0.5
"""How often objects that their own finalizers hold are looked at again."""


async def clean_up_forever(registry: Registry) -> None:
    """Finishes the deletion of definitions until cancelled."""
    while True:
        try:
            await _follow(registry)
        except WatcherLaggedError:
            continue


async def _follow(registry: Registry) -> None:
    with registry.store.watching(RESOURCE, None) as watcher:
        dying = {
            entry.key for entry in registry.store.entries(RESOURCE) if is_being_cleaned(entry.obj)
        }
        while True:
            dying = {name for name in sorted(dying) if not await _clean_up(registry, name)}
            try:
                async with asyncio.timeout(RETRY_S if dying else None):
                    sightings = await watcher.take()
            except TimeoutError:
                continue
            dying |= {
                event.entry.key for _, event in sightings if is_being_cleaned(event.entry.obj)
            }


async def _clean_up(registry: Registry, name: str) -> bool:
    """Deletes the objects of a definition; returns whether there is nothing left to do."""
    entry = registry.store.latest(RESOURCE, name)
    if entry is None or not is_being_cleaned(entry.obj):
        return True
    spec = entry.obj["spec"]
    storage = qualified(spec["names"]["plural"], spec["group"])
    try:
        resource = registry.catalog.named(storage)
    except ApiError:
        resource = None  # its names were never accepted, so it never had objects
    if resource is not None:
        options = DeleteOptions()
        for held in list(registry.store.entries(storage)):
            latest = registry.store.latest(storage, held.key)
            if latest is not None:
                staged = registry.writing.stage_delete(resource, latest, options)
                await registry.writing.finish(staged)
        if registry.store.count(storage):
            return False
    try:
        await registry.writing.change(registry.catalog.named(RESOURCE), "", name, _released)
    except ApiError as error:
        logger.warning("definition not removed", extra={"definition": name, "error": str(error)})
        return error.code == 404
    return True


def _released(definition: Object) -> Object:
    meta = dict(definition["metadata"])
    rest = [each for each in meta.pop("finalizers", None) or () if each != CLEANUP]
    if rest:
        meta["finalizers"] = rest
    return definition | {"metadata": meta}
