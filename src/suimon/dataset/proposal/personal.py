"""Which columns seem to hold personal data: by their name, or by what stands in them. A guess for a proposal."""

import re
from collections import Counter

_NAMES = {
    "e-mail address": r"e[-_ ]?mail|メール",
    "telephone number": r"(^|[-_ ])(phone|tel|telephone|mobile|fax)([-_ ]|$)|電話|携帯",
    "address": r"(^|[-_ ])(address|addr|street|zip|zip[-_ ]?code|post(al)?[-_ ]?code)([-_ ]|[0-9]|$)|住所|番地|郵便",
    "date of birth": r"birth|(^|[-_ ])dob([-_ ]|$)|生年月日|誕生日",
    "id": r"^(customer|user|member|patient|employee|client)[-_ ]?(id|no|number|code)$|(^|[-_ ])(ssn|passport)"
    r"|(顧客|会員|社員|患者)(番号|id|コード)|マイナンバー|口座",
    "name": r"^((first|last|full|family|given|middle|customer|user|contact|member|employee|patient|client)[-_ ]?)?name$"
    r"|^surname$|氏名|^お?名前$|^[姓名]$|フリガナ|ふりがな|(顧客|会員|社員|患者|担当者)名",
}
_VALUES = {
    "e-mail address": r"[^@\s]+@[^@\s]+\.[a-zA-Z]{2,}",
    "telephone number": r"0[0-9]{1,4}-[0-9]{1,4}-[0-9]{3,4}|\+[0-9]{1,3}[- ]?[0-9][-0-9 ]{6,14}",
    "address": r"(〒?[0-9]{3}-[0-9]{4}\s*)?(北海道|東京都|京都府|大阪府|\w{2,3}県)\w.*[0-9０-９一二三四五六七八九十].*"
    r"|〒[0-9]{3}-[0-9]{4}",
}
NO_NUMBERS = {"telephone number", "address", "id"}  # digits there are texts
_MOST = 0.6


def personal_kind(label: str, values: Counter[str]) -> str | None:
    """Name the kind of personal data that a column seems to hold, None if it seems to hold none."""
    for kind, form in _NAMES.items():
        if re.search(form, label, re.IGNORECASE):
            return kind
    for kind, form in _VALUES.items():
        matching = sum(count for text, count in values.items() if re.fullmatch(form, text))
        if values and matching >= _MOST * values.total():
            return kind
    return None


def is_personal(text: str) -> bool:
    """Whether a value is of a form that only personal data has, in whatever column it stands."""
    return any(re.fullmatch(form, text) for form in _VALUES.values())
