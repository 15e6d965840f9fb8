#!/usr/bin/env python3
"""Writes expected.json: CPython's answers to the CASES of every file beside this one.

Run it after changing a case, and read the difference before committing it:

    python3 tests/corpus/make_expected.py

Floats are hexadecimal, ``{"f": "0x1.8p+1"}``; ``raises`` is the class of the exception;
``args_after`` holds the contents of every list argument after the call. Two-dimensional lists are
indexed ``a[i, j]`` by the functions, so they are passed as a small class that allows it.
"""

import ast
import copy
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
WORD = 2**63
CAUGHT = (ArithmeticError, LookupError, ValueError, UnboundLocalError, AssertionError)
CAUGHT += (RecursionError,)


class Matrix:
    """A list of rows that is indexed by a pair."""

    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, at):
        return self.rows[at[0]][at[1]]

    def __setitem__(self, at, value):
        self.rows[at[0]][at[1]] = value


def is_matrix(value):
    return isinstance(value, list) and bool(value) and isinstance(value[0], list)


def encode(value):
    if isinstance(value, float):
        return {"f": value.hex()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if isinstance(value, int) and not -WORD <= value < WORD:
        raise SystemExit(f"{value} does not fit 64 bits: outside what the corpus may ask")
    return value


def run(function, arguments):
    case = {"args": encode(arguments)}
    values = copy.deepcopy(list(arguments))
    passed = [Matrix(value) if is_matrix(value) else value for value in values]
    try:
        case["ok"] = encode(function(*passed))
    except CAUGHT as error:
        case["raises"] = type(error).__name__
    case["args_after"] = [encode(value) for value in values if isinstance(value, list)]
    return case


def main():
    expected = {}
    for path in sorted(HERE.glob("*.py")):
        if path.name == pathlib.Path(__file__).name:
            continue
        text = path.read_text(encoding="utf-8")
        names = [item.name for item in ast.parse(text).body if isinstance(item, ast.FunctionDef)]
        scope = {"__name__": path.stem}
        exec(compile(text, path.name, "exec"), scope)
        if list(scope["CASES"]) != names:
            raise SystemExit(f"{path.name}: CASES and the functions differ")
        expected[path.stem] = {
            name: [run(scope[name], arguments) for arguments in scope["CASES"][name]]
            for name in names
        }
    lines = []
    for stem, functions in expected.items():
        rows = [
            f"  {json.dumps(name)}: [\n"
            + ",\n".join("   " + json.dumps(case) for case in cases)
            + "\n  ]"
            for name, cases in functions.items()
        ]
        lines.append(f" {json.dumps(stem)}: {{\n" + ",\n".join(rows) + "\n }")
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    json.loads(text)
    (HERE / "expected.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
