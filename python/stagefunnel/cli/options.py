"""The options of the commands; each function adds some of them to a parser."""

# A function of a few lines for each group of options; what they have in common is their order in --help.

from __future__ import annotations

import argparse
from typing import Any, get_args

from ..tables.options import (
    AtName,
    BasisName,
    ChainBasisName,
    EveryName,
    Fill,
    KindName,
    LanguageName,
    LossAtName,
    LostThenWonName,
    MissingStages,
    PerName,
    SkipAtName,
)
from .typed_values import from_1, length, moment, other_period, period, whole


def files(parser: argparse.ArgumentParser, *, are_needed: bool) -> None:
    """Add the files to read."""
    parser.add_argument(
        "files",
        nargs="+" if are_needed else "*",
        metavar="FILE",
        help="CSV, JSON lines (both also .gz) or Parquet; several, or a quoted glob",
    )


def pipeline(parser: argparse.ArgumentParser) -> None:
    """Add the file of the pipeline."""
    parser.add_argument(
        "--pipeline",
        metavar="TOML",
        help="file that names the stages and the columns, as 'stagefunnel init' writes one (default: what "
        "the rows suggest, where that is not in doubt); with --read also the name of a pipeline",
    )


def unlisted(parser: argparse.ArgumentParser) -> None:
    """Add what happens to stages that the pipeline does not list."""
    parser.add_argument("--unlisted", choices=("error", "ignore"), help="stages not in the pipeline")


def missing(parser: argparse.ArgumentParser) -> None:
    """Add what happens to stages without rows."""
    parser.add_argument(
        "--missing",
        choices=get_args(MissingStages),
        default="near",
        help="stages without rows: near refuses those of which the log has a near label",
    )


def observed(parser: argparse.ArgumentParser) -> None:
    """Add the end of observation."""
    parser.add_argument(
        "--observed-until",
        type=moment,
        metavar="TIME",
        help="until when items were observed, e.g. 2026-04-01 (default: the last row)",
    )


def log(parser: argparse.ArgumentParser) -> None:
    """Add how a log is made from the rows."""
    parser.add_argument("--empty", choices=("error", "allow"), default="error")
    parser.add_argument("--threads", type=from_1, metavar="N")


def columns(parser: argparse.ArgumentParser) -> None:
    """Add the names of the columns."""
    columns = parser.add_argument_group("columns (default: as the pipeline file says, else their own name)")
    for role in ("item", "stage", "time", "order"):
        columns.add_argument(f"--{role}", metavar="NAME")
    columns.add_argument(
        "--time-format",
        metavar="FORMAT",
        help="of times that are not ISO 8601, e.g. %%d/%%m/%%Y or, for digits only, %%Y%%m%%d",
    )


def marks(parser: argparse.ArgumentParser) -> None:
    """Add the columns with the end of a visit, and of starts that nobody knows."""
    parser.add_argument("--exited", metavar="NAME", help="column with the time at which the item left")
    parser.add_argument(
        "--start-unknown",
        metavar="NAME",
        help="column that says (true or false) where nobody knows since when the item was in the stage",
    )


def at_visit(parser: argparse.ArgumentParser) -> None:
    """Add the columns of the log that visits have, and where those of groups are read."""
    parser.add_argument(
        "--at",
        choices=get_args(AtName),
        default="first",
        help="where --by reads a column of the log: an item's first or last row, or the first one of a visit",
    )
    parser.add_argument(
        "--columns", metavar="NAME[,NAME]", help="columns of the log to add, from the first row of a visit"
    )


def reading(parser: argparse.ArgumentParser) -> None:
    """Add the ways in which rows and exports are read."""
    reading = parser.add_argument_group("reading")
    reading.add_argument("--invalid", choices=("error", "drop", "keep_stage"), default="error")
    reading.add_argument("--quiet", action="store_true", help="show no progress on a terminal")
    reading.add_argument(
        "--zone", metavar="ZONE", help="of times without one, others are converted; e.g. Europe/Berlin"
    )


def export(parser: argparse.ArgumentParser, *, asks: bool, has_parts: bool) -> None:
    """Add the ways in which exports are read.

    Parameters
    ----------
    asks
        Whether the files may be something else, so that ``--read`` says what they are.
    has_parts
        Whether one part of the export is to be chosen.
    """
    export = parser.add_argument_group("a CRM's export (JSON, CSV, .xlsx; its files together, in any order)")
    if asks:
        export.add_argument("--read", action="store_true", help="read the files as one export of a CRM")
    if has_parts:
        export.add_argument(
            "--of", choices=("deals", "leads"), default="deals", help="which part, if it has both"
        )
    export.add_argument(
        "--crm", metavar="NAME", help="its format, e.g. bitrix24; by default it is recognised"
    )
    export.add_argument(
        "--only",
        action="append",
        metavar="COLUMN=VALUE",
        help="read only these rows of a table whose rows are also about other things, e.g. field=status; for "
        "several values more than once",
    )
    export.add_argument(
        "--merged",
        choices=("keep", "join"),
        help="deals merged into another one: they count beside it (keep, the default), or as part of it",
    )
    export.add_argument(
        "--dayfirst",
        action=argparse.BooleanOptionalAction,
        help="dates such as 03/04/2026 have the day first, or with --no-dayfirst the month",
    )
    export.add_argument("--decimal", choices=(".", ","), help="the mark before the decimals of amounts")
    export.add_argument("--encoding", metavar="NAME", help="of text files, e.g. cp1252")


