//! Calls: of the file's own functions, which are inlined, of `math`, and of built-in functions.

use super::nested::Scope;
use super::stmt::converts;
use super::value::{Binding, Val};
use super::{Frame, Lower, Res, helper_type};
use crate::constant::constant;
use crate::diagnostic::{Diagnostic, codes};
use crate::module::{Global, Known, opaque};
use crate::types::{ParamType, beside_none, span_of};
use ruff_python_ast::{Expr, ExprCall, Parameter, StmtFunctionDef};
use rvsdg::{Elem, Op, Span, Type, ValueId};

impl<'a> Lower<'a, '_> {
    /// A call.
    pub(super) fn call(&mut self, call: &'a ExprCall, span: Span) -> Res<Val> {
        match &*call.func {
            Expr::Attribute(attribute) if self.is_math(&attribute.value) => {
                self.math_call(attribute.attr.as_str(), call, span)
            }
            Expr::Attribute(attribute) if self.is_numpy(&attribute.value) => {
                self.numpy_call(attribute.attr.as_str(), call, span)
            }
            Expr::Attribute(attribute) => {
                if let Some(Known::Function(name)) = self.known_member(attribute)
                    && let Some(Global::Function(definition)) = self.user_module.get(name)
                {
                    return self.inline(definition, None, call, span);
                }
                self.method(attribute, call, span)
            }
            Expr::Name(name) => {
                let name = name.id.as_str();
                if let Some((definition, scope)) = self.nested(name) {
                    self.check_order(definition, scope, span)?;
                    return self.inline(definition, Some(scope), call, span);
                }
                if self.frame.locals.number(name).is_some() {
                    let message = format!("`{name}` is a variable and cannot be called");
                    return Err(Diagnostic::at(codes::UNKNOWN_FUNCTION, span, message)
                        .hint("only functions of this file and of `math` can be called")
                        .into());
                }
                match self.module().get(name) {
                    Some(Global::Function(definition)) => self.inline(definition, None, call, span),
                    Some(Global::MathMember(member)) => self.math_call(member, call, span),
                    Some(Global::Opaque(bound)) => Err(opaque(name, span, bound).into()),
                    Some(Global::NumpyMember(member)) => self.numpy_call(member, call, span),
                    Some(Global::Value(_) | Global::Math | Global::Numpy | Global::Known(_)) => {
                        let message = format!("`{name}` is not a function");
                        Err(Diagnostic::at(codes::UNKNOWN_FUNCTION, span, message)
                            .hint("only functions of this file and of `math` can be called")
                            .into())
                    }
                    None => self.builtin(name, call, span),
                }
            }
            other => {
                let message = "this function is not known";
                Err(Diagnostic::at(codes::UNKNOWN_FUNCTION, span_of(other), message)
                    .hint("only functions of this file, of `math` and `numpy`, and built-in ones can be called")
                    .into())
            }
        }
    }

    /// Whether a name means Python's built-in function of that name.
    pub(super) fn is_builtin(&self, name: &str) -> bool {
        self.frame.locals.number(name).is_none() && self.module().get(name).is_none()
    }

    /// The arguments of a call that takes only positional ones, in number `range`.
    pub(super) fn positional(
        &mut self,
        call: &'a ExprCall,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Res<Vec<Val>> {
        Self::check_count(call, name, range)?;
        let mut values = Vec::new();
        for arg in &call.arguments.args {
            values.push(self.expr(arg)?);
        }
        Ok(values)
    }

    /// Refuses keyword arguments, and positional ones whose number is not in `range`.
    pub(super) fn check_count(
        call: &ExprCall,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Res<()> {
        let args = &call.arguments;
        let wrong = |span: Span, message: String| {
            Diagnostic::at(codes::ARGUMENTS, span, message)
                .hint(format!("see Python's documentation of `{name}`"))
        };
        if let Some(keyword) = args.keywords.first() {
            let message = format!("`{name}` takes no keyword arguments here");
            return Err(wrong(span_of(keyword), message).into());
        }
        if !range.contains(&args.args.len()) {
            let count = if range.start() == range.end() {
                format!("{}", range.start())
            } else if *range.end() == usize::MAX {
                format!("at least {}", range.start())
            } else {
                format!("{} to {}", range.start(), range.end())
            };
            let message = format!("`{name}` takes {count} arguments, not {}", args.args.len());
            return Err(wrong(span_of(call), message).into());
        }
        Ok(())
    }

    /// Positional arguments that must be numbers.
    pub(super) fn numbers(
        &mut self,
        call: &'a ExprCall,
        name: &str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Res<Vec<ValueId>> {
        let values = self.positional(call, name, range)?;
        let args = call.arguments.args.iter();
        values.iter().zip(args).map(|(val, arg)| self.scalar_of(val, span_of(arg))).collect()
    }

    /// A call of a function of this file: its body is lowered in place. `parent` is the scope
    /// around a nested function.
    fn inline(
        &mut self,
        definition: &'a StmtFunctionDef,
        parent: Option<usize>,
        call: &'a ExprCall,
        span: Span,
    ) -> Res<Val> {
        let is_open = |open: &StmtFunctionDef| std::ptr::eq(open, definition);
        if is_open(self.root) || self.calls.iter().any(|(_, open)| is_open(open)) {
            return self.recur(definition, parent, call, span);
        }
        if definition.is_async {
            let message = "async functions are not supported";
            return Err(Diagnostic::at(codes::STATEMENT, span, message)
                .hint("write an ordinary `def`")
                .into());
        }
        let mut frame = Frame::new(definition)?;
        frame.parent = parent;
        frame.library = self.frame.library;
        let args = self.bind(definition, call, span)?;
        let mut vars = vec![Binding::Unbound; frame.locals.len()];
        for (at, (val, span)) in args.into_iter().enumerate() {
            vars[at] = Binding::Bound { val, span };
        }
        self.enter(span)?;
        let result = self.in_frame(definition, frame, vars, span)?;
        self.leave();
        Ok(result)
    }

    /// Lowers the body of a function in a frame of its own.
    pub(super) fn in_frame(
        &mut self,
        definition: &'a StmtFunctionDef,
        frame: Frame<'a>,
        vars: Vec<Binding>,
        span: Span,
    ) -> Res<Val> {
        self.calls.push((span.start, definition));
        let vars = std::mem::replace(&mut self.vars, vars);
        let frame = std::mem::replace(&mut self.frame, frame);
        self.scopes.push(Scope { frame, vars });
        let result = self.body(definition)?;
        if let Some(Scope { frame, vars }) = self.scopes.pop() {
            self.frame = frame;
            self.vars = vars;
        }
        self.calls.pop();
        Ok(result)
    }

    /// The arguments of a helper, one per parameter, evaluated in the order of the call.
    pub(super) fn bind(
        &mut self,
        definition: &'a StmtFunctionDef,
        call: &'a ExprCall,
        span: Span,
    ) -> Res<Vec<(Val, Span)>> {
        let name = definition.name.as_str();
        let wrong = |span: Span, message: String| {
            Diagnostic::at(codes::ARGUMENTS, span, message)
                .note(span_of(&definition.name), "defined here")
                .hint("pass one argument per parameter")
        };
        let parameters = &definition.parameters;
        let positional = parameters.posonlyargs.len() + parameters.args.len();
        let parameters: Vec<_> = parameters.iter_non_variadic_params().collect();
        let mut bound: Vec<Option<(Val, Span)>> = vec![None; parameters.len()];
        if call.arguments.args.len() > positional {
            let (want, have) = (positional, call.arguments.args.len());
            let message = format!("`{name}` takes {want} positional arguments, not {have}");
            return Err(wrong(span, message).into());
        }
        for (at, arg) in call.arguments.args.iter().enumerate() {
            let val = self.expr(arg)?;
            let val = self.passed(val, &parameters[at].parameter, span_of(arg))?;
            bound[at] = Some((val, span_of(arg)));
        }
        for keyword in &call.arguments.keywords {
            let at_span = span_of(keyword);
            let Some(keyword_name) = &keyword.arg else {
                return Err(wrong(at_span, "`**` arguments are not supported".to_owned()).into());
            };
            let found = parameters.iter().enumerate().skip(definition.parameters.posonlyargs.len());
            let mut found =
                found.filter(|(_, p)| p.parameter.name.as_str() == keyword_name.as_str());
            let Some((at, parameter)) = found.next() else {
                let message = format!("`{name}` has no parameter `{keyword_name}`");
                return Err(wrong(at_span, message).into());
            };
            if bound[at].is_some() {
                let message = format!("the argument `{keyword_name}` is given twice");
                return Err(wrong(at_span, message).into());
            }
            let val = self.expr(&keyword.value)?;
            let val = self.passed(val, &parameter.parameter, at_span)?;
            bound[at] = Some((val, at_span));
        }
        let mut args = Vec::new();
        for (parameter, bound) in parameters.iter().zip(bound) {
            if let Some(arg) = bound {
                args.push(arg);
                continue;
            }
            let Some(default) = parameter.default() else {
                let message = format!("the argument `{}` is missing", parameter.parameter.name);
                return Err(wrong(span, message).into());
            };
            let at = span_of(default);
            if let Expr::NoneLiteral(_) = default {
                args.push((Val::None, at));
                continue;
            }
            let said = || {
                let known = matches!(self.module().get(name),
                    Some(Global::Function(known)) if std::ptr::eq(known, definition));
                let parameter = parameter.parameter.name.as_str();
                known.then(|| self.module().known_default(name, parameter)).flatten()
            };
            let known = said().or_else(|| constant(self.module(), default)).ok_or_else(|| {
                let message = "a default value must be a constant";
                Diagnostic::at(codes::GLOBAL, at, message).hint("pass the argument at every call")
            })?;
            let val = Val::Scalar(self.constant(known, at));
            args.push((self.passed(val, &parameter.parameter, at)?, at));
        }
        Ok(args)
    }

    /// An argument converted to the parameter's annotated type.
    fn passed(&mut self, val: Val, parameter: &'a Parameter, span: Span) -> Res<Val> {
        let Some(ty) = helper_type(parameter)? else { return Ok(val) };
        let beside_none = parameter.annotation.as_deref().and_then(beside_none);
        if matches!(val, Val::None) && beside_none.is_some() {
            return Ok(val);
        }
        if let Some(fitted) = self.fitted(&val, &ty, span) {
            return Ok(fitted);
        }
        let what = val.describe(&self.f);
        let message = format!("the parameter `{}` is {ty}, but this is {what}", parameter.name);
        Err(Diagnostic::at(codes::OPERAND, span, message)
            .note(span_of(parameter), "annotated here")
            .hint("convert the argument, or change the annotation")
            .into())
    }

    /// A value as one of a parameter's type, converted if need be; none if it does not fit.
    fn fitted(&mut self, val: &Val, ty: &ParamType, span: Span) -> Option<Val> {
        let fits = match (val, ty) {
            (Val::Scalar(value), ParamType::Scalar(ty)) => {
                let value = *value;
                return converts(self.f.ty(value), *ty)
                    .then(|| Val::Scalar(self.cast(value, *ty, span)));
            }
            (Val::Tuple(vals), ParamType::Tuple(types)) if vals.len() == types.len() => {
                let fitted = vals.iter().zip(types).map(|(val, ty)| self.fitted(val, ty, span));
                return fitted.collect::<Option<_>>().map(Val::Tuple);
            }
            (Val::Array(array), ParamType::Array { elem, rank }) => {
                self.is_array(*array, *elem, *rank)
            }
            (Val::Row { array, .. }, ParamType::Array { elem, rank: 1 }) => {
                self.is_array(*array, *elem, 2)
            }
            (Val::View { array, .. }, ParamType::Array { elem, rank: 1 }) => {
                Op::element(self.f.ty(*array)) == Some(*elem)
            }
            _ => false,
        };
        fits.then(|| val.clone())
    }

    fn is_array(&self, array: ValueId, elem: Elem, rank: u8) -> bool {
        matches!(self.f.ty(array), Type::MemRef { elem: e, rank: r, .. } if e == elem && r == rank)
    }
}
