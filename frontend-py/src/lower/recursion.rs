//! Calls of a function that is being lowered: it is compiled once for the types of these arguments,
//! as a member of the function's *phi*, and called by number.
//!
//! Tuples, rows and slices are passed as the numbers and arrays that they are made of, and so are
//! the variables that a nested function takes from the function around it.
//!
//! What the member returns has to be known before its body is read. An annotation says it; without
//! one the types that are possible are tried, and one under which the body returns just that type
//! is right.

use super::nested::Scope;
use super::value::{Binding, Val};
use super::{Frame, Lower, Res, Settled, settle};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::signature_of;
use crate::types::{ParamType, ReturnType, span_of};
use ruff_python_ast::{ExprCall, StmtFunctionDef};
use rvsdg::{Function, Op, Param, Shape, Span, Type, ValueId};
use std::sync::Arc;

/// Members a phi may have: a function that calls itself with ever other types has no end.
const MAX_MEMBERS: usize = 24;

/// An argument of a member, made of parameters of the member, which are named by position.
#[derive(Clone, PartialEq)]
enum Passed {
    Whole(Val<usize>),
    Array(usize),
    Row { array: usize, index: usize },
    View { array: usize, view: Box<Val<usize>> },
    Tuple(Vec<Passed>),
}

impl Passed {
    /// How a value is passed; what it is made of is added to `values`.
    fn new(val: &Val, values: &mut Vec<ValueId>) -> Passed {
        let mut add = |value: ValueId| {
            values.push(value);
            values.len() - 1
        };
        match val {
            Val::Array(array) => Passed::Array(shared(*array, values)),
            Val::Row { array, index } => {
                let index = add(*index);
                Passed::Row { array: shared(*array, values), index }
            }
            Val::View { array, .. } => {
                let mut view = Box::new(val.map(&mut |value| add(*value)));
                if let Val::View { array: own, .. } = &mut *view {
                    // The array is a parameter: what it is here tells no two calls apart.
                    *own = ValueId::from_index(0);
                }
                Passed::View { array: shared(*array, values), view }
            }
            Val::Tuple(items) => {
                Passed::Tuple(items.iter().map(|item| Passed::new(item, values)).collect())
            }
            Val::Scalar(_) | Val::None => Passed::Whole(val.map(&mut |value| add(*value))),
        }
    }

    /// The value, made of these parameters.
    fn value(&self, params: &[ValueId]) -> Val {
        match self {
            Passed::Whole(val) => val.map(&mut |at| params[*at]),
            Passed::Array(array) => Val::Array(params[*array]),
            Passed::Row { array, index } => {
                Val::Row { array: params[*array], index: params[*index] }
            }
            Passed::View { array, view } => {
                let mut val = view.map(&mut |at| params[*at]);
                if let Val::View { array: own, .. } = &mut val {
                    *own = params[*array];
                }
                val
            }
            Passed::Tuple(items) => {
                Val::Tuple(items.iter().map(|item| item.value(params)).collect())
            }
        }
    }
}

/// The position of an array among the values: one array is one parameter.
fn shared(array: ValueId, values: &mut Vec<ValueId>) -> usize {
    values.iter().position(|value| *value == array).unwrap_or_else(|| {
        values.push(array);
        values.len() - 1
    })
}

/// The function around a nested one that calls itself, and its variables that are read.
#[derive(Clone)]
struct Outer<'a> {
    definition: &'a StmtFunctionDef,
    vars: Vec<(usize, Passed)>,
}

/// How the parameters of a member make the arguments of its function.
#[derive(Clone)]
pub(super) struct Entry<'a> {
    args: Vec<Passed>,
    outer: Option<Outer<'a>>,
}

impl Entry<'_> {
    /// Of a compiled function whose parameters of these types are made of several.
    pub(super) fn of_parameters(types: &[ParamType]) -> Self {
        fn passed(ty: &ParamType, next: &mut usize) -> Passed {
            let mut one = |passed: fn(usize) -> Passed| {
                *next += 1;
                passed(*next - 1)
            };
            match ty {
                ParamType::Scalar(_) => one(|at| Passed::Whole(Val::Scalar(at))),
                ParamType::Array { .. } => one(Passed::Array),
                ParamType::Tuple(items) => {
                    Passed::Tuple(items.iter().map(|item| passed(item, next)).collect())
                }
            }
        }
        let mut next = 0;
        Entry { args: types.iter().map(|ty| passed(ty, &mut next)).collect(), outer: None }
    }

    fn fits(&self, other: &Entry<'_>) -> bool {
        let outer = match (&self.outer, &other.outer) {
            (Some(a), Some(b)) => std::ptr::eq(a.definition, b.definition) && a.vars == b.vars,
            (None, None) => true,
            _ => false,
        };
        outer && self.args == other.args
    }
}

