"""Hostile values: what no caller means, and what sits just on the edge of what one may mean."""

import math
import random
import re

import numpy as np

NUMBERS = (
    math.nan,
    math.inf,
    -math.inf,
    -1.0,
    -0.0,
    0.0,
    5e-324,
    1e-45,
    1e39,
    1.7976931348623157e308,
    -1.7976931348623157e308,
    2.0**53,
    0.5,
    1.0,
)
INTEGERS = (-1, 0, 1, 255, 2**31, -(2**31) - 1, 2**63, -(2**63) - 1, 2**64, 10**30, True)
TEXTS = (
    "",
    " ",
    "\0",
    "\ud800",
    "n0",
    "ns/p0",
    "ns/p0/",
    "/",
    "n0\n",
    "N0",
    "💥" * 7,
    "\u202en0",
    "../../n0",
    "%s%n{}",
    "x" * 10_000,
    "NaN",
    "summary",
    "full",
    "slo",
    "linear",
    "TrafficSort",
    "Pod",
    "Node",
)
# Instead of a value in JSON; the last ones are none.
TOKENS = (
    b"null",
    b"true",
    b'""',
    b'"\\u0000"',
    b'"\\ud800"',
    b'"x"',
    b"0",
    b"-1",
    b"-0.0",
    b"1e308",
    b"-1e308",
    b"1e999",
    b"1e-999",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551616",
    b"1" + b"0" * 400,
    b"0.5",
    b'"1e99999"',
    b'"-5"',
    b'"9223372036854775807"',
    b'"8Ei"',
    b'"16Ei"',
    b'"9E"',
    b'"0.1n"',
    b'"2026-13-45T00:00:00Z"',
    b'"9999-12-31T23:59:59Z"',
    b'"0001-01-01T00:00:00Z"',
    b'"99999999999999999999Ei"',
    b'"' + b"y" * 5000 + b'"',
    b"[]",
    b"{}",
    b"[null]",
    b'{"":{}}',
    b"[" * 100 + b"]" * 100,
    b"[" * 20_000 + b"]" * 20_000,
    b"[" * 20_000,
    b'{"a":' * 20_000,
    b"NaN",
    b"Infinity",
    b"'x'",
    b'"\xff\xfe"',
    b"",
)
_LEXEMES = re.compile(rb'"(?:[^"\\]|\\.)*"|[-+.\w]+|[{}\[\]:,]|\s+')


