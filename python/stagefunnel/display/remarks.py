"""What stands under every table beside its findings: rows ignored, empty periods, what a reader guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from .numbers import count, counted
from .things import thing_of, things_of, without_unit

_MOST_NAMED: Final = 5
_IGNORED: Final = {
    "ignored": "the pipeline does not list",
    "ignored_by_name": "the pipeline ignores by name",
}
_PARTS: Final = {"lead": "leads", "deal": "deals"}


def remarks_of(remembered: Mapping[str, Any]) -> list[str]:
    """Compose the remarks of a table from its ``attrs["stagefunnel"]``."""
    names = remembered.get("names", {})
    if "parts_remarks" not in remembered:
        return _lines(remembered, names)
    return (
        where_of(remembered)
        + of_later(remembered)
        + [
            f"{line} ({_PARTS.get(part, part)})"
            for part, own in remembered["parts_remarks"].items()
            for line in _lines(own, names.get(part, {}))
        ]
    )


def of_stages_with_rows(table: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.DataFrame:
    """Leave out the rows of stages that no row of the log has: no superlative is about them."""
    without_rows = remembered.get("without_rows", ())
    if not without_rows or "stage" not in table.columns:
        return table
    return table[~table["stage"].astype(str).isin(without_rows)]


def of_won_with_rows(table: pd.DataFrame, remembered: Mapping[str, Any]) -> pd.DataFrame:
    """Leave out the stages without rows if a won one is left: a trend is about the first won stage."""
    seen = of_stages_with_rows(table, remembered)
    return seen if (seen["outcome"] == "won").any() else table


def _lines(remembered: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    lines = [*where_of(remembered), *of_later(remembered), *without_unit(remembered)]
    for key, which in _IGNORED.items():
        ignored: Mapping[str, Any] = remembered.get(key, {})
        if ignored:
            largest = [f"{stage} {count(rows)}" for stage, rows in ignored["largest"].items()]
            stages = _some(largest, ignored["stages"])
            lines.append(f"Ignored: {counted(ignored['rows'], 'row')} of stages that {which} ({stages})")
    without_rows = remembered.get("without_rows", ())
    if without_rows:
        lines.append(f"Stages without rows: {_some([names.get(stage, stage) for stage in without_rows])}")
    unfulfilled = remembered.get("unfulfilled", ())
    if unfulfilled:
        lines.append(f"Steps whose condition no row fulfils: {_some(unfulfilled)}")
    absent: Mapping[str, str] = remembered.get("absent", {})
    if absent:
        stages = _some([f"{names.get(stage, stage)} ({dates})" for stage, dates in absent.items()])
        lines.append(
            "No conversion from the stage before, because some got past a stage while it was not there: "
            f"{stages}"
        )
    lines += of_pauses(remembered)
    if remembered.get("amounts_of_today"):
        lines.append("Amounts are those of today, also where a stage was entered or left long ago")
    if remembered.get("without_bounds"):
        lines.append(f"No share has bounds: {_shared(remembered)}")
    unknown = remembered.get("start_unknown", 0)
    if unknown:
        so = "without a time" if remembered.get("table") == "time_to" else "in no created cohort"
        lines.append(f"Start unknown, so {so}: {counted(unknown, thing_of(remembered))}")
    outside = remembered.get("outside", ())
    if outside:
        first, last = remembered["log_runs"]
        lines.append(f"Outside the log, which runs from {first} to {last}: {', '.join(outside)}")
    guesses: Mapping[str, int] = remembered.get("guesses", {})
    if guesses:
        named = [f"{check.replace('_', ' ')} {count(n)}" for check, n in guesses.items()]
        lines.append(f"Guessed when it was read, as quality() explains: {_some(named)}")
    lines += [f"Warning: {count(n)} {of_number(note, n)}" for n, note in remembered.get("warnings", ())]
    return lines


def _shared(remembered: Mapping[str, Any]) -> str:
    """Say why the rows of a table are not of sets that share nothing."""
    shared = remembered.get("shared_items", 0)
    if not shared:
        return f"the same {thing_of(remembered)} may be counted more than once"
    are = "is" if shared == 1 else "are"
    basis = "; counted by creation, each is in one" if remembered.get("basis") == "active" else ""
    return f"{counted(shared, thing_of(remembered))} {are} in more than one period{basis}"


def of_pauses(remembered: Mapping[str, Any]) -> list[str]:
    """Name the stages that lengths of time leave out."""
    names, paused = remembered.get("names", {}), remembered.get("paused", ())
    return (
        [f"The clock stands still in: {_some([names.get(stage, stage) for stage in paused])}"]
        if paused
        else []
    )


def where_of(remembered: Mapping[str, Any]) -> list[str]:
    """Name the conditions of the items that a table is about."""
    where: Mapping[str, Any] = remembered.get("where", {})
    if not where:
        return []
    thing, more = ("lead", ", and the deals linked to them") if "of_chain" in where else ("item", "")
    found = f"no {thing}" if not where["items"] else counted(where["items"], thing)
    return [f"Only {thing}s where {where['text']}{more}: {found} of {count(where['of'])}"]


def period_of(remembered: Mapping[str, Any]) -> list[str]:
    """Name the period and the moment that a table is about, as far as it was asked about some."""
    asked: Mapping[str, str] = remembered.get("seen", {})
    items = f", {things_of(remembered)} {asked['basis']} in it" if "basis" in asked else ""
    followed = f"; each is followed for {remembered['within']}" if "within" in remembered else ""
    found = [f"Period: {asked['period']}{items}{followed}"] if "period" in asked else []
    return found + ([f"As of: {asked['as_of']}"] if "as_of" in asked else [])


def basis_of(remembered: Mapping[str, Any]) -> list[str]:
    """Say which items each of several periods has."""
    basis, within = remembered.get("basis"), remembered.get("within")
    if basis is None:
        return []
    return [f"Of all {things_of(remembered)} {basis} in the period{f', within {within}' if within else ''}"]


def of_later(remembered: Mapping[str, Any]) -> list[str]:
    """Name the groups that nobody could have known when the items began."""
    later = [name.replace("_", " ") for name in remembered.get("later", ())]
    if not later:
        return []
    things = "leads" if remembered.get("table") == "chain" else things_of(remembered)
    return [
        f"Groups by {' and '.join(later)} say what became of the {things} later, not what was known before."
    ]


def of_number(note: str, number: int) -> str:
    """Put the noun that the note of a check begins with in the singular where there is one of it."""
    noun, rest = note.split(" ", 1)
    return f"{noun.removesuffix('s')} {rest}" if number == 1 else note


def _some(texts: list[str], of: int | None = None) -> str:
    """List the first of some texts, or of as many as `of` says, and count the others."""
    rest = (len(texts) if of is None else of) - min(len(texts), _MOST_NAMED)
    return ", ".join(texts[:_MOST_NAMED]) + (f", … ({rest:,} more)" if rest > 0 else "")
