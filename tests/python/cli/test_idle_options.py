"""Every option of every command changes the answer, or it is refused: none is taken and does nothing."""

# Most of it is the table of trials, one line for each option: apart from the walk it could not be read.

import argparse
import re
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import stagefunnel as sf
from commands import actions_of
from helpers import ROOT
from stagefunnel.cli import main
from stagefunnel.cli.commands.table import COMMANDS

EXPORTS = ROOT / "tests/data/exports"
BITRIX = [str(path) for path in sorted((EXPORTS / "bitrix24").glob("*.json"))]
EVENTS = str(EXPORTS / "tables/events.csv")

# Columns called other_… hold other values. Item c is lost and then won, g is in New twice, p skips Offer.
# Items d, i, j and m have rows of one time that the column number turns round. With day and month swapped
# b is lost first, and n is lost in January where New York is.
DEALS = """\
item,other_item,stage,other_stage,time,other_time,number,who,paid,money
a,1,New,New,2026-01-02,2026-03-09,1,Al,10,EUR
a,1,Offer,Won,2026-01-05,2026-03-04,2,Bo,20,EUR
a,1,Won,Won,2026-02-09,2026-03-02,3,Bo,30,EUR
b,2,New,New,2026-01-03,2026-04-03,4,Al,5,USD
b,2,Offer,New,2026-01-08,2026-04-05,5,Al,5,USD
b,2,Lost,Lost,2026-03-02,2026-04-05,6,Cy,6,USD
c,2,New,Lost,2026-01-04,2026-05-04,7,Cy,7,EUR
c,2,Lost,Lost,2026-01-06,2026-05-06,8,Cy,7,EUR
c,3,Won,Won,2026-02-07,2026-05-07,9,Al,8,EUR
d,3,New,New,2026-02-01,2026-05-07,12,Bo,9,EUR
d,4,Won,Won,2026-02-03,2026-06-03,11,Bo,9,EUR
d,4,Offer,Won,2026-02-03,2026-06-03,10,Al,9,EUR
f,5,New,New,2026-02-03,2026-06-04,13,Al,4,USD
f,5,Offer,New,2026-03-11,2026-06-11,14,Bo,4,USD
g,6,New,New,2026-01-01,2026-06-04,15,Al,4,EUR
g,6,Offer,Won,2026-01-10,2026-06-11,16,Bo,4,EUR
g,6,New,New,2026-01-20,2026-06-12,17,Cy,4,EUR
g,6,Won,New,2026-01-25,2026-06-13,18,Cy,4,EUR
h,7,Won,New,2026-02-05,2026-06-13,19,Cy,4,EUR
i,5,New,New,2026-02-04,2026-06-13,20,Cy,4,EUR
i,5,Lost,New,2026-02-06,2026-06-14,22,Cy,4,EUR
i,5,Offer,New,2026-02-06,2026-06-15,21,Cy,4,EUR
j,9,New,New,2026-02-10,2026-06-15,24,Cy,4,EUR
j,9,Offer,New,2026-02-10,2026-06-15,23,Bo,4,EUR
m,10,Won,New,2026-02-11,2026-06-15,26,Cy,4,EUR
m,10,New,New,2026-02-11,2026-06-15,25,Bo,4,EUR
n,10,New,New,2026-01-30,2026-06-15,27,Cy,4,EUR
n,10,Lost,New,2026-02-01,2026-06-15,28,Cy,4,EUR
p,11,New,New,2026-02-10,2026-06-15,29,Cy,4,EUR
p,11,Deal,New,2026-02-12,2026-06-15,30,Cy,4,EUR
"""
HEADER, *LINES = DEALS.splitlines(keepends=True)


def _ended(line: str) -> str:
    """Let a row end when it begins, at a time that is only guessed."""
    return f"{line.rstrip()},{line.split(',')[4]},yes\n"


