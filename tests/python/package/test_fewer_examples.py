"""The table of the tests that draw fewer random logs than they once did says what the code does."""

import ast
import re
from pathlib import Path

import pytest

from examples import USUAL
from helpers import ROOT

TESTS = ROOT / "tests" / "python"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| `[a-z]+/.*test_\w+\.py`", line)
]


def drawn(file: Path) -> list[tuple[int, int]]:
    """Return how many logs each random test of a file draws in CI and at night."""
    numbers = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.FunctionDef):
            continue
        calls = {ast.unparse(one.func): one for one in node.decorator_list if isinstance(one, ast.Call)}
        if "given" not in calls:
            continue
        usual = {"ci": USUAL["ci"], "night": USUAL["night"]}
        if "examples" in calls:
            usual |= {str(one.arg): ast.literal_eval(one.value) for one in calls["examples"].keywords}
        numbers.append((usual["ci"], usual["night"]))
    return numbers


def numbers_in(cell: str) -> list[int]:
    return [int(number) for number in cell.split(", ")]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_numbers_of_a_row_are_those_of_its_tests(row: list[str]) -> None:
    files, before, ci, night, ground = row
    for name in re.findall(r"`(.+?)`", files):
        found = drawn(TESTS / name)
        assert {*numbers_in(ci)} <= {in_ci for in_ci, _ in found}
        assert {*numbers_in(night)} <= {at_night for _, at_night in found}
    assert max(numbers_in(ci)) < max(numbers_in(before)) < max(numbers_in(night))
    for path in re.findall(r"`(tests/.+?)`", ground):
        assert (ROOT / path).exists(), path


def test_every_old_test_that_draws_the_usual_number_is_in_the_table() -> None:
    # Tests that were written later never drew more than they do.
    later = {
        "log/test_spilled_tables.py",
        "log/test_types_of_days.py",
        "questions/funnel/test_squares.py",
        "questions/parts/test_chain_of_parts.py",
        "questions/parts/test_partitioned.py",
        "questions/forecast/test_bottlenecks.py",
        "questions/forecast/test_markov_check.py",
        "questions/forecast/test_occupation.py",
        "questions/forecast/test_short_horizon.py",
        "questions/forecast/test_win_probability.py",
        "questions/funnel/test_compare_groups.py",
        "questions/funnel/test_decomposition.py",
        "questions/stages/test_incidence.py",
        "questions/stages/test_key_numbers.py",
        "questions/stats/test_absorbing.py",
        "questions/stats/test_array_incidence.py",
        "questions/stats/test_array_survival.py",
        "questions/stats/test_comparisons.py",
        "questions/stats/test_proportions.py",
        "databases/test_random_rows.py",
        "display/test_plain_text.py",
        "display/test_plots.py",
        "questions/stats/test_steps_and_mixes.py",
        "log/test_near_labels.py",
        "log/test_marks_of_rows.py",
        "log/test_filter.py",
        "log/test_stream_columns.py",
        "log/test_stages_that_changed.py",
        "log/test_travel.py",
        "questions/chain/test_chain_within.py",
        "questions/funnel/test_began_beyond.py",
        "questions/funnel/test_outcome_amounts.py",
        "questions/funnel/test_skips.py",
        "questions/funnel/test_trend_money.py",
        "suggesting/test_stage_order.py",
        "suggesting/test_stage_places.py",
        "questions/funnel/test_stage_rules.py",
        "questions/scope/test_known_amounts.py",
        "questions/scope/test_rounded_once.py",
        "questions/scope/test_stage_rules.py",
        "questions/scope/test_unknown_starts.py",
        "questions/scope/test_within.py",
        "questions/scope/test_working_time.py",
        "questions/sequence/test_conditions_of_steps.py",
        "questions/sequence/test_trend.py",
        "questions/funnel/test_value_shares.py",
        "questions/stages/test_absorption.py",
        "questions/stages/test_blame_for_losses.py",
        "questions/stages/test_counted_lives.py",
        "questions/stages/test_ends.py",
        "questions/stages/test_flow_amounts.py",
        "questions/stages/test_open_items.py",
        "questions/stages/test_paused.py",
        "questions/stages/test_time_to.py",
        "questions/stages/test_velocity.py",
        "questions/stages/test_variants.py",
        "questions/scope/test_where_everywhere.py",
        "questions/stages/test_visits.py",
        "questions/forecast/test_backtest.py",
        "questions/forecast/test_crm_chances.py",
        "questions/forecast/test_features.py",
        "questions/test_odd_values.py",
        "questions/stats/test_significance.py",
        "questions/stats/test_standouts.py",
        "display/test_tables_of_pandas.py",
        "reports/test_filters.py",
        "readers/test_newest_first.py",
    }
    named = {name for row in ROWS for name in re.findall(r"`(.+?)`", row[0])}
    fewer = {
        str(file.relative_to(TESTS))
        for file in TESTS.rglob("test_*.py")
        if any(in_ci < 100 for in_ci, _ in drawn(file))
    }
    assert fewer - later == named
