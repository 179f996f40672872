"""Names of won and lost, in the languages that CRMs speak; what rests on a name is a guess."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final, Literal, TypeAlias

Meaning: TypeAlias = Literal["won", "lost"]

# Words that mean it by themselves.
_WON: Final = {
    *("won", "win", "success", "successful", "successfully", "converted", "sold", "paid"),
    *("closedwon", "dealwon"),
    *("успех", "успешно", "успешна", "успешный", "успешная", "выиграна", "выиграно", "выигран"),
    *("продано", "продана", "реализовано", "реализована", "реализован"),
    *("успішно", "успішна", "виграно", "виграна", "реалізовано", "реалізована"),
    *("gewonnen", "erfolgreich", "verkauft", "ganado", "ganada", "ganados", "vendido", "vendida"),
    *("ganho", "ganha", "gagné", "gagnée", "gagne", "gagnee", "vendu", "vendue", "vinto", "vinta"),
    *("wygrana", "wygrany", "wygrane", "kazanıldı", "kazanildi", "kazanılan", "vunnen", "vunnet", "vundet"),
    *(
        "vyhráno",
        "vyhraná",
        "éxito",
        "logrado",
        "sucesso",
        "succès",
        "successo",
        "فاز",
        "فوز",
        "ربح",
        "رابحة",
        "ناجحة",
    ),
}
_LOST: Final = {
    *(
        "lost",
        "lose",
        "loss",
        "failed",
        "fail",
        "failure",
        "withdrawn",
        "junk",
        "spam",
        "rejected",
        "cancelled",
        "canceled",
    ),
    *("disqualified", "unqualified", "churned", "apology", "unsuccessful", "abandoned", "declined"),
    *("closedlost", "deallost"),
    *("провал", "провалена", "проиграна", "проиграно", "проигран", "отказ", "потеряна", "потерян"),
    *("програно", "програна", "відмова", "втрачено"),
    *("verloren", "abgelehnt", "storniert", "perdido", "perdida", "perdidos", "cancelado", "cancelada"),
    *("rechazado", "rechazada", "perdu", "perdue", "annulé", "annulée", "refusé", "refusée", "perso"),
    *("persa", "przegrana", "przegrany", "przegrane", "utracona", "kaybedildi", "kaybedilen", "förlorad"),
    *("tapt", "tabt", "prohráno", "prohraná", "خسر", "خسارة", "خاسرة", "مفقودة"),
}
_NOT: Final = {"not", "non", "никогда", "не", "nicht", "no", "não", "nao", "pas", "nie", "ikke", "inte"}
# What a negation turns into a loss; a deal that is not paid yet is open.
_DENIED: Final = _WON - {"paid", "vendu", "vendue", "win"}
# Words that may stand beside these and change nothing.
_BESIDE: Final = {
    *(
        "closed",
        "close",
        "deal",
        "deals",
        "opportunity",
        "lead",
        "sale",
        "sales",
        "order",
        "and",
        "as",
        "the",
    ),
    *(
        "закрыто",
        "закрыта",
        "закрыт",
        "сделка",
        "сделки",
        "лид",
        "продажа",
        "и",
        "закрито",
        "угода",
        "і",
        "та",
    ),
    *("abgeschlossen", "geschlossen", "geschäft", "auftrag", "verkaufschance", "und", "als"),
    *("cerrado", "cerrada", "cierre", "negocio", "trato", "oportunidad", "venta", "y", "como"),
    *("fechado", "fechada", "fechamento", "negócio", "oportunidade", "venda", "e", "encerrado", "encerrada"),
    *("fermé", "fermée", "ferme", "fermee", "clôturé", "clôturée", "cloture", "cloturee", "clos", "conclu"),
    *("conclue", "affaire", "transaction", "opportunité", "vente", "et"),
    *("chiuso", "chiusa", "trattativa", "affare", "opportunità", "vendita", "gesloten", "en", "kans"),
    *("zamknięta", "zamknięte", "zamknięty", "kapalı", "kapandı", "fırsat", "مغلقة", "مغلق", "صفقة", "تم"),
    *("con", "com", "avec", "ventas", "vendas"),
}
# Chinese, Japanese and Korean have no blanks between words: what is left after the words beside is compared.
_WON_SIGNS: Final = {
    *("赢单", "赢", "成交", "成功", "赢得", "中标", "贏單", "贏", "得標"),
    *("受注", "成約", "成立", "勝ち", "獲得", "수주", "성공", "성사", "승리"),
}
_LOST_SIGNS: Final = {
    *("输单", "输", "丢单", "丢失", "失败", "未成交", "未成功", "流失", "失单", "未中标", "输掉"),
    *(
        "輸單",
        "輸",
        "丟單",
        "失敗",
        "未得標",
        "失注",
        "不成立",
        "不成約",
        "敗北",
        "負け",
        "실주",
        "실패",
        "무산",
    ),
}
_SIGNS_BESIDE: Final = (
    "已关闭|已關閉|关闭|關閉|已结束|已結束|结束|結束|结案|結案|交易|契約|商机|商機|已|且|并|但|了|"
    "クローズ|商談|取引|案件|完了|済み|済|종료|완료|거래|마감|됨"
)
_SIGN: Final = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
# A reason may follow: "Closed Lost - Price", "Lost to competitor".
_WITH_REASON: Final = re.compile(
    r"^(?:closed[\s\-–:/]*(won|lost)\b|(won|lost)\s*[-–:(/]|(lost) (?:to|due to)\b)"
)


def meaning_of(*names: str) -> Meaning | None:
    """Return what the first name means that means won or lost; ``None`` if none of them does.

    Examples
    --------
    >>> from stagefunnel.readers.build.meanings import meaning_of
    >>> meaning_of("Closed - Not Converted"), meaning_of("77", "Успешно реализовано"), meaning_of("失注")
    ('lost', 'won', 'lost')
    >>> meaning_of("Not paid yet")
    """
    return next((meaning for name in names if (meaning := _meaning(name)) is not None), None)


def _meaning(name: str) -> Meaning | None:
    text = " ".join(unicodedata.normalize("NFKC", name).lower().replace("_", " ").split())
    if _SIGN.search(text):
        return _of_signs(text)
    reason = _WITH_REASON.match(text)
    if reason:
        return "won" if "won" in reason.groups() else "lost"
    return _of_words(re.findall(r"[^\W\d_]+", text))


def _of_signs(text: str) -> Meaning | None:
    parts = [re.sub(_SIGNS_BESIDE, "", part) for part in re.findall(r"[^\W\d]+", text)]
    rest = {part for part in parts if part}
    if not rest:
        return None
    if rest <= _LOST_SIGNS:
        return "lost"
    return "won" if rest <= _WON_SIGNS else None


def _of_words(words: Iterable[str]) -> Meaning | None:
    rest = {*words} - _BESIDE
    denied = rest & _NOT
    rest -= denied
    if not rest:
        return None
    if rest <= _LOST:
        return None if denied else "lost"
    if denied:
        return "lost" if rest <= _DENIED else None
    return "won" if rest <= _WON else None
