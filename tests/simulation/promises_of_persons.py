"""What is promised to persons: word of what fails, no storm of messages, and that what they have closed stays so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.plan import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.schedule import Schedule

# By then whoever tries so often has said so: ten minutes are the patience with a check that fails. Fewer tries in that
# time are those of functions that were killed.
HEARD, TRIES = 25 * MINUTE, 8
# The event may come twice, and be sent twice; the sweep's own message, and one that it has replaced; those of a person
# who releases the dataset, which may be sent twice.
CIRCULATE = 8


def failing_checks_are_told(end: Schedule) -> Iterator[str]:
    """9. Nobody waits in silence for a file that the gate cannot read."""
    words = [letter.at for letter in end.services.sns.letters if "do not get through the gate" in letter.subject]
    for (key, _), times in end.services.s3.refused.items():
        late = [at for at in times[TRIES:] if at >= times[0] + HEARD]
        if late and not any(at <= late[0] for at in words):
            yield f"{key} could not be read for {(late[0] - times[0]) / MINUTE:.0f} minutes, and nobody was told"


def one_message_circulates(end: Schedule) -> Iterator[str]:
    """9. Rounds do not multiply the messages of a drop that waits."""
    for drop_id, count in end.most_messages.items():
        if count > CIRCULATE:
            yield f"{count} messages at once were under way for {end.name(drop_id)}"


def closed_stays_closed(end: Schedule) -> Iterator[str]:
    """10. What a person has closed is taken up by nobody; only the rows of a run that went on count after all."""
    for drop_id, states in end.states.items():
        followed = states[states.index("CLOSED") + 1 :] if "CLOSED" in states else []
        if followed and followed[0] not in {"LOADED", "RETRACTED"}:  # what is loaded, a replay may run again
            yield f"{end.name(drop_id)} was closed, and went on: {states}"


def only_what_is_spoilt_is_left_out(end: Schedule) -> Iterator[str]:
    """9. The sweep says that it left something out where something was spoilt, and nowhere else."""
    said = any("left out what it cannot use" in letter.subject for letter in end.services.sns.letters)
    if said and not end.meddling.spoils:
        yield "the sweep left something out, and nobody had spoilt anything"


PROMISES_OF_PERSONS = (
    failing_checks_are_told,
    one_message_circulates,
    closed_stays_closed,
    only_what_is_spoilt_is_left_out,
)
