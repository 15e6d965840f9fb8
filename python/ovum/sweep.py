"""Sweeps of extraction algorithms over many machines.

What ``ovum bench extract`` does on one machine, through ``dask.distributed``: every task is an
e-graph, an algorithm and a seed, and calls the ``ovum`` command on a worker, which checks the answer
and keeps the limits. The e-graph travels with its task, so that workers need the command and nothing
else, no shared folder. A task whose worker dies is done again by another.

    from dask.distributed import Client
    from ovum.sweep import sweep

    with Client("tcp://scheduler:8786") as client:
        sweep(client, "gym", ["auto", "greedy-dag"], time_limit=10, jsonl="rows.jsonl",
              html="report.html")

or ``python -m ovum.sweep gym --extractors auto,greedy-dag --scheduler tcp://scheduler:8786``. Needs
``pip install 'ovum[sweep]'``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
import zlib

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dask.distributed import Client

__all__ = ["Limits", "SweepError", "sweep"]

Row = dict[str, Any]

# A task is tried on this many workers before it is given up.
ATTEMPTS = 4


class SweepError(RuntimeError):
    """The command is missing on a worker, or did not do what it was asked to."""


@dataclasses.dataclass(frozen=True)
class Limits:
    """What every task is given."""

    # Seconds for the algorithm, reading the e-graph not counted.
    time: float = 10.0
    # Address space of the process in MiB; none if as much as there is.
    memory: int | None = None
    # Drop roots that name no class instead of leaving the e-graph out.
    repair_roots: bool = False


@dataclasses.dataclass(frozen=True)
class _Task:
    file: str
    extractor: str
    seed: int

    def data_set(self) -> str:
        folder, slash, _ = self.file.partition("/")
        return folder if slash else "."


def sweep(
    client: Client,
    folder: str | os.PathLike[str],
    extractors: Iterable[str],
    *,
    seeds: Iterable[int] = (0,),
    time_limit: float = 10.0,
    memory_limit: int | None = None,
    repair_roots: bool = False,
    only: Iterable[str] = (),
    jsonl: str | os.PathLike[str],
    resume: bool = False,
    csv: str | os.PathLike[str] | None = None,
    parquet: str | os.PathLike[str] | None = None,
    html: str | os.PathLike[str] | None = None,
    markdown: str | os.PathLike[str] | None = None,
    command: str | None = None,
    on_row: Callable[[Row], None] | None = None,
) -> list[Row]:
    """Runs every algorithm on every ``.json`` e-graph below ``folder``; gives the rows.

    Rows are appended to ``jsonl`` as they come. With ``resume`` those that are there are kept and
    the rest is done. At the end the rows are judged against each other and put in order, and the
    other files written, all by ``ovum bench extract --merge``. ``command`` is the ``ovum`` command,
    here and on the workers; without it ``$OVUM_COMMAND``, else ``ovum``. ``on_row`` is told of each
    new row.

    Raises :class:`SweepError` if the command fails or is missing.
    """
    limits = Limits(float(time_limit), memory_limit, repair_roots)
    command = command or os.environ.get("OVUM_COMMAND") or "ovum"
    rows_file = Path(jsonl)
    root = Path(folder)
    tasks = [
        _Task(file, extractor, seed)
        for file in _files(root, tuple(only))
        for extractor in extractors
        for seed in seeds
    ]
    rows = _read_rows(rows_file) if resume and rows_file.exists() else []
    done = {_key(row) for row in rows if _same_limits(row, limits)}
    tasks = [task for task in tasks if dataclasses.astuple(task) not in done]
    with rows_file.open("w", encoding="utf-8") as out:
        for row in rows:
            _write_row(out, row)
        for row in _run(client, root, tasks, limits, command):
            _write_row(out, row)
            if on_row is not None:
                on_row(row)
    _merge(command, rows_file, csv=csv, parquet=parquet, html=html, markdown=markdown)
    return _read_rows(rows_file)


def _files(root: Path, only: tuple[str, ...]) -> list[str]:
    """Paths of the e-graphs below the folder, with ``/``, in order."""
    found = (path.relative_to(root).as_posix() for path in root.rglob("*.json") if path.is_file())
    files = sorted(file for file in found if not only or any(text in file for text in only))
    if not files:
        raise SweepError(f"there is no such .json file in {str(root)!r}")
    return files


def _key(row: Row) -> tuple[str, str, int]:
    return row["file"], row["extractor"], row["seed"]


def _same_limits(row: Row, limits: Limits) -> bool:
    memory = None if limits.memory is None else limits.memory << 20
    return abs(row["time_limit"] - limits.time) < 5e-4 and row["memory_limit"] == memory


def _read_rows(path: Path) -> list[Row]:
    """The rows of a file; a last line that was cut short is left out."""
    text = path.read_text(encoding="utf-8")
    whole, _, _ = text.rpartition("\n")
    return [json.loads(line) for line in whole.splitlines() if line.strip()]


def _write_row(out: Any, row: Row) -> None:
    out.write(json.dumps(row) + "\n")
    out.flush()


def _run(
    client: Client, root: Path, tasks: list[_Task], limits: Limits, command: str
) -> Iterator[Row]:
    """The rows in the order in which they come. Only so many tasks are on their way at a time that
    the workers are busy, for each holds its e-graph."""
    from dask.distributed import as_completed
    from distributed.scheduler import KilledWorker

    sweep_id = uuid.uuid4().hex
    waiting = iter(tasks)
    on_their_way: dict[str, tuple[_Task, int]] = {}
    running = as_completed()

    def submit(task: _Task, attempt: int) -> None:
        packed = zlib.compress((root / task.file).read_bytes(), 1)
        key = f"extract-{task.file}-{task.extractor}-{task.seed}-{attempt}-{sweep_id}"
        future = client.submit(
            _work, packed, task, limits, command, key=key, pure=False, retries=ATTEMPTS
        )
        on_their_way[key] = (task, attempt)
        running.add(future)

    window = max(4, 3 * sum(client.nthreads().values()))
    for _, task in zip(range(window), waiting):
        submit(task, 0)
    for future in running:
        task, attempt = on_their_way.pop(future.key)
        error = future.exception()
        if error is None:
            yield future.result()
        elif isinstance(error, SweepError):
            raise error
        elif attempt + 1 < ATTEMPTS:
            submit(task, attempt + 1)
            continue
        else:
            lost = isinstance(error, KilledWorker)
            why = "its workers died" if lost else f"{type(error).__name__}: {error}"
            yield _given_up(task, limits, why)
        for task in waiting:
            submit(task, 0)
            break


def _work(packed: bytes, task: _Task, limits: Limits, command: str) -> Row:
    """One task, on a worker."""
    program = shutil.which(command)
    if program is None:
        raise SweepError(f"there is no command {command!r} on the worker")
    with tempfile.TemporaryDirectory(prefix="ovum-sweep-") as folder:
        file = Path(folder) / "egraph.json"
        file.write_bytes(zlib.decompress(packed))
        arguments = [program, "bench", "extract", str(file), "--extractors", task.extractor]
        arguments += ["--seeds", str(task.seed), "--time-limit", repr(limits.time)]
        if limits.memory is not None:
            arguments += ["--memory-limit", str(limits.memory)]
        if limits.repair_roots:
            arguments.append("--repair-roots")
        ran = subprocess.run(
            [*arguments, "--jsonl", "-"], capture_output=True, text=True, encoding="utf-8"
        )
    lines = ran.stdout.splitlines()
    # 1 says that the row tells of a wrong answer.
    if ran.returncode not in (0, 1) or len(lines) != 1:
        raise SweepError(f"{command} bench extract failed: {ran.stderr.strip()}")
    row = json.loads(lines[0])
    return {**row, "file": task.file, "data_set": task.data_set()}


def _given_up(task: _Task, limits: Limits, why: str) -> Row:
    """The row of a task that no worker came to the end of."""
    unknown = ("dag_cost", "tree_cost", "bound", "seconds", "load_seconds", "cpu_seconds")
    return {
        "version": 1,
        "data_set": task.data_set(),
        **dataclasses.asdict(task),
        "time_limit": limits.time,
        "memory_limit": None if limits.memory is None else limits.memory << 20,
        "status": "crashed",
        **dict.fromkeys(unknown),
        "wall_seconds": 0.0,
        **dict.fromkeys(("peak_rss", "nodes", "classes")),
        "message": why,
        "curve": [],
    }


def _merge(command: str, rows: Path, **outputs: str | os.PathLike[str] | None) -> None:
    """Has the command judge and order the rows and write the other files."""
    program = shutil.which(command)
    if program is None:
        raise SweepError(f"there is no command {command!r}")
    arguments = [program, "bench", "extract", "--merge", str(rows), "--jsonl", str(rows)]
    for name, path in outputs.items():
        if path is not None:
            arguments += [f"--{name}", os.fspath(path)]
    ran = subprocess.run(arguments, capture_output=True, text=True, encoding="utf-8")
    sys.stderr.write(ran.stderr)
    if ran.returncode not in (0, 1):
        raise SweepError(f"{command} bench extract --merge failed: {ran.stderr.strip()}")


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit code is 1 if an answer is wrong or an algorithm crashed."""
    parser = argparse.ArgumentParser(prog="python -m ovum.sweep", description=__doc__.split("\n")[0])
    parser.add_argument("folder")
    parser.add_argument("--extractors", required=True, help="A,B")
    parser.add_argument("--seeds", default="0", help="N,N")
    parser.add_argument("--only", default="", help="TEXT,TEXT: parts of the files' paths")
    parser.add_argument("--time-limit", type=float, default=10.0, metavar="S")
    parser.add_argument("--memory-limit", type=int, metavar="MB")
    parser.add_argument("--repair-roots", action="store_true")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="without it, workers on this machine")
    parser.add_argument("--workers", type=int, default=2, help="how many, on this machine")
    parser.add_argument("--command", help="the ovum command")
    parser.add_argument("--jsonl", required=True, metavar="FILE")
    for name in ("csv", "parquet", "html", "markdown"):
        parser.add_argument(f"--{name}", metavar="FILE")
    options = parser.parse_args(arguments)
    from dask.distributed import Client, LocalCluster

    cluster = options.scheduler or LocalCluster(n_workers=options.workers, threads_per_worker=1)
    try:
        with Client(cluster) as client:
            rows = sweep(
                client,
                options.folder,
                options.extractors.split(","),
                seeds=[int(seed) for seed in options.seeds.split(",")],
                time_limit=options.time_limit,
                memory_limit=options.memory_limit,
                repair_roots=options.repair_roots,
                only=[text for text in options.only.split(",") if text],
                jsonl=options.jsonl,
                resume=options.resume,
                csv=options.csv,
                parquet=options.parquet,
                html=options.html,
                markdown=options.markdown,
                command=options.command,
            )
    except SweepError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        if not isinstance(cluster, str):
            cluster.close()
    return int(any(row["status"] in ("invalid", "crashed") for row in rows))


if __name__ == "__main__":
    sys.exit(main())
