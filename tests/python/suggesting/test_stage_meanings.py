"""Won and lost, side stages, and stages that came or went: what is proposed, and what is named as a doubt."""

import numpy as np
import pandas as pd
import pytest

import stagefunnel as sf
from helpers import journeys_log


def repeated(**paths: int) -> sf.StageLog:
    """Make a log of journeys such as ``A_B_C``, each so many times."""
    return journeys_log(*(path.replace("_", " > ") for path, times in paths.items() for _ in range(times)))


@pytest.mark.parametrize(
    ("won", "lost"),
    [
        ("Won", "Lost"),
        ("Closed Won", "Closed Lost - Price"),
        ("Успешно реализовано", "Закрыто и не реализовано"),
        ("Gewonnen", "Abgelehnt"),
        ("Ganado", "Perdido"),
        ("Gagné", "Perdu"),
        ("赢单", "输单"),
        ("受注", "失注"),
        ("Wygrana", "Przegrana"),
    ],
)
def test_names_say_what_is_won_and_lost(won: str, lost: str) -> None:
    paths = [f"a > b > {won}"] * 15 + [f"a > {lost}"] * 25 + ["a > b"] * 5
    found = sf.suggest(journeys_log(*paths))
    assert found.pipeline == sf.Pipeline(["a", "b"], won=won, lost=lost)
    assert found.is_safe


def test_ends_of_journeys_without_a_known_name_are_proposed_and_doubted() -> None:
    log = repeated(a_b_c_Graduated=20, a_b_c_Honours=12, a_Gone=15, a_b_Gone=15, a_b_c=5)
    found = sf.suggest(log)
    assert found.pipeline.stages == ("a", "b", "c")
    assert set(found.pipeline.won) == {"Graduated", "Honours"}
    assert found.pipeline.lost == ("Gone",)
    assert not found.is_safe
    assert "the names do not say how" in " ".join(found.doubts)
    assert all(
        name in " ".join(found.doubts) for name in ("Graduated as won", "Honours as won", "Gone as lost")
    )


def test_ends_beside_a_known_loss_are_won_where_they_come_as_late_as_any() -> None:
    log = repeated(a_b_c_Graduated=20, a_b_c_Honours=12, a_Lost=15, a_b_Lost=15, a_Gone=9, a_b_c=5)
    found = sf.suggest(log)
    assert set(found.pipeline.won) == {"Graduated", "Honours"}
    assert set(found.pipeline.lost) == {"Lost", "Gone"}
    assert not found.is_safe


def test_ends_beside_a_known_success_are_lost_where_they_come_early() -> None:
    found = sf.suggest(repeated(a_b_c_Won=20, a_Gone=15, a_b_Gone=15, a_b_c=5))
    assert (found.pipeline.won, found.pipeline.lost) == (("Won",), ("Gone",))
    assert not found.is_safe


def test_a_single_end_without_a_known_name_is_proposed_as_won() -> None:
    found = sf.suggest(repeated(New_Active_Closed=40, New_Closed=5))
    assert found.pipeline.won == ("Closed",)
    assert not found.is_safe


def test_the_stages_in_which_open_items_wait_are_no_ends() -> None:
    found = sf.suggest(repeated(a_b_Won=20, a_b=20, a=20, a_Lost=10))
    assert found.pipeline == sf.Pipeline(["a", "b"], won="Won", lost="Lost")
    assert found.is_safe


def test_a_stage_that_is_called_paid_and_left_is_in_progress_and_doubted() -> None:
    found = sf.suggest(repeated(New_Paid_Delivery_Won=30, New_Paid=4, New_Lost=10))
    assert found.pipeline == sf.Pipeline(["New", "Paid", "Delivery"], won="Won", lost="Lost")
    assert not found.is_safe
    assert "Paid has the name of a stage that is won, but 88% of its items leave it" in " ".join(found.doubts)


def test_a_log_without_a_won_stage_says_so() -> None:
    found = sf.suggest(repeated(a_b=20, a=30, a_Lost=10))
    assert found.pipeline.won == ()
    assert not found.is_safe
    assert "No stage is known to be won" in " ".join(found.doubts)


def test_a_log_of_results_alone_has_a_stage_in_progress() -> None:
    found = sf.suggest(journeys_log("Won", "Lost", "Lost"))
    assert found.pipeline.stages == ("Lost",)
    assert not found.is_safe


