"""The words above columns of tables, and beside numbers that pointing at a chart shows."""

from __future__ import annotations

import re
from typing import Any, Final

from ..tables.labels import period_label, value_label
from ..words import current_catalogue, mark, markc, tr, trc
from .composed import given_in_language
from .composed_notes import READER_NOTES
from .composed_reasons import REASONS
from .given import length_text

# All names of columns of the package, as people read them; those of the data stay as they are.
HEADS: Final = (
    markc("column", "mean from previous"),
    markc("column", "median from previous"),
    *(markc("column", "95%"), markc("column", "actual"), markc("column", "actual amount")),
    *(markc("column", "advanced"), markc("column", "age"), markc("column", "all items")),
    *(markc("column", "amount"), markc("column", "amount advanced"), markc("column", "amount at end")),
    *(markc("column", "amount at start"), markc("column", "amount before")),
    *(markc("column", "amount beyond support"), markc("column", "amount change")),
    *(markc("column", "amount conversion"), markc("column", "amount created")),
    *(markc("column", "amount difference"), markc("column", "amount entered")),
    *(markc("column", "amount from closed"), markc("column", "amount from earlier")),
    *(markc("column", "amount from later"), markc("column", "amount lost")),
    *(markc("column", "amount missing"), markc("column", "amount moved in")),
    *(markc("column", "amount moved out"), markc("column", "amount n eff"), markc("column", "amount open")),
    *(markc("column", "amount went back"), markc("column", "amount won"), markc("column", "assumed")),
    *(markc("column", "at end"), markc("column", "at risk"), markc("column", "at start")),
    *(markc("column", "back moves"), markc("column", "base"), markc("column", "base before")),
    *(markc("column", "began beyond"), markc("column", "benchmark gain"), markc("column", "beyond")),
    *(markc("column", "beyond horizon"), markc("column", "beyond support"), markc("column", "bias")),
    *(markc("column", "bounds"), markc("column", "brier"), markc("column", "by created")),
    *(markc("column", "came"), markc("column", "cause"), markc("column", "chance")),
    *(markc("column", "check"), markc("column", "closed"), markc("column", "closed at")),
    *(markc("column", "column"), markc("column", "completed"), markc("column", "condition")),
    *(markc("column", "conversion"), markc("column", "conversion a"), markc("column", "conversion b")),
    *(markc("column", "conversion from all"), markc("column", "conversion from all before")),
    *(markc("column", "conversion from all difference"), markc("column", "conversion from first")),
    *(markc("column", "conversion from previous"), markc("column", "conversion mature")),
    *(markc("column", "conversion rest"), markc("column", "converted")),
    *(markc("column", "converted mature"), markc("column", "count"), markc("column", "created")),
    *(markc("column", "crm amount"), markc("column", "crm bias"), markc("column", "crm brier")),
    *(markc("column", "crm expected"), markc("column", "crm wins"), markc("column", "cycle time")),
    *(markc("column", "date"), markc("column", "df"), markc("column", "difference")),
    *(markc("column", "dropped"), markc("column", "duration"), markc("column", "effect")),
    *(markc("column", "effect se"), markc("column", "elasticity"), markc("column", "end")),
    *(markc("column", "entered"), markc("column", "entry time"), markc("column", "events")),
    *(markc("column", "exited"), markc("column", "expected"), markc("column", "expected amount")),
    *(markc("column", "expected more wins"), markc("column", "expected time")),
    *(markc("column", "expected time se"), markc("column", "expected visits")),
    *(markc("column", "expected wins"), markc("column", "expected wins if closed")),
    *(markc("column", "failed"), markc("column", "few expected"), markc("column", "first time")),
    *(markc("column", "forgone wins"), markc("column", "from"), markc("column", "from closed")),
    *(markc("column", "from earlier"), markc("column", "from later"), markc("column", "from stage")),
    *(markc("column", "furthest stage"), markc("column", "gain with the benchmark")),
    *(markc("column", "gain without losses"), markc("column", "group"), markc("column", "high")),
    *(markc("column", "hint"), markc("column", "immature"), markc("column", "in full")),
    *(markc("column", "in stage"), markc("column", "incidence"), markc("column", "inside")),
    *(markc("column", "into"), markc("column", "item"), markc("column", "item outcome")),
    *(markc("column", "items"), markc("column", "items in"), markc("column", "kind")),
    *(markc("column", "label"), markc("column", "last stage"), markc("column", "last time")),
    *(markc("column", "left out"), markc("column", "level"), markc("column", "limit")),
    *(markc("column", "line"), markc("column", "loss probability"), markc("column", "loss rate")),
    *(markc("column", "lost"), markc("column", "lost from"), markc("column", "lost from here")),
    *(markc("column", "lost stage"), markc("column", "lost, of its visitors"), markc("column", "low")),
    *(markc("column", "lowered"), markc("column", "mature"), markc("column", "maturity")),
    *(markc("column", "mean"), markc("column", "mean amount"), markc("column", "mean cycle time")),
    *(markc("column", "mean from first"), markc("column", "mean in stage")),
    *(markc("column", "mean time there before"), markc("column", "mean until lost")),
    *(markc("column", "median"), markc("column", "median cycle time")),
    *(markc("column", "median from first"), markc("column", "median time")),
    *(markc("column", "median until lost"), markc("column", "mix"), markc("column", "moment")),
    *(markc("column", "more that began beyond it"), markc("column", "moved in")),
    *(markc("column", "moved out"), markc("column", "moves"), markc("column", "n"), markc("column", "n a")),
    *(markc("column", "n b"), markc("column", "n beyond support"), markc("column", "n lost")),
    *(markc("column", "n open"), markc("column", "n won"), markc("column", "naive")),
    *(markc("column", "next stage"), markc("column", "note"), markc("column", "of")),
    *(markc("column", "of all"), markc("column", "of the lost")),
    *(markc("column", "of these, began beyond it"), markc("column", "of those beyond")),
    *(markc("column", "of those that left"), markc("column", "of value"), markc("column", "open")),
    *(markc("column", "open at"), markc("column", "open at before"), markc("column", "open at end")),
    *(markc("column", "open here"), markc("column", "others"), markc("column", "outcome")),
    *(markc("column", "over limit"), markc("column", "p adjusted"), markc("column", "p value")),
    *(markc("column", "part"), markc("column", "passed"), markc("column", "path")),
    *(markc("column", "pearson"), markc("column", "period"), markc("column", "problem")),
    *(markc("column", "quantile"), markc("column", "raised"), markc("column", "range")),
    *(markc("column", "rate"), markc("column", "rate a"), markc("column", "rate b")),
    *(
        markc("column", "first row"),
        markc("column", "role"),
        markc("column", "median position"),
        markc("column", "share ending"),
    ),
    *(markc("column", "share coming back"), markc("column", "first seen"), markc("column", "last seen")),
    *(markc("column", "rate on the way"), markc("column", "ratio"), markc("column", "reached")),
    *(markc("column", "reached before"), markc("column", "reached change")),
    *(markc("column", "reached difference"), markc("column", "reason"), markc("column", "removal gain")),
    *(markc("column", "reopened won"), markc("column", "restricted mean")),
    *(markc("column", "restricted mean se"), markc("column", "rework"), markc("column", "rows")),
    *(markc("column", "se"), markc("column", "sensitivity"), markc("column", "share")),
    *(markc("column", "share a"), markc("column", "share b"), markc("column", "share of losses")),
    *(markc("column", "share of time"), markc("column", "share open"), markc("column", "share to date")),
    *(markc("column", "skip rate"), markc("column", "skipped"), markc("column", "skipped it")),
    *(markc("column", "skipped, of all beyond"), markc("column", "skipped, of those beyond")),
    *(markc("column", "stage"), markc("column", "stage outcome"), markc("column", "start")),
    *(markc("column", "start unknown"), markc("column", "state"), markc("column", "statistic")),
    *(markc("column", "step"), markc("column", "step to"), markc("column", "stop")),
    *(markc("column", "survival"), markc("column", "tau"), markc("column", "test")),
    *(markc("column", "through by then"), markc("column", "time"), markc("column", "time of creation")),
    *(markc("column", "to"), markc("column", "to stage"), markc("column", "too recent")),
    *(markc("column", "too recent before"), markc("column", "took"), markc("column", "top share")),
    *(markc("column", "undetermined"), markc("column", "unit"), markc("column", "value")),
    *(markc("column", "variant"), markc("column", "velocity"), markc("column", "visit")),
    *(markc("column", "visit of stage"), markc("column", "visits"), markc("column", "way")),
    *(markc("column", "went back"), markc("column", "win"), markc("column", "win if closed")),
    *(markc("column", "win if won"), markc("column", "win rate"), markc("column", "win se")),
    *(markc("column", "without amount"), markc("column", "won")),
)
# Columns whose values are words of the package, and what kind of words these are.
WORDS_OF: Final = {
    **dict.fromkeys(("outcome", "stage_outcome", "item_outcome", "cause"), "outcome"),
    **{
        name: name
        for name in (
            *("kind", "level", "check", "line", "problem", "part", "note", "stop", "state", "test"),
            *("reason", "role"),
        )
    },
}
WORDS: Final = (
    *(markc("outcome", "won"), markc("outcome", "lost"), markc("outcome", "open")),
    *(markc("outcome", "moved out"), markc("outcome", "elsewhere"), markc("outcome", "reached")),
    *(markc("fate", "won"), markc("fate", "lost"), markc("fate", "moved out")),
    *(markc("kind", "classic"), markc("kind", "conversions"), markc("kind", "furthest")),
    markc("kind", "strict"),
    *(markc("level", "fact"), markc("level", "note"), markc("level", "guess"), markc("level", "warning")),
    *(markc("level", "Guess"), markc("level", "Warning")),
    *(markc("line", "stage"), markc("line", "total"), markc("line", "new items")),
    *(markc("part", "lead"), markc("part", "deal")),
    *(markc("state", "stage"), markc("state", "won"), markc("state", "over")),
    *(markc("stop", "completed"), markc("stop", "no event"), markc("stop", "window"), markc("stop", "gap")),
    *(markc("stop", "interrupted"), markc("stop", "excluded"), markc("stop", "immature")),
    markc("test", "order"),
    *(markc("basis", "created"), markc("basis", "closed"), markc("basis", "active")),
    *(markc("role", "in order"), markc("role", "won"), markc("role", "lost"), markc("role", "side")),
    markc("role", "optional?"),
)
_TIME: Final = re.compile(r"time (\d+)")
# Columns of what was known of items, which a window or a stage is part of.
_MOVES: Final = re.compile(r"moves_(\d.*)")
_TIME_IN: Final = re.compile(r"time_in_(.+)", re.DOTALL)
_MISSING: Final = mark("(missing)")
_NOTHING: Final = mark("(nothing)")
_OTHER: Final = re.compile(r"other \(([\d,]+) (\w+)\)")


