"""The owner of a dataset, from ODCS `team` and `support`: the first support channel is where its team is reached."""

from suimon.contract.odcs.clauses import PROSE, READ, Clause, Grammar, unenforced
from suimon.contract.odcs.reader import Reader
from suimon.contract.owner import Owner

# As they stand in a line of an e-mail, and in an attribute that filter policies compare.
_NAME = r"(?=\S)[^\x00-\x1f\x7f\u2028\u2029]{1,100}(?<=\S)"
_CONTACT = r"(?:https?://|mailto:)[!-~]{1,480}|[^@\s]{1,64}@[^@\s]{1,190}"
_SAYS = dict.fromkeys(("id", "description", "tags", "authoritativeDefinitions", "customProperties"), PROSE)
TEAM: Grammar = {**_SAYS, "name": READ, "members": PROSE}
SUPPORT: Grammar = {**_SAYS, "channel": READ, "url": READ, "tool": PROSE, "scope": PROSE, "invitationUrl": PROSE}


def read_owner(document: Clause, reader: Reader) -> Owner | None:
    """Return who answers for a dataset; None where its contract names nobody."""
    team = document["team"]
    name = ""
    if team and not isinstance(team.value, list):  # a list names members, as ODCS 3.0 had it, and no team
        reader.problems.extend(unenforced(team, TEAM, {}))
        name = reader.text(team, "name", _NAME, "the name of a team, of at most 100 characters on one line")
    contacts = [_contact(one, reader) for one in document["support"] or ()]
    contact = next(filter(None, contacts), "")
    return Owner(name, contact) if name or contact else None


def _contact(support: Clause, reader: Reader) -> str:
    """Return where a channel is reached: its address where it has one, else its name."""
    if support["url"]:
        return reader.text(support, "url", _CONTACT, "https://…, mailto:… or an e-mail address")
    return reader.text(support, "channel", _NAME, "the name of a channel on one line")
