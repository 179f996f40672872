"""Names of columns of dates: which are entries into a stage, and of which stage."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Final

# Words of dates that are no entry into a stage, without accents: what is planned, what a technical process
# wrote, what is about a person. A word stands for all that begin with it where it ends in "*".
_WORDS: Final = {
    "en": (
        *("estimated", "expected", "planned", "projected", "anticipated", "forecast*", "due", "target"),
        *("renew*", "deadline", "eta", "expir*", "next", "reminder", "promised", "ends"),
        *(
            "sync*",
            "extract*",
            "load",
            "loaded",
            "etl",
            "ingest*",
            "insert*",
            "import",
            "imported",
            "batched",
        ),
        *(
            "snapshot",
            "refreshed",
            "fetched",
            "scraped",
            "replicated",
            "exported",
            "deleted",
            "modif*",
            "modstamp",
            "systemmodstamp",
            "update",
            "updated",
            "last",
        ),
        *("birth*", "dob", "anniversary"),
    ),
    "ru": (
        *("план", "планов*", "планир*", "запланир*", "ожидаем*", "предполаг*", "прогноз*", "целев*", "срок"),
        *("дедлаин", "продлен*", "истеч*", "следующ*", "напомин*"),
        *("синхрон*", "выгруз*", "загруз*", "извлеч*", "импорт*", "измен*", "обновл*", "модиф*", "последн*"),
        *("рожден*", "роден*"),
    ),
    "de": (
        *("geplant*", "plan", "plandatum", "plantermin", "voraussichtlich*", "erwartet*", "geschatzt*"),
        *("geschaetzt*", "fallig*", "faellig*", "ziel", "zieldatum", "zieltermin", "frist", "verlanger*"),
        *("verlaenger*", "erneuer*", "ablauf*", "nachst*", "naechst*", "wiedervorlage"),
        *("synchron*", "extrah*", "extraktion*", "geladen", "ladedatum", "ladezeit*", "importiert"),
        *("geandert", "geaendert", "anderung*", "aenderung*", "aktualis*", "letzt*", "modifiziert"),
        *("geburt*",),
    ),
    "fr": (
        *("prevu*", "prevision*", "estime", "estimee", "attendu*", "planifie*", "echeance", "cible"),
        *("renouvel*", "prochain*", "rappel"),
        *("synchronis*", "extrait*", "charge", "chargee", "chargement", "importe*", "maj", "dernier*"),
        *("derniere", "actualis*", "naissance", "anniversaire"),
    ),
    "es": (
        *("previst*", "estimad*", "esperad*", "planificad*", "planead*", "vencimiento", "objetivo", "limite"),
        *("renovacion*", "caduc*", "proxim*", "sincroniz*", "extraid*", "extracc*", "carga", "cargad*"),
        *("importad*", "actualiz*", "ultim*", "nacimiento", "cumpleanos"),
    ),
    "pt": (
        *("previsao", "planejad*", "vencimento", "prazo", "renovacao", "alvo", "carregad*", "carregamento"),
        *("extracao", "atualiz*", "atualizacao", "alterac*", "alterad*", "nascimento", "aniversario"),
    ),
}
# The date on which an item closed says neither whether it was won nor that it was in a stage.
_PHRASES: Final = (
    *("close date", "closed date", "closed at", "closing date", "date closed", "scheduled close"),
    *("proposed close", "follow up date", "followup date", "next step", "valid from", "valid to"),
    *("valid until", "last activity", "date modify", "system date", "row created", "record created"),
    *("contract end", "contract start", "subscription end", "subscription start", "end date", "end of"),
    *("vertragsende", "vertragsbeginn", "fin de contrat", "fin de contrato", "fim do contrato"),
    *("окончание договора", "конец договора"),
    *("export date", "report date", "as of date", "mise a jour", "mis a jour", "дата закрытия"),
    *("abschlussdatum", "schlussdatum", "date de cloture", "fecha de cierre", "fecha cierre"),
    *("data de fechamento", "data do fechamento", "data de encerramento"),
)
# Words that are the name of a stage as well where they stand alone.
_ALSO_STAGES: Final = re.compile(
    "planned|renewal|target|loaded|exported|deleted|geplant|verlangerung|renouvellement|renovacion"
)
_EXACT: Final = {word for words in _WORDS.values() for word in words if not word.endswith("*")}
_BEGINNINGS: Final = tuple(word[:-1] for words in _WORDS.values() for word in words if word.endswith("*"))

_BEFORE: Final = re.compile(r"^(?:hs_)?(?:date[ _]entered|entered|date|datum|fecha)[ _](?=.)", re.IGNORECASE)
_AFTER: Final = re.compile(
    r"(?<=.)(?:[ _](?:entered[ _]at|entered[ _]on|entered[ _]date|entered|at|date|datum|am)"
    r"|_(?:on|time|timestamp|ts)| (?:le|el|em))$",
    re.IGNORECASE,
)
_AFTER_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?:EnteredAt|EnteredDate|At|Date|On)$")


def is_no_stage(column: str) -> bool:
    """Check whether the name of a column of dates is that of a planned, technical or personal date.

    Examples
    --------
    >>> from stagefunnel.readers.shapes.date_names import is_no_stage
    >>> [is_no_stage(name) for name in ("expected_close_date", "_synced", "Geburtsdatum", "Offer date")]
    [True, True, True, False]
    """
    if column.startswith("_"):
        return True  # warehouses name their own columns so
    name = _plain(column)
    if _ALSO_STAGES.fullmatch(name):
        return False
    words = name.split()
    is_word = any(word in _EXACT or word.startswith(_BEGINNINGS) for word in words)
    return is_word or any(f" {phrase} " in f" {name} " for phrase in _PHRASES)


def _plain(column: str) -> str:
    """Write a name in small letters without accents, its words apart: ``nextStepDate`` is next step date."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", column)
    letters = unicodedata.normalize("NFKD", apart.replace("ß", "ss"))
    letters = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(re.sub(r"[\W_]+", " ", letters.lower()).split())


def stage_names(columns: Sequence[str]) -> dict[str, str]:
    """Return the stage of each column: its name without ``entered_`` or ``_at``, if no other has that too.

    Examples
    --------
    >>> from stagefunnel.readers.shapes.date_names import stage_names
    >>> list(stage_names(["New", "offer_at", "Date Won", "wonAt", "lost_date"]).values())
    ['New', 'offer', 'Won', 'won', 'lost']
    """
    names = {column: without_affixes(column) for column in columns}
    often = Counter(names.values())
    return {column: name if often[name] == 1 else column for column, name in names.items()}


def without_affixes(column: str) -> str:
    """Take ``entered_`` and the like from the start of a name, and ``_at``, ``_date`` from its end."""
    name = _BEFORE.sub("", column, count=1)
    return _AFTER_CAMEL.sub("", _AFTER.sub("", name, count=1), count=1) or column
