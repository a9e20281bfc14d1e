"""Cells that are written otherwise than plain, as SQL: what `suimon.contract.written` says, for many cells at once."""

from suimon.contract.written import BLANKS, ERAS, FIRST_YEAR, WIDE, CellForm, grouped, pattern_of


def narrowed_as_sql(cell: str, form: CellForm, parameters: dict[str, str]) -> str:
    """Return a cell without blanks around it and in half width, as far as it may have them; NULL stays NULL."""
    text = cell
    if form.trimmed:
        parameters["blanks"] = BLANKS
        text = f"trim({text}, $blanks)"
    if form.full_width:
        parameters |= {"wide": "".join(WIDE), "narrow": "".join(WIDE.values())}
        text = f"translate({text}, $wide, $narrow)"
    return text


def plain_as_sql(text: str, place: int, form: CellForm, parameters: dict[str, str]) -> str:
    """Return the plain text of a cell as an expression over what `narrowed_as_sql` gives; NULL stays NULL."""
    if form.thousands:
        grouping, separator = f"grouped_{place}", f"thousands_{place}"
        parameters |= {grouping: grouped(form.thousands, form.decimal), separator: form.thousands}
        return (
            f"CASE WHEN regexp_full_match({text}, ${grouping}) THEN replace({text}, ${separator}, '') ELSE {text} END"
        )
    return _iso(text, place, form, parameters) if form.date else text


def _iso(text: str, place: int, form: CellForm, parameters: dict[str, str]) -> str:
    pattern, names = pattern_of(form.date or "")
    written = f"dated_{place}"
    parameters[written] = pattern

    def part(name: str) -> str:
        return f"regexp_extract({text}, ${written}, {names.index(name) + 1})"

    def number(name: str) -> str:
        return f"TRY_CAST({part(name)} AS INTEGER)"

    first = last = None
    if "Y" in names:
        year = number("Y")
    elif "y" in names:
        pivot = form.pivot or 0
        within = f"{pivot - pivot % 100} + {number('y')}"
        year = f"({within} + CASE WHEN {within} < {pivot} THEN 100 ELSE 0 END)"
    else:
        letter = "e" in names
        era = part("e" if letter else "E")
        known = {(about[0] if letter else name): about for name, about in ERAS.items()}
        before, first, last = (
            f"CASE {era} {' '.join(f'WHEN {_quoted(name)} THEN {_quoted(one[at])}' for name, one in known.items())} END"
            for at in (1, 2, 3)
        )
        year = f"({before} + CASE {part('n')} WHEN '{FIRST_YEAR}' THEN 1 ELSE {number('n')} END)"
    iso = f"format('{{:04d}}-{{:02d}}-{{:02d}}', {year}, {number('m')}, {number('d')})"
    fits = f"regexp_full_match({text}, ${written})" + (f" AND {iso} BETWEEN {first} AND {last}" if first else "")
    return f"CASE WHEN {fits} THEN {iso} ELSE {text} END"


def _quoted(value: str | int) -> str:
    return str(value) if isinstance(value, int) else f"'{value}'"