def head(name: str) -> str:
    """Give the word above a column."""
    word = name.replace("_", " ")
    if found := _MOVES.fullmatch(name):
        return f"{trc('column', 'moves')} {length_text(found[1])}"
    if found := _TIME_IN.fullmatch(name):
        return tr("time in {stage}", stage=found[1].replace("_", " "))
    found = _TIME.fullmatch(word)
    return f"{trc('column', 'time')} {found[1]}" if found else trc("column", word)


def word_of(name: str, value: Any) -> str:
    """Give a value of a column whose values are words."""
    spoken = current_catalogue()
    if spoken is None:
        return str(value)
    context = WORDS_OF[name]
    if context == "note":
        return note_of(str(value))
    if context == "reason":
        return given_in_language(str(value), REASONS) or str(value)
    text = str(value).replace("_", " ")
    found = spoken.text(text, context)
    return str(value) if found == text else found


def word_in_sentence(name: str, value: Any) -> str:
    """Give a value of such a column as it stands in a sentence, which has no underscores."""
    return word_of(name, value).replace("_", " ")


def note_of(note: str) -> str:
    """Give what a check counts; the names behind it stay as they are."""
    text, colon, names = note.partition(": ")
    whole = trc("note", note)
    if whole != note:
        return whole
    of_reader = given_in_language(note, READER_NOTES)
    if of_reader is not None or not colon:
        return of_reader or note
    what = trc("note", text)
    return note if what == text else tr("{what}: {names}", what=what, names=names)


def group_word(name: str, value: Any) -> str:
    """Give the label of a group: a part of a chain is a word of the package."""
    text = label(value_label(value))
    return word_of(name, text) if name == "part" else text


def is_rest(text: str) -> bool:
    """Check for the label of all groups that have no line of their own."""
    return _OTHER.fullmatch(text) is not None


def label(text: str) -> str:
    """Give the label of a group, which is a word of the package where it is of missing values or others.

    One that is the days of a week is the name of the week.
    """
    text = period_label(text)
    if current_catalogue() is None:
        return text
    if text in (_MISSING, _NOTHING):
        return tr(text)
    found = _OTHER.fullmatch(text)
    if found is None:
        return text
    return tr("other ({n} more)", n=found[1])
