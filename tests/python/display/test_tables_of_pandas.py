"""Tables after what people do to them in pandas are shown and drawn right, or refused with what to do."""

# One random test over all tables, with the list of tables, of steps and of what is compared.

import io
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagefunnel as sf
from drawn import bars_of, words_of
from examples import examples
from stagefunnel import plots
from stagefunnel.display.show import _show_rows

WORKED = sf.datasets.worked_example()
PIPELINE = WORKED.pipeline
ITEMS = pd.DataFrame({"item": range(1, 14), "half": ["a", "b"] * 6 + [None], "why": [*"xyz" * 4, "x"]})
LOG = sf.StageLog(WORKED.frame, items=ITEMS)
STEPS = ["New", "Delivery", "Won"]
LEADS = sf.Pipeline(["New", "Call"], won="Won", lost="Junk")
LEAD_LOG = sf.StageLog(
    {
        "item": ["k", "k", "k", "l", "l", "m"],
        "stage": ["New", "Call", "Won", "New", "Junk", "New"],
        "time": range(6),
    }
)
DEAL_LOG = sf.StageLog(
    {"item": [1, 1, 1, 2, 2, 3], "stage": ["New", "Delivery", "Won", "New", "Lost", "New"], "time": range(6)}
)
KEYS = sf.row_table(LOG)["item"].unique()
WORTH = sf.StageLog(sf.row_table(LOG), items=pd.DataFrame({"item": KEYS, "worth": range(len(KEYS))}))
LINKS = pd.DataFrame({"deal_id": [1, 2], "lead_id": ["k", "k"]})


def chain(**options: Any) -> pd.DataFrame:
    return sf.chain_funnel(LEAD_LOG, DEAL_LOG, LINKS, lead_pipeline=LEADS, deal_pipeline=PIPELINE, **options)


class Kind(NamedTuple):
    """How a table is made, and what draws it."""

    make: Callable[[], pd.DataFrame]
    plots: tuple[Callable[[pd.DataFrame], Any], ...] = ()


