"""The page of a stack: one HTML file without script or anything to load, every text of others escaped."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.contract.partition import Unit
from suimon.drops.foreign_text import shown, straight
from suimon.drops.wording import in_language
from suimon.freshness.expected import FileState
from suimon.freshness.figures import SPANS
from suimon.incidents.incident import Standing
from suimon.incidents.kinds import Severity
from suimon.incidents.messages.facts import command_for, effect_of, runbook_entry
from suimon.incidents.overview import folded, listing, sort_of
from suimon.incidents.rendering import with_stack
from suimon.report import pictures
from suimon.report.messages import either
from suimon.report.page_style import STYLE
from suimon.report.page_tables import text
from suimon.status.grid import UNITS, wants
from suimon.status.overview import LETTERS, lateness, weekday
from suimon.status.page_style import GRID_STYLE

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from datetime import datetime

    from suimon.contract.file import Language
    from suimon.freshness.figures import Share
    from suimon.freshness.forecast import Expected
    from suimon.incidents.incident import Incident
    from suimon.status.grid import HoursOfDay
    from suimon.status.overview import Held, Overview, Row

NOT_CORRECTED, NO_FILE = "!", "·"
MOST_CARDS = 100  # sorts of incidents that are shown; the rest is counted
OPEN_CARDS = 6  # incidents that are shown at once; the others are unfolded
_SUBJECT = 200  # characters of a text of others
_STYLE = STYLE + GRID_STYLE
# Only this very style sheet: nothing that gets past the escaping could load, run or dress up anything.
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
# The class of a cell, and what its state is called.
_STATES = {
    FileState.LOADED: ("ok", "loaded in time", "期限内に取り込み"),
    FileState.LOADED_LATE: ("after", "loaded late", "遅れて取り込み"),
    FileState.LOADING: ("way", "on its way", "処理中"),
    FileState.HELD: ("held", "held by a person", "保留中"),
    FileState.LATE: ("late", "late", "遅延"),
    FileState.MISSING: ("bad", "missing", "未着"),
    FileState.REJECTED: ("bad", "rejected", "不合格"),
    FileState.NOT_LOADED: ("bad", "arrived, not loaded", "到着、未取り込み"),
    FileState.NOT_DUE: ("idle", "not yet due", "期限前"),
    FileState.WAIVED: ("idle", "will not come", "送付なし"),
}
_HEADINGS = {
    Unit.DAY: ("Files by business date, the newest first", "対象日ごとのファイル（新しい順）"),
    Unit.WEEK: ("Files by week, the newest first", "週ごとのファイル（新しい順）"),
    Unit.MONTH: ("Files by month, the newest first", "月ごとのファイル（新しい順）"),
}
_WEEKDAYS = {"en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), "ja": tuple("月火水木金土日")}
_STANDINGS = {
    Standing.ACKNOWLEDGED: ("somebody is at it", "対応中"),
    Standing.SNOOZED: ("snoozed", "通知を休止中"),
}


def page(found: Overview, stack: str, now: datetime, language: Language, other: str = "") -> str:
    """Return the page. `other`: the address of the page in the other language, if there is one beside it."""
    written = f"{now:%Y-%m-%d %H:%M} UTC"
    made = either(language, f"As of {written}.", f"{written} 現在")
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{text(stack)}: {text(_title(found, language))}</title>\n<style>{_STYLE}</style>\n</head>\n"
        "<body>\n<main>\n"
        f"{content(found, stack, now, language, other)}"
        f'\n<footer class="small soft"><p>{made}</p></footer>\n</main>\n</body>\n</html>\n'
    )


def content(found: Overview, stack: str, now: datetime, language: Language, other: str = "") -> str:
    """Return what the page says, without when: it is the same as long as nothing changes."""
    sections = (
        _head(found, _title(found, language), stack, language, other),
        _incidents(found, stack, now, language),
        _held(found.held, stack, language),
        _grids(found, now, language),
        _shares(found.rows, now, language),
        _notes(found, language),
    )
    return "\n".join(section for section in sections if section)


def _title(found: Overview, language: Language) -> str:
    if found.is_calm:
        return either(language, "Nothing needs anybody", "対応が必要なものはありません")
    return either(language, "Something needs a person", "対応が必要なものがあります")


def _head(found: Overview, title: str, stack: str, language: Language, other: str) -> str:
    latest = [one for row in found.rows for one in row.dates.values()]
    incidents = len(found.incidents)
    figures = (
        (incidents, "open incidents", "未解決のインシデント"),
        (found.wanting, "dates that need somebody", "対応が必要な日付"),
        (sum(one.state is FileState.LOADING for one in latest), "dates on their way", "処理中の日付"),
        (len(found.held), "datasets held", "保留中のデータセット"),
    )
    boxes = "".join(
        f'<div class="card"><b>{number:,}</b>{either(language, en, ja)}</div>' for number, en, ja in figures
    )
    elsewhere = f' · <a href="{text(other)}">{either(language, "日本語", "English")}</a>' if other else ""
    state = "good" if found.is_calm else "bad" if _has_errors(found) else "warn"
    return (
        f'<div class="brand"><b>Suimon 水門</b><span>{text(stack)}{elsewhere}</span></div>\n'
        f'<header class="card verdict {state}">{pictures.gate(is_open=found.is_calm)}<div><h1>{text(title)}</h1>'
        f"</div></header>\n<section class=figures>{boxes}</section>"
    )


def _has_errors(found: Overview) -> bool:
    return any(one.severity is Severity.ERROR for one in found.incidents)


def _incidents(found: Overview, stack: str, now: datetime, language: Language) -> str:
    if not found.incidents:
        return ""
    sorts = list(folded(found.incidents, lambda one: _sort(one, now)))
    more = sum(1 + alike for _, alike in sorts[MOST_CARDS:])
    every = f"suimon incidents --all --stack {text(stack)}"
    rest = either(language, f"and {more:,} more: {every}", f"ほか {more:,} 件: {every}")
    cards = [_incident(one, alike, stack, now, language) for one, alike in sorts[:MOST_CARDS]]
    if unfolded := sum(1 + alike for _, alike in sorts[OPEN_CARDS:MOST_CARDS]):
        # On a phone the dates come after a few screens, not after thirty.
        summary = either(language, f"{unfolded:,} more open incidents", f"ほか {unfolded:,} 件の未解決のインシデント")
        cards = [*cards[:OPEN_CARDS], f"<details><summary>{summary}</summary>", *cards[OPEN_CARDS:], "</details>"]
    lines = "\n".join(cards)
    heading = either(language, "Open incidents, the worst first", "未解決のインシデント（深刻な順）")
    return f"<section><h2>{heading}</h2>\n{lines}\n{f'<p>{rest}</p>' if more else ''}</section>"


def _sort(one: Incident, now: datetime) -> Hashable:
    return sort_of(str(one.kind), str(one.severity), str(one.standing(now)), asdict(one.about))


def _incident(one: Incident, alike: int, stack: str, now: datetime, language: Language) -> str:
    is_error = one.severity is Severity.ERROR
    mark = either(language, "ERROR", "エラー") if is_error else either(language, "WARNING", "警告")
    standing = _STANDINGS.get(one.standing(now))
    notes = [f"{one.opened_at:%Y-%m-%d %H:%M} UTC", *([either(language, *standing)] if standing else [])]
    command = with_stack(command_for(one.kind, one.about), stack) or f"suimon incidents '{one.id}' --stack {stack}"
    others = ""
    if alike:
        listed = _typed(f"{listing(str(one.kind), one.about.dataset)} --stack {stack}")
        others = (
            f"<p>{either(language, f'and {alike:,} more like it:', f'同様のものがほか {alike:,} 件:')} {listed}</p>"
        )
    return (
        f'<article class="card rule"><header><span class="mark {"bad" if is_error else "warn"}">{mark}</span>'
        f"<h3>{text(shown(in_language(one.subject, language), _SUBJECT))}</h3></header>"
        f'<p class="small soft">{" · ".join(notes)}</p>'
        f"<p>{text(_sentence(in_language(effect_of(one.kind), language)))}</p>{others}"
        f'<p class="fix">{either(language, "Next:", "次の操作:")} {_typed(command)} '
        f'<span class="small soft">{text(runbook_entry(one.kind))}</span></p></article>'
    )


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:]


def _held(held: Iterable[Held], stack: str, language: Language) -> str:
    lines = "".join(f"<li>{_hold(one, stack, language)}</li>" for one in held)
    heading = either(language, "Held: files are checked, no run starts", "保留中（検査のみ、DAG 実行は開始しません）")
    return f"<section><h2>{heading}</h2><ul>{lines}</ul></section>" if lines else ""


def _hold(one: Held, stack: str, language: Language) -> str:
    since = f"{either(language, 'since', '開始')} {one.since:%Y-%m-%d %H:%M} UTC"
    until = f", {either(language, 'until', '終了')} {one.until:%Y-%m-%d %H:%M} UTC" if one.until else ""
    name = text(shown(one.dataset, _SUBJECT))
    release = f"suimon release {shown(one.dataset, _SUBJECT)} --stack {stack}"
    return f"<b>{name}</b> {since}{until}: {_typed(release)}"


def _typed(command: str) -> str:
    """Return a command that a narrow screen breaks between its words alone: an option cut in two is typed as two."""
    return f"<code>{' '.join(f'<span>{text(straight(word))}</span>' for word in command.split(' '))}</code>"


def _grids(found: Overview, now: datetime, language: Language) -> str:
    if not found.rows:
        return ""
    tables = [_grid([row for row in found.rows if row.unit is unit], unit, found, now, language) for unit in UNITS]
    more = found.more_rows
    rest = either(language, f"and {more:,} more datasets", f"ほか {more:,} 件のデータセット")
    every = [*tables, _hours(found.hours, now, language), f"<p>{rest}</p>" if more else "", _legend(language)]
    return "<section>" + "\n".join(filter(None, every)) + "</section>"


def _grid(rows: Sequence[Row], unit: Unit, found: Overview, now: datetime, language: Language) -> str:
    columns = found.columns.get(unit, ())
    if not rows:
        return ""
    if not columns:
        names = text(shown(", ".join(row.dataset for row in rows), _SUBJECT))
        return f"<p>{either(language, 'No date is due yet:', '期限のある日付はまだありません:')} {names}</p>"
    heads = "".join(_head_of(column, unit, language) for column in columns)
    lines = "\n".join(
        f'<tr><th scope="row">{text(shown(row.dataset, _SUBJECT))}</th>'
        f"{''.join(_cell(row.dates.get(column), now) for column in columns)}</tr>"
        for row in rows
    )
    return _table("grid", either(language, *_HEADINGS[unit]), heads, lines)


def _head_of(column: str, unit: Unit, language: Language) -> str:
    if unit is not Unit.DAY:
        return f'<th scope="col">{column[5:]}<br>{column[:4]}</th>'
    weekend = " class=weekend" if weekday(column) > 4 else ""  # noqa: PLR2004 Saturday
    return f'<th scope="col"{weekend}>{column[5:7]}/{column[8:]}<br>{_WEEKDAYS[language][weekday(column)]}</th>'


def _hours(days: Iterable[HoursOfDay], now: datetime, language: Language) -> str:
    lines = "\n".join(
        f'<tr><th scope="row">{text(shown(one.dataset, _SUBJECT))} {one.day[5:7]}/{one.day[8:]}</th>'
        f"{''.join(_cell(one.hours.get(hour), now, brief=True) for hour in range(24))}</tr>"
        for one in days
    )
    heads = "".join(f'<th scope="col">{hour:02}</th>' for hour in range(24))
    heading = either(language, "Files by hour, of the last days that are due", "時間ごとのファイル（直近の期限日）")
    return _table("grid hours", heading, heads, lines) if lines else ""


def _table(name: str, heading: str, heads: str, lines: str) -> str:
    return (
        f'<h2>{heading}</h2>\n<div class="wide"><table class="{name}"><thead><tr><th></th>{heads}</tr></thead>\n'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _cell(one: Expected | None, now: datetime, *, brief: bool = False) -> str:
    """Return a date's cell: the letter of its state; below it how late it is, or else how many rows are loaded."""
    if one is None:
        return f"<td>{NO_FILE}</td>"
    name, letter = _STATES[one.state][0], LETTERS[one.state]
    if one.later:
        name, letter = "bad", NOT_CORRECTED
    if brief:
        return f'<td class="{name}"><b>{text(letter)}</b></td>'
    late = lateness(one, now)
    below = f"+{span(late)}" if late and (wants(one) or one.loaded_at) and not one.later else amount(one.rows)
    return f'<td class="{name}"><b>{text(letter)}</b><i>{below}</i></td>'


