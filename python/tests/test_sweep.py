"""Sweeps through dask.distributed: workers may die, rows may not get lost."""

import json
import os
import shutil
import signal

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def found_command():
    """The ovum command: $OVUM_COMMAND, the one on the path, or what cargo built last."""
    built = [ROOT / "target" / profile / "ovum" for profile in ("release", "debug")]
    built = sorted((p for p in built if p.exists()), key=lambda p: -p.stat().st_mtime)
    candidates = [os.environ.get("OVUM_COMMAND"), shutil.which("ovum"), *map(str, built)]
    return next((candidate for candidate in candidates if candidate), None)


def required(what, reason):
    """Skips without it, visibly; continuous integration has everything."""
    if not what:
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


try:
    import distributed
except ImportError:
    distributed = None
try:
    from pyarrow import parquet
except ImportError:
    parquet = None

COMMAND = found_command()


@pytest.fixture(scope="module")
def client():
    required(distributed, "distributed is not installed")
    required(COMMAND, "there is no ovum command: cargo build -p ovum")
    from distributed import Client, LocalCluster

    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster:
        with Client(cluster) as client:
            yield client


def egraph(cost):
    """f over x, twice: the tree pays twice, the DAG once; or a leaf."""
    return json.dumps(
        {
            "nodes": {
                "x": {"op": "x", "cost": 3, "eclass": "X", "children": []},
                "f": {"op": "f", "cost": 1, "eclass": "F", "children": ["x", "x"]},
                "leaf": {"op": "leaf", "cost": cost, "eclass": "F", "children": []},
            },
            "root_eclasses": ["F"],
        }
    )


@pytest.fixture
def gym(tmp_path):
    for name in ("one/a", "one/b", "two/c"):
        file = tmp_path / "gym" / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(egraph(6))
    (tmp_path / "gym" / "two" / "broken.json").write_text("{}")
    return tmp_path / "gym"


def told(rows):
    return [(row["file"], row["extractor"], row["seed"], row["status"]) for row in rows]


def test_rows_and_report(client, gym, tmp_path):
    from ovum.sweep import sweep

    rows = sweep(
        client,
        gym,
        ["bottom-up", "greedy-dag"],
        time_limit=5,
        memory_limit=4000,
        jsonl=tmp_path / "rows.jsonl",
        csv=tmp_path / "rows.csv",
        parquet=tmp_path / "rows.parquet",
        html=tmp_path / "report.html",
        command=COMMAND,
    )
    assert len(rows) == 8
    costs = {(row["file"], row["extractor"]): row["dag_cost"] for row in rows}
    assert costs["one/a.json", "bottom-up"] == 6.0
    assert costs["one/a.json", "greedy-dag"] == 4.0
    assert [row["data_set"] for row in rows] == ["one"] * 4 + ["two"] * 4
    broken = [row["status"] for row in rows if row["file"] == "two/broken.json"]
    assert broken == ["unreadable"] * 2
    assert (tmp_path / "rows.csv").read_text().count("\n") == 9
    assert "two: 1 files" in (tmp_path / "report.html").read_text()


