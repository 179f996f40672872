"""The parts that the texts of errors are built of."""

import pickle

import numpy as np
import pytest

import stagefunnel as sf
from stagefunnel.errors import Option, advised, counted, given, named


@pytest.mark.parametrize(
    ("n", "text"),
    [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_234, "1,234 rows"), (np.int64(1), "1 row")],
)
def test_a_count_has_its_noun_in_the_right_number(n: int, text: str) -> None:
    assert counted(n, "row") == text


def test_an_option_is_spelled_by_the_face_that_shows_the_error() -> None:
    error = sf.SchemaError(
        given("at", "middle"), " is wrong; pass ", advised("at", "first"), " or ", named("by")
    )

    def spelled(option: Option) -> str:
        return f"--{option.name} {option.plain}".rstrip()

    assert str(error) == "at='middle' is wrong; pass at=\"first\" or by="
    assert error.spelled(spelled) == "--at middle is wrong; pass --at first or --by"
    assert error.option == "at"


def test_an_error_keeps_its_parts_behind_a_place_and_in_another_process() -> None:
    error = sf.InvalidRowError("no stage; pass ", advised("invalid", "drop"), row=7).within("deals.csv: ")
    again = pickle.loads(pickle.dumps(error))
    for one in (error, again):
        assert isinstance(one, sf.InvalidRowError)
        assert (str(one), one.row) == ('deals.csv: no stage; pass invalid="drop"', 7)
        assert [part.name for part in one.parts if isinstance(part, Option)] == ["invalid"]
