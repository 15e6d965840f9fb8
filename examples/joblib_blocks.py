"""A compiled kernel in joblib's worker processes.

The kernel travels as its source and is compiled where it lands. Run it:
    pip install ovum[examples]
    python examples/joblib_blocks.py
"""

from __future__ import annotations

import math
import os

import numpy as np

from joblib import Parallel, delayed

import ovum


@ovum.jit(cache=True)
def black_scholes(s, k, t, r, v, out):
    for i in range(len(s)):
        d1 = (math.log(s[i] / k) + (r + 0.5 * v * v) * t) / (v * math.sqrt(t))
        d2 = d1 - v * math.sqrt(t)
        n1 = 0.5 * (1.0 + math.erf(d1 / math.sqrt(2.0)))
        n2 = 0.5 * (1.0 + math.erf(d2 / math.sqrt(2.0)))
        out[i] = s[i] * n1 - k * math.exp(-r * t) * n2


def price(kernel, block):
    """The prices of a block, and the process that computed them."""
    out = np.empty_like(block)
    kernel(block, 30.0, 1.0, 0.05, 0.2, out)
    return out, os.getpid()


def main(n: int = 200_000, workers: int = 2) -> set[int]:
    """Checks the answers against plain Python; returns the processes that worked."""
    stocks = np.linspace(10.0, 50.0, n)
    blocks = np.array_split(stocks, 8)
    parallel = Parallel(n_jobs=workers, backend="loky")
    done = parallel(delayed(price)(black_scholes, block) for block in blocks)
    prices = np.concatenate([block for block, _ in done])
    expected = np.empty(100)
    black_scholes.__wrapped__(stocks[:: n // 100][:100], 30.0, 1.0, 0.05, 0.2, expected)
    assert np.array_equal(prices[:: n // 100][:100], expected)
    return {process for _, process in done}


if __name__ == "__main__":
    processes = main()
    assert os.getpid() not in processes
    print(f"{len(processes)} worker processes agree with plain Python")
