//! The notation in which the tables of primitives are written.

/// The content of an argument of a built-in sort.
macro_rules! decode {
    (bool, $call:ident, $value:expr) => {
        $call.values.as_bool($value)
    };
    (i64, $call:ident, $value:expr) => {
        $call.values.as_i64($value)
    };
    (f64, $call:ident, $value:expr) => {
        $call.values.as_f64($value)
    };
    (string, $call:ident, $value:expr) => {
        $call.values.as_string($value)
    };
    (bigint, $call:ident, $value:expr) => {
        $call.values.as_bigint($value)
    };
    (bigrat, $call:ident, $value:expr) => {
        $call.values.as_bigrat($value)
    };
}

/// The value of a result. A `unit` result is a condition: it fails when that is false.
macro_rules! encode {
    (unit, $call:ident, $result:expr) => {
        $crate::lang::values::call::holds($result)
    };
    (bool, $call:ident, $result:expr) => {{
        let _ = &$call;
        Some($crate::lang::values::Value::from($result))
    }};
    (i64, $call:ident, $result:expr) => {
        $call.i64($result)
    };
    // An integer far from the bounds of what is encoded in a value.
    (small, $call:ident, $result:expr) => {
        $call.i64($result)
    };
    (f64, $call:ident, $result:expr) => {
        $call.f64($result)
    };
    (string, $call:ident, $result:expr) => {
        $call.string(&$result)
    };
    (bigint, $call:ident, $result:expr) => {
        $call.bigint(&$result)
    };
    (bigrat, $call:ident, $result:expr) => {
        $call.bigrat(&$result)
    };
}

macro_rules! sort_of {
    (unit) => {
        $crate::lang::values::sort::Sort::UNIT
    };
    (bool) => {
        $crate::lang::values::sort::Sort::BOOL
    };
    (i64) => {
        $crate::lang::values::sort::Sort::I64
    };
    (small) => {
        $crate::lang::values::sort::Sort::I64
    };
    (f64) => {
        $crate::lang::values::sort::Sort::F64
    };
    (string) => {
        $crate::lang::values::sort::Sort::STRING
    };
    (bigint) => {
        $crate::lang::values::sort::Sort::BIG_INT
    };
    (bigrat) => {
        $crate::lang::values::sort::Sort::BIG_RAT
    };
}

macro_rules! interns_of {
    (unit) => {
        $crate::lang::values::prim::Interns::Never
    };
    (bool) => {
        $crate::lang::values::prim::Interns::Never
    };
    (small) => {
        $crate::lang::values::prim::Interns::Never
    };
    (i64) => {
        $crate::lang::values::prim::Interns::Rarely
    };
    ($other:ident) => {
        $crate::lang::values::prim::Interns::Always
    };
}

/// A primitive of built-in sorts: `"name"(argument: sort, …) -> sort = result`, where `->?` says
/// that the result is an `Option`; `"name"[arguments: sort]` takes any number of arguments.
macro_rules! prim {
    ($name:literal($($arg:ident: $sort:ident),*) -> $out:ident = $body:expr) => {
        $crate::lang::values::code::Builtin {
            name: $name,
            params: $crate::lang::values::code::Fixed::These(&[$(sort_of!($sort)),*]),
            result: sort_of!($out),
            interns: interns_of!($out),
            code: |call: &mut $crate::lang::values::call::Call<'_>, args: &[$crate::lang::values::Value]| {
                let &[$($arg),*] = args else { return None };
                $(let $arg = decode!($sort, call, $arg);)*
                let result = $body;
                encode!($out, call, result)
            },
        }
    };
    ($name:literal($($arg:ident: $sort:ident),*) ->? $out:ident = $body:expr) => {
        $crate::lang::values::code::Builtin {
            name: $name,
            params: $crate::lang::values::code::Fixed::These(&[$(sort_of!($sort)),*]),
            result: sort_of!($out),
            interns: interns_of!($out),
            code: |call: &mut $crate::lang::values::call::Call<'_>, args: &[$crate::lang::values::Value]| {
                let &[$($arg),*] = args else { return None };
                $(let $arg = decode!($sort, call, $arg);)*
                let result = $body?;
                encode!($out, call, result)
            },
        }
    };
    ($name:literal[$args:ident: $sort:ident] -> $out:ident = $body:expr) => {
        $crate::lang::values::code::Builtin {
            name: $name,
            params: $crate::lang::values::code::Fixed::Any(sort_of!($sort)),
            result: sort_of!($out),
            interns: interns_of!($out),
            code: |call: &mut $crate::lang::values::call::Call<'_>, args: &[$crate::lang::values::Value]| {
                let mut $args = args.iter().map(|&value| decode!($sort, call, value));
                let result = $body;
                encode!($out, call, result)
            },
        }
    };
}

/// A primitive whose result is one of its two arguments: the first if the condition holds.
macro_rules! pick {
    ($name:literal($a:ident, $b:ident: $sort:ident) if $first:expr) => {
        $crate::lang::values::code::Builtin {
            name: $name,
            params: $crate::lang::values::code::Fixed::These(&[sort_of!($sort), sort_of!($sort)]),
            result: sort_of!($sort),
            interns: $crate::lang::values::prim::Interns::Never,
            code: |call: &mut $crate::lang::values::call::Call<'_>,
                   args: &[$crate::lang::values::Value]| {
                let &[first, second] = args else { return None };
                let ($a, $b) = (decode!($sort, call, first), decode!($sort, call, second));
                Some(if $first { first } else { second })
            },
        }
    };
}
