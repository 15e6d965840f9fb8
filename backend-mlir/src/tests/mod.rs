//! Text against expectations, and compiled text against the interpreter.

mod differential;
mod generate;
mod operations;
mod snapshot;
mod structure;

use crate::{BuildOptions, EmitOptions, Library, Toolchain, emit_module};
use rvsdg::interp::{Limits, run};
use rvsdg::{
    Answer, Arg, Function, Inputs, Op, Param, RegionId, Scalar, Shape, Span, Type, ValueId,
};

// Rust's runtime carries a `cbrt` of its own with other last bits, and the linker takes it for
// `f64::cbrt` unless the C library's comes first: the interpreter would not compute CPython's.
#[link(name = "m")]
#[expect(unsafe_code, reason = "declares nothing: only orders the libraries")]
unsafe extern "C" {}

/// The toolchain, or `None` with a line that says why. Where tests must not be skipped (`CI=true`),
/// a missing toolchain is a failure.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn toolchain() -> Option<Toolchain> {
    match Toolchain::find() {
        Ok(tools) => Some(tools),
        Err(error) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{error}");
            eprintln!("skipped: {error}");
            None
        }
    }
}

fn compile(functions: &[&Function], options: &EmitOptions) -> Option<Library> {
    let tools = toolchain()?;
    for function in functions {
        if let Err(errors) = rvsdg::verify(function) {
            panic!("{}: {errors}", function.name);
        }
    }
    let module = emit_module(functions, options).expect("the function is supported");
    match tools.compile(&module, &BuildOptions::default()) {
        Ok(library) => Some(library),
        Err(error) => panic!("{error}\n{}", excerpt(&module.text)),
    }
}

/// As much of a text as helps to read a failure.
fn excerpt(text: &str) -> String {
    text.lines().take(200).collect::<Vec<_>>().join("\n")
}

fn interpret(function: &Function, inputs: &Inputs) -> Answer {
    match run(function, inputs, &Limits::default()) {
        Ok(run) => run.answer,
        Err(violation) => panic!("{}: {violation} on {inputs:?}", function.name),
    }
}

/// Compiled code and interpreter agree on the result, the arrays, and the exception's message.
fn assert_same(library: &Library, index: usize, function: &Function, inputs: &Inputs) {
    let expected = interpret(function, inputs);
    let found = library.call(index, inputs).expect("the arguments fit");
    assert!(
        expected.same(&found),
        "{}\non {inputs:?}\ninterpreter {expected:?}\ncompiled {found:?}",
        function.name
    );
    if let (Err(expected), Err(found)) = (&expected.outcome, &found.outcome)
        && !library.entries()[index].sites.is_empty()
    {
        assert_eq!(expected, found, "{}", function.name);
    }
}

fn scalars(values: &[Scalar]) -> Inputs {
    Inputs { args: values.iter().map(|value| Arg::Scalar(*value)).collect(), arrays: Vec::new() }
}

/// A function under construction: the builder with the body's states at hand.
struct Draft {
    function: Function,
    io: ValueId,
    mems: Vec<ValueId>,
}

impl Draft {
    fn new(name: &str, params: &[(&str, Type)], results: usize) -> Draft {
        let mems = params
            .iter()
            .filter_map(
                |(_, ty)| if let Type::MemRef { mem, .. } = ty { Some(mem + 1) } else { None },
            )
            .max()
            .unwrap_or(0);
        let params =
            params.iter().map(|(name, ty)| Param { name: (*name).into(), ty: *ty }).collect();
        let shape = match results {
            0 => Shape::None,
            1 => Shape::Scalar,
            n => Shape::Tuple(vec![Shape::Scalar; n]),
        };
        let function = Function::new(name, params, mems, shape);
        let states = function.entry_states().to_vec();
        Draft { function, io: states[0], mems: states[1..].to_vec() }
    }

    fn body(&self) -> RegionId {
        self.function.body()
    }

    fn param(&self, index: usize) -> ValueId {
        self.function.param_values()[index]
    }

    fn op(&mut self, op: Op, operands: &[ValueId]) -> ValueId {
        let body = self.body();
        self.function.simple(body, op, operands, Span::NONE)
    }

    /// Appends an operation on `io` to the body and returns its value.
    fn effect(&mut self, op: Op, operands: &[ValueId]) -> ValueId {
        let all: Vec<ValueId> = std::iter::once(self.io).chain(operands.iter().copied()).collect();
        let body = self.body();
        let node = self.function.try_simple(body, op, &all, Span { start: 1, end: 2 });
        let outputs = &self.function.node(node.expect("operands fit")).outputs;
        self.io = outputs[0];
        outputs[1]
    }

    fn finish(mut self, results: &[ValueId]) -> Function {
        let states = std::iter::once(self.io).chain(self.mems.iter().copied());
        let results = results.iter().copied().chain(states).collect();
        let body = self.body();
        self.function.set_results(body, results);
        self.function
    }
}
