"""Names of months in the languages that exports are written in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

# Full names by language; a shorter name stands for the month that alone begins so.
_MONTHS: Final = (
    "january february march april may june july august september october november december",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "jänner feber maerz apr mai jun jul aug sept okt nov dez",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık",
    "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь",
    "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
)
_ACCENTS: Final = str.maketrans("áàâäãçéèêëíìîïñóòôöõúùûüşğı", "aaaaaceeeeiiiinooooouuuusgi")
_FEWEST: Final = 3


def _prefixes() -> Iterator[tuple[str, int]]:
    for names in _MONTHS:
        for month, name in enumerate(names.split(), start=1):
            for spelling in {name, name.translate(_ACCENTS)}:
                yield from ((spelling[:end], month) for end in range(_FEWEST, len(spelling) + 1))


def _months_by_name() -> Mapping[str, int]:
    """Return the month of each name and of each begin of a name that no other month has."""
    found: dict[str, set[int]] = {}
    for prefix, month in _prefixes():
        found.setdefault(prefix, set()).add(month)
    return {prefix: min(months) for prefix, months in found.items() if len(months) == 1}


MONTH_OF: Final = _months_by_name()