def span(late: timedelta) -> str:
    """Return a time in its largest unit, cut: what changes by the minute would make the page another each time."""
    minutes = int(late.total_seconds()) // 60
    if minutes < 60:  # noqa: PLR2004 minutes of an hour
        return f"{minutes}m"
    return f"{minutes // 60}h" if late < timedelta(days=2) else f"{late.days}d"


def amount(rows: int | None) -> str:
    """Return a number of rows in four characters."""
    if rows is None:
        return ""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if rows >= size:
            return f"{rows / size:.0f}{unit}" if rows >= 10 * size else f"{rows // (size // 10) / 10:g}{unit}"
    return str(rows)


def _legend(language: Language) -> str:
    entries = [(name, LETTERS[state], either(language, en, ja)) for state, (name, en, ja) in _STATES.items()]
    entries.append(
        ("bad", NOT_CORRECTED, either(language, "loaded, but not a later file", "取り込み済み（訂正ファイルは未反映）"))
    )
    entries.append(("", NO_FILE, either(language, "no file expected", "予定なし")))
    below = either(
        language,
        "Below the letter: how late (m, h, d), or how many rows.",
        "文字の下: 遅れ（m: 分、h: 時間、d: 日）または行数",
    )
    items = "".join(f'<li><span class="{name}">{text(letter)}</span> {said}</li>' for name, letter, said in entries)
    return f'<ul class="legend small">{items}</ul><p class="small soft">{below}</p>'


