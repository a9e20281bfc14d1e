"""Processes in virtual time, and what may happen at a point."""

import pytest
from botocore.exceptions import ClientError

from tests.simulation.choices import Choices
from tests.simulation.faults import Accident, Faulty
from tests.simulation.shrink import shrink
from tests.simulation.world import Process, World


class Counter:
    def __init__(self) -> None:
        self.count = 0

    def add(self) -> int:
        self.count += 1
        return self.count


def world_with(*accidents: Accident) -> tuple[World, Counter, Faulty]:
    choices = Choices(given=dict(enumerate(int(accident) for accident in accidents)))
    choices.weather(0.1, (1,))
    world, counter = World(choices), Counter()
    return world, counter, Faulty(world, counter, "dynamodb")


def test_a_process_that_sleeps_lets_others_run() -> None:
    world = World(Choices(0))
    order: list[str] = []

    def first() -> None:
        order.append("first begins")
        world.sleep(5)
        order.append(f"first ends at {world.now}")

    world.spawn("first", first)
    world.spawn("second", lambda: order.append("second"))
    world.run(10)
    assert order == ["first begins", "second", "first ends at 5.0"]


def test_a_process_is_killed_when_its_time_is_over() -> None:
    world = World(Choices(0))
    ended: list[Process] = []
    process = world.spawn("slow", lambda: world.sleep(100), ended.append, lasts=60)
    world.run(1000)
    assert ended == [process]
    assert not process.returned
    assert process.failed is None


def test_nothing_special_is_nothing() -> None:
    world, counter, faulty = world_with(Accident.NONE)
    world.spawn("one", faulty.add)
    world.run(1)
    assert counter.count == 1


def test_a_throttled_call_is_not_made() -> None:
    world, counter, faulty = world_with(Accident.THROTTLED)
    process = world.spawn("one", faulty.add)
    world.run(1)
    assert isinstance(process.failed, ClientError)
    assert counter.count == 0


def test_an_answer_that_is_lost_leaves_its_effect() -> None:
    world, counter, faulty = world_with(Accident.ANSWER_LOST)
    process = world.spawn("one", faulty.add)
    world.run(1)
    assert process.failed is not None
    assert counter.count == 1


def test_a_request_may_reach_the_service_twice() -> None:
    world, counter, faulty = world_with(Accident.SENT_TWICE)
    process = world.spawn("one", faulty.add)
    world.run(1)
    assert process.returned
    assert counter.count == 2


@pytest.mark.parametrize(("accident", "count"), [(Accident.KILLED_BEFORE, 0), (Accident.KILLED_AFTER, 1)])
def test_the_dead_do_nothing_more_not_even_at_last(accident: Accident, count: int) -> None:
    world, counter, faulty = world_with(accident)

    def body() -> None:
        try:
            faulty.add()
        finally:
            faulty.add()

    process = world.spawn("one", body)
    world.run(1)
    assert counter.count == count
    assert not process.returned


def test_what_is_drawn_apart_moves_no_other_choice() -> None:
    plain, other = Choices(5), Choices(5)
    with other.apart("sets", -10):
        aside = [other.pick(100) for _ in range(10)]
    assert [plain.pick(100) for _ in range(10)] == [other.pick(100) for _ in range(10)]
    assert plain.taken.items() <= other.taken.items()
    again = Choices(given=other.taken)
    with again.apart("sets", -10):
        assert [again.pick(100) for _ in range(10)] == aside


def test_shrinking_leaves_only_what_is_needed() -> None:
    taken = dict.fromkeys(range(40), 5)
    assert shrink(taken, lambda one: one.get(7, 0) >= 2, tries=1_000) == {7: 2}


def test_shrinking_moves_choices_up() -> None:
    assert shrink({30: 1}, bool, tries=1_000) == {0: 1}
