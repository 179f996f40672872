"""The notes of readers, of which a log has the English."""

from __future__ import annotations

from typing import Final

from ..words import mark

READER_NOTES: Final = (
    mark("updates of other fields than the state, left out"),
    mark("revisions that do not change the state, left out"),
    mark(
        "columns of a board in the order in which they first appear; done or given up by their names: "
        "{names}. Pass pipeline= for other stages, order or meaning"
    ),
    mark(
        "columns of a board in its order; done or given up by their names: {names}. Pass pipeline= for "
        "other stages, order or meaning"
    ),
    mark("changes to no status, after which an item is in none; left out"),
    mark("events of a timeline that are no change of a status, left out"),
    mark("events of timelines, or timelines, that are not fetched to the end"),
    mark("calls of a webhook that are no change of a status, left out"),
    mark("changes of other fields than the status, left out"),
    mark(
        "changes that a changelog counts and does not hold: fetch them with /rest/api/3/changelog/bulkfetch"
    ),
    mark(
        "files of 1,000 actions, the most of an export and of a page: earlier ones are missing unless "
        "these are all; fetch /1/boards/ID/actions page by page with before="
    ),
    mark("cards that were archived at some time: they count in the list in which they were"),
    mark("cards that were deleted: they count in the list in which they were"),
    mark("cards that moved to another board: they count in the list in which they were"),
    mark("actions of other types, left out"),
    mark("cards without an action of their creation, which are created at the time in their id"),
    mark("rows of the list of items that have no key, left out"),
    mark("items whose last row is not the stage in the list: fetched at different moments, or not fully"),
    mark("items that never moved: a list of items has their stage, the history does not"),
    mark("items of the history that the list of items does not have"),
    mark("items of the list without a row in the history"),
    mark("items whose last time has rows of several outcomes in the pipeline {name}: their order decides"),
    mark("items without a move in the history: taken to be in their stage of now since they were created"),
    mark("moves from another stage than the move before led to"),
    mark("first stages that an item entered at an unknown time, put at its first move"),
    mark("items created after their first move, taken as created then"),
    mark("items created before their first move, which does not name the stage that it leaves"),
    mark(
        "moves at the same time as another of their item, put in the order in which one leads on to the next"
    ),
    mark("rows that equal an earlier one, id included, left out"),
    mark(
        "stages in the order in which they first appear; by their names won: {won}; lost: {lost}. Pass "
        "pipeline= for other stages, order or meaning"
    ),
    mark(
        "rows of stages that no pipeline lists, deleted ones perhaps: {stages}; they make the pipeline "
        "{name}, with the meaning of their names, and are elsewhere to the others"
    ),
    mark("items with rows in several pipelines; they count in the one where they are now"),
    mark("pipelines without a stage in progress, left out: {names}"),
    mark("stages that are deleted, kept for their rows"),
    mark("rows of {role} that the answer counts and its pages do not hold; fetch all pages"),
    mark("answers with {role} of which every page says that another one follows; fetch all pages"),
    mark("rows do not say who moved the item; manager is the one of today"),
    mark("deals whose lead the export does not have"),
    mark("rows without ID; at equal times they keep the input's order"),
    mark("items whose first row is a move: their creation is older than the history, or not fetched"),
    mark("items that were created in a won or lost stage"),
    mark("deals whose lead is not known: crm.deal.list is missing"),
    mark(
        "stages whose rows do not have P, S or F: WON, LOSE and the like by their codes, others in progress"
    ),
    mark(
        "rows of stages that crm.status.list no longer has ({stages}): final ones count as such, others as "
        "stages elsewhere"
    ),
    mark("stages in order of first appearance, because crm.status.list with their order is not given"),
    mark("statuses in the order in which they first appear"),
    mark("statuses that are won, lost or open by their names"),
    mark("changes of other attributes than {stage}, left out: {names}"),
    mark("deals with several contacts, of which the first is its lead"),
    mark("deals of which the export has no contact"),
    mark("deals that no contact of the export became"),
    mark(
        "stages of a lifecycle, in HubSpot's usual order, then as they first appear: customers count as won"
    ),
    mark("rows of other properties than dealstage, left out"),
    mark("rows do not say who moved the item; manager is the owner of today"),
    mark("rows from columns of dates: one entry date per stage, so stages entered again are not known"),
    mark(
        "stages as they first appear (those of HubSpot's default pipeline in its order), won and lost by "
        "their names, because /crm/v3/pipelines/deals is not given"
    ),
    mark("values of {kind} that clear the stage, left out"),
    mark('deals that were merged into another one and count beside it; pass merged="join" to join them'),
    mark("deals that were merged into another one and have no rows"),
    mark("deals that were merged into another one; their rows are rows of that deal"),
    mark("rows of merged deals after the last row of the deal that they are part of"),
    mark("stages with a probability of 0 that are not marked as closed: taken as in progress, not lost"),
    mark("stages whose flags or probability say another meaning than their names: {names}"),
    mark("stages taken as lost, because their probability is 0: {names}"),
    mark("stages won or lost by their names, because nothing else says which: {names}"),
    mark("stages closed and without rows, taken as lost: nothing says whether they are won: {names}"),
    mark("pipelines with a name and no stage: the two tables may be of different accounts"),
    mark("events of other types, left out"),
    mark("events whose created_by, who moved the lead, is not in the log"),
    mark("stages in the order in which they first appear, because /api/v4/leads/pipelines is not given"),
    mark("changes of other fields than stage and status, left out"),
    mark("deals that were deleted: they stay in the stage they were in"),
    mark("changes of which none is of the status: a deal that was won counts as open"),
    mark("reasons of loss, taken as the loss of the deal, because no change has its status"),
    mark("entries of the flow that are not changes of the deal, left out"),
    mark(
        "changes without a row, because the deal is seen where it was: another stage while it is won or "
        "lost, a status that it was created with"
    ),
    mark("stages in the order of their ids, as they are listed without an order"),
    mark("stages in the order in which they first appear, because /stages is not given"),
    mark("rows whose CreatedById, who made the change, is not in the log"),
    mark("rows of other fields than StageName, left out"),
    mark("lists of leads without LeadHistory, which is not given: left out"),
    mark("items whose last version is over: deleted, or no longer fetched"),
    mark("items created before their first version begins: stages before it are not known"),
    mark("rows of {role} that are in the recycle bin (IsDeleted), kept"),
    mark("rows of other fields than Status, left out"),
    mark("statuses of leads that are lost, or converted, by their names"),
    mark("statuses of leads in the order in which they first appear, because LeadStatus is not given"),
    mark("deals whose lead is not known: Lead with ConvertedOpportunityId is missing"),
    mark("leads that became an opportunity which the export does not have"),
    mark("leads that became an opportunity which another lead became first; the first one is its lead"),
    mark(
        "stages in the order of their probability, then of Salesforce's standard stages, then as they "
        "first appear, because OpportunityStage with their order is not given"
    ),
    mark("stages whose rows do not say whether they are won or lost"),
    mark("rows of other states of an activity than its start and its end, left out: {names}"),
    mark("ends of an activity that has no start: the item is in the stage from then until its next row"),
    mark("starts without an end after them: the item is taken to be there still"),
    mark("aborted activities that never started, left out"),
    mark("starts and ends of an activity, joined: an item is in the stage from the one to the other"),
    mark(
        "rows of activities that ended: the log does not say when they began, so that an item counts as in "
        "the stage from their end on"
    ),
    mark(
        "rows of {names}, which are not states that begin or end an activity: all are taken as entries "
        "into stages"
    ),
    mark("activities that begin after their end, read from their end on"),
    mark("rows without the time of a start: the item counts as in the stage from the end on"),
    mark("columns of events that neither the log nor the table of items takes: {names}"),
    mark("events, the most common first: {names}"),
    mark("calls that are not events, left out: {names}"),
    mark("rows without {column}: they have that of the same user, or else the id in {names}"),
    mark("columns of objects, which neither the log nor the table of items takes: {names}"),
    mark(
        "values of {user} with several of {column}, as somebody with several devices has: each of these is "
        "an item. To count users, pass item={user} with stage= and time="
    ),
    mark("sheets that {format} does not know, left out"),
    mark("rows with another {column} than {kept}, left out: {names}"),
    mark("rows of creations, whose {column} is taken as the stage in which an item began"),
    mark("rows that are all about {name} ({column}): its values are taken as stages"),
    mark("rows of {names} ({column}): all are taken as entries into stages"),
    mark(
        "items whose column {column} is {names}, while no stage means that: they count as open. A funnel "
        "sees an outcome only as a stage: add a row of it to the history of each item"
    ),
    mark(
        "values of column {by_name} that several values of column {column} share: {names}; column {item} "
        "identifies the items. Pass item= for another column"
    ),
    mark("items whose amount, manager and the like are those of their last row"),
    mark("columns of the history that are not used, because there is a list of items: {names}"),
    mark("stays that end before the next begins: pauses, in no stage"),
    mark("stays that end after the next has begun; the next one ends them"),
    mark("items whose last stay has ended; they count where they were"),
    mark("open stays with another after them, which ends them"),
    mark(
        "rows at the same time as another of their item, turned round because the rows go back in time; "
        "pass order= for another order"
    ),
    mark(
        "rows with an id or number that is missing in places or does not rise with time: it does not order "
        "rows of equal time, their position does; pass order= to use it"
    ),
    mark("rows whose numbers fall as time goes on: the lowest number is the newest row"),
    mark("columns of dates that are not stages of the pipeline: {names}"),
    mark(
        "columns of dates left out, because their names are those of planned, technical or personal dates: "
        "{names}; pass pipeline= with those that are stages"
    ),
    mark("columns of dates, turned round because dates go back in time from column to column"),
    mark("rows from columns of dates: stages entered again are not known"),
    mark("texts without a number in column {column}, taken as missing amounts: {names}"),
    mark("amounts in column {column} that cannot be read, taken as missing: {names}"),
    mark("amounts in column {column} that are written in thousands, millions or the like: {names}"),
    mark(
        "amounts in column {column}, some of which have decimals after a comma and some after a point; "
        "each is read as it can only be read, and one that could be either is missing; pass decimal= if "
        "all have one mark"
    ),
    mark("dates with the day first, as one with a number above 12 shows"),
    mark("dates with the month first, as one with a number above 12 shows"),
    mark("dates with points, which have the day first"),
    mark("dates with the year first, as one with no such day shows"),
    mark("texts in column {column} that are not times, taken as missing"),
    mark("texts 0000-00-00 in column {column}, taken as missing"),
    mark("local times that a change of the clocks has twice (read as winter time) or not at all"),
    mark("numbers of column {column} of a workbook, read as days of its calendar"),
    mark(
        "texts and names of columns that had blanks around them, no-break blanks or letters in another "
        "form: {names}"
    ),
    mark("not known: the log has no items table"),
    mark("not known: no item was closed"),
    mark("not known: there is no row"),
    mark("not known: the log's times are plain integers"),
)
