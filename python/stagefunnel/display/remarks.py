"""What stands under every table beside its findings: rows ignored, empty periods, what a reader guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pandas as pd

from ..words import Noun, Words, language, mark, tr, trc, trn
from .conditions import conditions_text
from .heads import note_of
from .numbers import count, counted, plural
from .pipeline_words import dates_in_language
from .things import thing_of, things_of, without_unit

_MOST_NAMED: Final = 5
_IGNORED: Final = Words(
    {
        "ignored": mark("the pipeline does not list"),
        "ignored_by_name": mark("the pipeline ignores by name"),
    }
)
_PARTS: Final = Words({"lead": mark("leads"), "deal": mark("deals")})


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
            lines.append(
                tr(
                    "Ignored: {n_rows} of stages that {which} ({stages})",
                    n_rows=counted(ignored["rows"], "row"),
                    which=which,
                    stages=stages,
                )
            )
    without_rows = remembered.get("without_rows", ())
    if without_rows and remembered.get("where", {}).get("items") != 0:  # where no item is left, nothing is
        lines.append(
            tr("Stages without rows: {some}", some=_some([names.get(stage, stage) for stage in without_rows]))
        )
    unfulfilled = remembered.get("unfulfilled", ())
    if unfulfilled:
        lines.append(tr("Steps whose condition no row fulfils: {some}", some=_some(unfulfilled)))
    absent: Mapping[str, str] = remembered.get("absent", {})
    if absent:
        stages = _some(
            [f"{names.get(stage, stage)} ({dates_in_language(dates)})" for stage, dates in absent.items()]
        )
        lines.append(
            tr(
                "No conversion from the stage before, because some got past a stage while it was "
                "not there: {stages}",
                stages=stages,
            )
        )
    lines += of_pauses(remembered)
    error = remembered.get("quantile_error")
    if error:
        lines.append(
            tr(
                "Quantiles are at most {share} off: lengths of time were counted in narrow cells",
                share=f"{100 * error:.2f}%",
            )
        )
    if remembered.get("amounts_of_today"):
        lines.append(tr("Amounts are those of today, also where a stage was entered or left long ago"))
    if remembered.get("without_bounds"):
        lines.append(tr("No share has bounds: {shared}", shared=_shared(remembered)))
    unknown = remembered.get("start_unknown", 0)
    if unknown:
        so = tr("without a time") if remembered.get("table") == "time_to" else tr("in no created cohort")
        lines.append(
            tr("Start unknown, so {so}: {unknown}", so=so, unknown=counted(unknown, thing_of(remembered)))
        )
    outside = remembered.get("outside", ())
    if outside:
        first, last = remembered["log_runs"]
        lines.append(
            tr(
                "Outside the log, which runs from {first} to {last}: {outside}",
                first=first,
                last=last,
                outside=", ".join(outside),
            )
        )
    guesses: Mapping[str, int] = remembered.get("guesses", {})
    if guesses:
        named = [f"{trc('check', check.replace('_', ' '))} {count(n)}" for check, n in guesses.items()]
        lines.append(tr("Guessed when it was read, as quality() explains: {named}", named=_some(named)))
    lines += [
        tr("Warning: {n} {of_number}", n=count(n), of_number=of_number(note, n))
        for n, note in remembered.get("warnings", ())
    ]
    return lines


def _shared(remembered: Mapping[str, Any]) -> str:
    """Say why the rows of a table are not of sets that share nothing."""
    shared = remembered.get("shared_items", 0)
    if not shared:
        return tr("the same {thing} may be counted more than once", thing=thing_of(remembered))
    basis = tr("; counted by creation, each is in one") if remembered.get("basis") == "active" else ""
    return trn(
        "{shared} is in more than one period{basis}",
        "{shared} are in more than one period{basis}",
        shared,
        shared=counted(shared, thing_of(remembered)),
        basis=basis,
    )


def of_pauses(remembered: Mapping[str, Any]) -> list[str]:
    """Name the stages that lengths of time leave out."""
    names, paused = remembered.get("names", {}), remembered.get("paused", ())
    return (
        [tr("The clock stands still in: {some}", some=_some([names.get(stage, stage) for stage in paused]))]
        if paused
        else []
    )


def where_of(remembered: Mapping[str, Any]) -> list[str]:
    """Name the conditions of the items that a table is about."""
    where: Mapping[str, Any] = remembered.get("where", {})
    if not where:
        return []
    thing, more = ("lead", tr(", and the deals linked to them")) if "of_chain" in where else ("item", "")
    thing = Noun.of(thing)
    found = tr("no {thing}", thing=thing) if not where["items"] else counted(where["items"], thing)
    return [
        tr(
            "Only {things} where {text}{more}: {found} of {of}",
            things=plural(thing),
            text=conditions_text(where["text"]),
            more=more,
            found=found,
            of=count(where["of"]),
        )
    ]


def period_of(remembered: Mapping[str, Any]) -> list[str]:
    """Name the period and the moment that a table is about, as far as it was asked about some."""
    asked: Mapping[str, str] = remembered.get("seen", {})
    items = (
        tr(", {things} {basis} in it", things=things_of(remembered), basis=trc("basis", asked["basis"]))
        if "basis" in asked
        else ""
    )
    followed = (
        tr("; each is followed for {within}", within=remembered["within"]) if "within" in remembered else ""
    )
    found = (
        [tr("Period: {period}{items}{followed}", period=asked["period"], items=items, followed=followed)]
        if "period" in asked
        else []
    )
    return found + ([tr("As of: {as_of}", as_of=asked["as_of"])] if "as_of" in asked else [])


def basis_of(remembered: Mapping[str, Any]) -> list[str]:
    """Say which items each of several periods has."""
    basis, within = remembered.get("basis"), remembered.get("within")
    if basis is None:
        return []
    return [
        tr(
            "Of all {things} {basis} in the period{word}",
            things=things_of(remembered),
            basis=trc("basis", basis),
            word=tr(", within {within}", within=within) if within else "",
        )
    ]


def of_later(remembered: Mapping[str, Any]) -> list[str]:
    """Name the groups that nobody could have known when the items began."""
    later = [name.replace("_", " ") for name in remembered.get("later", ())]
    if not later:
        return []
    things = "leads" if remembered.get("table") == "chain" else things_of(remembered)
    return [
        tr(
            "Groups by {later} say what became of the {things} later, not what was known before.",
            later=tr(" and ").join(later),
            things=things,
        )
    ]


def of_number(note: str, number: int) -> str:
    """Put the noun that the note of a check begins with in the singular where there is one of it."""
    noun, rest = note.split(" ", 1)
    if language() != "en":
        return note_of(note)
    return f"{noun.removesuffix('s')} {rest}" if number == 1 else note


def _some(texts: list[str], of: int | None = None) -> str:
    """List the first of some texts, or of as many as `of` says, and count the others."""
    rest = (len(texts) if of is None else of) - min(len(texts), _MOST_NAMED)
    return ", ".join(texts[:_MOST_NAMED]) + (tr(", … ({rest} more)", rest=count(rest)) if rest > 0 else "")
