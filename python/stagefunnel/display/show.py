"""Result tables the way people read them, in a notebook and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, overload, runtime_checkable

import numpy as np
import pandas as pd

from ..errors import SchemaError, given
from ..tables.frames import as_pandas
from ..tables.labels import columns_before
from ..tables.schema import CHECKED, EXPLANATION, FUNNEL, QUALITY, SKIPS, STAGE_TIMES
from ..tables.skipping import OnTheWay
from ..tables.summary import Summary
from ..words import Language, spoken_in, tr, trn
from .assumed import suggested_text
from .cells import absent_words, cell_writer, is_number, with_bounds, without_bounds
from .checks import check_sentence, written_checks
from .first_columns import CHECKED_BY_SENTENCES, FIRST_COLUMNS
from .flow_sentences import flow_title
from .folding import spare_columns
from .forecast_sentences import forecast_title, win_within_title
from .funnel_grid import show_funnel
from .given import as_spoken
from .grid import Grid
from .heads import head
from .incidence_sentences import incidence_title
from .log_sentences import doubts_of
from .lost_stage import without_rates
from .matrix import show_matrix
from .numbers import count
from .remarks import remarks_of
from .restored import filled_rows, has_parts, named_columns, named_parts, remembering, restored, with_lengths
from .sentences import answers, stage_namer
from .sequence_sentences import SEQUENCE_TABLES, sequence_findings, sequence_title
from .shown import Shown, ShownTogether
from .things import things_of
from .titles import KIND_TITLES, PER_TITLES, TITLES
from .way_sentences import way_title

_MOST_ROWS = 60
_MOST_MOVES = 10


@runtime_checkable
class ShownByTable(Protocol):
    """What is shown by a table of it, such as a suggestion."""

    def as_table(self) -> pd.DataFrame:
        """Return the table, with what stands around it noted on it."""


@overload
def show(
    table: pd.DataFrame | ShownByTable,
    *,
    wide: bool = False,
    matrix: str | None = None,
    language: Language | None = None,
) -> Shown: ...
@overload
def show(
    table: Summary, *, wide: bool = False, matrix: str | None = None, language: Language | None = None
) -> ShownTogether: ...
def show(
    table: pd.DataFrame | ShownByTable | Summary,
    *,
    wide: bool = False,
    matrix: str | None = None,
    language: Language | None = None,
) -> Shown | ShownTogether:
    """Show a result table the way people read it, or all tables of a summary.

    Stages go by their names, shares are percents, and lengths of time are in their largest units. A line
    above a funnel says how its items stand now. Sentences below it say which stage is skipped most often,
    from which stage most items are lost, and how many items were ever won or lost. A funnel with
    ``kind="both"`` shows the two funnels side by side.

    Parameters
    ----------
    table
        A table of this package, of pandas, polars or Arrow, a summary, or a suggestion. A summary shows its
        most frequent transitions, and the checks that found something. A funnel stands in the order of its
        pipeline, however its rows were sorted. Where rows were taken out or put together, so that they do not
        fit each other any more, each row is shown for itself. Any other frame is shown as it is, without rows
        that hold nothing.
    wide
        Whether all columns are shown also where a terminal has no room for them. By default the least
        important ones are left out there, and a line below the table names them.
    matrix
        Column of a table with periods, such as ``"reached"`` or ``"conversion_from_all"``: it is shown with
        the stages down and the periods across. Periods that are unlike the others are marked.
    language
        Language of the words and the numbers: ``"en"`` (default), ``"fr"``, ``"de"``, ``"ru"``, ``"es"`` or
        ``"pt"``. Stages and the values of your columns stay as they are. Another language than English needs
        the extra ``languages``.

    Returns
    -------
    Shown or ShownTogether
        Prints itself on a terminal and in a notebook; ``to_markdown()`` gives text for a page.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> print(str(sf.show(sf.funnel(shop.log, shop.pipeline))).splitlines()[-2])
    Most often lost from: Won (2 of 5 lost, 40%)
    """
    with spoken_in(language):
        return _shown(as_pandas(table), wide=wide, matrix=matrix)


def _shown(table: Any, *, wide: bool, matrix: str | None) -> Shown | ShownTogether:
    if matrix is not None and not isinstance(table, pd.DataFrame):
        raise SchemaError(given("matrix", matrix), " needs one table with periods")
    if isinstance(table, Summary):
        return _show_summary(table).widened(is_wide=wide)
    if isinstance(table, ShownByTable):
        table = table.as_table()
    if not isinstance(table, pd.DataFrame):
        raise SchemaError(f"show takes a result table, got {type(table).__name__}")
    table = remembering(table)
    remembered = _remembered(table)
    table = without_rates(with_lengths(_filled_rows(named_columns(table))), remembered)
    shown = _show_table(table, remembered) if matrix is None else show_matrix(table, remembered, matrix)
    return shown.followed_by(remarks_of(remembered)).widened(is_wide=wide)


def _show_table(table: pd.DataFrame, remembered: Mapping[str, Any]) -> Shown:
    kind = remembered.get("table")
    if {*FUNNEL} <= {*table.columns}:
        funnel = _as_funnel(table)
        if funnel is not None:
            return _show_chain(funnel, remembered) if kind == "chain" else show_funnel(funnel, remembered)
    if kind == "check" and {*CHECKED} <= {*table.columns}:
        return _show_rows(
            written_checks(table), {}, title=_title_of(remembered), below=[check_sentence(table)]
        )
    if kind in SEQUENCE_TABLES:
        return _show_sequence(table, remembered)
    below = _answers(table, remembered)
    shown = _without_known_starts(table) if {*STAGE_TIMES} <= {*table.columns} else table
    if kind == "skips" and {*SKIPS} <= {*table.columns}:
        shown = _with_rate_on_the_way(table)
    if kind == "cumulative_incidence":
        shown = shown.rename(columns={"open": "share_open"})  # elsewhere open is a count
    if kind == "losses" and "items" in shown.columns and "unit" in remembered:
        shown = shown.rename(columns={"items": things_of(remembered)})
    return _show_rows(
        shown,
        _flat(remembered.get("names", {})),
        title=_title_of(remembered),
        below=below,
        working_day=remembered.get("working_day"),
        kind=str(kind or ""),
        absent=absent_words(remembered),
    )


def _flat(names: Mapping[str, Any]) -> Mapping[str, str]:
    """Leave out the names of a chain, which the labels of a row alone do not tell apart."""
    return {} if has_parts(names) else names


def _filled_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Leave out rows that hold nothing; what is left may have whole numbers again."""
    filled = filled_rows(table)
    return table if len(filled) == len(table) else filled.infer_objects()


