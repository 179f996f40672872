"""What parts keep of lengths and of items: cells as narrow as they are said to be, and hashes that last."""

import numpy as np
import pytest

import stagefunnel as sf
from stagefunnel.questions.counted.cells import MOST_ERROR, cell_of, middle_of
from stagefunnel.questions.parts.item_sketch import BITS, _hashes

WORDS = [0, 1, 2, 2**32 - 1, 2**32, 2**63, 2**64 - 1, 0x0123456789ABCDEF]
PIPELINE = sf.Pipeline("New", won="Won")


def test_the_middle_of_a_cell_is_as_near_as_is_said_and_not_much_nearer() -> None:
    luck = np.random.default_rng(1)
    lengths = np.concatenate(
        [luck.integers(2**bits, 2 ** (bits + 1), 2_000, dtype=np.uint64) for bits in range(62)]
    )
    found = middle_of(cell_of(lengths))
    errors = [abs(int(one) - int(other)) / int(other) for one, other in zip(found, lengths, strict=True)]
    assert 0.9 * MOST_ERROR < max(errors) <= MOST_ERROR
    assert max(error for error, length in zip(errors, lengths, strict=True) if length < 2**11) == 0


def mixed(word: int) -> int:
    """Mix the bits of a number as `fmix64` of MurmurHash3 does (A. Appleby, public domain)."""
    word ^= word >> 33
    word = word * 0xFF51AFD7ED558CCD % 2**64
    word ^= word >> 33
    word = word * 0xC4CEB9FE1A85EC53 % 2**64
    return word ^ word >> 33


def test_hashes_of_items_are_those_of_murmur_so_that_parts_of_other_versions_meet() -> None:
    # The value of one is a known one.
    assert mixed(1) == 0xB456BCFC34C2CB2C
    one_word = _hashes(np.array([[word] for word in WORDS], dtype=np.uint64))
    assert one_word.tolist() == [mixed(word) >> 64 - BITS for word in WORDS]
    pairs = [(word, other) for word in WORDS for other in WORDS]
    two_words = _hashes(np.array(pairs, dtype=np.uint64))
    assert two_words.tolist() == [mixed(mixed(word) ^ other) >> 64 - BITS for word, other in pairs]


@pytest.mark.parametrize("item", [-5, -(2**63), -1, 2**63 - 1, 2**64 - 1])
def test_an_item_of_two_parts_is_named_with_its_sign(item: int) -> None:
    def part() -> sf.Partial:
        keys = np.array([item], dtype=np.uint64 if item >= 2**63 else np.int64)
        log = sf.StageLog({"item": keys, "stage": ["New"], "time": ["2026-01-01"]})
        return sf.partial(log, PIPELINE, sf.funnel)

    with pytest.raises(sf.SchemaError, match=rf"\D{item}\b"):
        sf.merge([part(), part()])