def kind(parser: argparse.ArgumentParser) -> None:
    """Add the kind of funnel."""
    parser.add_argument("--kind", choices=get_args(KindName), default="classic")


def kind_to_explain(parser: argparse.ArgumentParser) -> None:
    """Add the kind of funnel of an explanation."""
    parser.add_argument("--kind", choices=get_args(KindName), default="both")


def fill(parser: argparse.ArgumentParser) -> None:
    """Add the stages that conversions fill in."""
    parser.add_argument("--fill", choices=get_args(Fill), default="won", help="what conversions fill in")


def flips(parser: argparse.ArgumentParser) -> None:
    """Add the flip rule."""
    parser.add_argument(
        "--lost-then-won",
        choices=get_args(LostThenWonName),
        help="items lost before they were won (default: exclude for conversions, else include)",
    )


def groups(parser: argparse.ArgumentParser) -> None:
    """Add the table of items and the breakdown."""
    parser.add_argument("--items", metavar="FILE", help="a file with one row per item")
    parser.add_argument("--items-key", metavar="NAME", help="its key column (default: as --item)")
    parser.add_argument(
        "--by",
        metavar="NAME[,NAME]",
        help="groups: columns of --items or the log, created:month, outcome, last_stage, 'amount:[0, 1000]'",
    )


def unit(parser: argparse.ArgumentParser) -> None:
    """Add the column whose values are counted in place of items."""
    parser.add_argument(
        "--unit", metavar="NAME", help="count the values of this column of --items, such as accounts"
    )


def at_stage(parser: argparse.ArgumentParser) -> None:
    """Add the rows at which columns of the log are read."""
    parser.add_argument(
        "--at",
        choices=get_args(AtName),
        default="first",
        help="where a column of the log is read: an item's first or last row, or where it enters the stage",
    )


def at_item(parser: argparse.ArgumentParser) -> None:
    """Add the row of an item at which columns of the log are read."""
    parser.add_argument(
        "--at",
        choices=("first", "last"),
        default="first",
        help="the row of an item in which --by reads a column of the log",
    )


def largest(parser: argparse.ArgumentParser) -> None:
    """Add the number of groups to show."""
    parser.add_argument("--top", type=whole, metavar="N", help="the N largest groups, all others as one")


def at_move(parser: argparse.ArgumentParser) -> None:
    """Add the rows at which skips read columns of the log."""
    parser.add_argument(
        "--at",
        choices=get_args(SkipAtName),
        help="a column of the log in an item's first or last row (default: where the move was made)",
    )


def at_loss(parser: argparse.ArgumentParser) -> None:
    """Add the rows at which losses read columns of the log."""
    parser.add_argument(
        "--at",
        choices=get_args(LossAtName),
        help="where --by reads a column of the log: where the item was closed (loss, the default), where it "
        "entered the stage it was lost from (stage), or its first or last row",
    )


def reason(parser: argparse.ArgumentParser) -> None:
    """Add the reason of a loss."""
    parser.add_argument("--reason", metavar="NAME", help="column with the reason of the loss")


def chain(parser: argparse.ArgumentParser) -> None:
    """Add the parts of a chain."""
    parts = parser.add_argument_group("leads, deals and links as plain tables, in place of an export")
    parts.add_argument("--leads", metavar="FILE", help="the leads' log; read as --lead-pipeline says")
    parts.add_argument("--deals", metavar="FILE", help="the deals' log; read as --deal-pipeline says")
    parts.add_argument("--links", metavar="FILE", help="one row per deal and lead")
    parts.add_argument("--deal", metavar="NAME", default="deal_id", help="the links' column of deals")
    parts.add_argument("--lead", metavar="NAME", default="lead_id", help="the links' column of leads")
    for part in ("lead", "deal"):
        parser.add_argument(
            f"--{part}-pipeline", metavar="TOML", help="its stages; with an export the name of a pipeline"
        )
    parser.add_argument(
        "--basis",
        choices=get_args(ChainBasisName),
        default="entity",
        help="leads over leads and deals over deals (entity), or leads all along (origin)",
    )


