"""A TOML file with the options of a command, for a job that nobody watches: ``--settings weekly.toml``."""

from __future__ import annotations

import argparse
import datetime
import glob
import json
import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from ..errors import Option, SchemaError, quoted
from ..toml_file import read_toml
from .mistakes import nearest, unknown_choice

_FILES: Final = ("FILE", "TOML", "PATH")  # metavars of paths
_OF_PATHS: Final = (str, Mapping, list)  # the last two have errors of their own
_ORDERS: Final = ("<", ">", "!", "=")
_KEYS_OF_PYTHON: Final = {"path": "out", "page": "out", "connection": "connect"}
# Keys that name columns.
_OF_COLUMNS: Final = (
    *("by", "where", "amount", "currency", "reason", "items_key"),
    *("item", "stage", "time", "order", "exited", "start_unknown"),
)
_NEEDED: Final = {"files": 'files = "deals.csv"', "out": 'out = "report.html"'}
_NOT_KEYS: Final = ("settings", "help")
# What is no path where a path is looked for: a name for nothing, the standard input, an address.
_NO_PATHS: Final = ("none", "-")


class _WrongSettingError(ValueError):
    """What is wrong with a value, without the key that it belongs to."""


def words_of_settings(path: str, actions: Iterable[argparse.Action], typed: Collection[str]) -> list[str]:
    """Return the options of a file as words of a command line; those that are typed are left out.

    Relative paths are those of the folder that the file is in.

    Raises
    ------
    SchemaError
        If the file is not TOML, a key is not an option, or a value is not one that the option takes. The
        text has the key, the value and what would be right; it begins behind the name of the file.
    """
    content = read_toml(path, "the settings")
    by_key = {_key_of(action): action for action in actions if action.dest not in _NOT_KEYS}
    options, files = list[str](), list[str]()
    seen = set[str]()
    for written, value in content.items():
        key = written.replace("-", "_")
        if key not in by_key:
            raise SchemaError(_unknown(written, value, by_key))
        if key in seen:
            raise SchemaError(f"{key} comes twice, with a dash and with an underscore; leave one of them out")
        seen.add(key)
        action = by_key[key]
        try:
            words = [*_words(action, value)]
            if action.dest in ("connection", "sql"):
                words = [_of_database(path, word) for word in words]
            elif _is_path(action):
                may_be_name = content.get("read") is True and key == "pipeline"
                words = [_beside(path, word, may_be_name) for word in words]
                if key != "out" and not may_be_name and action.dest not in typed:
                    _check_there(path, words)
        except _WrongSettingError as error:
            raise SchemaError(f"{written} = {_toml(value)}: {error}") from None
        if action.dest in typed:
            continue
        if not action.option_strings:
            files += words
        elif action.nargs == 0:
            options += words
        else:
            options += [f"{_option_of(action)}={word}" for word in words]
    for key, action in by_key.items():
        has_queries = key == "files" and ({"connect", "sql"} & seen or {"connection", "sql"} & {*typed})
        if action.required and not (key in seen or action.dest in typed or has_queries):
            raise SchemaError(f"there is no key {key!r}, which is needed: {_NEEDED[key]}")
    return [*options, *(["--", *files] if files else [])]


def place_of(column: object, args: argparse.Namespace) -> str:
    """Say which key of the file names a column, as an error about the column begins."""
    for key in _OF_COLUMNS:
        value = getattr(args, key, None)
        names = [one.column for one in value or ()] if key == "where" else str(value or "").split(",")
        if column in names:
            return f"{key} = {_toml(value if key != 'where' else column)}: "
    return ""


def setting(option: Option) -> str:
    """Spell an option that an error names as a line of the file: ``every = "week"``."""
    key = _KEYS_OF_PYTHON.get(option.name, option.name)
    if key == "items" and option.plain in ("True", "False"):
        return f"no_items = {str(option.plain == 'False').lower()}"
    if not option.value:
        return key
    if option.plain in ("True", "False"):
        return f"{key} = {option.plain.lower()}"
    return f"{key} = {_toml(option.plain)}"


def _option_of(action: argparse.Action) -> str:
    return next(option for option in action.option_strings if option.startswith("--"))


def _key_of(action: argparse.Action) -> str:
    name = _option_of(action).removeprefix("--") if action.option_strings else action.dest
    return name.replace("-", "_")


def _unknown(key: str, value: object, known: Collection[str]) -> str:
    near = nearest(key.replace("-", "_"), known)
    hint = f"did you mean {near}?" if near else "the keys are the options of stagefunnel report --help"
    return f"{key} = {_toml(value)}: there is no such key; {hint}"


def _words(action: argparse.Action, value: object) -> Iterator[str]:
    """Write a value as the words that the option takes."""
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise _WrongSettingError("it takes true or false")
        if isinstance(action, argparse.BooleanOptionalAction):
            yield action.option_strings[0 if value else -1]
        elif value:
            yield _option_of(action)
        return
    if value is False and action.dest == "items":
        raise _WrongSettingError("it takes the file of the items; no_items = true leaves them off the page")
    if _is_path(action) and any(not isinstance(one, _OF_PATHS) for one in _each(value)):
        raise _WrongSettingError("it takes the name of a file, in quotes")
    if action.dest == "period" and isinstance(value, datetime.datetime):
        raise _WrongSettingError(
            'it is a moment, not a period; give a day, or both ends: ["2026-01", "2026-03"]'
        )
    texts = [*_texts(action, value)]
    if not texts:
        raise _WrongSettingError("it is empty; leave the key out")
    for text in texts:
        _check(action, text)
    yield from texts


