"""Names of won and lost, in the languages that CRMs speak."""

from typing import Any

import pandas as pd
import pytest

import stagefunnel as sf
from stagefunnel.readers.build.meanings import meaning_of

WON = [
    *(
        "Won",
        "won",
        "Closed Won",
        "closedwon",
        "CLOSED_WON",
        "Deal won",
        "Closed - Won",
        "Closed - Converted",
    ),
    *("Successful", "Sold", "Paid", "Success", "Won (partner)"),
    *("Успешно реализовано", "Сделка успешна", "Успех", "Выиграна", "Успішно реалізовано"),
    *("Gewonnen", "Abgeschlossen und gewonnen", "Geschlossen/Gewonnen", "Erfolgreich abgeschlossen"),
    *(
        "Gagné",
        "Fermé gagné",
        "Fermée - Gagnée",
        "Clôturée gagnée",
        "Affaire conclue - gagnée",
        "Gagne\u0301",
    ),
    *("Ganado", "Cerrada ganada", "Cierre ganado", "Negocio ganado", "Logrado con éxito"),
    *("Ganho", "Fechado e ganho", "Negócio ganho", "Venda ganha", "Fechado - Ganho"),
    *("Vinto", "Chiusa - vinta", "Wygrana", "Kazanıldı"),
    *("赢单", "已赢单", "成交", "已成交", "已关闭（赢单）", "赢单关闭", "贏單"),
    *("受注", "成約", "商談成立", "完了（受注）", "クローズ（成約）", "수주 성공"),
]
LOST = [
    *("Lost", "Closed Lost", "closedlost", "Closed - Lost", "Closed - Not Converted", "Closed Lost - Price"),
    *("Closed-Lost to Competition", "Lost to competitor", "Lost: no budget", "Not successful", "Unqualified"),
    *("Rejected", "Cancelled", "Spam", "Declined", "Abandoned"),
    *("Закрыто и не реализовано", "Не реализована", "Провал", "Отказ", "Закрито і не реалізовано"),
    *("Verloren", "Abgeschlossen und verloren", "Nicht gewonnen", "Nicht erfolgreich", "Storniert"),
    *("Perdu", "Fermé perdu", "Clôturée perdue", "Non gagné", "Annulée"),
    *("Perdido", "Cerrada perdida", "Cierre perdido", "No ganado", "Cancelado"),
    *("Fechado e perdido", "Negócio perdido", "Venda perdida", "Não ganho"),
    *("Perso", "Przegrana", "Kaybedildi"),
    *("输单", "已输单", "丢单", "未成交", "已关闭（输单）", "丢失关闭", "輸單"),
    *("失注", "不成立", "商談不成立", "クローズ（失注）", "실주"),
]
NEITHER = [
    *(
        "New",
        "Offer",
        "Closed",
        "Almost won",
        "Won back",
        "Lost contact",
        "Not paid",
        "Not paid yet",
        "No show",
    ),
    *("Wonderful", "Contract signed", "Lost and won", "Paid trial", "Winback", "No", "Deal", "77", "", "E"),
    *("Закрыто", "Сделка", "Реализация", "Abgeschlossen", "Cerrado", "Fermé", "Fechado"),
    *("契約", "商談", "已关闭", "成功案例分享", "成交客户回访", "In Verhandlung", "Nicht lost"),
]


@pytest.mark.parametrize("name", WON)
def test_names_of_won(name: str) -> None:
    assert meaning_of(name) == "won"


@pytest.mark.parametrize("name", LOST)
def test_names_of_lost(name: str) -> None:
    assert meaning_of(name) == "lost"


@pytest.mark.parametrize("name", NEITHER)
def test_names_that_say_neither(name: str) -> None:
    assert meaning_of(name) is None


def test_the_first_name_that_means_something_decides() -> None:
    assert meaning_of("Не купили", "closedlost") == "lost"
    assert meaning_of("Won", "closedlost") == "won"


@pytest.mark.parametrize(("won", "lost"), [("成交", "流失"), ("Cerrada ganada", "Cerrada perdida")])
def test_what_is_read_by_its_name_is_a_guess_that_says_so(won: str, lost: str) -> None:
    rows = [
        {"deal_id": deal, "stage": stage, "changed_at": f"2026-01-0{day}"}
        for deal, day, stage in [(1, 1, "New"), (1, 2, won), (2, 1, "New"), (2, 3, lost)]
    ]
    export = sf.read(rows)
    pipeline = export.pipelines["Pipeline"]
    assert (pipeline.won, pipeline.lost) == ((won,), (lost,))
    line = export.quality.set_index("check").loc["guessed_stages"]
    assert line["level"] == "guess"
    assert f"won: {won!r}; lost: {lost!r}" in line["note"]


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_times_are_no_names_of_stages(zone: Any) -> None:
    times = pd.to_datetime(["2026-01-05", "2026-01-06"]).tz_localize(zone)
    frame = pd.DataFrame({"deal_id": [1, 1], "stage": times, "changed_at": times})
    with pytest.raises(sf.ReaderError, match=r"holds times \('2026-01-05.*name the column of the stage"):
        sf.read(frame)


def test_numbers_are_names_of_stages_that_say_nothing() -> None:
    frame = pd.DataFrame({"deal_id": [1, 1], "stage": [3, 4], "changed_at": ["2026-01-05", "2026-01-06"]})
    assert sf.read(frame).pipelines["Pipeline"].won == ()
