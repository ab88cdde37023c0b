"""One hostile call, and the verdict on what came of it."""

import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import netcore

# What the stubs and the types of the arguments announce. RuntimeError, MemoryError, PanicException
# and NetcoreError itself, which tells of a failure of the engine, are none of these.
DOCUMENTED = (TypeError, ValueError, OverflowError, netcore.UnknownObjectError)
MOST_CPU_S = 3.0
MOST_MEMORY_BYTES = 200 << 20


def nothing_wrong(_result: Any) -> str | None:
    return None


@dataclass(slots=True, kw_only=True)
class Case:
    """A call, whether it must fail (None: it may), and what is wrong in an answer."""

    call: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    named: dict[str, Any] = field(default_factory=dict)
    fails: bool | None = None
    wrong: Callable[[Any], str | None] = nothing_wrong

    def judged(self) -> str | None:
        """What is wrong with the outcome, None if nothing is."""
        memory = _peak_bytes()
        started = time.process_time()
        try:
            result = self.call(*self.arguments, **self.named)
        except DOCUMENTED as error:
            verdict = self._of_error(error)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a panic is no Exception
            verdict = f"{type(error).__name__} is not documented: {error}"
        else:
            verdict = "accepted, though invalid" if self.fails else self._of_answer(result)
        if (took_s := time.process_time() - started) > MOST_CPU_S:
            return verdict or f"took {took_s:.1f} s"
        if (grown := _peak_bytes() - memory) > MOST_MEMORY_BYTES:
            return verdict or f"took {grown >> 20} MiB"
        return verdict

    def _of_answer(self, result: Any) -> str | None:
        try:
            return self.wrong(result)
        except Exception as error:  # noqa: BLE001 - an answer that cannot even be looked at
            return f"{type(error).__name__} while the answer was checked: {error}"

    def _of_error(self, error: Exception) -> str | None:
        if self.fails is False:
            return f"refused, though valid: {error}"
        return None if str(error) else f"a {type(error).__name__} that says nothing"

    def __str__(self) -> str:
        arguments = [_shown(argument) for argument in self.arguments]
        arguments += [f"{name}={_shown(value)}" for name, value in self.named.items()]
        called = getattr(self.call, "__qualname__", repr(self.call))
        return f"{called}({', '.join(arguments)})"


def _shown(argument: Any) -> str:
    if isinstance(argument, np.ndarray):
        shape = f"shape={argument.shape}, dtype={argument.dtype.str}, strides={argument.strides}"
        cells = repr(argument.tolist()) if argument.size <= 100 else "…"
        return f"array({cells}, {shape})"
    text = repr(argument)
    return text if len(text) <= 20_000 else f"{text[:20_000]}… ({len(text)} characters)"


def _peak_bytes() -> int:
    # Linux counts in kibibytes, macOS in bytes: the bound is the looser one there.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