def _each(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _texts(action: argparse.Action, value: object) -> Iterator[str]:
    takes_several = type(action).__name__ == "_AppendAction" or not action.option_strings
    if isinstance(value, Mapping):
        yield from _pairs(action, value)
    elif isinstance(value, list) and takes_several:
        for one in value:
            yield from _pairs(action, one) if isinstance(one, Mapping) else [_text(one, "in the list ")]
    elif isinstance(value, list) and action.dest == "period":
        if len(value) != 2:
            raise _WrongSettingError('it takes a period, or two: ["2026-01", "2026-03"]')
        yield "..".join(_text(one, "in the list ") for one in value)
    elif isinstance(value, list) and _takes_names(action):
        names = [_text(one, "in the list ") for one in value]
        odd = next((name for name in names if _has_comma(name)), None)
        if odd is not None:
            raise _WrongSettingError(f"{odd!r} has a comma, which stands between names")
        yield from [",".join(names)] if names else []
    elif isinstance(value, list):
        raise _WrongSettingError("it takes one value, not a list")
    else:
        yield _text(value, "")


def _pairs(action: argparse.Action, table: Mapping[str, object]) -> Iterator[str]:
    """Write a table as ``NAME=VALUE``, or as conditions: ``{amount = ">100"}`` is ``amount>100``."""
    is_condition = action.dest == "where"
    if action.dest == "pipeline":
        raise _WrongSettingError('it takes the name of a pipeline file, such as "pipeline.toml", not a table')
    if not is_condition and action.dest != "sql" and "=" not in str(action.metavar):
        raise _WrongSettingError("it is a table here, and takes a text")
    for name, value in table.items():
        if not (is_condition or action.dest == "sql") and "," in name:
            raise _WrongSettingError(f"{name!r} has a comma, which stands between names")
        for one in value if isinstance(value, list) else [value]:
            if is_condition and isinstance(one, bool):
                yield name if one else f"{name}=false"
                continue
            text = _text(one, f"of {name!r} ", may_be_empty=is_condition)
            yield f"{name}{text}" if is_condition and text.startswith(_ORDERS) else f"{name}={text}"


def _text(value: object, where: str, *, may_be_empty: bool = False) -> str:
    is_known = isinstance(value, str | int | float | datetime.date | datetime.datetime | datetime.time)
    if isinstance(value, bool) or not is_known or (isinstance(value, float) and not math.isfinite(value)):
        raise _WrongSettingError(f"{where}{_toml(value)} is not a text, a number or a date".lstrip())
    if value == "" and not may_be_empty:
        raise _WrongSettingError(f"{where}it is empty; leave the key out")
    return value.isoformat() if isinstance(value, datetime.date | datetime.time) else str(value)


def _check(action: argparse.Action, text: str) -> None:
    """Check a text as the command line would."""
    value: Any = text
    name, _, typical = str(action.metavar).partition("[")[0].partition("=")
    if typical and action.dest != "where" and not all(map(str.strip, text.rpartition("="))):
        raise _WrongSettingError(f'it takes a table, such as {{{name} = "{typical}"}}')
    if callable(action.type):
        try:
            value = action.type(text)
        except argparse.ArgumentTypeError as error:
            raise _WrongSettingError(str(error)) from None
    if action.choices is not None and value not in action.choices:
        known = quoted([str(choice) for choice in action.choices], most=20)
        hint = unknown_choice(action, value).partition("; ")[2]
        raise _WrongSettingError(f"it is not one of {known}{hint and f'; {hint}'}")


def _takes_names(action: argparse.Action) -> bool:
    return "[," in str(action.metavar) or action.metavar == "NAMES"


def _has_comma(name: str) -> bool:
    """Check for a comma that is not inside brackets, as those of ``amount:[0, 1000]`` are."""
    from .values import split_names

    return len(split_names(name) or ()) > 1


def _of_database(path: str, word: str) -> str:
    """Take the file of a database, or of a query, from the folder of the settings; other words stay."""
    folder = os.path.dirname(path)
    scheme, is_file, file = word.partition(":///")
    if is_file:
        return word if os.path.isabs(file) or not folder else f"{scheme}:///{os.path.join(folder, file)}"
    name, equals, query = word.partition("=")
    for begin, file in (("", word), (name + equals, query)):
        if file and os.path.isfile(os.path.join(folder, file)):
            return f"{begin}{os.path.join(folder, file)}"
    return word


def _check_there(path: str, words: Iterable[str]) -> None:
    """Check that files are there; some names are none."""
    for word in words:
        is_file = word not in _NO_PATHS and "://" not in word
        if is_file and not os.path.exists(word) and not glob.glob(word, recursive=True):
            folder = os.path.dirname(path) or "this folder"
            raise _WrongSettingError(f"no file {word!r}; a relative path begins in {folder}")


def _is_path(action: argparse.Action) -> bool:
    return action.metavar in _FILES


def _beside(path: str, word: str, may_be_name: bool) -> str:
    """Take a path from the folder of the settings; that of an export's pipeline may be its name."""
    if word in _NO_PATHS or "://" in word or os.path.isabs(word):
        return word
    folder = os.path.dirname(path)
    beside = os.path.join(folder, word)
    if may_be_name and not os.path.exists(beside):
        return word
    if glob.has_magic(folder) and glob.has_magic(word) and not os.path.exists(beside):
        return os.path.join(glob.escape(folder), word)
    return beside


def _toml(value: object) -> str:
    """Write a value as the file has it."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, float):
        return str(value)  # TOML writes nan and inf as Python does
    if isinstance(value, Mapping):
        inside = ", ".join(f"{key} = {_toml(one)}" for key, one in value.items())
        text = f"{{{inside}}}"
    elif isinstance(value, list):
        text = f"[{', '.join(map(_toml, value))}]"
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"
