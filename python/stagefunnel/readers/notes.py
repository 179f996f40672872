"""What a reader did and what it could not know, as lines of the quality table."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from ..log.data import ReaderLines
from ..log.quality import quality_of
from ..log.stage_log import with_reader_lines
from .export import Export

# What a reader took to be so, and what makes numbers wrong until it is put right; all else is a note.
_TIES: Final = "ties_deciding_outcome"
_GUESSES: Final = {
    *(
        "read_as_cp1251",
        "day_first_dates",
        "month_first_dates",
        "year_first_dates",
        "serial_dates",
        "doubtful_local_times",
    ),
    *("stages_not_listed", "guessed_stages", "stages_by_probability", "stages_of_no_pipeline"),
    *("meaning_by_code", "meaning_by_name", "open_at_zero", "deleted_stages"),
    *("items_without_move", "first_stage_time_unknown", "created_after_first_move"),
    *("rows_of_one_field", "rows_of_any_action", "lost_by_reason", "no_status", "stages_by_id"),
    *("lost_by_zero", "closed_unknown", "meaning_differs_from_name", "merged_rows_left_out"),
    *("amounts_in_units", "mixed_decimal_marks"),
    *("newest_first", "dates_left_out", "items_by_id"),
    *("items_by_position", "users_with_several_ids", "deals_with_several_leads"),
    *("gaps", "overlaps", "left_for_nothing", "open_before_next", "from_last_rows"),
}
_WARNINGS: Final = {
    *("rows_not_fetched", "pages_not_fetched", "stage_differs_from_list", "broken_moves"),
    *("names_without_stages", "merged_deals", "unreadable_amounts", "outcome_elsewhere"),
    _TIES,
}


@dataclass
class Notes:
    """Counts of a reader, by check and note.

    Attributes
    ----------
    lines
        The counts.
    ids_decide
        Whether ids of the rows say in which order those of one time happened. Ties that decide an outcome
        are then no reason to doubt it.
    """

    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    ids_decide: bool = False

    def add(self, check: str, count: int, note: str) -> None:
        """Add a count to the line with this check and note; a count of 0 adds no line."""
        if count:
            self.lines[check, note] = self.lines.get((check, note), 0) + int(count)

    def take(self, others: Notes) -> None:
        """Add the lines of other notes."""
        for (check, note), count in others.lines.items():
            self.add(check, count, note)

    def with_levels(self) -> ReaderLines:
        """Return the lines as a log carries them."""
        return {(check, self._level(check), note): count for (check, note), count in self.lines.items()}

    def _level(self, check: str) -> str:
        if check in _WARNINGS:
            return "note" if check == _TIES and self.ids_decide else "warning"
        return "guess" if check in _GUESSES else "note"

    def on(self, export: Export) -> Export:
        """Return an export whose log carries these lines too, below those that it has."""
        if not self.lines:
            return export
        log = with_reader_lines(export.log, self.with_levels())
        return replace(export, log=log, quality=quality_of(log._data, None))
