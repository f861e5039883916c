"""Whether several processes serve, whichever command has started the server."""

import multiprocessing
from functools import partial
from pathlib import Path

import uvicorn
from uvicorn._subprocess import get_subprocess

from app.core.config import Settings

SPAWN = multiprocessing.get_context("spawn")


def write_answer(path: Path, sockets: object = None) -> None:
    path.write_text(str(Settings.load().several_processes))


def test_processes_are_several_as_their_server_was_started(tmp_path: Path) -> None:
    target = partial(write_answer, tmp_path / "unknown")
    processes = [SPAWN.Process(target=target)]
    for name, reload, workers in (("reload", True, 1), ("workers", False, 3)):
        config = uvicorn.Config("app.main:app", log_config=None, reload=reload, workers=workers)
        processes.append(get_subprocess(config, partial(write_answer, tmp_path / name), []))

    for process in processes:
        process.start()
    for process in processes:
        process.join()

    answers = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert answers == {"unknown": "True", "reload": "False", "workers": "True"}