FILES = {
    "deals.csv": DEALS,
    "odd.csv": DEALS + "e,6,Odd,New,2026-02-03,2026-06-04,15,Al,4,USD\n",
    "typo.csv": DEALS.replace("Offer", "OFFER"),
    "bad.csv": DEALS + "e,6,New,New,,2026-06-04,15,Al,4,USD\n",
    "none.csv": HEADER,
    "fewer.csv": "".join([HEADER, *LINES[:9]]),
    "ended.csv": HEADER.rstrip() + ",left,guessed\n" + "".join(map(_ended, LINES)),
    "zoned.csv": re.sub("(,2026-..-..)(,2026)", r"\1T00:30Z\2", DEALS),
    "items.csv": "item,key,team\na,b,East\nb,a,West\nc,d,East\nd,c,West\nf,f,East\n",
    "logo.svg": '<svg xmlns="http://www.w3.org/2000/svg"/>',
    "weekly.toml": 'title = "Weekly"\n',
    "calendar.toml": '[calendar]\nhours = {mon-fri = [["09:00", "12:00"], ["13:00", "17:00"]]}\n',
    "pipeline.toml": '[pipeline]\nstages = ["New", "Offer", "Deal"]\nwon = "Won"\nlost = "Lost"\n',
    "paused.toml": '[pipeline]\nstages = ["New", "Offer", "Deal"]\nwon = "Won"\nlost = "Lost"\n'
    'paused = ["New"]\n',
    "other.toml": '[pipeline]\nstages = ["Offer", "New", "Deal"]\nwon = "Won"\nlost = "Lost"\n'
    '[columns]\nitem = "other_item"\n',
    "leads.csv": "item,other_item,stage,other_stage,time,other_time,number,paid\n"
    "k,k,New,Won,2026-01-01,2026-02-02,2,1\nk,k,Won,New,2026-01-02,2026-02-01,3,1\n"
    "l,m,New,New,2026-01-01,2026-02-01,1,1\nm,l,Lost,New,2026-02-01,2026-02-01,4,1\n",
    "fewer_leads.csv": "item,stage,time\nk,New,2026-01-01\n",
    "fewer_links.csv": "deal_id,lead_id\na,k\n",
    "links.csv": "deal_id,lead_id,deal,lead\na,k,a,k\nb,l,zz,k\n",
    "merged.csv": "hs_object_id,hs_merged_object_ids,hs_v2_date_entered_New,hs_v2_date_entered_Won\n"
    "1,2,2026-01-05,2026-02-09\n2,,2026-01-03,\n",
    "marked.csv": "item;stage;time;amount\n1;New;03/04/2026;1,234\n2;New;03/05/2026;2\n2;Won;05/05/2026;2\n",
}


#: The log that is there where a command changes one.
SAVED = {"item": ["p", "a"], "stage": ["New", "New"], "time": ["2026-02-10", "2026-01-02"]}
PART = "deals.part"  # made of the deals


class Trial(NamedTuple):
    """A value of an option, with what else it needs, and the file of rows in place of the usual one.

    Where `is_idle`, the option has nothing to do but in commands that it is for.
    """

    words: Sequence[str]
    needs: Sequence[str]
    file: str
    is_idle: bool


def trial(*words: str, needs: str = "", file: str = "deals.csv") -> Trial:
    return Trial(words, needs.split(), file, is_idle=False)


def idle(*words: str, needs: str = "", file: str = "deals.csv") -> Trial:
    return Trial(words, needs.split(), file, is_idle=True)


