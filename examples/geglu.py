"""GEGLU, the gated linear unit with a Gaussian error, by its usual tanh formula.

Try:
    ovum run examples/geglu.py
    ovum run examples/geglu.py --domain a=-8..8 --max-error 1e-6
    ovum opt examples/geglu.py --emit mlir
"""

from __future__ import annotations

import math


def geglu(a: f64) -> f64:
    inner = math.sqrt(2.0 / math.pi) * (a + 0.044715 * a**3)
    return 0.5 * a * (1.0 + math.tanh(inner))


# ovum: run geglu(0.315)
