"""What the script of the page says, and the form of its filters."""

from __future__ import annotations

from typing import Any, Final

from ..display.numbers import unit
from ..words import Words, mark, trn
from ..words.forms import months, signs

NO_ROOM: Final = mark("No room on this page for: {what}")
GROUPS_ARE_REASONS: Final = mark("Groups cannot be chosen: {name} is the reason of losses too")
OTHER_GROUPS: Final = mark("Not one group to choose: {names}")
OTHER_PERIODS: Final = mark("Periods that cannot be chosen: {names}")
NO_PERIOD_BEFORE: Final = mark("Not compared: the page has no numbers of the period before.")
NO_CHANGES: Final = mark(
    "Tiles of one group have no change since the period before: the log has too many rows"
)
FILTERS: Final = Words(
    {
        "form": mark("Choose what the tiles, the funnels and the losses show"),
        "period": mark("period"),
        "kind": mark("funnel"),
        "all_groups": mark("all"),
        "all_periods": mark("all"),
        "both": mark("both"),
        "reset": mark("Show all"),
        "table": mark("Table: {caption}"),
        "of_all": mark("This section is about all items of the page."),
    }
)
#: What the script puts together; names in braces are filled in.
SCRIPT: Final = Words(
    {
        "rows": mark("{shown} of {all} rows"),
        "copy": mark("Copy"),
        "copied": mark("Rows copied: {n}"),
        "not_copied": mark("The browser does not let this page copy"),
        "chosen": mark(
            "Tiles, funnels and losses show {what}. The findings and all other sections are about all items."
        ),
        "chosen_kind": mark("The funnels show {what}."),
        "not_with_group": mark(
            "{period} has no numbers of single groups on this page, so all periods are shown"
        ),
        "assumed": mark("the outlined part is assumed"),
        "nothing": mark("Nothing is lost."),
    }
)
_SECONDS: Final = {"d": 86_400, "h": 3_600, "min": 60, "s": 1, "ms": 1e-3, "µs": 1e-6}


def form() -> dict[str, Any]:
    """Say how the language writes what the script sorts: numbers, lengths of time and days.

    Returns
    -------
    dict
        The signs of a number, the seconds of each unit, and the number of each month.
    """
    group, decimal = signs()
    lengths = {unit(name).strip(): seconds for name, seconds in _SECONDS.items()}
    for number in range(1, 6):  # all that a language has for one and several
        lengths[trn("working day", "working days", number)] = _SECONDS["d"]
        lengths[trn("working hour", "working hours", number)] = _SECONDS["h"]
    return {"group": group, "decimal": decimal, "lengths": lengths, "months": months()}
