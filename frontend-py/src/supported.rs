//! The constructs that are compiled, as data: documentation and tests read it.

/// Constructs of Python that are compiled, each with what to know about it.
pub fn supported() -> Vec<(&'static str, &'static str)> {
    vec![
        ("int", "64 bits, wraps; literals beyond 64 bits are refused"),
        ("float", "IEEE 754 binary64"),
        ("bool", "an integer in arithmetic, as in Python"),
        (
            "None",
            "can be returned, passed to functions of the file, a default value, and tested with `is`",
        ),
        (
            "tuple",
            "as a value, a variable, an argument, a result; unpacked, sliced or indexed with \
             constants, with a variable if its items have one type",
        ),
        ("f32, i32", "kept in their width beside literals and counters, as in NumPy 2"),
        ("array[T, 1], array[T, 2]", "parameters only; a[i], a[i, j], a[i][j], len(a), len(a[0])"),
        ("a.shape a.size a.ndim", "of an array or of a row of one"),
        ("np.ndarray, NDArray[…], Any", "annotations that leave the type to the arguments"),
        ("list[T], list[list[T]]", "annotations that mean array[T, 1] and array[T, 2]"),
        (
            "+ - * / // % **",
            "Python's results and exceptions; int ** int if the exponent is surely not negative",
        ),
        ("& | ^ ~ << >>", "integers; & | ^ of two bools give a bool"),
        ("== != < <= > >=", "of numbers and of tuples; chained too; int against float is exact"),
        ("and or not", "short-circuit, as values and as conditions"),
        ("x if c else y", "both values must have one type"),
        ("=", "names, tuples, elements; chained, annotated, augmented"),
        ("if elif else", "with early return, break and continue anywhere"),
        (
            "while, for",
            "with else; over range(…), an array, a tuple of one type, and enumerate, zip or reversed \
             of those",
        ),
        (
            "a[i:j:2], a[i, j:k], a[i:j, k]",
            "a view, as in NumPy, with a constant step; a number can be assigned to all of it",
        ),
        ("x, y = a[i]", "rows and arrays are unpacked; ValueError if the number is another"),
        ("in, not in", "of a tuple, a list or set in the source, an array of one dimension"),
        (
            "[x, y, …]",
            "as a tuple, if it is only run over, indexed, unpacked, searched, counted or reduced: \
             where it stands, or as the only value of a variable",
        ),
        (
            "sum(e for x in a if c), min, max, any, all, math.prod",
            "and len of a list so made: a loop, or loops in each other; without `key` and `default`",
        ),
        ("match", "of a number: numbers, `|`, a name, `_`, guards"),
        ("f = lambda x: e", "in a function, as the only value of a name"),
        ("n := e", "in what a statement or the test of a loop evaluates first"),
        ("return", "numbers, nested tuples, None; one type everywhere"),
        (
            "assert, raise",
            "a literal message; ValueError IndexError ZeroDivisionError OverflowError TypeError \
             AssertionError RuntimeError ArithmeticError NotImplementedError Exception",
        ),
        ("pass, docstrings", "ignored"),
        ("calls of functions of the file", "inlined; defaults and keywords"),
        ("functions inside functions", "inlined; they see the variables around them"),
        ("return f(…) of the function itself", "becomes a loop"),
        (
            "functions that call themselves or each other",
            "1000 calls deep; numbers, tuples, arrays and slices in, one number or None out; nested \
             ones too, in the outermost function; not with mlir",
        ),
        (
            "module-level constants",
            "names assigned once: literals, operators, functions of math, other constants",
        ),
        (
            "functions and constants of other modules",
            "in the Python package: `from tools import area`, `tools.area(r)`, `tools.RATE`",
        ),
        ("import math, from math import …", "also with `as`"),
        ("math.pi e tau inf nan", "constants"),
        ("math.floor ceil trunc", "give an int"),
        ("math.sqrt cbrt exp exp2 expm1 log log2 log10 log1p", "log with a base too"),
        ("math.sin cos tan asin acos atan atan2", "radians"),
        ("math.sinh cosh tanh asinh acosh atanh", ""),
        ("math.erf erfc gamma lgamma", ""),
        (
            "math.fabs fmod remainder copysign hypot pow nextafter degrees radians",
            "hypot of any number",
        ),
        ("math.isnan isinf isfinite isclose", "give a bool"),
        ("math.gcd lcm isqrt factorial comb perm prod", "integers; prod of an array or a tuple"),
        ("math.modf frexp ldexp ulp", "f64"),
        ("math.fsum dist", "of arrays of one dimension and of tuples"),
        ("import numpy, from numpy import …", "also with `as`; np.pi e inf nan euler_gamma"),
        (
            "np.sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos arctan \
             arctan2 sinh cosh tanh arcsinh arccosh arctanh hypot floor ceil trunc rint fmod \
             copysign nextafter degrees radians isnan isinf isfinite",
            "of numbers; never raise; last bits are the C library's",
        ),
        (
            "np.where maximum minimum fmax fmin clip sign signbit abs square reciprocal power \
             divide floor_divide mod heaviside logaddexp round, comparisons, logical_*, bitwise_*",
            "of numbers; NaN as NumPy treats it; an integer divided by zero is 0",
        ),
        ("np.float64 float32 int64 int32 bool_", "conversions"),
        (
            "np.sum prod min max any all mean var std argmin argmax dot",
            "of an array of one dimension; sums add in order",
        ),
        (
            "a.sum() prod min max any all mean var std argmin argmax fill",
            "methods of an array of one dimension; fill of two, too",
        ),
        (
            "abs min max round divmod pow len",
            "round(x, n) with a constant n from -22 to 22; pow(a, n, m) with m of 62 bits",
        ),
        ("n.bit_length() bit_count(), x.is_integer()", "of an integer, of a float"),
        ("sum min max any all", "of an array of one dimension, a row or a tuple"),
        ("int float bool f32 i32 f64 i64", "conversions; float(\"inf\") and the like"),
        ("decorators", "ignored"),
    ]
}
