"""Chains whose leads are followed for a length of time, against the reference and by hand."""

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import reference
import stagefunnel as sf
from helpers import assert_same, frame_of, journeys_log, log_of, pipeline_of
from questions.chain.test_chain import DEALS, LEADS, column, linked
from strategies import cases


@given(data=st.data(), kind=st.sampled_from(["classic", "conversions", "furthest", "strict"]))
def test_deals_are_read_until_the_moment_of_their_lead(data: st.DataObject, kind: Any) -> None:
    leads, deals = data.draw(cases(times="integer")), data.draw(cases(times="integer"))
    links = data.draw(linked(leads, deals))
    within = data.draw(st.sampled_from([0, 1, 3, 20]))
    pairs = {
        name: pd.Series([pair[at] for pair in links], dtype=object)
        for at, name in enumerate(("deal_id", "lead_id"))
    }
    known = [{item for item, _, _ in case.rows} for case in (deals, leads)]
    for (name, keys), case in zip(pairs.items(), (deals, leads), strict=True):
        pairs[name] = keys.astype("Int64" if isinstance(case.rows[0][0], int) else object)
    found = sf.chain_funnel(
        log_of(leads),
        log_of(deals),
        pd.DataFrame(pairs),
        lead_pipeline=pipeline_of(leads.pipeline),
        deal_pipeline=pipeline_of(deals.pipeline),
        kind=kind,
        basis="origin",
        within=within,
    )
    end = max(time for case in (leads, deals) for _, _, time in case.rows)
    until, too_recent = reference.followed(leads.rows, leads.pipeline, within, observed_until=end)
    lead_rows = [row for row in leads.rows if row[0] not in too_recent and row[2] <= until[row[0]]]
    # Each link has a deal of its own, which ends where its lead does.
    used = dict.fromkeys(
        (deal, lead)
        for deal, lead in links
        if deal in known[0] and lead in known[1] and lead not in too_recent
    )
    deal_rows = [
        ((deal, lead), stage, time)
        for item, stage, time in deals.rows
        for deal, lead in used
        if deal == item and time <= until[lead]
    ]
    expected = reference.chain_funnel(
        lead_rows,
        deal_rows,
        [((deal, lead), lead) for deal, lead in used],
        leads.pipeline,
        deals.pipeline,
        kind=kind,
        fill="won",
        lost_then_won="exclude" if kind == "conversions" else "include",
        basis="origin",
        amounts={},
    )
    assert (found["too_recent"] == len(too_recent)).all()
    same = [name for name in expected.columns if name not in ("amount", "amount_missing")]
    plain = found[same].astype({"part": object, "stage": object})
    assert_same(plain, expected[same].astype({"part": object}))


def followed(within: int, **options: Any) -> pd.DataFrame:
    """Follow two leads, from 0 and from 5 on, of one deal: New at 6, Offer at 8, Won at 14."""
    leads = sf.StageLog(frame_of([(1, "New", 0), (1, "Converted", 6), (2, "New", 5), (2, "Converted", 6)]))
    deals = sf.StageLog(
        frame_of([(7, "New", 6), (7, "Offer", 8), (7, "Won", 14)]),
        items=pd.DataFrame({"item": [7], "amount": [100.0]}),
        observed_until=options.pop("observed_until", 30),
    )
    links = {"deal_id": [7, 7], "lead_id": [1, 2]}
    return sf.chain_funnel(
        leads,
        deals,
        links,
        lead_pipeline=LEADS,
        deal_pipeline=DEALS,
        basis="origin",
        within=within,
        **options,
    )


def test_each_lead_reads_a_deal_until_its_own_end_and_the_amount_is_read_until_the_last() -> None:
    table = followed(9, amount="amount")
    # Lead 1 is read until 9, lead 2 until 14, its bound inside.
    assert column(table, "deal", "reached") == [2, 2, 0, 1, 0]
    assert column(table, "deal", "open_at") == [0, 1, 0, 0, 0]
    assert column(table, "deal", "amount") == [100.0, 100.0, 0.0, 100.0, 0.0]
    assert column(table, "lead", "reached") == [2, 0, 2, 0]
    assert table.columns[-1] == "too_recent"


def test_the_end_of_observation_is_the_later_one_of_both_logs() -> None:
    assert set(followed(9, observed_until=14)["too_recent"]) == {1}  # lead 2: 5 + 9 is not before 14
    assert set(followed(9, observed_until=15)["too_recent"]) == {0}
    assert set(followed(9, observed_until=20, as_of=9)["too_recent"]) == {2}


def test_a_chain_of_entities_follows_nobody() -> None:
    with pytest.raises(sf.SchemaError, match=r'within=3 follows leads .* basis="origin"'):
        sf.chain_funnel(
            journeys_log("New"),
            journeys_log("New"),
            {"deal_id": [1], "lead_id": [1]},
            lead_pipeline=LEADS,
            deal_pipeline=DEALS,
            within=3,
        )


def test_logs_of_different_units_are_read_to_the_same_moment() -> None:
    day = pd.Timestamp("2026-01-01")
    lead_rows = frame_of([(1, "New", day), (1, "Converted", day + pd.Timedelta("1h"))])
    deal_rows = frame_of(
        [(7, "New", day), (7, "Won", day + pd.Timedelta("2D")), (8, "New", day + pd.Timedelta("9D"))]
    )
    for lead_unit, deal_unit in [("s", "ns"), ("ns", "s"), ("us", "us")]:
        leads = sf.StageLog(lead_rows.astype({"time": f"datetime64[{lead_unit}]"}))
        deals = sf.StageLog(deal_rows.astype({"time": f"datetime64[{deal_unit}]"}))
        for within, won in [("2d", 1), ("47h", 0)]:
            table = sf.chain_funnel(
                leads,
                deals,
                {"deal_id": [7], "lead_id": [1]},
                lead_pipeline=LEADS,
                deal_pipeline=DEALS,
                basis="origin",
                within=within,
            )
            assert column(table, "deal", "reached")[3] == won


def test_logs_whose_times_cannot_be_compared_are_refused() -> None:
    with pytest.raises(sf.SchemaError, match="the times of the two logs cannot be compared"):
        sf.chain_funnel(
            sf.StageLog(frame_of([(1, "New", pd.Timestamp("2026-01-01"))])),
            journeys_log("New"),
            {"deal_id": [1], "lead_id": [1]},
            lead_pipeline=LEADS,
            deal_pipeline=DEALS,
            basis="origin",
            within="3d",
        )


def test_a_chain_says_for_how_long_its_leads_are_followed() -> None:
    shown = str(sf.show(followed(9, observed_until=14)))
    assert "Each item is followed for 9 from its first row; observed until 14, so that 1 item" in shown