/// A function that calls itself, for the types of its arguments.
#[derive(Clone)]
struct Member<'a> {
    definition: &'a StmtFunctionDef,
    entry: Entry<'a>,
    params: Vec<Type>,
    result: Type,
    /// None while its body is lowered.
    function: Option<Arc<Function>>,
}

/// The functions that a function calls by number.
#[derive(Clone, Default)]
pub(super) struct Phi<'a>(Vec<Member<'a>>);

impl Phi<'_> {
    /// The functions, once all are lowered.
    pub(super) fn functions(&self) -> Vec<Arc<Function>> {
        self.0.iter().filter_map(|member| member.function.clone()).collect()
    }
}

impl<'a> Lower<'a, '_> {
    /// A call of a function whose body is being lowered.
    pub(super) fn recur(
        &mut self,
        definition: &'a StmtFunctionDef,
        parent: Option<usize>,
        call: &'a ExprCall,
        span: Span,
    ) -> Res<Val> {
        let args = self.bind(definition, call, span)?;
        let states = self.states.len();
        let mut values: Vec<ValueId> = Vec::new();
        let args = args.iter().map(|(val, _)| Passed::new(val, &mut values)).collect();
        let outer = parent.map(|parent| self.outer(definition, parent, &mut values, span));
        let entry = Entry { args, outer: outer.transpose()? };
        let types: Vec<Type> = values.iter().map(|value| self.f.ty(*value)).collect();
        values.splice(0..0, self.states.iter().copied());
        let (number, result) = self.member(definition, &entry, &types, span)?;
        let op = Op::Recur { function: number as u32, result };
        let place = self.place_of(span);
        let value = self.f.simple(self.region, op, &values, place);
        let rvsdg::ValueDef::Output { node, .. } = self.f.value(value).def else {
            unreachable!("an operation's value is an output");
        };
        let outputs = &self.f.node(node).outputs;
        self.states.copy_from_slice(&outputs[..states]);
        Ok(if result == Type::Unit { Val::None } else { Val::Scalar(value) })
    }

    /// What a nested function takes from the function around it, which is scope `parent`.
    fn outer(
        &self,
        definition: &'a StmtFunctionDef,
        parent: usize,
        values: &mut Vec<ValueId>,
        span: Span,
    ) -> Res<Outer<'a>> {
        let (frame, vars) = match self.scopes.get(parent) {
            Some(Scope { frame, vars }) => (frame, vars),
            None => (&self.frame, &self.vars),
        };
        if frame.parent.is_some() {
            let message = format!(
                "`{}` calls itself inside of a function that is nested itself",
                definition.name
            );
            return Err(Diagnostic::at(codes::RECURSION, span, message)
                .hint("define it at module level, or in the outermost function")
                .into());
        }
        let captured = frame.locals.captured_by(definition.name.as_str());
        let mut passed = Vec::new();
        for var in captured.iter() {
            if let Binding::Bound { val, .. } = &vars[var] {
                passed.push((var, Passed::new(val, values)));
            }
        }
        Ok(Outer { definition: frame.definition, vars: passed })
    }

    /// Gives a member's variables their values at its start.
    pub(super) fn enter_member(&mut self, entry: &Entry<'a>, spans: &[Span]) -> Res<()> {
        let params = self.f.param_values().to_vec();
        for ((var, passed), span) in self.vars.iter_mut().zip(&entry.args).zip(spans) {
            *var = Binding::Bound { val: passed.value(&params), span: *span };
        }
        if let Some(Outer { definition, vars: outer }) = &entry.outer {
            let frame = Frame::new(definition)?;
            let mut vars = vec![Binding::Unbound; frame.locals.len()];
            for (var, passed) in outer {
                let val = passed.value(&params);
                vars[*var] = Binding::Bound { val, span: span_of(&definition.name) };
            }
            self.frame.parent = Some(self.scopes.len());
            self.scopes.push(Scope { frame, vars });
        }
        Ok(())
    }

    /// The number of the function for these types, lowered at the first call, and what it returns.
    fn member(
        &mut self,
        definition: &'a StmtFunctionDef,
        entry: &Entry<'a>,
        types: &[Type],
        span: Span,
    ) -> Res<(usize, Type)> {
        let same = |m: &Member<'_>| {
            std::ptr::eq(m.definition, definition) && m.params == types && m.entry.fits(entry)
        };
        if let Some(at) = self.phi.0.iter().position(same) {
            return Ok((at, self.phi.0[at].result));
        }
        let number = self.phi.0.len();
        if number == MAX_MEMBERS {
            let message = format!("`{}` calls itself with ever other types", definition.name);
            return Err(Diagnostic::at(codes::RECURSION, span, message)
                .hint("convert the arguments, so that their types stay the same")
                .into());
        }
        let mut errors: Vec<Diagnostic> = Vec::new();
        let candidates = candidates(definition, types)?;
        for result in &candidates {
            self.phi.0.truncate(number);
            self.phi.0.push(Member {
                definition,
                entry: entry.clone(),
                params: types.to_vec(),
                result: *result,
                function: None,
            });
            match self.lower_member(definition, entry, types) {
                Ok(function) if returned(&function) == Some(*result) => {
                    self.phi.0[number].function = Some(Arc::new(function));
                    return Ok((number, *result));
                }
                Ok(_) => {}
                Err(error) => errors.extend(error.0.into_iter().next()),
            }
        }
        self.phi.0.truncate(number);
        // An error that no assumption changes is about something else.
        let first = errors.first();
        let constant = errors.len() == candidates.len()
            && errors.iter().all(|e| Some(e.span) == first.map(|f| f.span));
        if let Some(error) = errors.into_iter().next()
            && (constant || candidates.len() == 1)
        {
            return Err(error.into());
        }
        let name = definition.name.as_str();
        let message = format!("what `{name}` returns is not clear, because it calls itself");
        Err(Diagnostic::at(codes::RECURSION, span, message)
            .note(span_of(&definition.name), "defined here")
            .hint("annotate what it returns, one number or None: for example `-> int`")
            .into())
    }

    fn lower_member(
        &mut self,
        definition: &'a StmtFunctionDef,
        entry: &Entry<'a>,
        types: &[Type],
    ) -> Result<Function, Diagnostics> {
        let mut names: Vec<Option<&str>> = vec![None; types.len()];
        let params = definition.parameters.iter_non_variadic_params();
        for (param, passed) in params.zip(&entry.args) {
            if let Passed::Array(at) | Passed::Whole(Val::Scalar(at)) = passed {
                names[*at] = Some(param.parameter.name.as_str());
            }
        }
        let params: Vec<Param> = names
            .iter()
            .zip(types)
            .enumerate()
            .map(|(at, (name, ty))| Param {
                // No name of Python's has a dot.
                name: name.map_or_else(|| format!("part.{at}").into(), Into::into),
                ty: *ty,
            })
            .collect();
        let Settled { function, phi } = settle(
            self.user_module,
            definition,
            (&params, self.f.mems),
            self.semantics,
            &self.phi,
            Some(entry),
        )?;
        self.phi = phi;
        Ok(function)
    }
}

