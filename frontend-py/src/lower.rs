//! Lowering of a function's syntax tree to a region tree.
//!
//! There is no control-flow graph in between. A block is lowered to values, states and an
//! [`flow::Outcome`]: by which exits it may be left, and a truth value per exit where more than one
//! is possible. Only what follows a statement that may exit is put in a gamma on "no exit"; a
//! function without early exits has no exit machinery. Regions are first given every state; what
//! is not used is taken out at the end by [`crate::prune`].

mod arith;
mod assign;
mod builtins;
mod calls;
mod compare;
mod expr;
mod flow;
mod index;
mod library;
mod loops;
mod math;
mod methods;
mod nested;
mod numpy;
mod range;
mod recursion;
mod stmt;
mod tuples;
mod value;
mod widths;

pub(crate) use builtins::float_text;

use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::live::Locals;
use crate::module::Module;
use crate::source::{SourceFile, signature_of};
use crate::stack::MAX_DEPTH;
use crate::types::{ParamType, ReturnType, param_type, span_of};
use crate::{Options, Semantics};
use nested::Scope;
use recursion::{Entry, Phi};
use ruff_python_ast::StmtFunctionDef;
use rustc_hash::{FxHashMap, FxHashSet};
use rvsdg::{
    Const, Elem, ExcKind, Function, NodeId, Op, Param, RegionId, Shape, Span, Type, ValueId,
};
use std::cell::Cell;
use value::{Binding, Val};

/// Nodes a function may have, so that helpers that call helpers cannot grow without bound.
const MAX_NODES: usize = 400_000;
/// How deep regions may nest: passes over regions recurse.
const MAX_REGIONS: usize = 300;

/// Why lowering stopped.
pub(crate) enum Failure {
    /// The program is wrong.
    Error(Box<Diagnostic>),
    /// The guess of a variable's type was wrong and has been corrected: start again.
    Retry,
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Failure {
        Failure::Error(Box::new(diagnostic))
    }
}

/// A result of lowering.
pub(crate) type Res<T> = Result<T, Failure>;

/// The type assumed for a variable that a loop may read before any iteration has assigned it.
#[derive(Clone, Copy, Debug)]
struct Guess {
    ty: Type,
    /// Whether an iteration's end was seen to have this type.
    confirmed: bool,
}

/// Where a guess belongs: the chain of inlined calls, the loop, the variable.
type GuessKey = (Vec<u32>, u32, usize);
type Guesses = FxHashMap<GuessKey, Guess>;

/// The Python function being lowered: the compiled one, or a helper that is being inlined.
struct Frame<'a> {
    definition: &'a StmtFunctionDef,
    locals: Locals<'a>,
    name: &'a str,
    returns: Option<(ReturnType, Span)>,
    /// Where the function's name stands.
    span: Span,
    /// Where what is returned stands, once the body is lowered.
    result: Span,
    /// How many loops surround the statement being lowered.
    loops: usize,
    /// Whether the function is the library's own: names outside it are the library's too.
    library: bool,
    /// The function around a nested one, among the scopes that wait.
    parent: Option<usize>,
    /// The function, if tail calls of itself begin its body again.
    tail: Option<&'a StmtFunctionDef>,
}