class Source:
    """Draws of one seed."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def one_of(self, values):
        return values[int(self.random.random() * len(values))]

    def happens(self, share: float) -> bool:
        return self.random.random() < share

    def number(self) -> float:
        if self.happens(0.3):
            return self.random.uniform(-1e3, 1e3)
        return self.one_of(NUMBERS)

    def integer(self) -> int:
        return self.one_of(INTEGERS)

    def text(self) -> str:
        if self.happens(0.1):
            return "".join(map(chr, self.random.choices(range(1, 0x3000), k=5)))
        return self.one_of(TEXTS)

    def stranger(self):
        """A value of a type that nothing of the engine takes."""
        return self.one_of(
            (
                None,
                object(),
                Ellipsis,
                {},
                {"a": 1},
                set(),
                lambda: None,
                3 + 4j,
                np.datetime64("NaT"),
                int,
                range(3),
                memoryview(b"a"),
            )
        )

    def anything(self):
        kind = self.one_of((self.number, self.integer, self.text, self.stranger, self.garbage))
        return kind()

    def garbage(self) -> bytes:
        return self.random.randbytes(int(self.random.expovariate(0.05)))

    def document(self, valid: bytes) -> bytes:
        """A JSON document with something wrong in it, mostly; now and then as it is."""
        way = int(self.random.random() * 10)
        if way == 0:
            return self.one_of((valid, b"", b"null", b"[]", b"{}", b'""', b"0", b" " * 9))
        if way == 1:
            return self.garbage()
        if way == 2:
            return valid[: int(self.random.random() * len(valid))]
        if way == 3:
            spoilt = bytearray(valid)
            for _ in range(1 + int(self.random.expovariate(0.5))):
                spoilt[int(self.random.random() * len(spoilt))] = int(self.random.random() * 256)
            return bytes(spoilt)
        if way == 4:
            cut = sorted(int(self.random.random() * len(valid)) for _ in range(2))
            part = valid[cut[0] : cut[1]]
            return self.one_of((valid[: cut[0]] + valid[cut[1] :], valid[: cut[1]] + part + valid))
        lexemes = _lexemes(valid)
        for _ in range(1 + int(self.random.expovariate(0.7))):
            at = int(self.random.random() * len(lexemes))
            if lexemes[at] in b"{}[]:," and self.happens(0.8):
                continue
            lexemes[at] = self.one_of(TOKENS if self.happens(0.8) else lexemes)
        return b"".join(lexemes)

    def sequence(self, valid: list) -> tuple[object, bool]:
        """What should be a list of names, and whether it is one of names that are known, once."""
        way = int(self.random.random() * 10)
        if way == 9:
            # As long as it says it is, nobody could hold it.
            return range(self.one_of((1 << 40, 1 << 62, 1 << 70))), False
        if way == 0:
            return self.stranger(), False
        if way == 1:
            return self.text(), False
        if way == 2:
            return [*valid, self.stranger()], False
        if way == 3:
            return [*valid, self.text()], False
        if way == 4:
            return [*valid, valid[0]], False
        if way == 5:
            return [f"none-{number}" for number in range(self.one_of((1, 3, 3000)))], False
        return self.one_of((list(valid), tuple(valid))), True

    def array(self, shape: tuple[int, ...], dtype: str, *, low=0.0, high=math.inf):
        """What should be an array, and whether it is: of this shape and type, in a range or NaN."""
        values = np.abs(np.float64(self.random.random()) * np.arange(1, 1 + math.prod(shape)))
        good = np.minimum(values, min(high, 1e6)).reshape(shape).astype(dtype)
        way = int(self.random.random() * 18)
        if way == 0:
            return self.anything(), False
        if way == 1:
            return good.tolist(), False
        if way == 12:
            vast = np.broadcast_to(np.zeros(1, dtype), (1 << 40, *shape[1:]))
            return vast, False
        if way == 13:
            return packed(good), True
        if way == 2:
            other = self.one_of(("f2", "f4", "f8", "i4", "u1", "?", "c8", "O", "U3", "M8[s]"))
            return good.astype(other), other == dtype
        if way == 3:
            return good.astype(np.dtype(dtype).newbyteorder()), False
        if way == 4:
            other = self.one_of(((), (0,), (3,), (0, 0), (1, 1), (7, 3), (2, 2, 2), (3000, 1)))
            return np.zeros(other, dtype), other == shape
        if way == 5:
            huge = np.broadcast_to(np.zeros(1, dtype), (1 << 20, 1 << 20))
            return huge, False
        if way == 6:
            return np.broadcast_to(np.ones(1, dtype), shape), low <= 1 <= high
        if way == 7:
            return np.asfortranarray(good), True
        if way == 8:
            wide = np.repeat(good, 2, axis=0)
            return wide[::2], True
        if way == 9:
            return good[::-1], True
        if way == 10:
            raw = bytearray(good.nbytes + 1)
            unaligned = np.frombuffer(raw, dtype, offset=1, count=good.size).reshape(shape)
            return unaligned, None
        if way == 11:
            good.flags.writeable = False
            return good, True
        for _ in range(int(self.random.expovariate(0.5))):
            at = tuple(int(self.random.random() * size) for size in shape)
            with np.errstate(over="ignore"):
                good[at] = self.number()
        with np.errstate(invalid="ignore"):
            inside = np.isnan(good) | ((good >= low) & (good <= high) & np.isfinite(good))
        return good, bool(inside.all())

    def indices(self, length: int, top: int):
        """What should be places from 0 to below `top`, and whether it is."""
        values = self.random.choices(range(top), k=length)
        good = np.array(values, self.one_of(("i8", "i4", "u4")))
        way = int(self.random.random() * 10)
        if way == 9:
            return packed(good), True
        if way == 0:
            return self.anything(), False
        if way == 1:
            return good.astype(self.one_of(("f4", "f8", "i2", "u8", "?", "O", ">i8"))), False
        if way == 2:
            return np.zeros(self.one_of(((), (2, 2), (length, 1)))).astype("i8"), False
        if way == 3:
            return np.broadcast_to(np.int64(0), (self.one_of((1 << 20, 1 << 40)),)), False
        if way == 4 and length:
            extreme = good.astype("i8")
            extreme[0] = self.one_of((-1, top, 2**31, 2**32, -(2**63), 2**63 - 1))
            return extreme, False
        if way == 5:
            return np.repeat(good, 2)[::2], True
        return good, True


def packed(array):
    """The same values, each behind a byte of something else: a stride that is no whole number."""
    records = np.zeros(array.shape, [("before", "i1"), ("value", array.dtype)])
    records["value"] = array
    return records["value"]


_CACHE: dict[bytes, list[bytes]] = {}


def _lexemes(document: bytes) -> list[bytes]:
    if document not in _CACHE:
        _CACHE[document] = _LEXEMES.findall(document)
    return list(_CACHE[document])