# For each option: trials of which one changes the answer of each command that has it, and refused ones.
TRIALS: dict[str, list[Trial]] = {
    "a": [trial("Al"), trial("Bo")],
    "adjust": [trial("bh")],
    "amount": [trial("paid")],
    "amount_at": [
        *(trial("stage", needs=f"--amount paid{more}") for more in ("", " --basis closed")),
        *(trial("first_known", needs="--amount paid"), idle("last")),
    ],
    "as_of": [trial("2026-01-07")],
    "ages": [trial("1d,2d")],
    "assumed": [trial("Offer")],
    "at": [trial("last", needs="--by who"), trial("first", needs="--by who"), idle("first")],
    "attribution": [trial("last_touch", needs="--by who"), idle("first_touch")],
    "attribution_step": [trial("2", needs="--by who --attribution step"), idle("1")],
    "basis": [trial("created", needs="--period 2026-01"), idle("created"), trial("closed"), trial("origin")],
    "period_basis": [trial("created", needs="--period 2026-01"), idle("created"), trial("closed")],
    "calendar": [
        trial("calendar.toml"),
        trial("calendar.toml", needs="--columns age"),
        idle("calendar.toml"),
    ],
    "began_beyond": [trial("Offer")],
    "b": [trial("Bo", needs="--a Al")],
    "benchmark": [trial("Offer=0.1")],
    "bins": [trial("1")],
    "by": [trial("who"), trial("outcome"), trial("created:month"), trial("paid:[4, 9]")],
    "columns": [trial("who"), trial("created:month")],
    "confidence": [
        trial("0.5", needs="--open-visits censored --items items.csv --by team"),
        trial("0.5", needs="--basis created"),
        trial("0.5", needs="--by who"),
        trial("0.5", needs="--at first --by who"),
    ],
    "check": [trial("sketch")],
    "clock": [trial("stage", needs="--of-stage Offer")],
    "of_stage": [trial("Offer", needs="--clock stage")],
    "mix": [trial("number")],
    "static": [
        trial("team", needs="--items items.csv --columns team"),
        trial("team", needs="--items items.csv --fit-by team"),
    ],
    "times": [trial("1d,5d")],
    "observed": [trial("2026-02")],
    "se": [trial("robust", needs="--clock stage --of-stage New --times 30d")],
    "method": [trial("markov"), trial("aalen_johansen")],
    "memory": [idle("1GB")],
    "min_at_risk": [trial("4", needs="--by who")],
    "reopen": [trial("first")],
    "open_visits": [trial("censored")],
    "tau": [trial("3d", needs="--open-visits censored")],
    "fail_if": [trial("rows > 0")],
    "crm": [trial("wide", file="export"), idle("wide")],
    "currency": [trial("money", needs="--amount paid --rates EUR=1 --rates USD=2"), idle("money")],
    "dayfirst": [trial(file="marked"), idle()],
    "from_dates": [trial("2026-02-01,2026-02-10")],
    "deal": [trial("deal"), idle("deal", file="export")],
    "deal_pipeline": [trial("other.toml")],
    "deals": [trial("fewer.csv")],
    "decimal": [trial(",", file="marked", needs="--dayfirst"), idle(",")],
    "draws": [trial("101", needs=f"--confidence {share}") for share in (0.2, 0.4, 0.5, 0.95)],
    "empty": [trial("allow", file="none.csv"), idle("error", file="export")],
    "encoding": [trial("utf-16", file="export"), idle("cp1251")],
    "entries": [trial("all", needs="--every day")],
    "every": [trial("day")],
    "exclude": [trial("Lost")],
    "exited": [
        trial("left", file="ended.csv"),
        trial("left", file="ended.csv", needs="--pipeline paused.toml"),
    ],
    "read": [trial(file="export"), idle()],
    "fill": [
        trial("moves", needs="--kind conversions"),
        trial("moves", needs="--kind conversions --assumed Offer"),
        idle("moves"),
        idle("moves", needs="--kind strict"),
    ],
    "first_time": [trial("1", needs="--every day")],
    "fit_by": [trial("who")],
    "probability": [trial("number")],
    "force": [trial(needs="--out other.toml")],
    "filters": [trial()],
    "format": [trial("json")],
    "from_step": [trial("2", needs="--steps New,Offer,Won")],
    "hold": [trial("who")],
    "horizon": [trial("12d")],
    "interval": [trial("outcome")],
    "invalid": [trial("drop", file="bad.csv"), idle("keep_stage", file="export")],
    "item": [trial("other_item")],
    "items": [
        trial("items.csv", needs="--by team"),
        trial("items.csv", needs="--where team=East"),
        trial("items.csv", needs="--columns team"),
        idle("items.csv"),
        idle("items.csv", needs="--by who"),
        idle("items.csv", file="export"),
    ],
    "item_key": [trial("a")],
    "items_key": [
        trial("key", needs="--items items.csv --by team"),
        trial("key", needs="--items items.csv --where team=East"),
        trial("key", needs="--items items.csv --columns team"),
        trial("key", needs="--items items.csv --where team=East --static team"),
        idle("key"),
    ],
    "kind": [trial("conversions")],
    "lead": [trial("lead", needs="--basis origin"), idle("lead", file="export")],
    "lead_pipeline": [trial("other.toml")],
    "leads": [trial("fewer_leads.csv")],
    "limits": [trial("Offer=3d")],
    "links": [trial("fewer_links.csv")],
    "lost_from": [trial("Offer")],
    "lost_then_won": [trial("exclude", needs="--item-key c"), trial("exclude", needs="--basis created")],
    "matrix": [trial("conversion"), trial("reached"), idle("reached", needs="--format csv")],
    "max_gap": [trial("2d")],
    "merged": [trial("join", file="merged"), idle("join"), idle("join", file="export"), idle("keep")],
    "min_gap": [trial("30d")],
    "missing": [trial("ignore", file="typo.csv", needs="--unlisted ignore --steps New,Offer")],
    "mode": [trial("strict")],
    "modes": [
        trial("strict_order", needs="--mode clickhouse --window 60d"),
        idle("strict_order"),
    ],
    "no_items": [trial()],
    "now": [trial("2026-12-31")],
    "observed_until": [
        trial("2026-12-01", needs="--within 60d --basis origin --window 90d"),
        idle("2026-12-01"),
        idle("2026-12-01", needs="--as-of 2026-11-01"),
    ],
    "of": [trial("leads", file="leads", needs="--missing error"), idle("deals")],
    "open_at": [trial("Offer")],
    "only": [
        trial("stage=New", file="export"),
        trial("ASSIGNED_BY_ID=5", file="export"),
        idle("stage=New"),
    ],
    "optional": [trial("2", needs="--steps New,Offer,Won")],
    "part": [trial("answer.part")],
    "precision": [trial("bounded")],
    "question": [trial("losses")],
    "order": [
        trial("number", needs="--kind strict --item-key j --mode strict --steps New,Offer"),
        trial("number", needs="--by who"),
        trial("number", needs="--from-dates 2026-02-11"),
    ],
    "out": [trial("answer.csv"), trial("answer.json")],
    "page": [trial("answer.html")],
    "passed": [trial("Offer")],
    "per": [trial("item")],
    "period": [trial("2026-01")],
    "pipeline": [trial("other.toml"), trial("Service", file="export")],
    "rates": [trial("EUR=3", needs="--amount paid --currency money --rates USD=2"), idle("EUR=1")],
    "reached": [trial("Offer")],
    "reason": [trial("who")],
    "same_part": [trial(needs="--period 2026-06")],
    "saved": [trial("other.sf")],
    "seed": [trial("7", needs=f"--confidence {share}") for share in (0.2, 0.4, 0.95)],
    "skipped": [trial("Offer")],
    "spill": [trial("spilled.sf")],
    "stage": [trial("other_stage")],
    "start": [trial("New")],
    "start_unknown": [trial("guessed", file="ended.csv"), idle("guessed", file="export")],
    "steps": [trial("New,Lost")],
    "target": [trial("5", needs="--horizon 2027")],
    "time": [trial("other_time"), trial("other_time", needs="--period 2026-02")],
    "time_format": [trial("%Y-%d-%m"), trial("%d/%m/%Y", file="export")],
    "timing": [trial("first_entry"), trial("first_entry", needs="--by who --attribution step")],
    "title": [trial("Deals")],
    "sections": [trial("losses,funnels")],
    "logo": [trial("logo.svg")],
    "settings": [trial("weekly.toml")],
    "since_last": [trial()],
    "anonymous": [trial(needs="--by who")],
    "to": [trial("answer.parquet"), trial("Offer")],
    "to_stage": [trial("Won")],
    "to_step": [trial("2", needs="--steps New,Offer,Won")],
    "toml": [trial("answer.toml")],
    "top": [trial("1", needs="--by who"), trial("1"), idle("1")],
    "train": [trial("2026-01")],
    "unit": [
        trial("team", needs="--items items.csv"),
        trial("team", needs="--items items.csv --basis created"),
        idle("team"),
        idle("who", needs="--items items.csv"),
    ],
    "unlisted": [trial("ignore", file="odd.csv")],
    "within": [trial("3d", needs="--basis origin")],
    "where": [trial("who=Al"), trial("number>2"), trial("team=East", needs="--items items.csv")],
    "window": [trial("2d")],
    "windows": [trial("3d")],
    "against": [trial("2025-01")],
    "zone": [
        trial("America/New_York", file="zoned.csv", needs="--period 2026-01 --as-of 2026-02-01 --item-key n"),
        trial("America/New_York", file="zoned.csv", needs="--steps New,Lost --as-of 2026-02-01"),
        trial("Asia/Tokyo", file="export"),
    ],
}  # fmt: skip
EXEMPT = {
    "help": "it prints the help",
    "quiet": "it hides a bar, which only a terminal shows; tests of terminals hold it",
    "language": "it changes words and numbers alone; tests/python/words holds it",
    "csv_safe": "it changes CSV with text that a spreadsheet would run; tests of CSV hold it",
    "wide": "it shows what a narrow terminal has no room for; tests of terminals hold it",
    "threads": "no answer depends on it; it is refused where the log is not made here",
    "connection": "it stands in the place of files, one way for all commands; tests of databases hold it",
    "sql": "likewise",
    "into": "it is the name of an answer in a database; tests of databases hold it",
    "if_exists": "it is about a table that is there already; likewise",
    "schema": "it is where that table is; likewise",
}


