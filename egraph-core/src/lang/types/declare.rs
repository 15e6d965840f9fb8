//! Declarations of sorts, datatypes and tables.

use std::sync::Arc;

use super::super::syntax::{
    self, Constructor, Datatype, DatatypeBody, Diagnostic, Function, Name, SortArg, SortSource,
    Span, Variant, codes,
};
use super::super::values::{Sort, SortError, Values};
use super::candidate::Place;
use super::env::Env;
use super::error::{Checked, error};
use super::head::Scope;
use super::resolved::{Command, FuncDecl, FuncId, FuncKind, Merge, Operand, Operator};
use super::terms::{Problem, TermKind};

/// The cost of a node in extraction unless `:cost` says otherwise.
const DEFAULT_COST: u64 = 1;

/// Declares a sort of terms.
pub(super) fn sort(env: &mut Env, name: &Name, leaders: Option<&Name>) -> Checked<Command> {
    env.check_free(name)?;
    let declared = env.sorts.declare_eq(name);
    let sort = declared.map_err(|e| sort_error(&e, name, name.span))?;
    env.declare_sort(name);
    Ok(Command::Sort(sort, leaders.map(|name| name.text.clone())))
}

/// Declares a container sort and its primitives.
pub(super) fn container(env: &mut Env, name: &Name, source: &SortSource) -> Checked<Command> {
    env.check_free(name)?;
    let mut args = Vec::new();
    let function = &*source.presort == "UnstableFn";
    for arg in &source.args {
        match arg {
            SortArg::Name(name) => args.push(env.sort(name)?),
            SortArg::List(_, names) if function && args.is_empty() => {
                for name in names {
                    args.push(env.sort(name)?);
                }
            }
            SortArg::List(span, _) => {
                let message = format!("`{}` takes names of sorts", source.presort);
                return error(codes::SORT_ARGUMENTS, *span, message);
            }
        }
    }
    let shape = matches!(&source.args[..], [SortArg::List(..), SortArg::Name(_)]);
    if function && !shape {
        let message = "a sort of functions is made of a list of inputs and an output";
        return Err(Diagnostic::new(codes::SORT_ARGUMENTS, source.presort.span, message)
            .hint("usage: (sort <name> (UnstableFn (<sort>*) <sort>))")
            .into());
    }
    let declared = env.sorts.declare_container(name, &source.presort, &args);
    let sort = declared.map_err(|e| sort_error(&e, name, source.presort.span))?;
    env.prims.add_container(&env.sorts, sort);
    env.declare_sort(name);
    Ok(Command::Sort(sort, None))
}

fn sort_error(error: &SortError, name: &Name, source: Span) -> Diagnostic {
    let (code, span) = match error {
        SortError::Exists(_) => (codes::DUPLICATE, name.span),
        SortError::UnknownPresort(_) => (codes::UNKNOWN_SORT, source),
        SortError::Arguments { .. } => (codes::SORT_ARGUMENTS, source),
    };
    Diagnostic::new(code, span, error.to_string())
}

/// Declares a datatype: its sort, then its constructors.
pub(super) fn datatype(
    env: &mut Env,
    values: &Values,
    name: &Name,
    variants: &[Variant],
) -> Checked<Vec<Command>> {
    let mut commands = vec![sort(env, name, None)?];
    for one in variants {
        commands.push(variant(env, values, name, one)?);
    }
    Ok(commands)
}

/// Declares datatypes that refer to each other: all sorts of terms, containers, constructors.
pub(super) fn datatypes(
    env: &mut Env,
    values: &Values,
    datatypes: &[Datatype],
) -> Checked<Vec<Command>> {
    let mut commands = Vec::new();
    for datatype in datatypes {
        if let DatatypeBody::Variants(_) = &datatype.body {
            commands.push(sort(env, &datatype.name, None)?);
        }
    }
    for datatype in datatypes {
        if let DatatypeBody::Sort(source) = &datatype.body {
            commands.push(container(env, &datatype.name, source)?);
        }
    }
    for datatype in datatypes {
        if let DatatypeBody::Variants(variants) = &datatype.body {
            for one in variants {
                commands.push(variant(env, values, &datatype.name, one)?);
            }
        }
    }
    Ok(commands)
}

fn variant(env: &mut Env, values: &Values, sort: &Name, variant: &Variant) -> Checked<Command> {
    constructor(
        env,
        values,
        &Constructor {
            span: variant.span,
            name: variant.name.clone(),
            inputs: variant.inputs.clone(),
            output: sort.clone(),
            cost: variant.cost,
            unextractable: variant.unextractable,
            hidden: false,
            let_binding: false,
            ac: variant.ac.clone(),
        },
    )
}

fn check_function_name(env: &Env, name: &Name) -> Checked<()> {
    env.check_free(name)?;
    let what = if env.sorts.find(name).is_some() {
        "built-in sort"
    } else if !env.prims.overloads(name).is_empty() {
        "primitive"
    } else {
        return Ok(());
    };
    error(codes::DUPLICATE, name.span, format!("`{name}` is a {what}"))
}

fn sorts(env: &Env, names: &[Name]) -> Checked<Vec<Sort>> {
    names.iter().map(|name| env.sort(name)).collect()
}

