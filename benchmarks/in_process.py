"""Measures programs without a server, a burst of each in turn."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict
from pathlib import Path

from benchmarks.programs import ROWS, Program, trim
from benchmarks.samples import Sample
from benchmarks.works import WORKS, Work

WORKER = Path(__file__).with_name("worker.py")


async def measure(programs: list[Program], rounds: int, works: list[str]) -> list[Sample]:
    """Return the samples of all programs: each round is one burst of each, one after the other."""
    workers = [(program, await start(program)) for program in programs]
    samples: list[Sample] = []
    for number in range(-1, rounds):  # the first one warms up
        for work in (WORKS[name] for name in works):
            for program, worker in workers:
                if work.name not in program.works:
                    continue
                answer = await ask(worker, work)
                cost, statements = answer["cpu_us"], answer["statements"]
                sample = Sample(program.name, work.name, cpu_us=cost, statements=statements)
                if work.name == "create":
                    trim(program)
                if number >= 0:
                    samples.append(sample)
    for _, worker in workers:
        assert worker.stdin is not None  # noqa: S101
        worker.stdin.close()
        await worker.wait()
    return samples


async def start(program: Program) -> Process:
    """Start the worker of a program, and fill its table."""
    worker = await asyncio.create_subprocess_exec(
        program.python,
        WORKER,
        program.app,
        cwd=program.folder,
        env=program.variables,
        stdin=PIPE,
        stdout=PIPE,
    )
    await _answer(worker)
    if "create" in program.works:
        create = WORKS["create"]
        filling = Work(create.name, create.path, create.method, create.body, requests=ROWS)
        await ask(worker, filling)
    return worker


async def ask(worker: Process, work: Work) -> dict[str, float]:
    """Let a worker run one burst."""
    assert worker.stdin is not None  # noqa: S101
    worker.stdin.write(json.dumps(asdict(work)).encode() + b"\n")
    return await _answer(worker)


async def _answer(worker: Process) -> dict[str, float]:
    assert worker.stdout is not None  # noqa: S101
    line = await worker.stdout.readline()
    if not line:
        raise RuntimeError(f"the worker ended with {await worker.wait()}: see its error above")
    return json.loads(line)
