"""Counts that add up, the slow and obvious way: rows in dicts by their keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

# A row: its keys (numbers, or labels as bytes), its values and its sample.
Rows = dict[tuple[int | bytes, ...], tuple[list[int], list[int]]]


class Block(NamedTuple):
    """Rows of one name, with the rule of each value: sum, least, most, or whole and fraction of a sum."""

    rules: tuple[str, ...]
    rows: Rows


def add_up(rules: Sequence[str], values: Sequence[Sequence[int]]) -> list[int]:
    """Put the values of rows with equal keys together, column by column."""
    total = []
    for place, rule in enumerate(rules):
        column = [row[place] for row in values]
        if rule == "sum":
            total.append(sum(column))
        elif rule == "least":
            total.append(min(column))
        elif rule == "most":
            total.append(max(column))
        elif rule == "whole":
            # In units of 2^-64, which integers of Python hold exactly.
            exact = sum((row[place] << 64) + row[place + 1] % 2**64 for row in values)
            fraction = exact % 2**64
            total += [exact >> 64, fraction - 2**64 if fraction >= 2**63 else fraction]
    return total


def merge(parts: Iterable[dict[str, Block]]) -> dict[str, Block]:
    """Put the blocks of parts together."""
    total: dict[str, Block] = {}
    for part in parts:
        for name, block in part.items():
            rows = total.setdefault(name, Block(block.rules, {})).rows
            for keys, (values, sample) in block.rows.items():
                if keys in rows:
                    before, own = rows[keys]
                    rows[keys] = (add_up(block.rules, [before, values]), sorted([*own, *sample]))
                else:
                    rows[keys] = (list(values), sorted(sample))
    return {
        name: Block(block.rules, dict(sorted(block.rows.items()))) for name, block in sorted(total.items())
    }


def plain(counts: Any) -> dict[str, Block]:
    """Read counts of the core as such blocks."""
    labels = counts.labels
    found = {}
    for block in counts.blocks:
        width = len(block.keys) + len(block.rules)
        cells = block.cells.tolist()
        rows: Rows = {}
        for row in range(block.n_rows):
            own = cells[row * width : (row + 1) * width]
            keys = tuple(
                labels[key] if kind.name == "label" else key
                for key, kind in zip(own, block.keys, strict=False)
            )
            sample: list[int] = []
            if block.samples is not None:
                bounds, lengths = block.samples
                sample = lengths[int(bounds[row]) : int(bounds[row + 1])].tolist()
            rows[keys] = (own[len(block.keys) :], sample)
        found[block.name] = Block(tuple(rule.name for rule in block.rules), rows)
    return found
