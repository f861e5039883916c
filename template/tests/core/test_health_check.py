"""Health checks of dependencies."""

import asyncio

from app.core.feature import HEALTH_CHECK_TIMEOUT_SECONDS, Check, HealthCheck


async def test_concurrent_callers_share_one_run() -> None:
    asked = 0

    async def ask() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)

    probe = HealthCheck(ask)
    checks = await asyncio.gather(*(probe.run() for _ in range(10)))

    assert {check.status for check in checks} == {"ok"}
    assert asked == 1


async def test_a_caller_gets_its_result_though_the_next_run_has_begun() -> None:
    answers = [asyncio.Event(), asyncio.Event()]
    remaining = iter(answers)
    probe = HealthCheck(lambda: next(remaining).wait())
    first = asyncio.create_task(probe.run())
    await asyncio.sleep(0)

    answers[0].set()
    await asyncio.sleep(0)
    assert probe.running
    assert probe.running.done()
    second = asyncio.create_task(probe.run())

    assert (await first).status == "ok"
    answers[1].set()
    assert (await second).status == "ok"


async def test_each_later_call_runs_it_again() -> None:
    answers = iter([OSError("gone"), None])

    async def ask() -> None:
        if error := next(answers):
            raise error

    probe = HealthCheck(ask, if_unhealthy="degraded")

    assert await probe.run() == Check("degraded")
    assert (await probe.run()).status == "ok"


async def test_a_check_that_takes_too_long_is_unhealthy() -> None:
    answer = asyncio.Event()
    probe = HealthCheck(answer.wait)

    async with asyncio.timeout(20 * HEALTH_CHECK_TIMEOUT_SECONDS):
        first = await probe.run()

    assert first == Check("down")
    answer.set()
    assert (await probe.run()).status == "ok"
