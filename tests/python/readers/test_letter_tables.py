"""Text of one byte a letter: cp1251 is read where that is certain; all else asks for its encoding."""

from pathlib import Path

import pytest

import stagefunnel as sf
from stagefunnel.readers.sources.letter_tables import guesses, is_cp1251

RUSSIAN = ["Новая", "Переговоры", "Выиграна", "Проиграна"]
# Words of stages, as people who write so name them.
WORDS: dict[str, list[str]] = {
    "cp1256": ["جديد", "تفاوض", "فاز", "خسر"],
    "cp1253": ["Νέο", "Προσφορά", "Κερδισμένο", "Χαμένο"],
    "cp1255": ["חדש", "הצעה", "נסגר בהצלחה", "אבוד"],
    "cp874": ["ใหม่", "เสนอราคา", "ชนะ", "แพ้"],
    "koi8-r": RUSSIAN,
    "iso8859-5": RUSSIAN,
    "cp866": RUSSIAN,
}
OTHERS: dict[str, list[str]] = {
    "cp1252": ["Qualifié", "Gagné", "Über", "Señor"],
    "cp1250": ["Nový", "Nabídka", "Vyhráno", "Ztraceno"],
    "cp1254": ["Yeni", "Görüşme", "Kazanıldı", "Kaybedildi"],
    "gb18030": ["新建", "谈判", "赢单", "输单"],
    "shift_jis": ["新規", "商談", "受注", "失注"],
    "euc_kr": ["신규", "협상", "성공", "실패"],
    "big5": ["新建", "談判", "贏單", "輸單"],
}
CYRILLIC = {
    "Russian": RUSSIAN,
    "capitals": [word.upper() for word in RUSSIAN],
    "small letters": [word.lower() for word in RUSSIAN],
    "with signs": ["Счёт № 5 — «выставлен»", "Отказ", "КП отправлено", "Ещё думает…"],
    "Ukrainian": ["Нова угода", "Перемовини", "Успішно", "Програно"],
    "Belarusian": ["Новая здзелка", "Перамовы", "Паспяхова", "Адмоўлена"],
    "Bulgarian": ["Нова сделка", "Преговори", "Спечелена", "Загубена"],
}


def rows_of(stages: list[str]) -> str:
    rows = [f"{item},{stage},2026-01-0{item + 1}" for item, stage in enumerate(stages)]
    return "\n".join(["deal_id,stage,changed_at", *rows, ""])


@pytest.mark.parametrize("language", CYRILLIC)
def test_cyrillic_text_is_read_as_cp1251_and_that_is_a_guess(language: str, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(rows_of(CYRILLIC[language]).encode("cp1251"))
    export = sf.read(file)
    assert export.log.stages["stage"].tolist() == CYRILLIC[language]
    line = export.quality.set_index("check").loc["read_as_cp1251"]
    assert (line["count"], line["level"]) == (1, "guess")


@pytest.mark.parametrize("encoding", WORDS)
@pytest.mark.parametrize("n_stages", [1, 2, 4])
def test_other_alphabets_are_not_read_as_cyrillic_words_but_asked_for(
    encoding: str, n_stages: int, tmp_path: Path
) -> None:
    file, stages = tmp_path / "export.csv", WORDS[encoding][:n_stages]
    file.write_bytes(rows_of(stages).encode(encoding))
    with pytest.raises(sf.ReaderError, match=r"byte 0x.. in line 2 is not UTF-8, .*pass its encoding"):
        sf.read(file)
    assert sf.read(file, encoding=encoding).log.stages["stage"].tolist() == stages


@pytest.mark.parametrize("encoding", WORDS)
def test_the_question_shows_a_word_in_the_likely_encodings(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(rows_of(WORDS[encoding]).encode(encoding))
    with pytest.raises(sf.ReaderError) as refused:
        sf.read(file)
    words = " ".join(WORDS[encoding]).split()
    assert any(f'{word!r} is read with encoding="{encoding}"' in str(refused.value) for word in words)


@pytest.mark.parametrize("encoding", OTHERS)
def test_western_and_eastern_text_is_refused_as_before(encoding: str, tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(rows_of(OTHERS[encoding]).encode(encoding))
    with pytest.raises(sf.ReaderError, match="pass its encoding"):
        sf.read(file)
    assert sf.read(file, encoding=encoding).log.stages["stage"].tolist() == OTHERS[encoding]


def test_the_guess_is_made_by_the_words_and_not_by_how_often_they_stand_there() -> None:
    once, often = ("\n".join(RUSSIAN * times).encode("cp1251") for times in (1, 1000))
    assert guesses(once) == guesses(often)
    assert is_cp1251(guesses(once))
    assert not is_cp1251(guesses(b"deal_id,stage\n"))
