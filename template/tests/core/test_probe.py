"""Asking a dependency how it is."""

import asyncio

from app.core.probe import BUDGET_SECONDS, Check, Probe


async def test_those_who_ask_together_share_one_answer() -> None:
    asked = 0

    async def ask() -> None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.01)

    probe = Probe(ask)
    checks = await asyncio.gather(*(probe.check() for _ in range(10)))

    assert {check.status for check in checks} == {"ok"}
    assert asked == 1


async def test_a_new_question_gets_a_new_answer() -> None:
    answers = iter([OSError("gone"), None])

    async def ask() -> None:
        if error := next(answers):
            raise error

    probe = Probe(ask, otherwise="degraded")

    assert await probe.check() == Check("degraded")
    assert (await probe.check()).status == "ok"


async def test_silence_is_an_answer() -> None:
    answer = asyncio.Event()
    probe = Probe(answer.wait)

    async with asyncio.timeout(20 * BUDGET_SECONDS):
        first = await probe.check()

    assert first == Check("down")
    answer.set()
    assert (await probe.check()).status == "ok"