def _answers(table: pd.DataFrame, remembered: Mapping[str, Any]) -> list[str]:
    """Compose the sentences of a table whose rows still belong together."""
    columns = FIRST_COLUMNS.get(remembered.get("table", ""))
    if columns is None or columns[0] == "item" or columns in CHECKED_BY_SENTENCES:
        return answers(table, remembered)
    if not {*columns} <= {*table.columns}:
        return []
    try:
        restored(table, columns, "one question", sort=False)
    except SchemaError:
        return [] if len(table) else answers(table, remembered)
    return answers(table, remembered)


def _as_funnel(table: pd.DataFrame) -> pd.DataFrame | None:
    """Put a funnel in order; ``None`` where its rows do not belong together, and each stands for itself."""
    try:
        table = restored(table, FUNNEL, "funnel()")
    except SchemaError:
        return None
    if "kind" not in table.columns:
        return table
    by = [name for name in columns_before(table, "stage") if name != "kind"]
    of_kinds = [
        {tuple(row) for row in rows[[*by, "stage"]].astype(str).to_numpy().tolist()}
        for _, rows in table.groupby("kind", observed=True)
    ]
    groups = [{row[:-1] for row in rows} for rows in of_kinds]
    shared = set.intersection(*groups)
    # A group may be in one of the kinds alone; one that is in both has the same stages in both.
    pairs = [{row for row in rows if row[:-1] in shared} for rows in of_kinds]
    return table if all(rows == pairs[0] for rows in pairs) else None