def test_a_side_stage_is_optional_at_its_place_and_named() -> None:
    log = repeated(a_b_Won=60, a_b_wait_b_Won=12, a_Lost=20)
    found = sf.suggest(log)
    assert found.pipeline == sf.Pipeline(["a", "b", "wait"], won="Won", lost="Lost", optional="wait")
    assert found.stages.set_index("stage")["role"].to_dict() == {
        "a": "in order",
        "b": "in order",
        "wait": "side",
        "Won": "won",
        "Lost": "lost",
    }
    # 12 of the 72 items that got past it were there, and all their 12 visits are left to b.
    assert "wait stands aside: 17% of the items pass it, and 100% of its visits" in " ".join(found.doubts)
    assert not found.is_safe


def test_a_stage_that_most_leave_backwards_and_many_pass_may_be_optional() -> None:
    found = sf.suggest(repeated(a_b_Won=40, a_b_wait_b_Won=40, a_Lost=20))
    assert found.pipeline.rules.optional == ()
    assert found.stages.set_index("stage")["role"]["wait"] == "optional?"
    assert '# optional = ["wait"]' in found.to_toml()
    assert not found.is_safe


def dated_log(*, before: str, after: str) -> sf.StageLog:
    """Make a log of a year in which journeys go one way, and of another in which they go another way."""
    rows = []
    for item in range(400):
        begin = pd.Timestamp("2024-01-01") + pd.Timedelta(days=item * 1.8)
        path = before if begin < pd.Timestamp("2025-01-01") else after
        rows += [(item, stage, begin + pd.Timedelta(hours=n)) for n, stage in enumerate(path.split("_"))]
    return sf.StageLog(pd.DataFrame(rows, columns=["item", "stage", "time"]))


def test_a_stage_that_appears_is_named_with_its_day_and_its_since_can_be_uncommented() -> None:
    found = sf.suggest(dated_log(before="a_b_Won", after="a_check_b_Won"))
    assert found.pipeline.stages == ("a", "check", "b")
    # Item 204 is the first of 2025: 203 and a third times 1.8 days are the 366 days of 2024.
    assert "check appears from 2025-01-02 on" in " ".join(found.doubts)
    assert '# [pipeline.since]\n# "check" = "2025-01-02"\n' in found.to_toml()
    assert not found.is_safe


def test_a_stage_that_vanishes_is_named_with_its_day() -> None:
    found = sf.suggest(dated_log(before="a_check_b_Won", after="a_b_Won"))
    assert found.pipeline.stages == ("a", "check", "b")
    assert "check was last entered on 2024-12-31" in " ".join(found.doubts)
    assert '# [pipeline.until]\n# "check" = "2024-12-31"\n' in found.to_toml()


def test_a_stage_that_may_have_been_renamed_is_named() -> None:
    found = sf.suggest(dated_log(before="a_Proposal_Won", after="a_Offer_Won"))
    text = " ".join(found.doubts)
    assert "Proposal ends before Offer begins, and no item moves between them" in text
    assert "read Proposal as Offer with aliases" in text


def test_neighbours_between_which_moves_go_both_ways_are_doubted_with_their_counts() -> None:
    found = sf.suggest(repeated(a_b_c_Won=20, a_c_b_Won=15, a_Lost=10))
    assert found.pipeline.stages == ("a", "b", "c")
    assert "b and c (20 moves one way, 15 the other)" in " ".join(found.doubts)
    assert not found.is_safe


def test_ways_that_exclude_each_other_are_doubted() -> None:
    found = sf.suggest(repeated(a_b_Won=20, a_c_Won=20))
    assert "No item moves directly between these neighbours" in " ".join(found.doubts)
    assert not found.is_safe


def test_a_click_stream_is_named_as_such_and_nothing_of_it_is_optional() -> None:
    rng = np.random.default_rng(1)
    paths = [" > ".join(rng.choice(["home", "search", "cart", "help"], 12)) for _ in range(100)]
    found = sf.suggest(journeys_log(*paths))
    assert "click stream" in " ".join(found.doubts)
    assert found.pipeline.rules.optional == ()
    assert not found.is_safe


def test_a_slip_of_the_pen_is_named() -> None:
    found = sf.suggest(repeated(New_Offer_Won=500, New_Ofer_Won=1))
    assert "hardly a row, and may be slips of the pen: Ofer (1 row)" in " ".join(found.doubts)
    assert not found.is_safe


def test_few_moves_are_a_doubt_of_their_own() -> None:
    found = sf.suggest(journeys_log("New > Offer > Won", "New > Lost"))
    assert found.doubts == ["All of it rests on 3 moves between stages."]
    assert found.is_safe  # they agree
    assert not sf.suggest(journeys_log("New > Won")).is_safe