def _shares(rows: Iterable[Row], now: datetime, language: Language) -> str:
    lines = "\n".join(
        f'<tr><th scope="row">{text(shown(row.dataset, _SUBJECT))}</th>{_newest(row.newest, now, language)}'
        f"{''.join(_share(one) for one in row.shares or (None,) * len(SPANS))}</tr>"
        for row in rows
    )
    if not lines:
        return ""
    heads = (
        ("Newest loaded", "最新の取り込み"),
        ("Rows", "行数"),
        ("Lateness", "遅れ"),
        *((f"In time, {days} days", f"期限内（{days} 日）") for days in SPANS),
    )
    head = "".join(f'<th scope="col" class="number">{either(language, *both)}</th>' for both in heads)
    heading = either(language, "Loaded by the deadline", "期限内の取り込み")
    return (
        f'<section><h2>{heading}</h2>\n<div class="wide"><table class="shares">'
        f"<thead><tr><th></th>{head}</tr></thead>\n"
        f"<tbody>{lines}</tbody></table></div></section>"
    )


def _newest(one: Expected | None, now: datetime, language: Language) -> str:
    if one is None:
        return '<td class="number">–</td>' + '<td class="number"></td>' * 2
    late = lateness(one, now) if one.state is FileState.LOADED_LATE else timedelta()
    said = f"+{span(late)}" if late else either(language, "in time", "期限内")
    rows = "" if one.rows is None else f"{one.rows:,}"
    return "".join(f'<td class="number">{value}</td>' for value in (one.partition, rows, said))


def _share(one: Share | None) -> str:
    if one is None or not one.due:
        return '<td class="number">–</td>'
    return f'<td class="number"><b>{one.percent:g} %</b> <span class="soft">{one.in_time}/{one.due}</span></td>'


def _notes(found: Overview, language: Language) -> str:
    notes = [text(shown(warning, 2 * _SUBJECT)) for warning in found.warnings]
    if names := found.without_deadline:
        listed = ", ".join(text(shown(name, _SUBJECT)) for name in names[:100])
        said = either(language, "Without a deadline, so never late", "期限なし（遅延の判定なし）")
        notes.append(f"{said}: {listed}{' …' if len(names) > 100 else ''}")  # noqa: PLR2004 as many as are listed
    return f'<section class="small soft">{"".join(f"<p>{note}</p>" for note in notes)}</section>' if notes else ""
