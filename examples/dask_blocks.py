"""A compiled kernel over the blocks of a chunked array, on a local cluster of processes.

The kernel travels to the workers as its source and is compiled where it lands. Run it:
    pip install ovum[examples]
    python examples/dask_blocks.py
"""

from __future__ import annotations

import math
import os

import dask.array as da
import numpy as np

from dask.distributed import Client, LocalCluster

import ovum


@ovum.vectorize(cache=True)
def geglu(a):
    inner = math.sqrt(2.0 / math.pi) * (a + 0.044715 * a**3)
    return 0.5 * a * (1.0 + math.tanh(inner))


@ovum.jit
def smooth(x, out):
    n = len(x)
    for i in range(1, n - 1):
        out[i] = 0.25 * x[i - 1] + 0.5 * x[i] + 0.25 * x[i + 1]


def smoothed(block):
    """One block with its neighbours' edges; tells which process worked on it, too."""
    out = block.copy()
    smooth(block, out)
    return out


def worker_of(block):
    return np.full(block.shape, os.getpid())


def main(n: int = 1_000_000, workers: int = 2) -> set[int]:
    """Checks both kernels against NumPy; returns the processes that worked."""
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        client.wait_for_workers(workers)
        x = da.linspace(-6.0, 6.0, n, chunks=n // 8)
        gated = x.map_blocks(geglu).compute()
        whole = np.linspace(-6.0, 6.0, n)
        inner = math.sqrt(2.0 / math.pi) * (whole + 0.044715 * whole**3)
        assert np.allclose(gated, 0.5 * whole * (1.0 + np.tanh(inner)), rtol=1e-12, atol=1e-14)

        blurred = x.map_overlap(smoothed, depth=1, boundary="reflect").compute()
        inside = 0.25 * whole[:-2] + 0.5 * whole[1:-1] + 0.25 * whole[2:]
        assert np.allclose(blurred[1:-1], inside, rtol=1e-14, atol=1e-14)
        return set(np.unique(x.map_blocks(worker_of, dtype=int).compute()).tolist())


if __name__ == "__main__":
    processes = main()
    assert os.getpid() not in processes
    print(f"{len(processes)} worker processes agree with NumPy")