def _remembered(table: pd.DataFrame) -> Mapping[str, Any]:
    remembered: Mapping[str, Any] = table.attrs.get("stagefunnel", {})
    return as_spoken(remembered)


def _title_of(remembered: Mapping[str, Any]) -> str:
    kind = remembered.get("table", "")
    if kind == "suggestion":
        return tr("Suggested: {suggested}", suggested=suggested_text(remembered["suggested"]))
    if kind == "time_in_stage":
        return tr("Time in stage, {per}", per=PER_TITLES[remembered.get("per", "visit")])
    if kind == "time_to":
        return way_title(remembered)
    if kind == "flow":
        return flow_title(TITLES[kind], remembered)
    if kind == "cumulative_incidence":
        return incidence_title(remembered)
    if kind == "forecast":
        return forecast_title(remembered)
    if kind == "win_within" and remembered.get("until"):
        return win_within_title(remembered)
    if kind != "comparison":
        return TITLES.get(kind, "").format(items=things_of(remembered))
    now, before = remembered["called"]
    return tr(
        "Funnel: {kind}, {now} compared with {before}",
        kind=KIND_TITLES.get(remembered["kind"], remembered["kind"]),
        now=now,
        before=before,
    )


def _without_known_starts(times: pd.DataFrame) -> pd.DataFrame:
    """Leave out the column of unknown starts where there are none, as in most logs."""
    if "start_unknown" in times and not times["start_unknown"].any():
        return times.drop(columns="start_unknown")
    return times


def _with_rate_on_the_way(skips: pd.DataFrame) -> pd.DataFrame:
    """Add the rate that the rows are ranked by, so that their order can be followed."""
    on_the_way = OnTheWay.of_skips(skips)
    return skips.assign(rate_on_the_way=np.where(on_the_way.is_ranked, on_the_way.rate, np.nan))


def _show_sequence(table: pd.DataFrame, remembered: Mapping[str, Any]) -> Shown:
    is_funnel = remembered["table"] == "sequence_funnel"
    shown = _main_columns(table, remembered["by"]) if is_funnel else table
    below = sequence_findings(table, remembered)
    return _show_rows(
        shown,
        {},
        title=sequence_title(remembered),
        below=below,
        working_day=remembered.get("working_day"),
        kind=remembered["table"],
    )


