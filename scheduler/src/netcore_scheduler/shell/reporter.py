"""What people see of a decision: events, and the condition of a pod that found no node.

Reports wait in a bounded queue and go out over a client of their own. Where the server cannot keep
up the oldest are dropped and counted: a report is worth less than a binding.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp

from netcore.kube import ApiError, KubeClient
from netcore.resources import EVENT, POD
from netcore_scheduler.core import Announce, EventKey, EventSeries, EventWrite, Warn

log = logging.getLogger(__name__)

_QUEUED: Final = 20_000
_WORKERS: Final = 8
# The API server refuses longer notes (validation of events.k8s.io/v1).
_NOTE_BYTES: Final = 1024
_CUT: Final = " ..."
# Waits before a report is sent again that the server did not take, or whose answer was lost.
_RETRY_AFTER_S: Final = (0.1, 0.4, 1.6)
_LOST: Final = (aiohttp.ClientError, TimeoutError, OSError)
_CONFLICT: Final = 409
_TOO_MANY: Final = 429


class Reporter:
    """Posts events and conditions.

    Args:
        kube: An open client.
        identity: Instance that reports, such as the host's name.

    Attributes:
        dropped: Reports lost to a full queue or a failing server.
    """

    def __init__(self, kube: KubeClient, *, identity: str) -> None:
        self.dropped = 0
        self._kube = kube
        self._identity = identity
        self._series = EventSeries()
        self._seed = time.time_ns()
        self._waiting: asyncio.Queue[Announce | Warn] = asyncio.Queue(_QUEUED)

    def add(self, report: Announce | Warn) -> None:
        """Queue a report."""
        if self._waiting.full():
            self._waiting.get_nowait()
            self._waiting.task_done()
            self.dropped += 1
        self._waiting.put_nowait(report)

    async def drain(self) -> None:
        """Return once everything is posted."""
        await self._waiting.join()

    async def run(self) -> None:
        """Post until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(_WORKERS):
                group.create_task(self._work(), name=f"report-{number}")

    async def _work(self) -> None:
        while True:
            report = await self._waiting.get()
            try:
                await self._post(report)
            except (ApiError, *_LOST) as error:
                self.dropped += 1
                log.info("a report was lost", extra={"pod": report.pod, "error": str(error)})
            finally:
                self._waiting.task_done()

    async def _post(self, report: Announce | Warn) -> None:
        if isinstance(report, Warn):
            if report.is_news:
                await self._set_condition(report)
            note, reason = report.condition.message, "FailedScheduling"
        else:
            note, reason = report.message, "Scheduled"
        note = _cut(note)
        key = EventKey(report.pod, report.uid, report.scheduler_name, reason)
        write = self._record(key, note)
        if write is None:
            return
        try:
            await self._write(report, write, note, reason)
        except ApiError as error:
            # The object expired, or the server does not let a note change: begin a new one.
            if write.type != "patch" or error.code not in {404, 422}:
                raise
            self._series.forget(key)
            if again := self._record(key, note):
                await self._write(report, again, note, reason)

    def _record(self, key: EventKey, note: str) -> EventWrite | None:
        return self._series.record(key, note, name_seed=self._seed, now=time.monotonic())

    async def _write(
        self, report: Announce | Warn, write: EventWrite, note: str, reason: str
    ) -> None:
        namespace, _, pod = report.pod.partition("/")
        stamp = _stamp()
        if write.type == "patch":
            series = {"count": write.count, "lastObservedTime": stamp}
            patch = {"note": note, "series": series}
            await _sent(
                lambda: self._kube.merge_patch(EVENT, write.name, patch, namespace=namespace)
            )
            return
        is_warning = isinstance(report, Warn)
        event: dict[str, Any] = {
            "apiVersion": EVENT.api_version,
            "kind": EVENT.kind,
            "metadata": {"name": write.name, "namespace": namespace},
            "eventTime": stamp,
            "reportingController": report.scheduler_name,
            "reportingInstance": self._identity,
            "action": "Scheduling" if is_warning else "Binding",
            "reason": reason,
            "regarding": {
                "apiVersion": "v1",
                "kind": "Pod",
                "namespace": namespace,
                "name": pod,
                "uid": report.uid,
            },
            "note": note,
            "type": "Warning" if is_warning else "Normal",
        }
        try:
            await _sent(lambda: self._kube.create(EVENT, event, namespace=namespace))
        except ApiError as error:
            # The name is ours alone: the answer to the first time was lost.
            if error.code != _CONFLICT:
                raise

    async def _set_condition(self, report: Warn) -> None:
        namespace, _, name = report.pod.partition("/")
        condition = {
            "type": "PodScheduled",
            "status": "False",
            "reason": report.condition.reason,
            "message": report.condition.message,
        }
        if report.shown is None:
            # The time of the transition to False: of the first failure, not of the latest.
            now = datetime.now(UTC)
            condition["lastTransitionTime"] = now.strftime("%Y-%m-%dT%H:%M:%SZ")
        patch = {"metadata": {"uid": report.uid}, "status": {"conditions": [condition]}}
        try:
            await _sent(
                lambda: self._kube.strategic_merge_patch(
                    POD, name, patch, namespace=namespace, subresource="status"
                )
            )
        except ApiError as error:
            if not _is_gone(error):
                raise


async def _sent(send: Callable[[], Awaitable[object]]) -> None:
    """Send, and again where the server has too much to do or the answer was lost."""
    for wait_s in _RETRY_AFTER_S:
        try:
            await send()
        except ApiError as error:
            if error.code != _TOO_MANY and error.code < 500:
                raise
        except _LOST:
            pass
        else:
            return
        await asyncio.sleep(wait_s)
    await send()


def _is_gone(error: ApiError) -> bool:
    """Tell whether the pod is gone, or another of its name by now: nobody is left to tell."""
    causes = (error.status.get("details") or {}).get("causes") or ()
    is_another = any(cause.get("field") == "metadata.uid" for cause in causes)
    return error.code in {404, 409} or is_another


def _stamp() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _cut(note: str) -> str:
    """Shorten a note to what the server takes, as upstream does."""
    encoded = note.encode()
    if len(encoded) <= _NOTE_BYTES:
        return note
    return encoded[: _NOTE_BYTES - len(_CUT)].decode("utf-8", "ignore") + _CUT