@cache
def options_of(command: str) -> list[argparse.Action]:
    return [action for action in actions_of(command) if action.option_strings and action.dest not in EXEMPT]


def words_for(actions: list[argparse.Action], needs: Sequence[str]) -> list[str]:
    """Keep the options that a command has, with the values that it takes."""
    of_flag = {action.option_strings[0]: action for action in actions}
    kept = list[str]()
    for at, word in enumerate(needs):
        value = [one for one in needs[at + 1 : at + 2] if not one.startswith("--")]
        action = of_flag.get(word)
        if action is not None and not (value and action.choices and value[0] not in action.choices):
            kept += [word, *value]
    return kept


# Where a page shows what an option changes, if it is not in the sections that most options change. A whole
# page takes five times as long, and has more places that could differ.
SECTIONS = {
    **dict.fromkeys(("at", "anonymous", "by", "top"), "groups"),
    **dict.fromkeys(("every", "within"), "trend"),
    "observed_until": "stuck,trend",
    "reason": "losses",
}


def sections_of(option: str) -> list[str]:
    """Return the sections of a page on which an option is tried, none for a whole page."""
    if option in ("items", "sections"):
        return []
    return ["--sections", SECTIONS.get(option, "funnels,time,stuck")]


def base_of(command: str, file: str, option: str) -> list[str]:
    """Return a command that answers, to which an option is added."""
    flags = {action.dest for action in options_of(command)}
    more = {
        "compare-periods": ["--period", "2026-02"],
        "check": ["--fail-if", "won > 4", "--fail-if", "lost > 3", "--fail-if", "hours_since_last_row > 9"],
        "init": ["--out", "new.toml"],
        "report": ["--out", "page.html", *sections_of(option)],
        **{name: ["--steps", "New,Won"] for name in OF_STEPS},
        "explain": ["--item-key", "p"],
        "backtest": ["--horizon", "20d"],
        "cohort-maturity": ["--tau", "30d"],
        "absorption": ["--by", "who"],  # the end is certain in some groups
        "item-features": ["--as-of", "2026-02-11,2026-03-10", "--horizon", "20d"],
        "state-occupation": ["--times", "20d"],
        "win-within": ["--horizon", "30d"],
        "compare-groups": ["--by", "who"],
        "drivers": ["--columns", "who"],
        "decompose": ["--by", "who", "--a", "Cy"],
        "mix-rate": ["--mix", "created:month", "--by", "who", "--a", "Al"],
        "sales-velocity": [] if option.startswith("amount") else ["--amount", AMOUNTS.get(file, "paid")],
        "time-to": ["--to-stage", "Won" if file in ("export", "leads") else "Offer"],
        "save": ["--to", "log.sf"],
        "append": ["--to", "log.sf"],
        "partial": ["--to", "new.part"],
        "read": ["--to", "log.csv", "--item", "item", "--stage", "stage", "--time", "time"],
    }.get(command, [])
    is_export = file in ("export", "leads", "marked", "merged")
    if command == "merge":
        return [command, PART]
    if is_export and command == "read":
        more = more[:2]
    if command == "chain-funnel":
        if is_export:
            return [command, *BITRIX, "--deal-pipeline", "Sales"]
        log = ["--leads", "leads.csv", "--deals", file, "--links", "links.csv"]
        return [command, *log, "--lead-pipeline", "pipeline.toml", "--deal-pipeline", "pipeline.toml"]
    if is_export:
        files = (
            BITRIX
            if option in ("pipeline", "of")
            else [f"{file}.csv"]
            if file in ("marked", "merged")
            else [EVENTS]
        )
        chosen = ["--pipeline", "Sales"] if option == "pipeline" and command not in OF_STEPS else []
        return [
            command,
            *files,
            *(["--read"] if "read" in flags and option != "read" else []),
            *chosen,
            *more,
        ]
    pipeline = ["--pipeline", "pipeline.toml"] if "pipeline" in flags else []
    if command in ("compact", "erase"):
        return [command, "log.sf", "--item-key", "p"]
    return [command, file, *pipeline, *more]


