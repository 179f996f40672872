"""One amount as it is written: its number, and what stands around it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

_SIGNS_OF_CURRENCIES: Final = "$¢£¤¥֏؋৳฿៛" + "".join(map(chr, range(0x20A0, 0x20C1))) + "元円원"
_CODES: Final = (
    "USD EUR GBP CHF JPY CNY RMB RUB RUR UAH BYN BYR KZT UZS KGS AMD AZN GEL MDL PLN CZK HUF RON BGN HRK RSD "
    "BAM MKD ALL SEK NOK DKK ISK TRY ILS AED SAR QAR KWD BHD OMR JOD EGP MAD TND DZD ZAR NGN KES GHS INR PKR "
    "BDT LKR NPR IDR MYR SGD THB VND PHP KRW TWD HKD AUD NZD CAD MXN BRL ARS CLP COP PEN UYU BOB PYG VES DOP "
    "CRC GTQ"
)
_DOLLARS: Final = "R|US|AU?|CA?|NZ|HK|NT|S|MX|RD|AR|CL|COL?|TT|J|U"
_CURRENCY: Final = (
    rf"(?:(?i:{_CODES.replace(' ', '|')})|(?:{_DOLLARS})\$|[{_SIGNS_OF_CURRENCIES}]"
    r"|[Ss]/|R|[Rr]s|RM|Rp|Bs|[Kk]r|S?Fr|TL|zł|[Kk]č|Ft|lei|лв|р|руб|рублей|грн|тг|тнг|сум)\.?"
)
_UNITS: Final = {
    1_000: ("k", "тыс", "tsd", "thousand"),
    10_000: ("万", "萬", "만"),
    100_000: ("lakh", "lakhs"),
    1_000_000: ("m", "mm", "mn", "mln", "mio", "млн", "million", "millions"),
    10_000_000: ("crore", "crores"),
    100_000_000: ("亿", "億", "억"),
    1_000_000_000: ("b", "bn", "bln", "mrd", "млрд", "billion", "billions"),
}
_FACTORS: Final = {word: factor for factor, words in _UNITS.items() for word in words}
# These are thousands to some and millions to others.
_UNCLEAR: Final = ("mil", "tys")
_WORDS: Final = "|".join(word for word in (*_FACTORS, *_UNCLEAR) if word < "\u3000")
_IDEOGRAPHS: Final = "".join(word for word in _FACTORS if word > "\u3000")
_WRITTEN: Final = re.compile(
    rf"(?P<open>\(\s*)?(?P<before>[+-]?)\s*(?:{_CURRENCY})?\s*(?P<after>[+-]?)\s*"
    r"(?P<number>[.,]?\d(?:[\d.,'’\s]*\d)?)(?P<exponent>[eE][+-]?\d+)?"
    rf"(?P<dashes>[.,]-+)?[.,]?\s*(?:(?P<unit>(?i:{_WORDS})(?![^\W\d_])|[{_IDEOGRAPHS}])\.?)?\s*"
    rf"(?:{_CURRENCY})?\s*(?P<end>-?)\s*(?P<close>\))?"
)
_PARTED: Final = re.compile(r"\d{1,3}(?:[\s'’]\d{3})+(?:[.,]\d+)?")
_LIKE_ASCII: Final = str.maketrans({"−": "-", "–": "-", "—": "-", "٫": ".", "٬": None})


class Written(NamedTuple):
    """A number with its sign, with points and commas as they were; and what its unit multiplies it with."""

    number: str
    factor: int = 1


def written(text: str) -> Written | None:
    """Take an amount out of its currency, parentheses and unit; ``None`` if there is not one certain number.

    Examples
    --------
    >>> from stagefunnel.readers.sources.written_amounts import written
    >>> written("R$ 1.234,56").number, written("(1,200.00)").number, written("1.2M")
    ('1.234,56', '-1,200.00', Written(number='1.2', factor=1000000))
    """
    plain = unicodedata.normalize("NFKC", text.translate(_LIKE_ASCII)).strip()
    found = _WRITTEN.fullmatch(plain)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return None
    number = found["number"]
    if re.search(r"[\s'’]", number):
        if not _PARTED.fullmatch(number):
            return None
        number = re.sub(r"[\s'’]", "", number)
    minuses = [found["before"] == "-", found["after"] == "-", found["end"] == "-", bool(found["open"])]
    unit = (found["unit"] or "").lower()
    if sum(minuses) > 1 or unit in _UNCLEAR:
        return None
    sign = "-" if any(minuses) else ""
    if found["dashes"]:  # 1.200,- says which of the two parts decimals
        number += found["dashes"][0] + "0"
    return Written(sign + number + (found["exponent"] or ""), _FACTORS.get(unit, 1))