FUNNEL = (plots.plot_funnel, plots.plot_compare)
MOVES = (plots.plot_transitions, lambda table: plots.plot_transitions(table, form="sankey"))
# What is drawn by default depends on what the table remembers.
TRENDS = tuple(
    partial(plots.plot_trend, value=value) for value in ("conversion_from_all", "reached", "win_rate")
)
KINDS = {
    "funnel": Kind(lambda: sf.funnel(LOG, PIPELINE), FUNNEL),
    "conversions": Kind(lambda: sf.funnel(LOG, PIPELINE, kind="conversions"), FUNNEL),
    "both": Kind(lambda: sf.funnel(LOG, PIPELINE, kind="both"), FUNNEL),
    "groups": Kind(lambda: sf.funnel(LOG, PIPELINE, kind="strict", by="half"), FUNNEL),
    "both by groups": Kind(lambda: sf.funnel(LOG, PIPELINE, kind="both", by="half"), FUNNEL),
    "trend": Kind(lambda: sf.funnel_by_period(LOG, PIPELINE, every="week"), TRENDS),
    "trend by groups": Kind(lambda: sf.funnel_by_period(LOG, PIPELINE, every="week", by="half"), TRENDS),
    "comparison": Kind(lambda: sf.compare_periods(LOG, PIPELINE, "2026-03"), (plots.plot_compare,)),
    "comparison by groups": Kind(
        lambda: sf.compare_periods(LOG, PIPELINE, "2026-03", by="half"), (plots.plot_compare,)
    ),
    "decomposition": Kind(lambda: sf.decompose(LOG, PIPELINE, a="2026-03", b="2026-02")),
    "mix and rate": Kind(lambda: sf.mix_rate(LOG, PIPELINE, mix="half", a="2026-03", b="2026-02")),
    "outcomes": Kind(lambda: sf.outcomes(LOG, PIPELINE)),
    "outcomes by groups": Kind(lambda: sf.outcomes(LOG, PIPELINE, by="half")),
    "times": Kind(lambda: sf.time_in_stage(LOG, PIPELINE), (plots.plot_time_in_stage,)),
    "variants": Kind(lambda: sf.variants(LOG, PIPELINE, top=2)),
    "variants by groups": Kind(lambda: sf.variants(LOG, PIPELINE, by="half")),
    "times to a stage": Kind(lambda: sf.time_to(LOG, PIPELINE, "Won")),
    "times to a stage by groups": Kind(lambda: sf.time_to(LOG, PIPELINE, "Won", by="half")),
    "moves": Kind(lambda: sf.transitions(LOG, PIPELINE), MOVES),
    "losses": Kind(lambda: sf.losses(LOG, PIPELINE), (plots.plot_losses,)),
    "losses by groups": Kind(lambda: sf.losses(LOG, PIPELINE, by="half", reason="why"), (plots.plot_losses,)),
    "skips": Kind(lambda: sf.skips(LOG, PIPELINE, by=None), (plots.plot_skips,)),
    "skips by groups": Kind(lambda: sf.skips(LOG, PIPELINE, by="half"), (plots.plot_skips,)),
    "flow": Kind(lambda: sf.flow(LOG, PIPELINE, period="2026-03")),
    "flow of weeks": Kind(lambda: sf.flow(LOG, PIPELINE, every="week", by="half")),
    "velocity": Kind(lambda: sf.sales_velocity(WORTH, PIPELINE, amount="worth")),
    "money": Kind(lambda: sf.outcomes(WORTH, PIPELINE, amount="worth")),
    "flow of money": Kind(lambda: sf.flow(WORTH, PIPELINE, period="2026-03", amount="worth")),
    "items": Kind(lambda: sf.item_table(LOG, PIPELINE)),
    "rows": Kind(lambda: sf.row_table(LOG)),
    "stages": Kind(lambda: LOG.stages),
    "quality": Kind(lambda: LOG.quality(PIPELINE)),
    "explanation": Kind(lambda: sf.explain(LOG, PIPELINE, item=3)),
    "chain": Kind(lambda: chain(), FUNNEL),
    "chain of both": Kind(lambda: chain(kind="both", basis="origin"), FUNNEL),
    "sequence": Kind(lambda: sf.sequence_funnel(LOG, STEPS), (plots.plot_sequence,)),
    "sequence by groups": Kind(lambda: sf.sequence_funnel(LOG, STEPS, by="half"), (plots.plot_sequence,)),
    "sequence by item": Kind(lambda: sf.sequence_items(LOG, STEPS)),
    "sequence trend": Kind(lambda: sf.sequence_trend(LOG, ["New", "Won"], every="week")),
    "conversion times": Kind(
        lambda: sf.time_to_convert(LOG, ["New", "Won"], bins=3), (plots.plot_time_to_convert,)
    ),
    "paths": Kind(lambda: sf.sequence_paths(LOG, ["New", "Won"])),
}


@cache
def made(kind: str) -> pd.DataFrame:
    return KINDS[kind].make()


def of_csv(table: pd.DataFrame) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(table.to_csv(index=False)))


def of_parquet(table: pd.DataFrame) -> pd.DataFrame:
    file = io.BytesIO()
    plain = table.astype({name: str for name in table if isinstance(table[name].dtype, pd.PeriodDtype)})
    plain.attrs = table.attrs
    plain.to_parquet(file, index=False)
    file.seek(0)
    return pd.read_parquet(file)


# What people do: a function of the table and of a number.
DONE: dict[str, Callable[[pd.DataFrame, int], pd.DataFrame]] = {
    "sort": lambda table, n: table.sort_values(table.columns[n % table.shape[1]], ascending=bool(n % 2)),
    "shuffle": lambda table, n: table.sample(frac=1, random_state=n),
    "filter": lambda table, n: table[np.random.default_rng(n).random(len(table)) < 0.7],
    "head": lambda table, n: table.head(1 + n % (len(table) + 1)),
    "concat parts": lambda table, n: pd.concat([table.iloc[n % 5 :], table.iloc[: n % 5]]),
    "concat twice": lambda table, n: pd.concat([table, table.iloc[: n % 3]]),
    "reindex": lambda table, n: table.reset_index(drop=True).reindex(
        np.random.default_rng(n).permutation(len(table))
    ),
    "reindex beyond": lambda table, n: table.reset_index(drop=True).reindex(range(len(table) + n % 3)),
    "a column as index": lambda table, n: table.set_index(table.columns[n % table.shape[1]]),
    "columns moved": lambda table, n: table[list(np.random.default_rng(n).permutation(table.columns))],
    "a column more": lambda table, n: table.assign(remark="x"),
    "a column less": lambda table, n: table.drop(columns=table.columns[n % table.shape[1]]),
    "csv": lambda table, n: of_csv(table),
    "parquet": lambda table, n: of_parquet(table),
}  # fmt: skip
STEPS_DONE = st.lists(st.tuples(st.sampled_from(list(DONE)), st.integers(0, 1_000)), min_size=1, max_size=3)


