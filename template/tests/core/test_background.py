"""Cancelling background tasks."""

import asyncio

from app.core.background import cancel_and_wait


async def test_a_task_that_mistakes_a_cancellation_for_a_failure_ends_too() -> None:
    cancelled = 0

    async def survive() -> None:
        nonlocal cancelled
        while cancelled < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:  # as a driver does whose connection breaks by it
                cancelled += 1

    task = asyncio.create_task(survive())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await cancel_and_wait([task])

    assert cancelled == 3


async def test_a_task_that_has_ended_is_left_as_it_is() -> None:
    task = asyncio.create_task(asyncio.sleep(0))
    await task

    async with asyncio.timeout(5):
        await cancel_and_wait([task])

    assert not task.cancelled()
