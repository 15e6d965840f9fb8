//! The messages about types, word for word.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use crate::messages::check;
use expect_test::expect;

#[test]
fn types() {
    check(
        &[
            "def f(x, y: f64):\n    return x\n",
            "def f(x: str):\n    return x\n",
            "def f(x: f64) -> i64:\n    return x\n",
            "def f(x: f64) -> f64:\n    if x > 0.0:\n        return x\n",
            "def f(a: array[f64, 1]):\n    s = 0\n    for i in range(len(a)):\n        s += a[i]\n    return s\n",
            "def f(x: f64):\n    if x > 0.0:\n        y = 1\n    else:\n        y = 2.0\n    return y\n",
            "def f(x: f64):\n    if x > 0.0:\n        return 1\n    return x\n",
            "def f(x: f64):\n    return 1 if x > 0.0 else x\n",
            "def f(a: array[f64, 1], x: f64):\n    return a[x]\n",
            "def f(a: array[i64, 1], x: f64):\n    a[0] = x\n",
            "def f(n: i64, k: i64):\n    return n ** k\n",
            "def f(x: f64):\n    return x << 2\n",
            "def f(x: f64):\n    return x + None\n",
            "def f(a: array[f64, 1]):\n    return a + 1\n",
            "def f(a: array[f64, 1]):\n    return a\n",
            "def f(a: array[f64, 2], i: i64):\n    if i > 0:\n        return a[i]\n    return a[0]\n",
            "def f(a: array[f64, 1]):\n    return a[0, 1]\n",
            "def f(x: f64):\n    a, b = x, x, x\n    return a\n",
            "def f(x: f64):\n    a, *b = x, x, x\n    return a\n",
            "def f(x: f64):\n    return y\n    y = 1\n",
        ],
        &expect![[r#"
            error[OV003]: the type of parameter `x` is not known
             --> test.py:1:7
              |
            1 | def f(x, y: f64):
              |       ^
              |
              = hint: annotate it, for example `x: f64`

            error[OV004]: this annotation names no supported type
             --> test.py:1:10
              |
            1 | def f(x: str):
              |          ^^^
              |
              = hint: types are f64 (float), i64 (int), f32, i32, bool, array[T, 1], array[T, 2], tuple[…], None

            error[OV022]: this returns f64, but `f` is annotated to return i64
             --> test.py:2:12
              |
            1 | def f(x: f64) -> i64:
              |                  --- annotated here
            2 |     return x
              |            ^
              |
              = hint: change the annotation, or convert with float(…), int(…) or bool(…)

            error[OV022]: `f` can end without returning a value of type f64
             --> test.py:1:5
              |
            1 | def f(x: f64) -> f64:
              |     ^            --- annotated here
              |
              = hint: end every path with a `return` of a value

            error[OV021]: `s` is i64 on one path and f64 on another
             --> test.py:4:9
              |
            2 |     s = 0
              |     - i64 here
            3 |     for i in range(len(a)):
            4 |         s += a[i]
              |         ^^^^^^^^^
              |
              = hint: give it one type everywhere, for example by writing `0.0` instead of `0`

            error[OV021]: `y` is f64 on one path and i64 on another
             --> test.py:6:12
              |
            3 |         y = 1
              |         - i64 here
            4 |     else:
            5 |         y = 2.0
              |         - f64 here
            6 |     return y
              |            ^
              |
              = hint: give it one type everywhere, for example by writing `0.0` instead of `0`

            error[OV022]: `f` returns i64 in one place and f64 in another
             --> test.py:4:12
              |
            3 |         return 1
              |                - returns i64 here
            4 |     return x
              |            ^
              |
              = hint: return one type everywhere, or annotate the result, for example `-> f64`

            error[OV021]: this conditional expression is i64 on one path and f64 on another
             --> test.py:2:12
              |
            2 |     return 1 if x > 0.0 else x
              |            -^^^^^^^^^^^^^^^^^-
              |            |                 |
              |            i64 here          f64 here
              |
              = hint: give it one type everywhere, for example by writing `0.0` instead of `0`

            error[OV020]: an index must be an integer, but this is a float
             --> test.py:2:14
              |
            2 |     return a[x]
              |              ^
              |
              = hint: convert with int(…), or divide with // instead of /

            error[OV020]: a value of type f64 cannot be stored into an array of i64
             --> test.py:2:12
              |
            2 |     a[0] = x
              |            ^
              |
              = hint: convert with int(…), or make it an array of floats

            error[OV023]: the exponent of an integer power must be a constant
             --> test.py:2:17
              |
            2 |     return n ** k
              |                 ^
              |
              = hint: Python's result is an int or a float depending on the exponent's sign; write float(x) ** n for a float

            error[OV020]: `<<` needs integers, but this is a float
             --> test.py:2:12
              |
            2 |     return x << 2
              |            ^
              |
              = hint: convert with int(…)

            error[OV020]: this must be a number, but it is None
             --> test.py:2:16
              |
            2 |     return x + None
              |                ^^^^
              |
              = hint: `None` can only be returned

            error[OV020]: this must be a number, but it is array[f64, 1]
             --> test.py:2:12
              |
            2 |     return a + 1
              |            ^
              |
              = hint: index it in a loop, for example `a[i]`, or map a function of numbers

            error[OV022]: an array cannot be returned
             --> test.py:2:12
              |
            2 |     return a
              |            ^
              |
              = hint: store into an array that is a parameter; what is returned are numbers

            error[OV022]: an array cannot be returned
             --> test.py:3:16
              |
            3 |         return a[i]
              |                ^^^^
              |
              = hint: store into an array that is a parameter; what is returned are numbers

            error[OV026]: this array has 1 dimension
             --> test.py:2:12
              |
            2 |     return a[0, 1]
              |            ^^^^^^^
              |
              = hint: write one index per dimension

            error[OV025]: 2 targets cannot take a tuple of 3
             --> test.py:2:5
              |
            2 |     a, b = x, x, x
              |     ^^^^   ------- the tuple
              |
              = hint: name every item once

            error[OV025]: a starred target is not supported
             --> test.py:2:8
              |
            2 |     a, *b = x, x, x
              |        ^^
              |
              = hint: name every item

            error[OV030]: `y` has no value here
             --> test.py:2:12
              |
            2 |     return y
              |            ^
              |
              = hint: assign it on every path that leads here
        "#]],
    );
}
