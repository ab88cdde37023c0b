"""Bindings: one request each, and the truth about it however the answer was lost."""

import asyncio
import logging
from typing import Final

import aiohttp

from netcore.kube import ApiError, KubeClient
from netcore.resources import DECISION_ANNOTATION, POD
from netcore_scheduler.core import Bind, BindDone, BindOvertaken, BindRefused

log = logging.getLogger(__name__)

_RETRY_FIRST_S: Final = 0.1
_RETRY_MAX_S: Final = 5.0
_LOST: Final = (aiohttp.ClientError, TimeoutError, OSError)


class Binder:
    """Binds pods through a client of its own, so that no other request delays a binding."""

    def __init__(self, kube: KubeClient) -> None:
        self._kube = kube

    async def bind(self, action: Bind) -> BindDone | BindOvertaken | BindRefused:
        """Bind one pod; returns only once it is known where the pod stands."""
        namespace, _, name = action.pod.partition("/")
        annotations = {DECISION_ANNOTATION: action.record.decode()} if action.record else None
        try:
            await self._kube.bind(
                namespace, name, action.node, uid=action.uid, annotations=annotations
            )
        except ApiError as error:
            if error.code == 404:
                return BindOvertaken(action.pod, action.uid)
            message = str(error)
        except _LOST as error:
            # The server may have done it and died before it could say so.
            message = f"no answer to the binding: {error!r}"
        else:
            return BindDone(action.pod, action.uid)
        return await self._find_out(action, namespace, name, message)

    async def _find_out(
        self, action: Bind, namespace: str, name: str, message: str
    ) -> BindDone | BindOvertaken | BindRefused:
        """Read where the pod stands, until the server answers."""
        wait_s = _RETRY_FIRST_S
        while True:
            try:
                pod = await self._kube.get(POD, name, namespace=namespace)
            except ApiError as error:
                if error.code == 404:
                    return BindOvertaken(action.pod, action.uid)
                log.info("cannot read a pod", extra={"pod": action.pod, "error": str(error)})
            except _LOST as error:
                log.info("cannot read a pod", extra={"pod": action.pod, "error": repr(error)})
            else:
                return _verdict(action, pod, message)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _RETRY_MAX_S)


def _verdict(
    action: Bind, pod: dict[str, object], message: str
) -> BindDone | BindOvertaken | BindRefused:
    metadata, spec = pod["metadata"], pod["spec"]
    assert isinstance(metadata, dict)
    assert isinstance(spec, dict)
    if metadata["uid"] != action.uid or metadata.get("deletionTimestamp"):
        return BindOvertaken(action.pod, action.uid)
    if spec.get("nodeName") == action.node:
        return BindDone(action.pod, action.uid)
    if spec.get("nodeName"):
        return BindOvertaken(action.pod, action.uid)
    return BindRefused(action.pod, action.uid, f"binding rejected: {message}")
