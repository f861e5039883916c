"""Asking a dependency how it is."""

import asyncio
import time

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
    probe = Probe(lambda: asyncio.sleep(1.5))
    began = time.monotonic()

    first = await probe.check()

    assert first == Check("down")
    assert time.monotonic() - began < BUDGET_SECONDS + 0.4
    assert (await probe.check()).status == "ok"
