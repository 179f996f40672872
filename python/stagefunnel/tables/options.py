"""The values that options take, as types."""

from __future__ import annotations

from typing import Literal

KindName = Literal["classic", "conversions", "furthest", "strict", "both"]

Fill = Literal["won", "moves"]

LostThenWonName = Literal["include", "exclude", "exclude_reopened"]

PerName = Literal["visit", "item", "longest"]

Unlisted = Literal["error", "ignore"]

AtName = Literal["first", "last", "stage"]

IntervalName = Literal["wilson", "clopper-pearson", "jeffreys", "agresti-coull"]

ProportionTestName = Literal["score", "fisher"]

AdjustName = Literal["holm", "bh"]

AdjustmentName = Literal["holm", "bh", "bonferroni"]

ErrorName = Literal["greenwood", "robust"]

ChainMethodName = Literal["visits", "aalen_johansen"]
ChainErrorName = Literal["delta", "robust"]

LifeClockName = Literal["created", "stage"]

ReopenName = Literal["last", "first"]

ForecastName = Literal["semi_markov", "markov"]

ForecastIntervalName = Literal["total", "outcome"]

OpenVisitsName = Literal["apart", "censored"]

SkipAtName = Literal["first", "last"]

LossAtName = Literal["loss", "stage", "first", "last"]

AmountAtName = Literal["last", "last_known", "first_known", "stage"]

BasisName = Literal["active", "created", "closed"]

ChainBasisName = Literal["entity", "origin"]

EveryName = Literal["day", "week", "month", "quarter", "year"]

SequenceMode = Literal[
    "ordered", "increase", "strict", "first_entry", "unordered", "hybrid", "open", "clickhouse"
]

WindowFunnelMode = Literal[
    "strict_order", "strict_deduplication", "strict_increase", "strict_once", "allow_reentry"
]

TimingName = Literal["last_entry", "first_entry"]

EffectName = Literal["drop", "stop", "reset"]

EntriesName = Literal["best", "all"]

AttributionName = Literal["first_touch", "last_touch", "step", "all_events"]

MissingStages = Literal["near", "error", "ignore"]

FormatName = Literal["table", "csv", "json", "parquet", "xlsx", "markdown"]
LanguageName = Literal["en", "fr", "de", "ru", "es", "pt"]
