"""What the script of the page says, and the form of its filters."""

from __future__ import annotations

from typing import Final

NO_ROOM: Final = "No room on this page for: {what}"
GROUPS_ARE_REASONS: Final = "Groups cannot be chosen: {name} is the reason of losses too"
OTHER_GROUPS: Final = "Not one group to choose: {names}"
OTHER_PERIODS: Final = "Periods that cannot be chosen: {names}"
FILTERS: Final = {
    "form": "Choose what the tiles, the funnels and the losses show",
    "period": "period",
    "kind": "funnel",
    "all_groups": "all",
    "all_periods": "all",
    "both": "both",
    "reset": "Show all",
    "table": "Table: {caption}",
    "of_all": "This section is about all items of the page.",
}
#: What the script puts together; names in braces are filled in.
SCRIPT: Final = {
    "rows": "{shown} of {all} rows",
    "copy": "Copy",
    "copied": "{n} rows copied",
    "not_copied": "The browser does not let this page copy",
    "chosen": (
        "Tiles, funnels and losses show {what}. The findings and all other sections are about all items."
    ),
    "chosen_kind": "The funnels show {what}.",
    "not_with_group": "{period} has no numbers of single groups on this page, so all periods are shown",
    "assumed": "the outlined part is assumed",
    "nothing": "Nothing is lost.",
}