def cells_of(shown: Any) -> list[dict[str, str]]:
    """Read the rows of a grid by heading; a second column of one heading has a number behind it.

    In a funnel the columns of groups are written in the first row of each group only. A file does not
    say what a column without a value holds, so the sign of a missing number is left out.
    """
    headings = list[str]()
    for heading in shown.grid.headings:
        headings.append(heading if heading not in headings else f"{heading} {headings.count(heading) + 1}")
    n_groups = headings.index("stage") if "lost\nhere" in headings else 0
    lines, above = [], [""] * n_groups
    for row in shown.grid.rows:
        above = [cell or before for cell, before in zip(row[:n_groups], above, strict=True)]
        cells = [cell.replace(" 00:00:00", "").replace("–", "") for cell in [*above, *row[n_groups:]]]
        lines.append(dict(zip(headings, cells, strict=True)))
    return lines


def of_one_kind(table: pd.DataFrame) -> list[pd.DataFrame]:
    """Return what is left where the rows of one kind of two are kept."""
    return [table[table["kind"] == kind] for kind in ("classic", "conversions")] if "kind" in table else []


@cache
def said_of(kind: str) -> tuple[list[list[dict[str, str]]], set[str]]:
    """Return the rows that a table is shown with, in each way in which they are, and its sentences."""
    table = made(kind)
    shown = [sf.show(one) for one in [table, *of_one_kind(table)]]
    rows = [cells_of(one) for one in [*shown, _show_rows(table, {}, most=10_000)]]
    return rows, {line for one in shown for line in [*one._above, *one._below]}


# What a mark shows is made of one row, unless it is a sum: of the losses of a stage, of moves in and out.
SUMS = ("losses", "losses by groups", "conversion times", "moves")


def texts_of(chart: Any, but: Sequence[str] = ()) -> set[frozenset[tuple[str, str]]]:
    """List what the marks of a chart show where people point at them, by field."""
    # A column that was moved before the stage is a part of the name of a group.
    places = ("about", "fill", "edge", "colour", "weight", "text", "group")
    return {
        frozenset(
            (name, value)
            for name, value in record.items()
            # How many reached the last stage that is left depends on what was left.
            if isinstance(value, str) and name not in (*places, *but) and not name.startswith("reached ")
        )
        for layer in chart["layer"]
        for record in layer["data"]["values"]
        if "about" in record and "in full" not in record
    }


def stages_of(chart: Any) -> list[str]:
    """List the stages in the order in which they stand below each other in the first panel."""
    bars = [
        record
        for layer in chart["layer"]
        if layer["mark"]["type"] == "rect"
        for record in layer["data"]["values"]
        if "stage" in record
    ]
    ordered = sorted(bars, key=lambda record: record["y"])
    return list(dict.fromkeys(record["stage"] for record in ordered))


def is_part_of(order: list[str], whole: list[str]) -> bool:
    rest = iter(whole)
    return all(name in rest for name in order)


def done_to(table: pd.DataFrame, steps: list[tuple[str, int]]) -> pd.DataFrame:
    for name, number in steps:
        if table.shape[1] > 1:
            table = DONE[name](table, number)
    return table


@pytest.mark.parametrize("kind", KINDS)
@given(STEPS_DONE)
@examples(ci=10, night=200)
def test_what_is_shown_is_what_the_table_said(kind: str, steps: list[tuple[str, int]]) -> None:
    shown = sf.show(done_to(made(kind), steps))
    known, sentences = said_of(kind)
    for row in cells_of(shown):
        filled = {heading: cell for heading, cell in row.items() if heading != "remark"}
        if any(filled.values()):
            assert any(_is_said(filled, line) for lines in known for line in lines), (filled, steps)
    # Other sentences are about the rows that are left.
    is_funnel = {"reached", "lost_from", "skip_rate"} <= {*made(kind)} and "period" not in made(kind)
    if is_funnel or kind in ("sequence", "conversion times"):
        # A column that was moved before the stage is a group, whose name stands before a sentence.
        # What makes groups unlike is about the groups that are left.
        notes = ("Fewer than", "Not alike")
        for line in [*shown._above, *[line for line in shown._below if not line.startswith(notes)]]:
            assert any(line.endswith(sentence) for sentence in sentences), (line, steps)