def _main_columns(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Leave out most columns of a sequence funnel: of those about times only the medians stay."""
    hidden = ("conversion_from_all", "mean_", "q")
    shown = table[[name for name in table.columns if name in by or not str(name).startswith(hidden)]]
    if "conversion_from_previous" not in shown:
        return shown
    # More items can come to a step than to an optional step before it; their ratio is not a conversion.
    shares = shown["conversion_from_previous"]
    return shown.assign(conversion_from_previous=shares.where(shares <= 1))


def _show_chain(table: pd.DataFrame, remembered: Mapping[str, Any]) -> Shown:
    """Show the parts of a chain as groups of a funnel; each part has its own names of stages."""
    unlinked = max(remembered["unlinked"].values(), default=0)
    in_groups = tr(", in no group") if len(remembered.get("by", ())) > 1 else ""
    named, of_names = named_parts(table, remembered)
    return show_funnel(
        named,
        {**of_names, "without_rows": _without_rows_of_chain(remembered)},
        what=tr("Chain, counted in leads") if remembered["basis"] == "origin" else tr("Chain"),
        also=[
            tr("Deals without a lead: {unlinked}{in_groups}", unlinked=count(unlinked), in_groups=in_groups)
        ]
        if unlinked
        else [],
    )


def _without_rows_of_chain(remembered: Mapping[str, Any]) -> set[str]:
    """Name the stages without rows, but for a name that a stage of the other part has too."""
    names, parts = remembered["names"], remembered.get("parts_remarks", {})
    without = {part: {*own.get("without_rows", ())} for part, own in parts.items()}
    seen = {
        name for part in names for label, name in names[part].items() if label not in without.get(part, ())
    }
    return {names[part].get(label, label) for part, labels in without.items() for label in labels} - seen


def _show_summary(summary: Summary) -> ShownTogether:
    # The tables of a summary have the same remarks.
    remembered = _remembered(summary.funnel)
    parts = [
        show_funnel(summary.funnel, remembered).followed_by(remarks_of(remembered)),
        _show_times(summary.time_in_stage),
        *([_show_moves(summary.transitions)] if len(summary.transitions) else []),
        _show_findings(summary.quality),
    ]
    return ShownTogether(parts)


def _show_times(times: pd.DataFrame) -> Shown:
    remembered = _remembered(times)
    return _show_rows(
        _without_known_starts(times).drop(columns=["outcome", "visits"]),
        remembered.get("names", {}),
        title=_title_of({**remembered, "table": "time_in_stage"}),
        below=answers(times, remembered),
        working_day=remembered.get("working_day"),
        kind="time_in_stage",
    )


def _show_moves(transitions: pd.DataFrame) -> Shown:
    # The sort is stable: transitions of equal number stay in the order of the pipeline.
    moves = transitions.sort_values("moves", ascending=False, kind="stable")
    remembered = _remembered(moves)
    return _show_rows(
        moves,
        remembered.get("names", {}),
        title=tr("Moves, the most frequent first"),
        most=_MOST_MOVES,
        below=answers(moves, remembered),
        kind="transitions",
    )


def _show_findings(quality: pd.DataFrame) -> Shown:
    found = quality[quality["count"] > 0]
    n_clear = len(quality) - len(found)
    below = [
        trn("{n} other check found nothing.", "{n} other checks found nothing.", n_clear, n=count(n_clear)),
        *doubts_of(quality),
    ]
    return _show_rows(found, {}, title=tr("What was read"), below=below)


def _show_rows(
    table: pd.DataFrame,
    names: Mapping[str, str],
    *,
    title: str = "",
    most: int = _MOST_ROWS,
    below: Sequence[str] = (),
    working_day: float | None = None,
    kind: str = "",
    absent: Mapping[str, str] | None = None,
) -> Shown:
    """Show a table row by row, each column written as its type and its name ask for."""
    name_of = stage_namer(names)
    kept = without_bounds([*table.columns])
    columns = [(str(name), table[name]) for name in kept]
    shown = table.head(most) if len(table) > most else table
    writers = [cell_writer(name, column, name_of, working_day, kind) for name, column in columns]
    texts = [with_bounds(write, shown, name) for write, name in zip(writers, kept, strict=True)]
    texts = _with_absent(shown, kept, texts, absent or {})
    grid = Grid(
        headings=[head(name) for name, _ in columns],
        is_text=[not is_number(column) for _, column in columns],
        rows=[list(cells) for cells in zip(*texts, strict=True)],
        spare=_spare([name for name, _ in columns], kind),
    )
    rest = len(table) - most
    return Shown(title, grid, [], [*([_more_rows(rest)] if rest > 0 else []), *below])


def _with_absent(
    table: pd.DataFrame, names: Sequence[Any], texts: Sequence[list[str]], absent: Mapping[str, str]
) -> list[list[str]]:
    """Write what a missing value means, but in rows that have no number: they hold nothing."""
    if not absent:
        return [*texts]
    numbers = [is_number(table.iloc[:, at]) for at in range(table.shape[1])]
    is_held = table.loc[:, numbers].notna().any(axis=1).tolist()
    return [
        [
            absent[str(name)] if is_gone and held else text
            for text, is_gone, held in zip(cells, table[name].isna().tolist(), is_held, strict=True)
        ]
        if str(name) in absent
        else cells
        for name, cells in zip(names, texts, strict=True)
    ]


def _more_rows(n: int) -> str:
    return trn("… and {n} more row", "… and {n} more rows", n, n=count(n))


def _spare(names: list[str], kind: str) -> list[int]:
    """List the columns that may be left out for width, the least important first."""
    texts = {"explanation": EXPLANATION, "quality": QUALITY}
    kind = next((text for text, its in texts.items() if {*its} <= {*names}), kind)
    first = FIRST_COLUMNS.get(kind, ("",))[0]
    return spare_columns(names, kind, n_keys=names.index(first) + 1 if first in names else 1)