/// The state of lowering one function.
struct Lower<'a, 'm> {
    user_module: &'m Module<'a>,
    /// The library's names, once a function of it was called.
    library: Option<Module<'a>>,
    semantics: Semantics,
    f: Function,
    /// The region that operations are appended to.
    region: RegionId,
    /// Current versions of `io` and every `mem`.
    states: Vec<ValueId>,
    /// What the frame's variables are bound to.
    vars: Vec<Binding>,
    frame: Frame<'a>,
    /// The functions that wait for the one being lowered, outermost first.
    scopes: Vec<Scope<'a>>,
    root: &'a StmtFunctionDef,
    /// Call sites of the functions being inlined, and these.
    calls: Vec<(u32, &'a StmtFunctionDef)>,
    depth: usize,
    region_depth: usize,
    /// Loops that may run forever: their `io` is used even if nothing inside does.
    diverging: FxHashSet<NodeId>,
    guesses: Guesses,
    /// Numbers made of literals alone and counters: they take the width of what they meet.
    weak: FxHashSet<ValueId>,
    /// Whether a weak number was narrowed by what it met.
    weak_mattered: Cell<bool>,
    /// Integers known not to be negative.
    natural: FxHashSet<ValueId>,
    /// The functions that are called by number, because they call themselves.
    phi: Phi<'a>,
    /// The call of a library function that is being inlined: what it makes belongs there.
    site: Option<Span>,
}

/// Compiles one function of a file.
pub(crate) fn function(
    file: &SourceFile,
    name: &str,
    options: &Options,
) -> Result<Function, Diagnostics> {
    let definition = file.definition(name)?;
    let types = parameter_types(definition, options)?;
    let module = file.module();
    let (params, mems) = parameters(definition, &types);
    let (phi, semantics) = (Phi::default(), options.semantics);
    let tuples = types.iter().any(|ty| matches!(ty, ParamType::Tuple(_)));
    let entry = tuples.then(|| Entry::of_parameters(&types));
    let settled = settle(&module, definition, (&params, mems), semantics, &phi, entry.as_ref())?;
    let mut function = settled.function;
    function.phi = settled.phi.functions();
    Ok(function)
}

/// A lowered function, and those that it and its like call by number.
struct Settled<'a> {
    function: Function,
    phi: Phi<'a>,
}

/// Lowers a function for parameters of these types and this number of alias groups, until what had
/// to be guessed is right.
fn settle<'a>(
    module: &Module<'a>,
    definition: &'a StmtFunctionDef,
    (params, mems): (&[Param], u32),
    semantics: Semantics,
    phi: &Phi<'a>,
    entry: Option<&Entry<'a>>,
) -> Result<Settled<'a>, Diagnostics> {
    let mut guesses = Guesses::default();
    let mut first_error: Option<Diagnostic> = None;
    // Each retry settles a guess; the bound stops a program that would not settle.
    for _ in 0..200 {
        let mut lower = Lower::new(module, definition, (params, mems), semantics, guesses)?;
        lower.phi = phi.clone();
        let result = lower.run(definition, entry);
        guesses = lower.guesses;
        match result {
            Ok(()) => {
                let function = crate::prune::prune(&lower.f, &lower.diverging);
                return Ok(Settled { function, phi: lower.phi });
            }
            Err(Failure::Retry) => {}
            Err(Failure::Error(error)) => {
                let unsure = guesses.values_mut().filter(|g| !g.confirmed && g.ty == Type::I64);
                // A wrong assumption may have caused the error: try the other kind of number.
                let changed = unsure.map(|guess| guess.ty = Type::F64).count();
                if changed == 0 {
                    return Err(first_error.unwrap_or(*error).into());
                }
                first_error = first_error.or(Some(*error));
            }
        }
    }
    let message = "the types of variables that loops assign could not be settled";
    Err(first_error.unwrap_or_else(|| Diagnostic::general(codes::UNBOUND, message)).into())
}

/// The types of the parameters: annotations first, then the caller's.
fn parameter_types(
    definition: &StmtFunctionDef,
    options: &Options,
) -> Result<Vec<ParamType>, Diagnostics> {
    if definition.is_async {
        let message = "async functions are not supported";
        return Err(Diagnostic::at(codes::STATEMENT, span_of(&definition.name), message)
            .hint("write an ordinary `def`")
            .into());
    }
    let signature = signature_of(definition)?;
    if let Some(types) = &options.types
        && types.len() != signature.params.len()
    {
        let (have, want) = (types.len(), signature.params.len());
        let name = definition.name.as_str();
        let plural = if want == 1 { "" } else { "s" };
        let message = format!("`{name}` has {want} parameter{plural}, but {have} types are given");
        return Err(Diagnostic::at(codes::TYPE_COUNT, span_of(&definition.name), message)
            .hint("give one type per parameter")
            .into());
    }
    let mut types = Vec::new();
    let mut missing = Vec::new();
    for (at, param) in signature.params.iter().enumerate() {
        let given = || options.types.as_ref().map(|types| types[at].clone());
        match param.annotation.clone().or_else(given) {
            Some(ty) => types.push(ty),
            None => missing.push(
                Diagnostic::at(
                    codes::MISSING_TYPE,
                    param.span,
                    format!("the type of parameter `{}` is not known", param.name),
                )
                .hint(format!("annotate it, for example `{}: f64`", param.name)),
            ),
        }
    }
    if missing.is_empty() { Ok(types) } else { Err(Diagnostics(missing)) }
}

