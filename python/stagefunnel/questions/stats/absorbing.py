"""Where a chain of moves between states ends, how often it visits each and how long it takes, on counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ... import _core
from ...errors import SchemaError, given, named, quoted
from .bounds import Floats, check_confidence, normal_quantile, without_rounding
from .comparisons import shares_of
from .spell_labels import is_label

UNDETERMINED = "undetermined"
_OWN = ("state", UNDETERMINED, "se", "expected_visits", "expected_time", "expected_time_se")


def absorbing_chain(
    counts: Any,
    *,
    states: Sequence[Any],
    absorbing: Sequence[Any],
    exposure: Any = None,
    start: Any = None,
    confidence: float = 0.95,
) -> pd.DataFrame:
    """Estimate where a chain of moves ends, how often it visits each state and how long it takes.

    The next state is taken to depend on the present one alone, and not on the way there.

    Parameters
    ----------
    counts
        How many moves there were, from each state to each: a square frame whose rows are where the moves
        begin, or a nested mapping ``{from: {to: count}}``. Moves that are not in it are none.
    states
        The states that are left again, in the order of the rows.
    absorbing
        The states that are not left; the first is the one that is hoped for, such as won.
    exposure
        The time that was spent in each state, visits that are still open too: a mapping by state, or numbers
        in the order of `states`.
    start
        How many begin in each state: a mapping, or numbers in the order of `states`. By default all begin in
        the first.
    confidence
        How sure the bounds of the chances of the first absorbing state are, which stand in ``attrs``.

    Returns
    -------
    DataFrame
        One row per state of `states`: ``state``; one column for each absorbing state, the chance to end
        there; ``undetermined``, the chance to end in a state that has no way out, or that nobody has left
        yet (all of these add up to 1); ``se``, the error of the chance of the first absorbing state;
        ``expected_visits``, how often the state is visited by one that begins as `start` says;
        ``expected_time``, how long it takes from the state to the end, and ``expected_time_se`` (NaN
        without `exposure`, and where the end may be undetermined).
        ``attrs["chain"]`` has ``low`` and ``high``, the bounds by state, and ``overall``: the chance,
        its error and its bounds for all that begin.

    Raises
    ------
    SchemaError
        If a state stands there twice, a count is of a state that is not listed, negative or not whole, or
        begins in an absorbing state.

    Examples
    --------
    >>> import stagefunnel as sf
    >>> moves = {"New": {"Offer": 60, "Lost": 40}, "Offer": {"Won": 30, "Lost": 20, "New": 10}}
    >>> table = sf.stats.absorbing_chain(moves, states=["New", "Offer"], absorbing=["Won", "Lost"])
    >>> table[["state", "Won", "Lost", "undetermined", "expected_visits"]].round(4)
       state     Won    Lost  undetermined  expected_visits
    0    New  0.3333  0.6667           0.0           1.1111
    1  Offer  0.5556  0.4444           0.0           0.6667
    """
    share = check_confidence(confidence)
    inner, ends = _labels("states", states), _labels("absorbing", absorbing)
    inner = [label for label in inner if label not in set(ends)]
    taken = [str(label) for label in ends if label in _OWN]
    if taken:
        raise SchemaError(f"the result has columns of its own called {quoted(taken)}; rename these states")
    if not ends:
        raise SchemaError(named("absorbing"), " is empty; name the states that are not left, such as won")
    moves = _moves(counts, inner, ends)
    times = None if exposure is None else _by_state("exposure", exposure, inner)
    begun = _by_state("start", start, inner) if start is not None else np.eye(1, len(inner))[0]
    chain = Chain.of_moves(moves, times)
    columns: dict[Any, Any] = {"state": inner}
    columns |= {label: chain.absorbed[:, at] for at, label in enumerate(ends)}
    columns[UNDETERMINED] = chain.absorbed[:, -1]
    columns["se"] = np.sqrt(np.diag(chain.covariance()))
    columns["expected_visits"] = chain.visits_of(begun)
    columns["expected_time"], columns["expected_time_se"] = chain.times()
    table = pd.DataFrame(columns)
    low, high = logit_bounds(chain.absorbed[:, 0], np.sqrt(np.diag(chain.covariance())), share)
    overall, error = chain.overall(begun)
    overall_low, overall_high = logit_bounds(np.array([overall]), np.array([error]), share)
    table.attrs["chain"] = {
        "confidence": share,
        "low": dict(zip(map(str, inner), low.tolist(), strict=True)),
        "high": dict(zip(map(str, inner), high.tolist(), strict=True)),
        "overall": [overall, error, float(overall_low[0]), float(overall_high[0])],
    }
    return table


@dataclass(frozen=True, eq=False)
class Chain:
    """A chain that is solved.

    Attributes
    ----------
    n
        Moves that leave each state.
    chances
        Chances of the next state, by state; the transient ones come first.
    absorbed
        Chances of each end, by state; the last column is undetermined.
    between
        How often one that begins in the state of the row visits that of the column.
    has_way_out
        Whether an end can be reached from each state.
    means
        Mean time that a visit of each state takes; ``None``: nobody measured.
    """

    n: Floats
    chances: Floats
    absorbed: Floats
    between: Floats
    has_way_out: npt.NDArray[np.bool_]
    means: Floats | None

    @classmethod
    def of_moves(cls, moves: Floats, exposure: Floats | None = None) -> Chain:
        """Estimate a chain from counts of moves, by state; the transient states come first."""
        n = moves.sum(axis=1)
        chances = np.divide(moves, n[:, np.newaxis], out=np.zeros(moves.shape), where=n[:, np.newaxis] > 0)
        return cls.of_chances(n, chances, None if exposure is None else shares_of(exposure, n))

    @classmethod
    def of_chances(cls, n: Floats, chances: Floats, means: Floats | None) -> Chain:
        """Solve a chain whose chances are known."""
        size = len(n)
        found = _core.stats.solve_chain(
            np.ascontiguousarray(chances, dtype=np.float64).ravel(), size, chances.shape[1] - size
        )
        absorbed = without_rounding(found.absorbed.reshape(size, chances.shape[1] - size + 1))
        between = found.visits.reshape(size, size)
        return cls(n, chances, absorbed, between, found.has_way_out.astype(bool), means)

    def covariance(self, end: int = 0) -> Floats:
        """Return the covariances of the chances of an end, with rows of moves that are multinomial."""
        size = len(self.n)
        chance = np.concatenate([self.absorbed[:, end], np.zeros(self.chances.shape[1] - size)])
        chance[size + end] = 1
        spread = self.chances @ chance**2 - self.absorbed[:, end] ** 2
        weight = np.divide(np.maximum(spread, 0), self.n, out=np.zeros(size), where=self.n > 0)
        found = np.asarray((self.between * weight) @ self.between.T)
        # Nothing is known of a state without a way out.
        found[~self.has_way_out, :] = np.nan
        found[:, ~self.has_way_out] = np.nan
        return found

    def visits_of(self, begun: Floats) -> Floats:
        """Return how often each state is visited by one that begins in these states as often as it says."""
        visits = shares_of(begun, np.full(len(begun), begun.sum())) @ self.between
        return np.where(self.has_way_out, visits, np.nan)

    def overall(self, begun: Floats, end: int = 0) -> tuple[float, float]:
        """Return the chance of an end for all that begin, and its error."""
        total = float(begun.sum())
        if total <= 0:
            return float("nan"), float("nan")
        share = begun / total
        chance = float(without_rounding(share @ self.absorbed[:, end]))
        some = share > 0
        inside = share[some] @ self.covariance(end)[np.ix_(some, some)] @ share[some]
        between = max(float(share @ self.absorbed[:, end] ** 2) - chance**2, 0.0) / total
        return chance, float(np.sqrt(np.maximum(inside + between, 0)))

    def times(self) -> tuple[Floats, Floats]:
        """Return the time from each state to the end, and its error; NaN where the end is not certain."""
        size = len(self.n)
        nothing = np.full(size, np.nan)
        if self.means is None:
            return nothing, nothing
        means = np.where(self.has_way_out, self.means, 0.0)
        time = self.between @ means
        later = np.concatenate([time, np.zeros(self.chances.shape[1] - size)])
        spread = self.chances @ later**2 - (self.chances @ later) ** 2
        weight = np.divide(np.maximum(spread, 0) + means**2, self.n, out=np.zeros(size), where=self.n > 0)
        error = np.sqrt(self.between**2 @ weight)
        certain = self.absorbed[:, -1] == 0
        return np.where(certain, time, np.nan), np.where(certain, error, np.nan)


def logit_bounds(chance: Floats, error: Floats, confidence: float) -> tuple[Floats, Floats]:
    """Return bounds of chances that are symmetric as log odds; a chance of 0 or 1 has one bound alone."""
    inside = (chance > 0) & (chance < 1)
    odds = np.divide(chance, 1 - chance, out=np.full(len(chance), np.nan), where=inside)
    rest = np.where(inside, chance * (1 - chance), np.nan)
    with np.errstate(over="ignore"):
        factor = np.exp(normal_quantile(confidence) * error / rest)
    low, high = odds / factor / (1 + odds / factor), 1 / (1 + 1 / (odds * factor))
    known = ~np.isnan(error)
    return np.where(known & (chance == 0), 0.0, low), np.where(known & (chance == 1), 1.0, high)


def _labels(option: str, labels: Any) -> list[Any]:
    if isinstance(labels, str) or not isinstance(labels, (Sequence, pd.Index, pd.Series, np.ndarray)):
        raise SchemaError(given(option, labels), ' is not a list of states, such as ["New", "Offer"]')
    found = list(labels)
    nested = [label for label in found if not is_label(label)]
    if nested or isinstance(labels, np.ma.MaskedArray):
        raise SchemaError(given(option, labels), ' is not a list of states, such as ["New", "Offer"]')
    twice = [str(label) for at, label in enumerate(found) if label in found[:at]]
    if twice:
        raise SchemaError(named(option), f" has {quoted(twice[:1])} twice; list each state once")
    return found


def _moves(counts: Any, inner: list[Any], ends: list[Any]) -> Floats:
    rows: dict[Any, Mapping[Any, Any]]
    if isinstance(counts, pd.DataFrame):
        rows = {label: counts.loc[label].to_dict() for label in counts.index}
    elif isinstance(counts, Mapping) and all(isinstance(row, Mapping) for row in counts.values()):
        rows = dict(counts)
    else:
        raise SchemaError(
            named("counts"), " is neither a square frame nor a nested mapping, such as {'New': {'Won': 3}}"
        )
    places = {label: at for at, label in enumerate([*inner, *ends])}
    moves = np.zeros((len(inner), len(places)))
    for begin, row in rows.items():
        for end, count in row.items():
            number = _count_of(count, begin, end)
            if not number:
                continue
            for label in (begin, end):
                if label not in places:
                    raise SchemaError(
                        named("counts"),
                        f" has moves of {quoted([str(label)])}, which neither ",
                        named("states"),
                        " nor ",
                        named("absorbing"),
                        " lists",
                    )
            if places[begin] >= len(inner):
                raise SchemaError(
                    named("counts"),
                    f" has {number:g} moves from {quoted([str(begin)])}, which is absorbing; "
                    "list it among the states, or leave these moves out",
                )
            moves[places[begin], places[end]] = number
    return moves


def _count_of(count: Any, begin: Any, end: Any) -> float:
    try:
        number = 0.0 if count is None or count is pd.NA else float(count)
    except (TypeError, ValueError):
        number = -1.0
    if np.isnan(number):
        return 0.0
    if number < 0 or number != np.floor(number) or np.isinf(number):
        raise SchemaError(
            named("counts"),
            f" is {count!r} from {quoted([str(begin)])} to {quoted([str(end)])}, which is not a number "
            "of moves",
        )
    return number


def _by_state(option: str, values: Any, inner: list[Any]) -> Floats:
    if isinstance(values, pd.Series):
        values = values.to_dict()
    if isinstance(values, Mapping):
        other = [str(label) for label in values if label not in inner]
        if other:
            raise SchemaError(named(option), f" has {quoted(other[:1])}, which is not one of the states")
        values = [values.get(label, 0) for label in inner]
    try:
        found = np.asarray(list(values), dtype=np.float64)
    except (TypeError, ValueError):
        raise SchemaError(given(option, values), " is not a number for each state") from None
    if len(found) != len(inner):
        raise SchemaError(
            named(option), f" has {len(found):,} values for {len(inner):,} states; give one for each"
        )
    if not (np.isfinite(found) & (found >= 0)).all():
        raise SchemaError(given(option, found.tolist()), " has a value that is negative or missing")
    return found
