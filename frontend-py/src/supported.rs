//! The constructs that are compiled, as data: documentation and tests read it.

/// Constructs of Python that are compiled, each with what to know about it.
pub fn supported() -> Vec<(&'static str, &'static str)> {
    vec![
        ("int", "64 bits, wraps; literals beyond 64 bits are refused"),
        ("float", "IEEE 754 binary64"),
        ("bool", "an integer in arithmetic, as in Python"),
        ("None", "can be returned"),
        ("tuple", "as a value, a variable, a result; unpacked or indexed with a constant"),
        ("f32, i32", "as annotations and conversions; literals take the other operand's width"),
        ("array[T, 1], array[T, 2]", "parameters only; a[i], a[i, j], a[i][j], len(a), len(a[0])"),
        ("list[T], list[list[T]]", "annotations that mean array[T, 1] and array[T, 2]"),
        (
            "+ - * / // % **",
            "Python's results and exceptions; i64 ** i64 needs a constant exponent",
        ),
        ("& | ^ ~ << >>", "integers; & | ^ of two bools give a bool"),
        ("== != < <= > >=", "chained too; int against float is exact"),
        ("and or not", "short-circuit, as values and as conditions"),
        ("x if c else y", "both values must have one type"),
        ("=", "names, tuples, elements; chained, annotated, augmented"),
        ("if elif else", "with early return, break and continue anywhere"),
        ("while, for", "with else; for over range(…) or an array"),
        ("return", "numbers, nested tuples, None; one type everywhere"),
        ("assert, raise", "a class known here and a literal message"),
        ("pass, docstrings", "ignored"),
        ("calls of functions of the file", "inlined; defaults and keywords; no recursion"),
        (
            "module-level constants",
            "names assigned once: literals, operators, functions of math, other constants",
        ),
        ("import math, from math import …", "also with `as`"),
        ("math.pi e tau inf nan", "constants"),
        ("math.floor ceil trunc", "give an int"),
        ("math.sqrt cbrt exp exp2 expm1 log log2 log10 log1p", "log with a base too"),
        ("math.sin cos tan asin acos atan atan2", "radians"),
        ("math.sinh cosh tanh asinh acosh atanh", ""),
        ("math.erf erfc gamma lgamma", ""),
        ("math.fabs fmod remainder copysign hypot pow nextafter degrees radians", "hypot of two"),
        ("math.isnan isinf isfinite", "give a bool"),
        ("abs min max round divmod pow len", "min and max of two or more numbers; round to an int"),
        ("int float bool f32 i32 f64 i64", "conversions"),
        ("decorators", "ignored"),
    ]
}