def _is_said(row: Mapping[str, str], line: Mapping[str, str]) -> bool:
    both = row.keys() & line.keys()
    return len(both) > 0 and all(row[heading] == line[heading] for heading in both)


def drawn(plot: Callable[[pd.DataFrame], Any], table: pd.DataFrame) -> Any:
    """Draw a table; ``None`` where it is refused, and any other error is one."""
    try:
        return plot(table).to_dict()
    except sf.SchemaError:
        return None


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].plots])
@given(STEPS_DONE)
@examples(ci=6, night=150)
def test_what_is_drawn_is_what_the_table_said(kind: str, steps: list[tuple[str, int]]) -> None:
    table = made(kind)
    changed = done_to(table, steps)
    is_of_file = "csv" in {name for name, _ in steps}
    for plot in KINDS[kind].plots:
        before, after = drawn(plot, table), drawn(plot, changed)
        if before is None or after is None:
            continue  # it draws another kind of funnel, or refuses what was done
        # A file has no names of periods, and not the kind, on which the pieces of a bar may depend.
        but = ("now", "before", "2026-02", "2026-03", "part") if is_of_file else ()
        known, found = texts_of(before, but), texts_of(after, but)
        if kind not in SUMS:
            # A column less is a field less in every record.
            fields = {field for record in found for field, _ in record}
            known = {frozenset(text for text in record if text[0] in fields) for record in known}
            assert found <= known, (steps, [dict(record) for record in found - known][:2])
        # A file has the order of its rows; the stages of a chain are of two parts; others are ranked.
        if not is_of_file and kind in ("funnel", "conversions", "times") and plot is not plots.plot_compare:
            assert is_part_of(stages_of(after), stages_of(before)), steps


BOTH = sf.funnel(LOG, PIPELINE, kind="both")
CONVERSIONS = sf.funnel(LOG, PIPELINE, kind="conversions")


@pytest.mark.parametrize("column", list(BOTH.columns))
def test_a_funnel_that_was_sorted_is_shown_like_the_one_before(column: str) -> None:
    for table in (BOTH, sf.funnel(LOG, PIPELINE, kind="strict", by="half")):
        order = table.sort_values(column, ascending=False) if column in table else table[::-1]
        groups = list(dict.fromkeys(order.get("half", pd.Series(dtype=object))))
        first = pd.concat([table[table["half"].isin([group])] for group in groups]) if groups else table
        assert repr(sf.show(order)) == repr(sf.show(first))


def arrows(table: pd.DataFrame) -> list[str]:
    return [word for word in words_of(plots.plot_funnel(table)) if "\N{DOWNWARDS ARROW}" in word]


def test_no_arrow_goes_between_bars_that_do_not_follow_each_other() -> None:
    # 12 items: New 10, Discussion 7, Prepayment 8, Delivery 7, Won 7; more came to Prepayment than before it.
    to_discussion, to_delivery, to_won = (f"\N{DOWNWARDS ARROW} {share}%" for share in (70, 88, 100))
    assert arrows(CONVERSIONS) == arrows(CONVERSIONS[::-1]) == [to_discussion, to_delivery, to_won]
    assert arrows(CONVERSIONS[CONVERSIONS["stage"] != "Discussion"]) == [to_delivery, to_won]
    assert arrows(CONVERSIONS[CONVERSIONS["stage"].isin(["New", "Delivery", "Won"])]) == [to_won]
    sequence = sf.sequence_funnel(LOG, STEPS)
    assert any("\N{DOWNWARDS ARROW}" in word for word in words_of(plots.plot_sequence(sequence)))
    some = plots.plot_sequence(sequence[sequence["step"] != 2])
    assert not any("\N{DOWNWARDS ARROW}" in word for word in words_of(some))


