//! Calls of a function that is being lowered: it is compiled once for the types of these arguments,
//! as a member of the function's *phi*, and called by number.
//!
//! What the member returns has to be known before its body is read. An annotation says it; without
//! one the types that are possible are tried, and one under which the body returns just that type
//! is right.

use super::value::Val;
use super::{Lower, Res, Settled, settle};
use crate::diagnostic::{Diagnostic, Diagnostics, codes};
use crate::source::signature_of;
use crate::types::{ReturnType, span_of};
use ruff_python_ast::{ExprCall, StmtFunctionDef};
use rvsdg::{Function, Op, Param, Shape, Span, Type, ValueId};
use std::sync::Arc;

/// Members a phi may have: a function that calls itself with ever other types has no end.
const MAX_MEMBERS: usize = 24;

/// A function that calls itself, for the types of its arguments.
#[derive(Clone)]
struct Member<'a> {
    definition: &'a StmtFunctionDef,
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
        let name = definition.name.as_str();
        let refused = |span: Span, message: String, hint: &str| {
            Diagnostic::at(codes::RECURSION, span, message).hint(hint.to_owned())
        };
        if parent.is_some() {
            let message = format!("`{name}` calls itself inside of another function");
            return Err(refused(span, message, "define it at module level").into());
        }
        let args = self.bind(definition, call, span)?;
        let mut values: Vec<ValueId> = self.states.clone();
        for (val, at) in &args {
            match val {
                Val::Scalar(value) | Val::Array(value) => values.push(*value),
                other => {
                    let what = other.describe(&self.f);
                    let message = format!("`{name}` calls itself with {what}");
                    let hint = "pass numbers and whole arrays: indices instead of a slice";
                    return Err(refused(*at, message, hint).into());
                }
            }
        }
        let types: Vec<Type> =
            values[self.states.len()..].iter().map(|value| self.f.ty(*value)).collect();
        let (number, result) = self.member(definition, &types, span)?;
        let op = Op::Recur { function: number as u32, result };
        let place = self.place_of(span);
        let value = self.f.simple(self.region, op, &values, place);
        let rvsdg::ValueDef::Output { node, .. } = self.f.value(value).def else {
            unreachable!("an operation's value is an output");
        };
        let outputs = &self.f.node(node).outputs;
        self.states.copy_from_slice(&outputs[..outputs.len() - 1]);
        Ok(if result == Type::Unit { Val::None } else { Val::Scalar(value) })
    }

    /// The number of the function for these types, lowered at the first call, and what it returns.
    fn member(
        &mut self,
        definition: &'a StmtFunctionDef,
        types: &[Type],
        span: Span,
    ) -> Res<(usize, Type)> {
        let same = |m: &Member<'_>| std::ptr::eq(m.definition, definition) && m.params == types;
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
                params: types.to_vec(),
                result: *result,
                function: None,
            });
            match self.lower_member(definition, types) {
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
        types: &[Type],
    ) -> Result<Function, Diagnostics> {
        let names = definition.parameters.iter_non_variadic_params();
        let params: Vec<Param> = names
            .zip(types)
            .map(|(param, ty)| Param { name: param.parameter.name.as_str().into(), ty: *ty })
            .collect();
        let Settled { function, phi } = settle(
            self.user_module,
            definition,
            (&params, self.f.mems),
            self.semantics,
            &self.phi,
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