/// What a lowered function returns, if that is one number or nothing.
fn returned(function: &Function) -> Option<Type> {
    match function.shape {
        Shape::None => Some(Type::Unit),
        Shape::Scalar => function.result_types().first().copied(),
        Shape::Tuple(_) => None,
    }
}

/// The types to try for what a function returns.
fn candidates(definition: &StmtFunctionDef, params: &[Type]) -> Result<Vec<Type>, Diagnostic> {
    match signature_of(definition)?.returns {
        Some(ReturnType::Scalar(ty)) => Ok(vec![ty]),
        Some(ReturnType::None) => Ok(vec![Type::Unit]),
        Some(ReturnType::Tuple(_)) => {
            let message = format!("`{}` calls itself and returns a tuple", definition.name);
            let at = definition.returns.as_deref().map_or(span_of(&definition.name), span_of);
            Err(Diagnostic::at(codes::RECURSION, at, message)
                .hint("return one number, or write results into an array"))
        }
        None => {
            let narrow = [Type::I32, Type::F32].into_iter().filter(|ty| {
                params.iter().any(|param| {
                    param == ty || Op::element(*param).is_some_and(|elem| elem.scalar() == *ty)
                })
            });
            let wide = [Type::Bool, Type::I64, Type::F64, Type::Unit];
            Ok(narrow.chain(wide).collect())
        }
    }
}