/// Parameters of these types, and the number of alias groups.
fn parameters(definition: &StmtFunctionDef, types: &[ParamType]) -> (Vec<Param>, u32) {
    // Arrays of one element type may be the same array: they share an alias group.
    let mut groups = Vec::new();
    let mut params = Vec::new();
    for (param, ty) in definition.parameters.iter_non_variadic_params().zip(types) {
        add_parameters(param.parameter.name.as_str(), ty, &mut groups, &mut params);
    }
    (params, groups.len() as u32)
}

/// The parameters that a parameter of Python is made of.
fn add_parameters(name: &str, ty: &ParamType, groups: &mut Vec<Elem>, params: &mut Vec<Param>) {
    let ty = match *ty {
        ParamType::Scalar(ty) => ty,
        ParamType::Array { elem, rank } => {
            let found = groups.iter().position(|group| *group == elem);
            let mem = found.unwrap_or_else(|| {
                groups.push(elem);
                groups.len() - 1
            });
            Type::MemRef { elem, rank, mem: mem as u32 }
        }
        ParamType::Tuple(ref items) => {
            for (at, item) in items.iter().enumerate() {
                // No name of Python's has a dot.
                add_parameters(&format!("{name}.{at}"), item, groups, params);
            }
            return;
        }
    };
    params.push(Param { name: name.into(), ty });
}

impl<'a, 'm> Lower<'a, 'm> {
    fn new(
        module: &'m Module<'a>,
        definition: &'a StmtFunctionDef,
        (params, mems): (&[Param], u32),
        semantics: Semantics,
        guesses: Guesses,
    ) -> Result<Lower<'a, 'm>, Diagnostic> {
        let name = definition.name.as_str();
        let f = Function::new(name, params.to_vec(), mems, Shape::None);
        Ok(Lower {
            user_module: module,
            library: None,
            semantics,
            region: f.body(),
            states: f.entry_states().to_vec(),
            f,
            vars: Vec::new(),
            frame: Frame::new(definition)?,
            scopes: Vec::new(),
            root: definition,
            calls: Vec::new(),
            depth: 0,
            region_depth: 0,
            diverging: FxHashSet::default(),
            guesses,
            weak: FxHashSet::default(),
            weak_mattered: Cell::new(false),
            natural: FxHashSet::default(),
            phi: Phi::default(),
            site: None,
        })
    }

    /// Lowers the whole function.
    fn run(&mut self, definition: &'a StmtFunctionDef, entry: Option<&Entry<'a>>) -> Res<()> {
        self.vars = vec![Binding::Unbound; self.frame.locals.len()];
        let params = definition.parameters.iter_non_variadic_params();
        let spans: Vec<Span> = params.map(|param| span_of(&param.parameter)).collect();
        if let Some(entry) = entry {
            self.enter_member(entry, &spans)?;
        } else {
            let values = self.f.param_values().to_vec();
            for (at, (span, value)) in spans.into_iter().zip(values).enumerate() {
                let val = match self.f.ty(value) {
                    Type::MemRef { .. } => Val::Array(value),
                    _ => Val::Scalar(value),
                };
                self.vars[at] = Binding::Bound { val, span };
            }
        }
        let result = self.body(definition)?;
        let mut results = Vec::new();
        let shape = self.shape(&result, &mut results)?;
        self.f.shape = shape;
        results.extend(&self.states);
        let body = self.f.body();
        self.f.set_results(body, results);
        Ok(())
    }