def test_a_strict_funnel_that_a_file_does_not_name_has_bars_of_one_piece() -> None:
    strict = sf.funnel(LOG, PIPELINE, kind="strict")
    pieces = {
        bar["part"].split(" ", 1)[1] for bar in bars_of(plots.plot_funnel(of_csv(strict))) if "part" in bar
    }
    assert pieces <= {"reached it", "won, ever", "lost, ever", "skipped it"}
    classic = bars_of(plots.plot_funnel(of_csv(sf.funnel(LOG, PIPELINE))))
    assert any(bar.get("part", "").endswith("lost here") for bar in classic)


def test_kinds_with_other_stages_are_shown_row_by_row_and_named_on_both_sides() -> None:
    some = BOTH[BOTH["reached"] > 3]
    grid = sf.show(some).grid
    assert grid.headings[:3] == ["kind", "stage", "outcome"]
    assert len(grid.rows) == len(some)
    names = [word for word in words_of(plots.plot_funnel(some)) if word == "New"]
    assert len(names) == 2  # neither panel has the stages of the other


def test_tables_under_one_another_are_refused_with_what_to_do() -> None:
    february, march = (sf.funnel(LOG, PIPELINE, period=period) for period in ("2026-02", "2026-03"))
    with pytest.raises(sf.SchemaError) as error:
        plots.plot_funnel(pd.concat([february, march]))
    advice = 'pd.concat({"first": one, "second": other}, names=["which"]).reset_index(level="which")'
    assert str(error.value) == (
        "the table has two rows of stage New: tables of funnel() stand under one another. "
        f"Name each, so that it is a group: {advice}"
    )
    named = pd.concat({"first": february, "second": march}, names=["which"]).reset_index(level="which")
    assert [word for word in words_of(plots.plot_funnel(named)) if word in ("first", "second")] == [
        "first",
        "second",
    ]
    assert [row[0] for row in sf.show(named).grid.rows if row[0]] == ["first", "second"]


def test_rows_without_a_stage_are_refused_with_what_to_do() -> None:
    times = sf.time_in_stage(LOG, PIPELINE)
    with pytest.raises(sf.SchemaError) as error:
        plots.plot_time_in_stage(pd.concat([times, sf.outcomes(LOG, PIPELINE)]))
    assert str(error.value) == (
        "row 6 of the table has no 'stage', 'outcome', 'visits', 'completed', 'start_unknown', 'items', "
        "which every row of time_in_stage() has; show or draw each table for itself, or leave such rows "
        "out with table.dropna(subset=['stage'])"
    )


def test_lengths_of_a_file_are_lengths_again() -> None:
    times = sf.time_in_stage(LOG, PIPELINE, quantiles=[0.1, 0.25, 0.75, 0.9])
    assert cells_of(sf.show(of_csv(times))) == cells_of(sf.show(times))
    drawings = [plots.plot_time_in_stage(table).to_dict() for table in (times, of_csv(times))]
    assert set(texts_of(drawings[1])) == set(texts_of(drawings[0])) != set()


def test_sentences_about_all_steps_and_all_matches_need_all_of_them() -> None:
    sequence = sf.sequence_funnel(LOG, STEPS)
    times = sf.time_to_convert(LOG, ["New", "Won"], bins=3)
    for table in (sequence, times):
        said = sf.show(table)._below
        assert said
        assert sf.show(table[::-1])._below == said
        assert sf.show(table[1:])._below == []


def test_rows_of_several_groups_without_their_column_are_refused() -> None:
    losses = sf.losses(LOG, PIPELINE, by="half")
    mixed = losses.drop(columns="half").drop_duplicates(subset=["from_stage", "lost_stage"])
    funnel = sf.funnel(LOG, PIPELINE, by="half")
    rows = pd.concat([funnel[funnel["half"] == "a"].head(2), funnel[funnel["half"].isna()].tail(3)])
    for plot, table in ((plots.plot_losses, mixed), (plots.plot_funnel, rows.drop(columns="half"))):
        with pytest.raises(sf.SchemaError, match="rows of several groups, and not the column 'half'"):
            plot(table)
    one = funnel[funnel["half"] == "b"].drop(columns="half")
    assert "Funnel: classic" in repr(sf.show(one))
    plots.plot_funnel(one)
