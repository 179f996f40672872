"""JSON and JSON lines, parsed by orjson where it is installed and reads the same; errors name their line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np

from ...errors import ReaderError
from ...files import refuse_half_letters, unreadable

_BEFORE_NUMBERS: Final = np.frombuffer(b":,[ -\t\n\r", dtype=np.uint8)
_DIGITS: Final = 20  # so many may be more than 64 bits, which orjson rounds


def parse_json(text: str, name: str) -> Any:
    """Parse JSON, or JSON lines, which become a list.

    Raises
    ------
    ReaderError
        With the line of the first error, and whether the text is cut short there.
    """
    loads = _loads(text)
    head, _, rest = text.partition("\n")
    try:
        if rest.strip() and _is_json(head):
            return _json_lines(text, name, loads)
        return _loaded(text, name, loads)
    except json.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
        if len(lines) > 1 and _is_json(lines[0][1]):
            return _json_lines(text, name, loads)
        raise _json_error(error, text, name, error.lineno) from error
    except ReaderError:
        raise
    except (ValueError, RecursionError) as error:
        raise unreadable(name, error) from error


def _loaded(text: str, name: str, loads: Callable[[str], Any]) -> Any:
    """Parse with the fast parser; what it refuses the other takes, as NaN, or says where it errs."""
    if loads is not json.loads:
        try:
            return loads(text)
        except ValueError:
            pass
    value = json.loads(text)
    refuse_half_letters(value, text, name)
    return value


def _json_lines(text: str, name: str, loads: Callable[[str], Any]) -> list[Any]:
    lines = text.split("\n")
    try:
        if loads is not json.loads:
            return [loads(line) for line in lines if line and not line.isspace()]
    except ValueError:
        pass  # the other parser takes it, or says where it errs
    values = []
    for number, line in enumerate(lines, start=1):
        try:
            if line.strip():
                values.append(json.loads(line))
                refuse_half_letters(values[-1], line, f"{name}, line {number:,}")
        except json.JSONDecodeError as error:
            raise _json_error(error, line, name, number) from error
        except ReaderError:
            raise
        except (ValueError, RecursionError) as error:
            raise unreadable(f"{name}, line {number:,}", error) from error
    return values


def _loads(text: str) -> Callable[[str], Any]:
    fast = _fast_loads()
    return json.loads if fast is None or has_long_number(text) else fast


@cache
def _fast_loads() -> Callable[[str], Any] | None:
    try:
        import orjson
    except ImportError:
        return None
    loads: Callable[[str], Any] = orjson.loads
    return loads


def has_long_number(text: str) -> bool:
    """Check for a number of twenty digits, which a float would round; one inside of a word is no number.

    Examples
    --------
    >>> from stagefunnel.readers.sources.json_text import has_long_number
    >>> has_long_number('{"id": 12345678901234567890}'), has_long_number('{"id": 1234567890123456789}')
    (True, False)
    """
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    is_digit = (data - np.uint8(48)) < 10
    # A run of twenty has a digit at five places in a row of which every fourth is looked at.
    every = is_digit[::4]
    if len(every) < 5:
        return False
    found = np.flatnonzero(every[:-4] & every[1:-3] & every[2:-2] & every[3:-1] & every[4:]) * 4
    padded = np.concatenate([np.zeros(4, dtype=bool), is_digit, np.zeros(_DIGITS, dtype=bool)])
    padded_data = np.concatenate([np.full(4, ord(" "), dtype=np.uint8), data])
    for back in range(4):  # where the run began, before the first place that was looked at
        starts = found + 4 - back
        for place in range(_DIGITS):
            starts = starts[padded[starts + place]]
        before = padded_data[starts - 1]
        if (before[:, None] == _BEFORE_NUMBERS).any():
            return True
    return False


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _json_error(error: json.JSONDecodeError, text: str, name: str, line: int) -> ReaderError:
    if error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string"):
        return ReaderError(f"{name}, line {line:,}: the JSON is cut short ({error.msg}); export it again")
    return ReaderError(f"{name}, line {line:,}: not JSON: {error.msg}")