AMOUNTS = dict.fromkeys(("export", "leads", "marked", "merged"), "amount")
OF_STEPS = [name for name in COMMANDS if name.startswith("sequence") or name == "time-to-convert"]


class Outcome(NamedTuple):
    """How a command ended, and all that it wrote."""

    code: int
    printed: str
    written: dict[str, bytes]


Ran = Any
REPLACED = {"other.toml"}  # with --force
#: Outcomes of commands without the option that is tried, by their words: many options share one.
SEEN: dict[tuple[str, ...], Outcome] = {}
OF_TODAY = ("check",)  # a question about the age of rows has another answer a moment later


#: Exports by their files and the options that they were read with: most commands read one of a few.
READ: dict[str, sf.Export] = {}
read = sf.read


def read_once(files: Sequence[str], *, progress: Any, **options: Any) -> sf.Export:
    key = repr((files, sorted(options.items())))
    if key not in READ:
        READ[key] = read(list(files), progress=progress, **options)
    return READ[key]


def rows_of_saved(path: Path) -> bytes:
    log: Any = sf.StageLog.load(path)
    parts = log.partitions() if isinstance(log, sf.PartitionedLog) else [log]
    text = "".join(sf.row_table(part).to_csv() for part in parts)
    return f"{type(log).__name__}\n{text}".encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files")
    for name, text in FILES.items():
        (path / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        assert main(["partial", "deals.csv", "--pipeline", "pipeline.toml", "--to", PART]) == 0
    return path


@pytest.fixture
def run(
    undrawn: None, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ran:
    """Run a command beside the files; the drawings of a page are their specifications."""
    monkeypatch.setattr(sf, "read", read_once)
    monkeypatch.chdir(folder)

    def command(words: Sequence[str]) -> Outcome:
        if words[0] in ("append", "erase"):
            sf.StageLog(SAVED, zone="UTC" if "--zone" in words else None).save("log.sf")
        try:
            code = main(list(words))
        except SystemExit as ended:
            code = int(ended.code or 0)
        out, err = capsys.readouterr()
        there = {*FILES, PART}
        new = [path for path in Path().iterdir() if path.name not in there]
        written = {path.name: path.read_bytes() for path in new if path.is_file()}
        written |= {path.name: rows_of_saved(path) for path in new if path.is_dir()}
        for path in new:
            shutil.rmtree(path) if path.is_dir() else path.unlink()  # a saved log, of which much is drawn
        for name in REPLACED & {*words}:
            Path(name).write_text(FILES[name])
        return Outcome(code, out + err.rpartition("error: ")[2], written)

    return command


CASES = [(command, action.dest) for command in COMMANDS for action in options_of(command)]
NO_TRIAL = {
    ("append", "of"): "an export is appended to a saved one, and the log that is there is of a table",
    ("chain-funnel", "read"): "a chain is of an export wherever it names files; the option only says so",
    ("chain-funnel", "dayfirst"): "the one export of leads and deals has dates in ISO 8601",
    ("chain-funnel", "merged"): "nor does it have merged deals",
    ("chain-funnel", "decimal"): "nor does it write amounts in another way",
    ("backtest", "seed"): "three deals are open at the one date, and their bounds are those of any draws",
    ("backtest", "interval"): "the same",
    **{
        (command, "memory"): "it decides what is held while rows are read, and nothing that is seen"
        for command, option in CASES
        if option == "memory"
    },
}


@pytest.mark.parametrize(("command", "option"), CASES)
def test_an_option_changes_the_answer_or_is_refused(command: str, option: str, run: Ran) -> None:
    flags = {action.dest: action.option_strings[0] for action in options_of(command)}
    works = (command, option) in NO_TRIAL
    for words, needs, file, is_idle in TRIALS[option]:
        needed = words_for(options_of(command), needs)
        base = [*base_of(command, file, option), *needed]
        if works and not is_idle:
            continue
        if is_idle and option == "at" and "--by" in base:
            continue  # groups are read somewhere, and the usual place is one that may be named
        if tuple(base) not in SEEN or command in OF_TODAY:
            SEEN[tuple(base)] = run(base)
        before, after = SEEN[tuple(base)], run([*base, flags[option], *words])
        changes = before != after
        if is_idle and command not in ("init", "read", "check"):  # what they read decides
            assert changes, f"{flags[option]} {words} is taken and does nothing in: {base}"
        works = works or (changes and after.code != 2)
    assert works, f"{flags[option]} changes nothing"


def test_every_option_has_a_trial() -> None:
    assert {option for _, option in CASES} == {*TRIALS}