def calendar(parser: argparse.ArgumentParser) -> None:
    """Add the working hours in which lengths of time are measured."""
    parser.add_argument(
        "--calendar",
        metavar="TOML",
        help="measure in the working hours of this file's [calendar] (default: that of --pipeline; none for "
        "plain time)",
    )


def key(parser: argparse.ArgumentParser) -> None:
    """Add the key of one item."""
    parser.add_argument("--item-key", metavar="KEY", required=True, help="the item to explain")


def per(parser: argparse.ArgumentParser) -> None:
    """Add the unit that a duration is measured per."""
    parser.add_argument("--per", choices=get_args(PerName), default="visit")


def cohort(parser: argparse.ArgumentParser) -> None:
    """Add the part of the log, of which a cohort can be followed for a length of time."""
    part(parser)
    _followed(parser)


def cohort_of_chain(parser: argparse.ArgumentParser) -> None:
    """Add the same for a chain, whose ``--basis`` says in what it is counted."""
    _kept(stretch(parser), "--period-basis")
    _followed(parser)


def _followed(parser: argparse.ArgumentParser) -> None:
    observed(parser)
    parser.add_argument(
        "--within",
        type=length,
        metavar="TIME",
        help="follow each item for this long from its first row, e.g. 30d; younger ones are left out",
    )


def part(parser: argparse.ArgumentParser) -> None:
    """Add the part of the log, and which items it has."""
    _kept(stretch(parser), "--basis")


def new_part(parser: argparse.ArgumentParser) -> None:
    """Add the same for a question about the items that were created in the period."""
    _kept(stretch(parser), "--basis", "items created (default), active or closed in the period")


def new_cohort(parser: argparse.ArgumentParser) -> None:
    """Add the same where items can be followed for a length of time."""
    new_part(parser)
    _followed(parser)


def _kept(
    group: Any, option: str, text: str = "items active (default), created or closed in the period"
) -> None:
    group.add_argument(option, choices=get_args(BasisName), help=text)


def stretch(parser: argparse.ArgumentParser) -> Any:
    """Add the part of the log; return the group of these options."""
    part = parser.add_argument_group("part of the log (default: all of it)")
    part.add_argument(
        "--period",
        type=period,
        metavar="PERIOD",
        help="2026, 2026-Q1, 2026-03, 2026-W09, 2026-03-31, or a pair START..END, both included",
    )
    part.add_argument(
        "--as-of", type=moment, metavar="TIME", help="as it would have looked then, e.g. 2026-04-01"
    )
    return part


def matrix(parser: argparse.ArgumentParser) -> None:
    """Add the column that is shown as a matrix."""
    parser.add_argument(
        "--matrix",
        metavar="COLUMN",
        help="show this column of numbers with the periods across",
    )


def every(parser: argparse.ArgumentParser) -> None:
    """Add the length of periods."""
    parser.add_argument("--every", choices=get_args(EveryName), default="month")


def report(parser: argparse.ArgumentParser) -> None:
    """Add the file of the page and its content."""
    parser.add_argument(
        "--out", dest="page", metavar="FILE", required=True, help="the page, e.g. report.html"
    )
    parser.add_argument("--title", metavar="TEXT", default="Sales funnel")
    parser.add_argument("--language", choices=get_args(LanguageName), help="of the page (default: en)")
    parser.add_argument(
        "--sections", metavar="NAMES", help="sections in this order, e.g. funnels,losses,groups"
    )
    parser.add_argument("--logo", metavar="FILE", help="PNG or SVG file for the head of the page")
    parser.add_argument(
        "--anonymous", action="store_true", help="letters in place of the names in the columns of --by"
    )
    parser.add_argument(
        "--top", type=whole, metavar="N", default=10, help="groups of --by, all others as one"
    )
    parser.add_argument("--every", choices=get_args(EveryName), help="periods of the trend")
    filters = "let readers choose a group, a funnel and a period; by default with --by or --every"
    parser.add_argument("--filters", action=argparse.BooleanOptionalAction, help=filters)
    parser.add_argument(
        "--within", type=length, metavar="TIME", help="follow each item of the trend for this long, e.g. 30d"
    )


def demo(parser: argparse.ArgumentParser) -> None:
    """Add the directory of the sample."""
    parser.add_argument(
        "directory", nargs="?", default="stagefunnel-demo", metavar="DIR", help="default: stagefunnel-demo"
    )


def same_part(parser: argparse.ArgumentParser) -> None:
    """Add the part of a period that is not over."""
    parser.add_argument(
        "--same-part",
        action="store_true",
        help="compare a period that is not over with the same part of the other: month to date",
    )


def against(parser: argparse.ArgumentParser) -> None:
    """Add the period to compare with."""
    parser.add_argument(
        "--against",
        type=other_period,
        metavar="PERIOD",
        default="previous",
        help="previous (default), last_year, or a period",
    )