/// Declares a constructor.
pub(super) fn constructor(
    env: &mut Env,
    values: &Values,
    source: &Constructor,
) -> Checked<Command> {
    check_function_name(env, &source.name)?;
    let mut inputs = sorts(env, &source.inputs)?;
    let output = env.sort(&source.output)?;
    if !env.sorts.is_eq(output) {
        let message = format!("the constructor `{}` does not give a term", source.name);
        return Err(Diagnostic::new(codes::CONSTRUCTOR_OUTPUT, source.output.span, message)
            .hint(format!("declare it as a function, or `{}` as a datatype", source.output))
            .into());
    }
    let operator = operator(env, values, source, &mut inputs, output)?;
    Ok(Command::Function(env.declare_function(FuncDecl {
        name: source.name.text.clone(),
        kind: FuncKind::Constructor,
        inputs,
        output,
        merge: Merge::Union,
        cost: source.cost.unwrap_or(DEFAULT_COST),
        unextractable: source.unextractable,
        hidden: source.hidden || source.let_binding,
        operator,
        span: source.name.span,
    })))
}

/// What is said of an associative and commutative operator. Its table has one column, the multiset
/// of the operands; the sort of these multisets has a name that no program can write.
fn operator(
    env: &mut Env,
    values: &Values,
    source: &Constructor,
    inputs: &mut Vec<Sort>,
    output: Sort,
) -> Checked<Option<Arc<Operator>>> {
    let Some(ac) = &source.ac else { return Ok(None) };
    if inputs[..] != [output, output] {
        let (name, sort) = (&source.name, &source.output);
        let message = format!("`:ac` needs two operands of the sort `{sort}`");
        return Err(Diagnostic::new(codes::SORT_ARGUMENTS, name.span, message)
            .hint(format!("declare it as `({name} ({sort} {sort}) {sort} :ac)`"))
            .into());
    }
    let fixed = |expr: Option<&syntax::Expr>| {
        expr.map(|expr| {
            let mut problem = Problem::new(env, values);
            let typed = problem.expr(expr, Place::FreeAction)?;
            let expected = problem.term(expr.span(), TermKind::Unnamed, Some(output));
            problem.unify(expected, typed.value, expr.span())?;
            problem.solve()?;
            Ok::<_, super::error::Refusal>(
                problem.resolve(&typed, &Scope::new(Vec::new(), Vec::new())),
            )
        })
        .transpose()
    };
    let (unit, annihilator) = (fixed(ac.unit.as_ref())?, fixed(ac.annihilator.as_ref())?);
    let operands = format!("operands of {}", source.name);
    let multiset = env.sorts.declare_container(&operands, "MultiSet", &[output]);
    let multiset = multiset.map_err(|e| sort_error(&e, &source.name, source.name.span))?;
    *inputs = vec![multiset];
    Ok(Some(Arc::new(Operator { element: output, unit, annihilator })))
}

/// Declares a relation, and the sort of its facts.
pub(super) fn relation(env: &mut Env, name: &Name, inputs: &[Name]) -> Checked<Command> {
    check_function_name(env, name)?;
    let inputs = sorts(env, inputs)?;
    // Not a name that a program can write.
    let output = env.sorts.declare_eq(&format!("fact of {name}"));
    let output = output.map_err(|e| sort_error(&e, name, name.span))?;
    Arc::make_mut(&mut env.fixed_sorts).insert(output);
    Ok(Command::Function(env.declare_function(FuncDecl {
        name: name.text.clone(),
        kind: FuncKind::Relation,
        inputs,
        output,
        merge: Merge::Union,
        cost: DEFAULT_COST,
        unextractable: false,
        hidden: false,
        operator: None,
        span: name.span,
    })))
}

/// Declares a function. Its merge expression may call it.
pub(super) fn function(env: &mut Env, values: &Values, source: &Function) -> Checked<Command> {
    check_function_name(env, &source.name)?;
    let decl = FuncDecl {
        name: source.name.text.clone(),
        kind: FuncKind::Function,
        inputs: sorts(env, &source.inputs)?,
        output: env.sort(&source.output)?,
        merge: Merge::Conflict,
        cost: DEFAULT_COST,
        unextractable: true,
        hidden: source.hidden || source.let_binding,
        operator: None,
        span: source.name.span,
    };
    let syntax::Merge::Expr(expr) = &source.merge else {
        return Ok(Command::Function(env.declare_function(decl)));
    };
    let output = decl.output;
    let mut extended = env.clone();
    let func = extended.declare_function(decl);
    let merge = merge(&extended, values, expr, output)?;
    extended.function_mut(func).merge = merge;
    *env = extended;
    Ok(Command::Function(func))
}

fn merge(env: &Env, values: &Values, expr: &syntax::Expr, output: Sort) -> Checked<Merge> {
    let mut problem = Problem::new(env, values);
    for name in ["old", "new"] {
        let term = problem.local(name, expr.span());
        problem.terms[term].sort = Some(output);
    }
    let merged = problem.expr(expr, Place::Merge)?;
    problem.unify(0, merged.value, expr.span())?;
    problem.solve()?;
    let operands = vec![Some(Operand::Var(0)), Some(Operand::Var(1))];
    Ok(Merge::Expr(problem.resolve(&merged, &Scope::new(operands, Vec::new()))))
}

/// The table of this name, for commands that fail only when they are carried out.
pub(super) fn existing(env: &Env, name: &Name) -> Checked<FuncId> {
    let func = env.find_function(name);
    func.ok_or_else(|| super::error::Refusal::late(env.unknown_function(name)))
}
