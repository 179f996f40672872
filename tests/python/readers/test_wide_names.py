"""Columns of dates in wide tables: which are stages, and which are planned, technical or personal dates."""

from typing import Any

import pytest

import stagefunnel as sf
from readers.exports import count, reached

JOURNEY = {"New": "2026-01-01", "Offer": "2026-01-03", "Won": "2026-01-05"}


def read(more: dict[str, Any], **options: Any) -> sf.Export:
    return sf.read([{"deal_id": 1, **JOURNEY, **more}], **options)


NO_STAGES = {
    "English": [
        *("Estimated Close", "expected_close_date", "plannedStart", "due_at", "Payment due", "target date"),
        *("renewal_date", "next_contact_date", "Deadline", "birthdate", "date_of_birth", "DOB", "Birthday"),
        *(
            "last_synced",
            "syncedAt",
            "extracted_at",
            "load_date",
            "_loaded_at",
            "_fivetran_synced",
            "etl_date",
        ),
        *("modified_on", "LastModifiedDate", "updated_at", "Updated", "SystemModstamp", "CLOSE_DATE"),
        *("trial_ends_at", "follow_up_date", "valid_from", "row_created_at", "deleted_at", "report_date"),
    ],
    "Russian": [
        *("Планируемая дата закрытия", "Ожидаемая дата", "Срок оплаты", "Плановая дата", "Дедлайн"),
        *("Дата рождения", "День рождения", "Дата синхронизации", "Дата выгрузки", "Дата загрузки"),
        *("Дата изменения карточки", "Обновлено", "Изменён", "Дата продления", "Дата закрытия"),
    ],
    "German": [
        *(
            "Geplanter Abschluss",
            "Voraussichtliches Datum",
            "Erwartet am",
            "Fällig am",
            "Fälligkeit",
            "Zieldatum",
        ),
        *("Verlängerung am", "Verlaengerung am", "Geburtsdatum", "Geburtstag", "Synchronisiert am"),
        *("Geändert am", "Aktualisiert", "Ladedatum", "Letzte Änderung", "Abschlussdatum", "Frist"),
    ],
    "French": [
        *(
            "Date prévue",
            "Clôture prévue",
            "Date estimée",
            "Échéance",
            "Date cible",
            "Date de renouvellement",
        ),
        *(
            "Date de naissance",
            "Anniversaire",
            "Modifié le",
            "Mis à jour le",
            "Mise à jour",
            "Synchronisé le",
        ),
        *("Date d'extraction", "Date de chargement", "Dernière activité"),
    ],
    "Spanish": [
        *(
            "Fecha prevista",
            "Fecha estimada",
            "Cierre esperado",
            "Vencimiento",
            "Fecha objetivo",
            "Renovación el",
        ),
        *("Fecha de nacimiento", "Cumpleaños", "Modificado el", "Última actualización", "Sincronizado"),
        *("Fecha de extracción", "Fecha de carga", "Fecha de cierre"),
    ],
    "Portuguese": [
        *("Data prevista", "Previsão de fechamento", "Data estimada", "Vencimento", "Prazo", "Renovação em"),
        *("Data de nascimento", "Aniversário", "Modificado em", "Última atualização", "Sincronizado em"),
        *("Data de extração", "Data de carga", "Data alvo", "Alterado em"),
    ],
}


@pytest.mark.parametrize("language", NO_STAGES)
def test_planned_technical_and_personal_dates_are_no_stages(language: str) -> None:
    for name in NO_STAGES[language]:
        export = read({name: "2026-02-01"})
        assert reached(export, "Pipeline") == {"New": 1, "Offer": 1, "Won": 1}, name
        assert count(export, "dates_left_out") == 1, name
        line = export.quality.set_index("check").loc["dates_left_out"]
        assert line["level"] == "guess"
        assert repr(name) in line["note"]


@pytest.mark.parametrize(
    "name",
    [
        *(
            "Estimate sent",
            "Demo scheduled",
            "Call",
            "Negotiation",
            "Planned",
            "Renewal",
            "Exported",
            "Blast",
            "Duel",
        ),
        *("Ожидание оплаты", "Договор", "Разработка", "Отгрузка", "Замер", "Загородный показ"),
        *("Termin", "Angebot", "Planung", "Zielgespräch", "Devis", "Signature", "Presupuesto", "Proposta"),
    ],
)
def test_stages_with_similar_names_are_stages(name: str) -> None:
    export = read({name: "2026-02-01"})
    assert reached(export, "Pipeline")[name] == 1
    assert count(export, "dates_left_out") == 0


def test_left_out_dates_stay_columns_of_the_items() -> None:
    assert read({"due_date": "2026-02-01"}).items["due_date"].tolist() == ["2026-02-01"]


def test_a_pipeline_that_is_passed_says_which_columns_are_stages() -> None:
    own = sf.Pipeline(["New", "due", "Offer"], won="Won")
    export = read({"due_date": "2026-02-01", "Signature": "2026-02-02"}, pipeline=own)
    assert reached(export, "Pipeline")["due"] == 1
    assert count(export, "dates_left_out") == 1  # Signature


def test_two_dates_of_no_stage_are_not_a_wide_table() -> None:
    with pytest.raises(sf.ReaderError, match="not an export of a known format"):
        sf.read([{"deal_id": 1, "expected_close": "2026-01-01", "modified": "2026-01-02"}])


def test_endings_are_taken_off_each_column_by_itself() -> None:
    row = {
        "new_at": "2026-01-01",
        "Offer": "2026-01-02",
        "talk_date": "2026-01-03",
        "Date Pilot": "2026-01-04",
    }
    row |= {"proofAt": "2026-01-05", "WON_AT": "2026-01-06", "Verloren am": None, "paid_on": "2026-01-07"}
    export = sf.read([{"deal_id": 1, **row}, {"deal_id": 2, "Verloren am": "2026-01-09"}])
    pipeline = export.pipelines["Pipeline"]
    assert pipeline.stages == ("new", "Offer", "talk", "Pilot", "proof")
    assert pipeline.won == ("WON", "paid")
    assert pipeline.lost == ("Verloren",)


def test_two_columns_that_would_have_one_name_keep_theirs() -> None:
    export = sf.read(
        [{"deal_id": 1, "offer_at": "2026-01-02", "offer_date": "2026-01-03", "won_at": "2026-01-04"}]
    )
    assert list(reached(export, "Pipeline")) == ["offer_at", "offer_date", "won"]


def test_the_creation_in_any_language_is_that_of_the_item() -> None:
    for name in (
        "created",
        "Erstellt am",
        "Date de création",
        "Fecha de creación",
        "Criado em",
        "Дата создания",
    ):
        export = read({name: "2025-12-30"})
        assert list(reached(export, "Pipeline")) == ["New", "Offer", "Won"]
        assert export.items["created"].notna().all()
        assert count(export, "dates_left_out") == 0


def test_columns_that_go_back_in_time_are_turned_round() -> None:
    rows = [
        {"deal_id": 1, "Won": "2026-01-03", "Offer": "2026-01-03", "New": "2026-01-01"},
        {"deal_id": 2, "Won": None, "Offer": "2026-01-02", "New": "2026-01-02"},
        {"deal_id": 3, "Won": "2026-01-09", "Offer": "2026-01-04", "New": "2026-01-04"},
    ]
    export = sf.read(rows)
    pipeline = export.pipelines["Pipeline"]
    assert pipeline.stages == ("New", "Offer")
    assert sf.outcomes(export.log, pipeline)[["won", "open"]].to_numpy().tolist() == [[2, 1]]
    assert count(export, "newest_first") == 3
