"""The public function: it asks all questions of the page, and writes the page."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..display.given import as_spoken
from ..display.remarks import remarks_of
from ..display.write import check_can_write, file_path, write_file
from ..errors import SchemaError, StageFunnelWarning, check_flag, given
from ..log.stage_log import StageLog
from ..pipeline import Pipeline
from ..questions.scope.money import Rates
from ..questions.scope.where import Where, asked_of
from ..questions.stages.limits import LimitsLike
from ..tables.options import BasisName, EveryName, MissingStages, Unlisted
from ..times.lengths import LengthLike
from ..times.periods import MomentLike, PeriodLike
from ..words import Language, mark, spoken_in, tr
from ..working_hours import WorkingHours
from .about import about, ends_at, made_on
from .choices import chosen_sections, without_content, without_names
from .content import Ask, Content
from .filter_data import Filters
from .findings import chosen, next_step
from .logo import logo_address
from .money import money_options
from .page import Page, Section, rendered
from .painter import painter
from .since_last import Saved, SinceLast, Words, end_of, numbers_of, rules_of
from .since_last import since_last as since_last_page

_TITLE: Final = mark("Sales funnel")


def report(
    log: StageLog,
    pipeline: Pipeline,
    path: str | os.PathLike[str],
    *,
    title: str = _TITLE,
    sections: str | Sequence[str] | None = None,
    logo: str | os.PathLike[str] | None = None,
    anonymous: bool = False,
    language: Language | None = None,
    by: str | Sequence[str] | None = None,
    top: int = 10,
    reason: str | None = None,
    amount: str | None = None,
    currency: str | None = None,
    rates: Rates | None = None,
    every: EveryName | None = None,
    unlisted: Unlisted = "error",
    missing: MissingStages = "near",
    period: PeriodLike | None = None,
    basis: BasisName = "active",
    as_of: MomentLike | None = None,
    calendar: WorkingHours | None = None,
    limits: LimitsLike | None = None,
    within: LengthLike | None = None,
    items: bool = True,
    filters: bool | None = None,
    progress: Callable[[int, int], object] | None = None,
    where: Where | None = None,
    since_last: bool = False,
) -> Path:
    """Write one page about a log, for people who do not open a notebook.

    The page stands alone: it loads nothing, its charts are drawings, and a reader can filter its tables and
    save them as CSV. Its first screen is a summary: what the page is about, five numbers with their changes
    since the period before, and three findings, chosen by how much they touch of what is more than chance.
    Below it are both funnels side by side, losses, skips, time in stage, the ten items that are
    stuck most, moves, an outlook for what is open, what is expected to be won of it and how well that held at
    past dates, the trend if the log has dates, a breakdown if `by` names one, and what was unusual in the
    rows. Each section has its definition and a sentence about this log, and each share that is a proportion
    of items its bounds of 95%. A section "Real or chance?" compares the groups of `by` step by step, and the
    last two periods of the trend that are over; where nothing differs by more than chance makes, it is a
    line, and without groups and such periods it is not there.

    Parameters
    ----------
    log, pipeline
        The stage history and the stages.
    path
        File of the page, which appears only when it is complete.
    title
        Title of the page.
    sections
        Names of the sections below the summary, in the order of the page: ``"funnels"``, ``"losses"``,
        ``"skips"``, ``"time"``, ``"moves"``, ``"money"``, ``"stuck"``, ``"outlook"``, ``"trend"``,
        ``"groups"``, ``"chance"``, ``"forecast"``, ``"quality"`` and ``"definitions"``; by default all that
        have something to say. One that is named and has nothing to say is named in a line.
    logo
        PNG or SVG file of at most 200 kB, which the page holds. An SVG with scripts, or that loads something,
        is refused.
    anonymous
        Whether the values of the columns of `by` have letters (A, B, …) in place of names, everywhere on the
        page and in its data. No other column stands beside a key then, and conditions of `where` are named
        by their columns alone. Keys, stages and reasons stay as they are; ``items=False`` leaves keys out.
    language
        Language of the page, as for :func:`stagefunnel.show`; saved tables keep their columns.
    by
        Columns to break down by, of the items table or of the log.
    top
        Number of groups to show; the other items are one group.
    reason
        Column with the reason of a loss.
    amount, currency, rates
        As for :func:`stagefunnel.outcomes`: the page then has a section on money, with what is won, lost and
        open, the average deal and the sales velocity, and the funnels, losses and groups have amounts.
    every
        Length of the trend's periods; by default the shortest of week, month, quarter and year that makes at
        most 36 periods.
    unlisted, missing, period, basis, as_of, where
        As for :func:`stagefunnel.funnel`; the whole page is about the chosen items.
    calendar
        Working hours in which lengths of time are measured, as for :func:`stagefunnel.time_in_stage`.
    limits
        How long an item should be in a stage at most, as for :func:`stagefunnel.open_items`: time in stage
        then has the share of visits that are longer, and so have the stuck items.
    items
        Whether the page names items: the first 20 behind each number of its funnels, with up to three columns
        of `by` and of the items table, and those that are stuck. With ``False`` no key is on the page.
    filters
        Whether a reader can choose one group of `by`, one of the two funnels and one period of `every`, for
        the tiles, the funnels and the losses. By default where `by` or `every` is given; ``True`` also offers
        the periods that the trend has without `every`. What does not fit in 3 MB is left out and named.
    within
        Length of time for which the trend follows each item, as for :func:`stagefunnel.funnel`; without it
        the periods of the trend cannot be compared.
    progress
        Function that is called with the steps that are done and the number of all steps; the first half of
        them asks questions, the second waits for drawings.
    since_last
        Whether the first screen says what changed since the last page of this `path`. The numbers of the
        tiles are saved beside the page for that, ``page.numbers.json`` for ``page.html``, and compared if all
        that they depend on is equal; otherwise the page says what differs or cannot be read.

    Returns
    -------
    Path
        Path of the page.

    Raises
    ------
    SchemaError, UnknownStageError
        As for :func:`stagefunnel.funnel`; also for a section that is not there or needs another option, and a
        `logo` that is too large or not a harmless picture.
    StageFunnelError
        If the page cannot be written to `path`, which is found out before anything is counted.
    ImportError
        If vl-convert or jinja2 is not installed: ``pip install "stagefunnel[report]"``.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import stagefunnel as sf
    >>> shop = sf.datasets.worked_example()
    >>> page = sf.report(shop.log, shop.pipeline, pathlib.Path(tempfile.mkdtemp()) / "report.html")
    >>> page.read_text(encoding="utf-8").startswith("<!doctype html>")
    True
    """
    target = file_path(path)
    check_can_write(target)
    check_flag("items", items)
    check_flag("since_last", since_last)
    if filters is not None:
        check_flag("filters", filters)
        filters = bool(filters)
    if progress is not None and not callable(progress):
        raise SchemaError(given("progress", progress), " is not a function of two numbers")
    needs = {"money": amount is not None, "groups": by is not None, "stuck": items}
    names = chosen_sections(sections, needs)
    picture = logo_address(logo)
    check_flag("anonymous", anonymous)
    asked = asked_of(log, pipeline, where, unlisted=unlisted, missing=missing)
    log, remarks = asked.log, asked.remarks
    if anonymous:
        with spoken_in(language):
            log, remarks = without_names(log, by, remarks, where, kept=(amount, currency))
    scope: dict[str, Any] = {
        "unlisted": unlisted,
        "missing": asked.missing,
        "period": period,
        "basis": basis,
        "as_of": as_of,
    }
    money = money_options(amount, currency, rates)
    with spoken_in(language), painter() as draw:
        content = Content(
            draw=draw,
            log=log,
            pipeline=pipeline,
            by=by,
            top=top,
            reason=reason,
            every=every,
            within=within,
            calendar=calendar,
            limits=limits,
            items=items,
            where=where,
            money=money,
            scope=scope,
            further=not anonymous,
            filters=filters,
        )
        questions = content.questions
        shown, choices = _answered([questions[name] for name in names], content.chosen, progress)
        since = None
        if since_last:
            since = _compared(
                target,
                content,
                {**scope, "missing": missing, "amount": amount, "currency": currency, "rates": rates},
            )
        found = chosen(shown)
        page = Page(
            title=tr(title) if title == _TITLE else title,
            about=about(log, pipeline, period, basis, as_of),
            tiles=content.tiles.tiles,
            note=content.tiles.note,
            findings=found,
            step=next_step(found, shown, int(content.tiles.whole["created"])),
            sections=shown,
            remarks=[
                *remarks_of(as_spoken({**content.answers.funnel.attrs["stagefunnel"], **remarks})),
                *(() if sections is None else without_content(names, shown)),
            ],
            logo=picture,
            since="" if since is None else since.sentence,
            filters=choices,
        )
        write_file(rendered(page), "html", target)
    if since is not None:
        for trouble in filter(None, (since.trouble, since.save())):
            warnings.warn(trouble, StageFunnelWarning, stacklevel=2)
    return Path(target)


def _compared(target: str, content: Content, options: Mapping[str, Any]) -> SinceLast:
    """Compare the numbers of the tiles with those of the last page."""
    log, calendar = content.log, content.calendar
    now = Saved(
        str(made_on()),
        ends_at(log, options["as_of"]),
        end_of(log, options["as_of"]),
        rules_of(content.pipeline, content.where, calendar, options, log.unit),
        numbers_of(content.tiles.whole, can_lose=bool(content.pipeline.lost)),
    )
    created = content.tiles.tiles[0].name
    words = Words(created, log.unit is not None, None if calendar is None else float(calendar.day))
    return since_last_page(target, now, words)


def _answered(
    questions: Sequence[Ask],
    chosen: Callable[[], Filters | None],
    progress: Callable[[int, int], object] | None,
) -> tuple[list[Section], Filters | None]:
    """Ask all questions while their charts are drawn, then wait for the drawings.

    What can be chosen has no drawings, so that it is asked for while those of the sections are made.
    """
    show = progress or (lambda done, of: None)
    n_steps = 2 * len(questions)
    show(0, n_steps)
    answered = []
    for step, ask in enumerate(questions, start=1):
        answered.append(ask())
        show(step, n_steps)
    choices = chosen()
    for step, section in enumerate(answered, start=len(questions) + 1):
        if section is not None and section.figure is not None:
            section.figure.wait()
        show(step, n_steps)
    return [section for section in answered if section is not None], choices
