//! The messages users see, word for word.

#![allow(clippy::needless_raw_string_hashes, reason = "expect-test writes them")]

use crate::harness::{refused, refused_with};
use expect_test::{Expect, expect};
use frontend_py::{ParamType, Semantics, SourceFile, compile};
use rvsdg::Type;

/// Compares what is said about each program, which has a place and a hint.
pub(crate) fn check(texts: &[&str], expected: &Expect) {
    let shown: Vec<String> = texts.iter().map(|text| refused(text, None)).collect();
    for message in &shown {
        assert!(message.contains("= hint: "), "{message}");
        assert!(message.contains('^') || message.starts_with("error[OV002]"), "{message}");
    }
    expected.assert_eq(&shown.join("\n"));
}

#[test]
fn unsupported_statements() {
    check(
        &[
            "def f(x: f64):\n    try:\n        return x\n    except ValueError:\n        return 0.0\n",
            "def f(x: f64):\n    with open('a') as g:\n        return x\n",
            "def f(x: f64):\n    del x\n",
            "def f(x: f64):\n    global y\n    return x\n",
            "def f(x: f64):\n    import math\n    return x\n",
            "def f(x: f64):\n    if x > 0.0:\n        def g():\n            return 1\n    return x\n",
            "def f(x: f64):\n    match x:\n        case float(y):\n            return y\n",
            "def f(x: f64):\n    class A:\n        pass\n",
            "async def f(x: f64):\n    return x\n",
            "def f(*args):\n    return 1\n",
        ],
        &expect![[r#"
            error[OV010]: `try` is not supported
             --> test.py:2:5
              |
            2 |     try:
              |     ^^^
              |
              = hint: test the condition with `if` before the operation

            error[OV010]: `with` is not supported
             --> test.py:2:5
              |
            2 |     with open('a') as g:
              |     ^^^^
              |
              = hint: do this outside the compiled function

            error[OV010]: `del` is not supported
             --> test.py:2:5
              |
            2 |     del x
              |     ^^^
              |
              = hint: leave the variable alone; it costs nothing

            error[OV010]: `global` is not supported
             --> test.py:2:5
              |
            2 |     global y
              |     ^^^^^^
              |
              = hint: pass the value in and return the new one

            error[OV010]: an import inside a function is not supported
             --> test.py:2:5
              |
            2 |     import math
              |     ^^^^^^
              |
              = hint: import at the top of the file

            error[OV010]: a function defined under a condition, or twice is not supported
             --> test.py:3:9
              |
            3 |         def g():
              |         ^^^
              |
              = hint: define it once, in the body of the function around it or at module level

            error[OV010]: `match` is not supported
             --> test.py:2:5
              |
            2 |     match x:
              |     ^^^^^
              |
              = hint: write if / elif / else

            error[OV010]: a class is not supported
             --> test.py:2:5
              |
            2 |     class A:
              |     ^^^^^
              |
              = hint: keep numbers in variables and arrays

            error[OV010]: async functions are not supported
             --> test.py:1:11
              |
            1 | async def f(x: f64):
              |           ^
              |
              = hint: write an ordinary `def`

            error[OV006]: parameters with `*` are not supported
             --> test.py:1:7
              |
            1 | def f(*args):
              |       ^^^^^
              |
              = hint: list the parameters one by one; a sequence of numbers can be an array
        "#]],
    );
}

#[test]
fn unsupported_expressions() {
    check(
        &[
            "def f(x: f64):\n    yield x\n",
            "def f(x: f64):\n    return lambda: x\n",
            "def f(a: array[f64, 1], n: i64):\n    return sum(a[::n])\n",
            "def f(x: f64):\n    return [x, x]\n",
            "def f(x: f64):\n    return {1: x}\n",
            "def f(x: f64):\n    return 'text'\n",
            "def f(x: f64):\n    return f'{x}'\n",
            "def f(x: f64):\n    return x + (y := x)\n",
            "def f(x: f64):\n    return [i for i in range(3)]\n",
            "def f(x: f64):\n    return x + 2j\n",
            "def f(x: f64):\n    return x @ x\n",
            "def f(x: f64):\n    return x is x\n",
            "def f(x: f64):\n    return 1 in x\n",
            "def f(x: f64):\n    return 10 ** 20 + 99999999999999999999\n",
            "def f(p: tuple[f64, f64]):\n    return p + 1.0\n",
        ],
        &expect![[r#"
            error[OV011]: `yield` is not supported
             --> test.py:2:5
              |
            2 |     yield x
              |     ^^^^^^^
              |
              = hint: store the values into an array

            error[OV011]: `lambda` is not supported
             --> test.py:2:12
              |
            2 |     return lambda: x
              |            ^^^^^^^^^
              |
              = hint: write a function at module level and call it

            error[OV026]: the step of a slice must be a constant
             --> test.py:2:20
              |
            2 |     return sum(a[::n])
              |                    ^
              |
              = hint: write a loop over range(start, stop, step)

            error[OV011]: a list is not supported
             --> test.py:2:12
              |
            2 |     return [x, x]
              |            ^^^^^^
              |
              = hint: pass an array as a parameter and store into it

            error[OV011]: a dictionary is not supported
             --> test.py:2:12
              |
            2 |     return {1: x}
              |            ^^^^^^
              |
              = hint: keep numbers in variables and arrays

            error[OV011]: a string is not supported
             --> test.py:2:12
              |
            2 |     return 'text'
              |            ^^^^^^
              |
              = hint: only numbers, truth values and arrays are compiled

            error[OV011]: an f-string is not supported
             --> test.py:2:12
              |
            2 |     return f'{x}'
              |            ^^^^^^
              |
              = hint: return the numbers and format them outside

            error[OV011]: `:=` is not supported
             --> test.py:2:17
              |
            2 |     return x + (y := x)
              |                 ^^^^^^
              |
              = hint: assign in a statement of its own

            error[OV011]: a comprehension is not supported
             --> test.py:2:12
              |
            2 |     return [i for i in range(3)]
              |            ^^^^^^^^^^^^^^^^^^^^^
              |
              = hint: write a `for` loop

            error[OV011]: complex numbers are not supported
             --> test.py:2:16
              |
            2 |     return x + 2j
              |                ^^
              |
              = hint: keep real and imaginary part in two variables

            error[OV011]: `@` is not supported
             --> test.py:2:12
              |
            2 |     return x @ x
              |            ^^^^^
              |
              = hint: write the product as loops

            error[OV011]: `is` is not supported but with `None`
             --> test.py:2:12
              |
            2 |     return x is x
              |            ^^^^^^
              |
              = hint: compare numbers with == != < <= > >=

            error[OV020]: `in` needs a tuple or an array of one dimension, but this is f64
             --> test.py:2:17
              |
            2 |     return 1 in x
              |                 ^
              |
              = hint: compare numbers with == != < <= > >=

            error[OV024]: this integer does not fit in 64 bits
             --> test.py:2:23
              |
            2 |     return 10 ** 20 + 99999999999999999999
              |                       ^^^^^^^^^^^^^^^^^^^^
              |
              = hint: integers are 64-bit; write a float, for example 1e20

            error[OV020]: this must be a number, but it is tuple[f64, f64]
             --> test.py:2:12
              |
            2 |     return p + 1.0
              |            ^
              |
              = hint: take one of its items, for example `t[0]`
        "#]],
    );
}

#[test]
fn names_and_calls() {
    check(
        &[
            "def f(value: f64):\n    return valeu + 1\n",
            "def f(x: f64):\n    return sqrt(x)\n",
            "def f(x: f64):\n    print(x)\n    return x\n",
            "import math\ndef f(x: f64):\n    return math.sumprod(x)\n",
            "import math\ndef f(x: f64):\n    return math.atan2(x)\n",
            "import numpy as np\ndef f(x: f64):\n    return np.zeros(3)[0] + x\n",
            "def f(x: f64):\n    y = g(x)\n    def g(z):\n        return z\n    return y\n",
            "def f(n: i64):\n    def h(m):\n        def g(k):\n            return k if k < 2 else g(k - 1) + g(k - 2)\n        return g(m)\n    return h(n)\n",
            "def f(x: f64, n: i64):\n    return round(x, n)\n",
            "import math\ndef f(x: f64):\n    return math.gcd(4, x)\n",
            "def g(a, b):\n    return a\ndef f(x: f64):\n    return g(x)\n",
            "def g(a, b):\n    return a\ndef f(x: f64):\n    return g(x, c=x)\n",
            "def f(n: i64) -> tuple[i64, i64]:\n    if n == 0:\n        return 0, 1\n    a, b = f(n - 1)\n    return b, a + b\n",
            "def f(n: i64):\n    return f(f(n - 1))\n    return 0.5\n",
            "def f(a: f64):\n    for x in (1, 0.5):\n        a += x\n    return a\n",
            "import numpy as np\ndef f(x: f64):\n    return np.random.rand() + x\n",
            "def f(a: array[f64, 1]):\n    return a.cumsum()[0]\n",
            "def f(a: array[f64, 1], b: array[f64, 1]):\n    a[1:] = b[1:]\n    a[0] = (1 in b[0])\n",
            "def f(x: f64):\n    return 1 < x in (1, 2)\n",
            "def f(n: i64):\n    if n == 0:\n        return None\n    return 1.0 + f(n - 1)\n",
            "TABLE = [1, 2]\ndef f(i: i64):\n    return TABLE[i]\n",
            "import numpy as np\nA = np.arange(3)\ndef f(i: i64):\n    return A[i]\n",
            "MODE = 'slow'\ndef f(x: f64):\n    return x if MODE == 'slow' else 0.0\n",
            "import config\ndef f(x: f64):\n    return x * config.RATE\n",
            "def g(p: tuple[f64, f64]):\n    return p[0]\ndef f(x: f64):\n    return g((x, x, x))\n",
            "N = 1\nN = 2\ndef f(i: i64):\n    return N\n",
            "def f(x: f64):\n    return len(x)\n",
        ],
        &expect![[r#"
            error[OV012]: `valeu` is not defined
             --> test.py:2:12
              |
            2 |     return valeu + 1
              |            ^^^^^
              |
              = hint: did you mean `value`?

            error[OV013]: the function `sqrt` is not known
             --> test.py:2:12
              |
            2 |     return sqrt(x)
              |            ^^^^^^^
              |
              = hint: import it from `math`

            error[OV013]: the function `print` is not known
             --> test.py:2:5
              |
            2 |     print(x)
              |     ^^^^^^^^
              |
              = hint: compiled functions do not print: return the value

            error[OV013]: `math.sumprod` is not supported
             --> test.py:3:12
              |
            3 |     return math.sumprod(x)
              |            ^^^^^^^^^^^^
              |
              = hint: all of Python 3.11's `math` is supported; write this one with its functions

            error[OV014]: `atan2` takes 2 arguments, not 1
             --> test.py:3:12
              |
            3 |     return math.atan2(x)
              |            ^^^^^^^^^^^^^
              |
              = hint: see Python's documentation of `atan2`

            error[OV013]: `numpy.zeros` is not supported
             --> test.py:3:12
              |
            3 |     return np.zeros(3)[0] + x
              |            ^^^^^^^^
              |
              = hint: arrays are not made inside compiled functions: pass one in and store into it

            error[OV030]: `g` has no value here
             --> test.py:2:9
              |
            2 |     y = g(x)
              |         ^^^^
            3 |     def g(z):
              |         - defined here
              |
              = hint: define the function above its first call

            error[OV015]: `g` calls itself inside of a function that is nested itself
             --> test.py:4:36
              |
            4 |             return k if k < 2 else g(k - 1) + g(k - 2)
              |                                    ^^^^^^^^
              |
              = hint: define it at module level, or in the outermost function

            error[OV014]: the number of digits must be a constant between -22 and 22
             --> test.py:2:21
              |
            2 |     return round(x, n)
              |                     ^
              |
              = hint: write the digits as a literal, for example round(x, 2)

            error[OV020]: `gcd` needs integers, but this is a float
             --> test.py:3:24
              |
            3 |     return math.gcd(4, x)
              |                        ^
              |
              = hint: convert with int(…)

            error[OV014]: the argument `b` is missing
             --> test.py:4:12
              |
            1 | def g(a, b):
              |     - defined here
            ...
            4 |     return g(x)
              |            ^^^^
              |
              = hint: pass one argument per parameter

            error[OV014]: `g` has no parameter `c`
             --> test.py:4:17
              |
            1 | def g(a, b):
              |     - defined here
            ...
            4 |     return g(x, c=x)
              |                 ^^^
              |
              = hint: pass one argument per parameter

            error[OV015]: `f` calls itself and returns a tuple
             --> test.py:1:18
              |
            1 | def f(n: i64) -> tuple[i64, i64]:
              |                  ^^^^^^^^^^^^^^^
              |
              = hint: return one number, or write results into an array

            error[OV015]: what `f` returns is not clear, because it calls itself
             --> test.py:2:14
              |
            1 | def f(n: i64):
              |     - defined here
            2 |     return f(f(n - 1))
              |              ^^^^^^^^
              |
              = hint: annotate what it returns, one number or None: for example `-> int`

            error[OV021]: `for` needs items of one type, but these are i64 and f64
             --> test.py:2:14
              |
            2 |     for x in (1, 0.5):
              |              ^^^^^^^^
              |
              = hint: write them alike, for example `0.0` beside `0.5`

            error[OV013]: `numpy.random.rand` is not supported
             --> test.py:3:12
              |
            3 |     return np.random.rand() + x
              |            ^^^^^^^^^^^^^^
              |
              = hint: draw the numbers outside, and pass them in an array

            error[OV013]: the method `.cumsum()` of array[f64, 1] is not supported
             --> test.py:2:12
              |
            2 |     return a.cumsum()[0]
              |            ^^^^^^^^
              |
              = hint: arrays of one dimension have sum, prod, min, max, any, all, mean, var, std, argmin, argmax and fill; else write a loop

            error[OV025]: a row or slice of an array takes a number, but this is a slice of f64
             --> test.py:2:13
              |
            2 |     a[1:] = b[1:]
              |     -----   ^^^^^
              |     |
              |     assigned here
              |
              = hint: assign its elements one by one in a loop

            error[OV011]: `in` cannot be chained with other comparisons
             --> test.py:2:12
              |
            2 |     return 1 < x in (1, 2)
              |            ^^^^^^^^^^^^^^^
              |
              = hint: compare numbers with == != < <= > >=

            error[OV015]: what `f` returns is not clear, because it calls itself
             --> test.py:4:18
              |
            1 | def f(n: i64):
              |     - defined here
            ...
            4 |     return 1.0 + f(n - 1)
              |                  ^^^^^^^^
              |
              = hint: annotate what it returns, one number or None: for example `-> int`

            error[OV016]: `TABLE` is not a constant of this module
             --> test.py:3:12
              |
            1 | TABLE = [1, 2]
              |         ------ bound here
            2 | def f(i: i64):
            3 |     return TABLE[i]
              |            ^^^^^
              |
              = hint: write a tuple, `(…)`, which cannot change, or pass an array as a parameter

            error[OV016]: `A` is not a constant of this module
             --> test.py:4:12
              |
            2 | A = np.arange(3)
              |     ------------ bound here
            3 | def f(i: i64):
            4 |     return A[i]
              |            ^
              |
              = hint: constants are numbers and tuples of numbers: pass anything else as a parameter

            error[OV016]: `MODE` is not a constant of this module
             --> test.py:3:17
              |
            1 | MODE = 'slow'
              |        ------ bound here
            2 | def f(x: f64):
            3 |     return x if MODE == 'slow' else 0.0
              |                 ^^^^
              |
              = hint: only numbers, truth values and tuples of them are compiled

            error[OV016]: `config` is not a constant of this module
             --> test.py:3:16
              |
            1 | import config
              |        ------ bound here
            2 | def f(x: f64):
            3 |     return x * config.RATE
              |                ^^^^^^
              |
              = hint: only a name assigned once at module level, or imported from `math`, can be used

            error[OV020]: the parameter `p` is tuple[f64, f64], but this is tuple[f64, f64, f64]
             --> test.py:4:14
              |
            1 | def g(p: tuple[f64, f64]):
              |       ------------------ annotated here
            ...
            4 |     return g((x, x, x))
              |              ^^^^^^^^^
              |
              = hint: convert the argument, or change the annotation

            error[OV016]: `N` is not a constant of this module
             --> test.py:4:12
              |
            2 | N = 2
              | - bound here
            3 | def f(i: i64):
            4 |     return N
              |            ^
              |
              = hint: only a name assigned once at module level, or imported from `math`, can be used

            error[OV020]: `len` needs an array, but this is f64
             --> test.py:2:12
              |
            2 |     return len(x)
              |            ^^^^^^
              |
              = hint: annotate the parameter, for example `a: array[f64, 1]`
        "#]],
    );
}

#[test]
fn syntax() {
    check(
        &["def f(x\n    return x\n", "x = 1\n", "def f(x: f64):\n    if x > 0.0:\n        break\n"],
        &expect![[r#"
            error[OV001]: Expected `)`, found newline
             --> test.py:1:8
              |
            1 | def f(x
              |        ^
              |
              = hint: Python refuses this, too

            error[OV002]: the file has no function `f`
             |
             = hint: the file defines no function at module level

            error[OV001]: `break` and `continue` belong inside a loop
             --> test.py:3:9
              |
            3 |         break
              |         ^^^^^
              |
              = hint: leave the function with `return`
        "#]],
    );
}

#[test]
fn fast_semantics_refuses_what_it_does_not_check() {
    let text = "def f(n: i64):\n    if n > 0:\n        x = 1\n    return x\n";
    expect![[r#"
        error[OV030]: `x` may have no value here
         --> test.py:4:12
          |
        3 |         x = 1
          |         - assigned here, on some paths only
        4 |     return x
          |            ^
          |
          = hint: assign it before the branch or loop; fast semantics has no check
    "#]]
    .assert_eq(&refused_with(text, None, Semantics::Fast));
}

#[test]
fn the_number_of_types() {
    let types = Some(vec![ParamType::Scalar(Type::F64); 3]);
    expect![[r#"
        error[OV005]: `f` has 2 parameters, but 3 types are given
         --> test.py:1:5
          |
        1 | def f(x, y):
          |     ^
          |
          = hint: give one type per parameter
    "#]]
    .assert_eq(&refused("def f(x, y):\n    return x\n", types));
}

#[test]
fn every_error_points_somewhere_and_says_what_to_do() {
    let file = SourceFile::parse("test.py", "def f(x):\n    return [x]\n".to_owned()).unwrap();
    let options = frontend_py::Options {
        types: Some(vec![ParamType::Scalar(Type::F64)]),
        ..Default::default()
    };
    let error = compile(&file, "f", &options).unwrap_err().0.remove(0);
    let span = error.span.unwrap();
    assert_eq!(&file.text()[span.start as usize..span.end as usize], "[x]");
    assert!(error.hint.is_some());
}

#[test]
fn deep_nesting_is_shown_at_its_line() {
    let deep = format!("def f(x):\n    y = x\n    return {}y\n", "-".repeat(3_000));
    let error = SourceFile::parse("test.py", deep.clone()).unwrap_err().0.remove(0);
    assert_eq!(error.code, frontend_py::codes::TOO_LARGE);
    let span = error.span.unwrap();
    assert!(deep[span.start as usize..].starts_with("return"));
}

#[test]
fn doubling_tuples_are_refused() {
    let text =
        format!("def f(x: i64):\n    t = x\n{}    return 1\n", "    t = (t, t)\n".repeat(60));
    let file = SourceFile::parse("test.py", text).unwrap();
    let error = compile(&file, "f", &frontend_py::Options::default()).unwrap_err().0.remove(0);
    assert_eq!(error.message, "this tuple is too large");
    assert!(error.span.is_some());
}

#[test]
fn syntax_errors_come_in_the_order_of_the_text() {
    let text = "def f(x:\n    return\n".to_owned();
    let errors = SourceFile::parse("test.py", text).unwrap_err().0;
    assert!(errors.len() > 1 && errors.is_sorted_by_key(|error| error.span.unwrap().start));
}

#[test]
fn comprehensions_that_are_no_loops_of_numbers() {
    let refused = [
        "    return sum(x for x in x)\n",
        "    return max((x for x in a), key=abs)\n",
        "    return min((x for x in a), default=0.0)\n",
        "    return any([v > 0 for v in a])\n",
        "    return sum((n := v) for v in a)\n",
        "    return sorted(v for v in a)\n",
        "    return max(max(max(max(max(v for v in a) for w in a) for w in a) for w in a) for w in a)\n",
        "    sum = 1\n    return sum(v for v in a)\n",
    ];
    for body in refused {
        let text = format!("def f(a: array[f64, 1], x: array[f64, 1]):\n{body}");
        let message = crate::harness::refused(&text, None);
        assert!(message.contains('^'), "{message}");
        assert!(!message.contains("`."), "{message}");
    }
    let own = "def sum(x: f64):\n    return x\n\n\ndef f(a: array[f64, 1]):\n    return sum(v for v in a)\n";
    assert!(crate::harness::refused(own, None).contains("comprehension"));
}
