"""The doubts of a suggestion, which holds their English."""

from __future__ import annotations

from typing import Final

from ..words import mark

DOUBTS: Final = (
    mark("The export has {n_pipelines}: this is {name}; the others are {others}."),
    mark("No row has a stage of it."),
    mark("The stage is taken from {column}; {others} may be stages as well."),
    mark("The time is taken from {column}, which differs most from row to row; times are also in {others}."),
    mark("The item is taken from {column}; {others} could be the items too."),
    mark("Items are those of {column}; {others} repeat as well and could be counted in their place."),
    mark("The stage is taken from {column}; {others} could be the stage as well."),
    mark("Nearly all items that reach these stages end there, and the names do not say how: {stages}."),
    mark("No stage is known to be won: nothing is ever won, and conversions assume nothing."),
    mark("More than a fifth of the items leave {stages} again."),
    mark(
        "{stage} has the name of a stage that is won, but {share} of its items leave it: it is taken as a "
        "stage in progress."
    ),
    mark(
        "{stage} has the name of a stage that is lost, but {share} of its items leave it: it is taken as a "
        "stage in progress."
    ),
    mark(
        "Rows without item, stage or a time that can be read: {n}. They are an error unless invalid says "
        "drop."
    ),
    mark(
        "The dates of {column} could have the day first or the month first: they are read as {format}, and "
        "{others} fits as well."
    ),
    mark("The times name their offset: periods are cut in UTC unless a zone is given."),
    mark(
        "The numbers of {column} look like days, such as 20260331, and are read as plain numbers: lengths "
        "of time are wrong until they are turned into dates."
    ),
    mark(
        "The numbers of {column} look like seconds or milliseconds since 1970, and are read as plain "
        "numbers; turn them into times first."
    ),
    mark(
        "{stages}: half of the visits or more are left backwards; list them as optional if items wait "
        "there and go on where they were."
    ),
    mark(
        "{stages}: less than a tenth of the items that get past were there, and a conversion assumes it of "
        "all won ones; list them as optional if they are a side road."
    ),
    mark("These stages have hardly a row, and may be slips of the pen: {stages}."),
    mark(
        "{old} ends before {new} begins, and no item moves between them: if one became the other, list "
        "{new} alone and read {old} as {new} with aliases."
    ),
    mark("All of it rests on {n} move between stages."),
    mark("All of it rests on {n} moves between stages."),
    mark(
        "{share} of the moves go back in the best order of these stages: they may be events of a click "
        "stream, which sequence_funnel counts, and not stages."
    ),
    mark("The order of these neighbours is unclear: {stages}."),
    mark(
        "No item moves directly between these neighbours, whose order comes from their places in the "
        "journeys: {stages}."
    ),
    mark(
        "{stage} stands aside: {share} of the items pass it, and {share_2} of its visits are left "
        "backwards; it is optional."
    ),
    mark(
        "{stage} appears from {day} on, and items pass it by at other times; since says so to the pipeline."
    ),
    mark(
        "{stage} was last entered on {day}, and items pass it by at other times; until says so to the "
        "pipeline."
    ),
    mark(
        "The newest row stands first, and {n} row of one time would be read in reverse: turn the table "
        "round before it is read, or read it with read()."
    ),
    mark(
        "The newest row stands first, and {n} rows of one time would be read in reverse: turn the table "
        "round before it is read, or read it with read()."
    ),
)