    /// How a result nests, its scalars appended to `results`.
    fn shape(&self, val: &Val, results: &mut Vec<ValueId>) -> Res<Shape> {
        Ok(match val {
            Val::None => Shape::None,
            Val::Scalar(value) => {
                results.push(*value);
                Shape::Scalar
            }
            Val::Tuple(items) => {
                let items = items.iter().map(|item| self.shape(item, results));
                Shape::Tuple(items.collect::<Res<_>>()?)
            }
            Val::Array(_) | Val::Row { .. } | Val::View { .. } => {
                let message = "an array cannot be returned";
                return Err(Diagnostic::at(codes::RETURNS, self.frame.result, message)
                    .hint("store into an array that is a parameter; what is returned are numbers")
                    .into());
            }
        })
    }

    fn is_fast(&self) -> bool {
        self.semantics == Semantics::Fast
    }

    /// The names outside the function being lowered.
    fn module(&self) -> &Module<'a> {
        match &self.library {
            Some(library) if self.frame.library => library,
            _ => self.user_module,
        }
    }

    /// Where in the source something made for `span` belongs.
    fn place_of(&self, span: Span) -> Span {
        self.site.unwrap_or(span)
    }

    /// Appends an operation.
    fn op(&mut self, op: Op, operands: &[ValueId], span: Span) -> ValueId {
        let span = self.place_of(span);
        self.f.simple(self.region, op, operands, span)
    }

    /// Appends a constant.
    fn constant(&mut self, constant: Const, span: Span) -> ValueId {
        let span = self.place_of(span);
        self.f.constant(self.region, constant, span)
    }

    /// Appends an operation that may raise: it consumes `io` and reads every `mem`.
    fn effect(&mut self, op: Op, args: &[ValueId], span: Span) -> ValueId {
        let span = self.place_of(span);
        let operands: Vec<ValueId> = self.states.iter().chain(args).copied().collect();
        let value = self.f.simple(self.region, op, &operands, span);
        let rvsdg::ValueDef::Output { node, .. } = self.f.value(value).def else {
            unreachable!("an operation's value is an output");
        };
        self.states[0] = self.f.node(node).outputs[0];
        value
    }

    /// `value`, known to be computed only where `condition` holds; raises otherwise.
    fn guard(
        &mut self,
        condition: ValueId,
        value: ValueId,
        kind: ExcKind,
        message: &str,
        span: Span,
    ) -> ValueId {
        if self.f.as_const(condition) == Some(Const::Bool(true)) {
            return value;
        }
        let fault = self.f.fault(kind, message);
        self.effect(Op::Guard(fault), &[condition, value], span)
    }

    /// Counts a level of recursion; [`Lower::leave`] ends it.
    fn enter(&mut self, span: Span) -> Res<()> {
        self.depth += 1;
        if self.depth > 2 * MAX_DEPTH || self.f.node_count() > MAX_NODES {
            let message = "the function is too large once its helpers are inlined";
            return Err(Diagnostic::at(codes::TOO_LARGE, span, message)
                .hint("split it into functions that are compiled one by one")
                .into());
        }
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}

impl<'a> Frame<'a> {
    fn new(definition: &'a StmtFunctionDef) -> Result<Frame<'a>, Diagnostic> {
        let params = definition.parameters.iter_non_variadic_params();
        let names = params.map(|param| param.parameter.name.as_str());
        let returns = signature_of(definition)?.returns;
        let returns = returns.zip(definition.returns.as_deref().map(span_of));
        Ok(Frame {
            definition,
            locals: Locals::new(names, &definition.body),
            name: definition.name.as_str(),
            returns,
            span: span_of(&definition.name),
            result: span_of(&definition.name),
            loops: 0,
            library: false,
            parent: None,
            tail: None,
        })
    }
}

/// The annotation of a helper's parameter.
fn helper_type(parameter: &ruff_python_ast::Parameter) -> Result<Option<ParamType>, Diagnostic> {
    let annotation = parameter.annotation.as_deref().filter(|expr| !crate::types::is_open(expr));
    annotation.map(param_type).transpose()
}
