"""What a page shows: the sections by name, and letters in place of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..errors import SchemaError, did_you_mean, given, named, quoted
from ..log.stage_log import StageLog, with_letters
from ..questions.scope.breakdown import by_columns
from ..questions.scope.conditions import columns_of_where
from ..questions.scope.known import known_group
from ..questions.scope.where import Where
from ..words import tr
from .content import SECTIONS
from .page import Section

_NEEDS: Final = {"money": "amount", "groups": "by"}


def chosen_sections(sections: str | Sequence[str] | None, given_options: Mapping[str, bool]) -> list[str]:
    """Return the names of the sections that are asked for; all without a choice.

    Raises
    ------
    SchemaError
        If one is not there, comes twice or needs an option that is not given, or there is none.
    """
    if sections is None:
        return [*SECTIONS]
    names = [sections] if isinstance(sections, str) else sections
    if not isinstance(names, list | tuple) or not names:
        raise SchemaError(
            given("sections", sections), f" names no section; there are {quoted(SECTIONS, most=20)}"
        )
    for name in names:
        if not isinstance(name, str) or name not in SECTIONS:
            raise SchemaError(
                given("sections", name),
                f" is not a section; there are {quoted(SECTIONS, most=20)}{did_you_mean(name, SECTIONS)}",
            )
        if not given_options.get(name, True):
            if name not in _NEEDS:
                raise SchemaError(given("sections", name), " names items, which the page may not")
            raise SchemaError(given("sections", name), " needs ", named(_NEEDS[name]))
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise SchemaError(given("sections", twice), " comes twice; name each section once")
    return [*names]


def without_content(names: Sequence[str], shown: Sequence[Section]) -> list[str]:
    """Name the sections that were asked for and have nothing to say."""
    there = {section.key for section in shown}
    absent = [name for name in names if name not in there]
    return [tr("Nothing to show: {absent}", absent=", ".join(absent))] if absent else []


def without_names(
    log: StageLog,
    by: str | Sequence[str] | None,
    remarks: Mapping[str, Any],
    where: Where | None,
    *,
    kept: Sequence[str | None],
) -> tuple[StageLog, dict[str, Any]]:
    """Give the values of the columns of a breakdown letters, and name conditions by their columns alone.

    Columns that are `kept` have amounts and currencies.
    """
    names = [] if by is None else by_columns(by)
    people = [name for name in names if known_group(log, name) is None and name not in kept]
    about = dict(remarks)
    if "where" in about:
        columns = ", ".join(map(str, columns_of_where(where)))
        about["where"] = {**about["where"], "text": tr("the conditions on {columns} hold", columns=columns)}
    return with_letters(log, people), about