def test_parquet_holds_the_same_rows(tmp_path):
    required(parquet, "pyarrow is not installed")
    required(COMMAND, "there is no ovum command: cargo build -p ovum")
    import subprocess

    lines, table = tmp_path / "rows.jsonl", tmp_path / "rows.parquet"
    row = {
        "version": 1,
        "data_set": "ä",
        "file": "ä/b.json",
        "extractor": "x",
        "seed": 2**64 - 1,
        "time_limit": 0.1,
        "memory_limit": None,
        "status": "feasible",
        "dag_cost": 0.1 + 0.2,
        "tree_cost": 1e308,
        "bound": -0.0,
        "seconds": 1e-9,
        "load_seconds": None,
        "wall_seconds": 1.0,
        "cpu_seconds": None,
        "peak_rss": 1 << 40,
        "nodes": 3,
        "classes": 0,
        "message": "",
    }
    # More than a group of rows, and no multiple of eight.
    rows = [
        {**row, "file": f"ä/{at:06}.json", "nodes": None if at % 3 else at, "seed": at % 2 or 2**63}
        for at in range(70_001)
    ]
    for some in ([], rows[:1], rows[:17], rows):
        lines.write_text("".join(json.dumps(row) + "\n" for row in some), encoding="utf-8")
        arguments = [COMMAND, "bench", "extract", "--merge", str(lines), "--parquet", str(table)]
        subprocess.run(arguments, check=bool(some), capture_output=True)
        read = parquet.read_table(table)
        assert read.column_names == [name for name in row if name != "version"]
        assert [str(read.schema.field(name).type) for name in ("file", "seed", "bound")] == [
            "string",
            "uint64",
            "double",
        ]
        expected = [{key: row[key] for key in row if key != "version"} for row in some]
        assert read.to_pylist() == expected


def test_the_same_rows_as_on_one_machine(client, gym, tmp_path):
    import subprocess

    from ovum.sweep import sweep

    there = sweep(client, gym, ["greedy-dag"], jsonl=tmp_path / "there.jsonl", command=COMMAND)
    here = tmp_path / "here.jsonl"
    arguments = [COMMAND, "bench", "extract", str(gym), "--extractors", "greedy-dag"]
    subprocess.run([*arguments, "--jsonl", str(here)], check=True, capture_output=True)
    rows = [json.loads(line) for line in here.read_text().splitlines()]

    def lasting(row):
        times = ("seconds", "load_seconds", "wall_seconds", "cpu_seconds", "peak_rss", "curve")
        return {key: value for key, value in row.items() if key not in times}

    assert [lasting(row) for row in there] == [lasting(row) for row in rows]


SLOW = """\
sleep 0.3
echo '{"choices": {"F": "f", "X": "x"}}'
"""


def test_a_worker_is_killed_and_nothing_is_lost(client, gym, tmp_path):
    from ovum.sweep import sweep

    (gym / "two" / "broken.json").unlink()
    slow = tmp_path / "slow.sh"
    slow.write_text(SLOW)
    workers = client.run(os.getpid)
    assert len(workers) == 2
    killed = []

    def kill_one(row):
        if not killed:
            killed.append(next(iter(workers.values())))
            os.kill(killed[0], signal.SIGKILL)

    seeds = range(5)
    extractor = f"cmd:sh {slow}"
    rows = sweep(
        client,
        gym,
        [extractor],
        seeds=seeds,
        time_limit=20,
        jsonl=tmp_path / "rows.jsonl",
        html=tmp_path / "report.html",
        command=COMMAND,
        on_row=kill_one,
    )
    assert killed and killed[0] not in client.run(os.getpid).values()
    files = ("one/a.json", "one/b.json", "two/c.json")
    expected = [(file, extractor, seed, "feasible") for file in files for seed in seeds]
    assert told(rows) == expected
    assert {row["dag_cost"] for row in rows} == {4.0}


def test_a_sweep_is_resumed(client, gym, tmp_path):
    from ovum.sweep import sweep

    rows_file = tmp_path / "rows.jsonl"
    options = {"jsonl": rows_file, "command": COMMAND, "only": ["one/"]}
    whole = sweep(client, gym, ["greedy-dag", "bottom-up"], **options)
    lines = rows_file.read_text().splitlines(keepends=True)
    rows_file.write_text("".join(lines[:2]) + lines[2][:30])
    new = []
    again = sweep(client, gym, ["greedy-dag", "bottom-up"], resume=True, on_row=new.append, **options)
    assert sorted(told(again)) == sorted(told(whole))
    assert len(new) == 2


def test_a_missing_command_is_said(client, gym, tmp_path):
    from ovum.sweep import SweepError, sweep

    with pytest.raises(SweepError, match="there is no command"):
        sweep(client, gym, ["greedy-dag"], jsonl=tmp_path / "rows.jsonl", command="no-such-ovum")
