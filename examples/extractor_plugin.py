#!/usr/bin/env python3
"""An extractor of one's own in Python: greedy by the set of nodes that a term needs.

    ovum extract FILE.json --extractor "cmd:python3 examples/extractor_plugin.py"

The problem comes on standard input as JSON of egraph-serialize; every line of standard output is an
answer, and the last one counts. ``OVUM_TIME_LIMIT`` (seconds) and ``OVUM_SEED`` are in the
environment; beyond the time limit the program is killed and its last answer taken.
"""

import json
import os
import random
import sys
import time


def main():
    start = time.monotonic()
    limit = float(os.environ.get("OVUM_TIME_LIMIT", "10"))
    seed = random.Random(int(os.environ.get("OVUM_SEED", "0")))
    problem = json.load(sys.stdin)
    nodes = problem["nodes"]
    class_of = {name: node["eclass"] for name, node in nodes.items()}
    children = {
        name: {class_of[child] for child in node.get("children", [])}
        for name, node in nodes.items()
    }
    least = None
    while least is None or time.monotonic() - start < 0.5 * limit:
        choices, cost = greedy(problem, class_of, children, seed, first=least is None)
        if cost is None:
            print(json.dumps({"status": "infeasible"}), flush=True)
            return
        if least is None or cost < least:
            least = cost
            print(json.dumps({"choices": choices}), flush=True)
        elif time.monotonic() - start > 0.1 * limit:
            return


def greedy(problem, class_of, children, seed, first):
    """Choices from relaxation in one order of the nodes, and what they cost together."""
    nodes = problem["nodes"]
    order = list(nodes)
    if not first:
        seed.shuffle(order)
    # By class: the node, the classes that its term needs with their costs, and their sum.
    known = {}
    changed = True
    while changed:
        changed = False
        for name in order:
            own = class_of[name]
            if not all(child in known for child in children[name]):
                continue
            needed = {own: float(nodes[name].get("cost", 1))}
            for child in children[name]:
                needed.update(known[child][1])
            if any(own in known[child][1] for child in children[name]):
                continue
            total = sum(needed.values())
            if own not in known or total < known[own][2] - 1e-9:
                known[own] = (name, needed, total)
                changed = True
    choices = {}
    waiting = list(problem["root_eclasses"])
    while waiting:
        own = waiting.pop()
        if own in choices:
            continue
        if own not in known:
            return {}, None
        choices[own] = known[own][0]
        waiting.extend(children[choices[own]])
    return choices, sum(float(nodes[name].get("cost", 1)) for name in choices.values())


if __name__ == "__main__":
    main()
