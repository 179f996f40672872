"""The core's counts against the slow reference: merging, and bytes."""

from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import counts as reference
from stagefunnel import _core

KINDS = {"number": _core.counts.Key.number, "label": _core.counts.Key.label}
RULES = {rule.name: rule for rule in _core.counts.Rule}
LABELS = [b"", b"a", b"\xff", b"b"]
SCHEMES: dict[str, tuple[list[str], list[str], bool]] = {
    "plain": ([], ["sum"], False),
    "rows": (["label", "number"], ["sum", "least", "most", "whole", "fraction", "sum"], False),
    "samples": (["number"], [], True),
}
SMALL = st.integers(-3, 3)
WIDE = st.integers(-(2**60), 2**60)


@st.composite
def parts(draw: st.DrawFn) -> Any:
    """Draw counts with some of the blocks, and labels in any order."""
    labels = draw(st.permutations(LABELS))
    blocks = []
    for name, (keys, rules, has_samples) in SCHEMES.items():
        if draw(st.integers(0, 3)) == 0:
            continue
        n = draw(st.integers(0, 4)) if keys else 1
        cells = [
            [
                *(draw(st.integers(0, 3)) if kind == "label" else draw(SMALL) for kind in keys),
                *(draw(WIDE) for _ in rules),
            ]
            for _ in range(n)
        ]
        samples = [sorted(draw(st.lists(st.integers(0, 2**64 - 1), max_size=3))) for _ in range(n)]
        blocks.append(
            _core.counts.Block(
                name=name,
                keys=[KINDS[kind] for kind in keys],
                rules=[RULES[rule] for rule in rules],
                cells=np.array(cells, dtype=np.int64).reshape(-1),
                bounds=np.cumsum([0, *map(len, samples)]).astype(np.uint64) if has_samples else None,
                lengths=np.array([*chain(*samples)], dtype=np.uint64) if has_samples else None,
            )
        )
    return _core.counts.in_order(labels, blocks)


@given(drawn=st.lists(parts(), min_size=1, max_size=4), data=st.data())
def test_merging_is_that_of_the_reference_in_any_order_and_tree(
    drawn: list[Any], data: st.DataObject
) -> None:
    expected = reference.merge([reference.plain(part) for part in drawn])
    total = _core.counts.merged(drawn)
    assert reference.plain(total) == expected
    turned = data.draw(st.permutations(drawn))
    cut = data.draw(st.integers(0, len(turned)))
    tree = [_core.counts.merged(turned[:cut]), _core.counts.merged(turned[cut:])]
    assert _core.counts.merged(tree).to_bytes() == total.to_bytes()
    assert reference.plain(_core.counts.from_bytes(total.to_bytes())) == expected


@pytest.mark.parametrize("change", ["cells", "bounds", "label"])
def test_columns_that_do_not_fit_are_refused(change: str) -> None:
    cells = np.array([0, 1, 0] if change == "cells" else [5, 1], dtype=np.int64)
    block = _core.counts.Block(
        name="rows",
        keys=[_core.counts.Key.label],
        rules=[_core.counts.Rule.sum],
        cells=cells,
        bounds=np.array([0, 9], dtype=np.uint64) if change == "bounds" else None,
        lengths=np.array([1], dtype=np.uint64) if change == "bounds" else None,
    )
    with pytest.raises(ValueError, match=r"differ in length|do not fit|out of range"):
        _core.counts.in_order([b"a"] * (1 if change == "label" else 9), [block])
