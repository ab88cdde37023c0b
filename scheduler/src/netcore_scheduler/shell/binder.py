"""Bindings: one write each, and the truth about it however the answer was lost.

A binding whose answer never came may have happened, or may still happen: the request can lie in a
queue of the server. So the pod is read, and where it still has no node it is bound again to the
same one. Only the server's own no gives its room back; to guess one would let two pods have it.
"""

import asyncio
import logging
from typing import Any, Final

import aiohttp

from netcore.kube import ApiError, KubeClient
from netcore.resources import DECISION_ANNOTATION, POD
from netcore_scheduler.core import Bind, BindDone, BindOvertaken, BindRefused

log = logging.getLogger(__name__)

_RETRY_FIRST_S: Final = 0.1
_RETRY_MAX_S: Final = 5.0
_LOST: Final = (aiohttp.ClientError, TimeoutError, OSError)
_TOO_MANY: Final = 429
_NOT_FOUND: Final = 404

Outcome = BindDone | BindOvertaken | BindRefused


class Binder:
    """Binds pods through a client of its own, so that no other request delays a binding."""

    def __init__(self, kube: KubeClient) -> None:
        self._kube = kube

    async def bind(self, action: Bind) -> Outcome:
        """Bind one pod; returns only once it is known where the pod stands."""
        wait_s = _RETRY_FIRST_S
        while True:
            try:
                await self._post(action)
            except ApiError as error:
                if error.code == _NOT_FOUND:
                    return BindOvertaken(action.pod, action.uid)
                if error.code == _TOO_MANY:
                    outcome = None
                else:
                    is_final = error.code < 500
                    outcome = await self._find_out(action, str(error), is_final=is_final)
            except _LOST as error:
                outcome = await self._find_out(action, repr(error), is_final=False)
            else:
                return BindDone(action.pod, action.uid)
            if outcome is not None:
                return outcome
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _RETRY_MAX_S)

    async def _post(self, action: Bind) -> None:
        namespace, _, name = action.pod.partition("/")
        annotations = {DECISION_ANNOTATION: action.record.decode()} if action.record else None
        await self._kube.bind(namespace, name, action.node, uid=action.uid, annotations=annotations)

    async def _find_out(self, action: Bind, why: str, *, is_final: bool) -> Outcome | None:
        """Read where the pod stands.

        Args:
            action: The binding that did not succeed, as far as we know.
            why: What went wrong.
            is_final: Whether the server said no, so that a pod without a node stays without.

        Returns:
            None where the binding may be sent again.
        """
        log.info("a binding did not succeed", extra={"pod": action.pod, "error": why})
        namespace, _, name = action.pod.partition("/")
        try:
            pod = await self._kube.get(POD, name, namespace=namespace)
        except ApiError as error:
            if error.code == _NOT_FOUND:
                return BindOvertaken(action.pod, action.uid)
            # Who may not read a pod has the server's word alone.
            is_final = is_final and error.code < 500
        except _LOST:
            return None
        else:
            if settled := _where_it_stands(action, pod):
                return settled
        if not is_final:
            return None
        return BindRefused(action.pod, action.uid, f"binding rejected: {why}")


def _where_it_stands(action: Bind, pod: dict[str, Any]) -> BindDone | BindOvertaken | None:
    """Tell whom the pod went to; None where it still waits for a node."""
    metadata, node = pod["metadata"], pod["spec"].get("nodeName")
    if metadata["uid"] != action.uid:
        return BindOvertaken(action.pod, action.uid)
    if node == action.node:
        return BindDone(action.pod, action.uid)
    if node or metadata.get("deletionTimestamp"):
        return BindOvertaken(action.pod, action.uid)
    return None
