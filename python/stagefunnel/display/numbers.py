"""How numbers, shares and lengths of time are written for people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..words import markc, tr, trc, trn, trs
from ..words.forms import percent_sign, share, written

NOTHING = "–"  # what has no value
_STEPS = (("d", 86_400.0), ("h", 3_600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))
_UNITS = ((10**9, "bn"), (10**6, "M"), (10**3, "k"))
# Units with the blank before them, as they stand in catalogues.
_MARKED = (
    *(markc("unit", " d"), markc("unit", " h"), markc("unit", " min"), markc("unit", " s")),
    *(markc("unit", " ms"), markc("unit", " µs")),
    *(markc("unit", " bn"), markc("unit", " M"), markc("unit", " k")),
)
_SEVERAL = 5  # a number of which every language says several


def count(value: Any) -> str:
    """Write a whole number with its thousands apart: ``12,345``."""
    return NOTHING if pd.isna(value) else written(f"{int(value):,}")


def brief(value: Any) -> str:
    """Write a whole number for a picture, exact up to 99,999, then to three digits: ``123 k``, ``1.23 M``."""
    if pd.isna(value) or value < 100_000:
        return count(value)
    # A number that rounds to a thousand thousands is written as a million.
    size, unit = next((size, unit) for size, unit in _UNITS if value >= 0.9995 * size)
    scaled = value / size
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    text = f"{scaled:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if digits else text
    return f"{written(text)}{trc('unit', f' {unit}')}"


def counted(value: Any, noun: str) -> str:
    """Write a whole number of things: ``1 item``, ``2 items``."""
    return f"{count(value)} {noun_of(value, noun)}"


def noun_of(value: Any, noun: str) -> str:
    """Write the noun behind a number of things: ``item`` behind 1, ``items`` behind 2."""
    noun = getattr(noun, "english", noun)
    return trn(noun, _plural(noun), value)


def more_groups(n: int) -> str:
    """Count the groups that are not named: ``… and 1 more group``."""
    return trn("… and {n} more group", "… and {n} more groups", n, n=count(n))


def more_differences(n: int) -> str:
    """Count the differences that are not named, as a sentence."""
    return trn("… and {n} more clear difference.", "… and {n} more clear differences.", n, n=count(n))


def more_stages(n: int) -> str:
    """Count the stages that are not named, behind those that are."""
    return trn(" or {n} more stage", " or {n} more stages", n, n=count(n))


def so_many(text: str, value: Any, write: Callable[[Any], str] = count) -> str:
    """Give a text about a number ``n``, where English has the same for one and for several: ``1 lost``."""
    return trs(text, value, n=write(value))


def plural(noun: str) -> str:
    """Write several of a thing: ``items``, ``companies``, ``branches``."""
    noun = getattr(noun, "english", noun)
    many = _plural(noun)
    found = trc("several", many)
    return trn(noun, many, _SEVERAL) if found == many else found


def _plural(noun: str) -> str:
    if noun.endswith("y") and noun[-2:-1].lower() not in ("", *"aeiou"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "z", "ch", "sh")) else f"{noun}s"


def part_of(part: Any, whole: Any, of: str = "") -> str:
    """Write a part of a whole: ``2 of 5 lost, 40%``."""
    return tr(
        "{part} of {whole}{of}, {share}",
        part=count(part),
        whole=count(whole),
        of=f" {of}" if of else "",
        share=percent(part / whole),
    )


def percent(value: Any) -> str:
    """Write a share: ``78%``; with one decimal where a whole number would wrongly be 0 or 100."""
    if pd.isna(value):
        return NOTHING
    rounded = round(100 * value)
    is_right = rounded / 100 == value or rounded not in (0, 100, -100)
    return share(f"{rounded:,}" if is_right else _kept_apart(100 * value))


def share_text(text: str) -> str:
    """Write a number or a share that stands in English text: ``48%`` is ``48 %`` in French."""
    return share(text.removesuffix("%")) if text.endswith("%") else written(text)


def percents(low: Any, high: Any) -> str:
    """Write the bounds of a share: ``38–46%``; with a decimal where whole numbers would be alike.

    Examples
    --------
    >>> percents(0.38, 0.46), percents(0.996, 1), percents(0.481, 0.484), percents(1, 1)
    ('38–46%', '99.6–100%', '48.1–48.4%', '100%')
    """
    least, most = percent(low), percent(high)
    if least == most and low != high:
        least, most = (share(_kept_apart(100 * bound)) for bound in (low, high))
    return most if least == most else f"{least.removesuffix(percent_sign())}–{most}"


def _kept_apart(value: float) -> str:
    """Write one decimal; 99.96 must not read 100.0, nor 0.04 read 0.0, nor -0.04 read -0.0."""
    if 99 < abs(value) < 100:
        return f"{max(-99.9, min(value, 99.9)):.1f}"
    return _small(value, 0.1) or f"{value:.1f}"


def _small(value: float, least: float) -> str:
    """Write what rounds to nothing and is not: ``< 0.1``, ``> -0.1``; nothing for any other value."""
    if not 0 < abs(value) < least:
        return ""
    return f"< {least:g}" if value > 0 else f"> -{least:g}"


def change(value: Any) -> str:
    """Write a relative change: ``+12%``, ``-3%``, ``0%``.

    Examples
    --------
    >>> change(0.12), change(21.12)
    ('+12%', '+2,112%')
    """
    return _signed(percent(value), value)


def points(value: Any) -> str:
    """Write a difference of two shares: ``+7 points``, ``-1 point``, which ``+7%`` would not be.

    One that is below the last digit has no sign: ``0.0 points``.
    """
    if pd.isna(value):
        return NOTHING
    rounded = round(100 * value)
    text = f"{rounded}" if rounded or not value else f"{100 * value:.1f}"
    if rounded == 0 and float(text) == 0 and value:
        return tr("{n} points", n=written("0.0"))
    found = trn("{n} point", "{n} points", abs(rounded), n=written(text))
    return _signed(found, value)


def error_points(value: Any) -> str:
    """Write the standard error of a share with a decimal: ``1.2 points``."""
    return NOTHING if pd.isna(value) else tr("{n} points", n=written(f"{100 * value:.1f}"))


def p_value(value: Any) -> str:
    """Write a p-value with three decimals: ``0.016``, ``< 0.001``."""
    if pd.isna(value):
        return NOTHING
    return written("< 0.001" if value < 0.0005 else f"{value:.3f}")


def without_points(text: str) -> str:
    """Leave the word away where it stands before: ``+7``."""
    return text.rpartition(" ")[0] or text


def precise_points(value: float) -> str:
    """Write a difference of two shares in a sentence, with one decimal: ``+7.6``, ``−0.3``, ``0.0``."""
    text = f"{100 * value:.1f}"
    # A difference below the last digit has no sign.
    return written("0.0" if float(text) == 0 else _signed(text, value).replace("-", "−"))


def difference(value: Any) -> str:
    """Write a difference of two numbers: ``+1,234``, ``-7``, ``0``."""
    return _signed(number(value), value)


def _signed(text: str, value: Any) -> str:
    """Put a plus before a number above zero; the text of a smaller one has its own sign."""
    return f"+{text}" if text[:1].isdigit() and value > 0 else text


def number(value: Any) -> str:
    """Write a number with two decimals if it has any: ``1,234.50``, ``1,234``."""
    if pd.isna(value):
        return NOTHING
    if float(value).is_integer():
        return written(f"{int(value):,}")  # an integer has no negative zero
    return written(_small(value, 0.01) if abs(value) < 0.005 else f"{value:,.2f}")


def tenths(value: float) -> str:
    """Write an expected number with one decimal: ``33.7``, ``12``, ``less than 0.1``."""
    if 0 < value < 0.05:
        return tr("less than {n}", n=written("0.1"))
    return written(f"{value:,.1f}".removesuffix(".0"))


def length(value: Any, working_day: float | None = None) -> str:
    """Write a length of time in its largest units: ``4 d 6 h``, ``36 min``; plain numbers as numbers.

    Of working time, `working_day` has the seconds of a day: ``3 working days 2 h``, ``5 working hours``.
    """
    if pd.isna(value):
        return NOTHING
    if not isinstance(value, pd.Timedelta | np.timedelta64):
        return number(value)
    seconds = float(pd.Timedelta(value) / pd.Timedelta(seconds=1))
    if seconds < 0:
        return f"-{length(-pd.Timedelta(value), working_day)}"
    if seconds == 0:
        return f"0{unit('s')}"
    if working_day is not None:
        return _worked(seconds, working_day)
    at = next((i for i, (_, size) in enumerate(_STEPS) if seconds >= size), len(_STEPS) - 1)
    larger, size = _STEPS[at]
    # Hours matter only below a hundred days, and seconds only below an hour.
    two_parts = larger in ("d", "h") and seconds < 100 * size
    smaller, step = _STEPS[at + 1] if two_parts else _STEPS[at]
    steps = round(seconds / step)
    if at and steps * step >= _STEPS[at - 1][1]:
        return f"1{unit(_STEPS[at - 1][0])}"
    whole, rest = divmod(steps, round(size / step))
    if not steps:
        return f"< 1{unit(larger)}"
    first = f"{count(whole)}{unit(larger)}"
    return f"{first} {rest}{unit(smaller)}" if rest else first


def unit(name: str) -> str:
    """Give a unit of time with the blank before it."""
    return trc("unit", f" {name}")


def _worked(seconds: float, working_day: float) -> str:
    """Write working time: days with the hours above them, hours with the minutes above them, or less."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return length(pd.Timedelta(seconds=seconds))
    hours = round(seconds / 3_600)
    if minutes * 60 < working_day:
        whole, rest = divmod(minutes, 60)
        return _counted_work(whole, "hour") + (f" {rest}{unit('min')}" if rest else "")
    days, over = divmod(hours * 3_600, working_day)
    rest = round(over / 3_600)
    return _counted_work(int(days), "day") + (f" {rest}{unit('h')}" if rest and days < 100 else "")


def _counted_work(n: int, unit: str) -> str:
    return counted(n, f"working {unit}")
