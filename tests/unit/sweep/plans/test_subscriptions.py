"""Whether anybody hears the alerts."""

from datetime import UTC, datetime, timedelta

from suimon.sweep.plans.subscriptions import MOST_REMEMBERED, PENDING, hearing

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ONE, TWO = "arn:aws:sns:r:1:alerts:one", "arn:aws:sns:r:1:watch:two"


def test_confirmed_subscriptions_of_every_topic_hear() -> None:
    found = hearing([[ONE], [TWO]], {}, NOON)
    assert (found.deaf, found.confirmed, found.seen) == (0, 2, {ONE: NOON, TWO: NOON})


def test_an_unconfirmed_subscription_is_deaf_and_counts_once() -> None:
    found = hearing([[PENDING], [TWO]], {}, NOON)
    assert (found.deaf, found.pending, found.empty_topics) == (1, 1, 0)


def test_a_topic_that_nobody_is_subscribed_to_is_deaf() -> None:
    assert hearing([[], [TWO]], {}, NOON).deaf == 1


def test_what_sns_calls_deleted_hears_nothing() -> None:
    assert hearing([["Deleted"], [TWO]], {}, NOON).deaf == 1


def test_a_subscription_that_a_mail_scanner_has_ended_is_deaf_for_a_week() -> None:
    seen = hearing([[ONE], [TWO]], {}, NOON).seen
    for days, deaf in ((1, 1), (6, 1), (7, 0)):
        found = hearing([[TWO, "arn:aws:sns:r:1:alerts:other"], [TWO]], seen, NOON + days * DAY)
        assert (found.vanished, found.deaf) == (deaf, deaf)


def test_one_that_comes_back_hears_again() -> None:
    gone = hearing([[TWO], [TWO]], {ONE: NOON}, NOON + DAY)
    assert gone.vanished == 1
    assert hearing([[ONE], [TWO]], gone.seen, NOON + 2 * DAY).deaf == 0


def test_no_more_are_remembered_than_an_item_takes() -> None:
    seen = {f"arn:{number}": NOON + timedelta(seconds=number) for number in range(500)}
    found = hearing([[ONE], [TWO]], seen, NOON + DAY)
    assert len(found.seen) == MOST_REMEMBERED + 2
    assert "arn:499" in found.seen
