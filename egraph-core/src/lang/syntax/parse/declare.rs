//! Declarations: sorts, datatypes, functions, constructors, relations.

use super::super::ast::{
    Ac, Command, Constructor, Datatype, DatatypeBody, Function, Merge, SortArg, SortSource, Variant,
};
use super::super::diagnostic::{Diagnostic, codes};
use super::super::expr::Name;
use super::super::reader::{Members, Sexp};
use super::form::{Choice, Form, is_option, options};
use super::{Parsed, call, count, expr, list, name, names};

const SORT: &str = "(sort <name>) or (sort <name> (<container> <sort>*))";
const FUNCTION: &str = "(function <name> (<sort>*) <sort> :merge <expr>) or :no-merge";
const CONSTRUCTOR: &str = "(constructor <name> (<sort>*) <sort> <option>*)";

pub(super) fn sort(form: Form<'_, '_>) -> Parsed<Command> {
    let ([sort], mut rest) = form.at_least(SORT)?;
    let sort = name(sort, "the name of the sort")?;
    let ahead = rest;
    match (rest.next(), rest.next()) {
        (None, _) => Ok(Command::Sort(form.span, sort, None)),
        (Some(option), _) if is_option(option) => sort_options(form, sort, ahead),
        (Some(source), None) => Ok(Command::Sort(form.span, sort, Some(sort_source(source)?))),
        _ => Err(form.misuse(SORT)),
    }
}

/// Options that are meant for encodings of proofs; of these one has a meaning without proofs.
fn sort_options(form: Form<'_, '_>, sort: Name, rest: Members<'_, '_>) -> Parsed<Command> {
    let mut leaders = None;
    for option in options(rest)? {
        let (":internal-uf", [table] | [table, _]) = (option.key, &option.values[..]) else {
            let message = format!("sorts have no option `{}`", option.key);
            return Err(Diagnostic::new(codes::UNSUPPORTED, option.span, message)
                .hint("encodings of proofs are not supported"));
        };
        leaders = Some(name(*table, "a constructor")?);
    }
    let leaders = leaders.ok_or_else(|| form.misuse(SORT))?;
    Ok(Command::SortWithLeaders(form.span, sort, leaders))
}

fn sort_source(sexp: Sexp<'_, '_>) -> Parsed<SortSource> {
    let (presort, arguments) = call(sexp, "a container sort")?;
    let args = arguments.map(|argument| {
        if argument.is_list() {
            let members = names(argument.members(), "a sort")?;
            return Ok(SortArg::List(argument.span(), members));
        }
        Ok(SortArg::Name(name(argument, "a sort")?))
    });
    Ok(SortSource { presort: presort.into(), args: args.collect::<Parsed<_>>()? })
}

/// The options of associative and commutative operators.
#[derive(Default)]
struct AcOptions {
    on: bool,
    ac: Ac,
    /// The first option that means nothing without `:ac`.
    first: Option<Diagnostic>,
}

impl AcOptions {
    /// True when the option is one of these.
    fn take(&mut self, option: &Choice<'_, '_>) -> Parsed<bool> {
        let slot = match option.key {
            ":ac" => {
                option.flag()?;
                self.on = true;
                return Ok(true);
            }
            ":unit" => &mut self.ac.unit,
            ":annihilator" => &mut self.ac.annihilator,
            _ => return Ok(false),
        };
        if slot.is_some() {
            return Err(option.conflict("the same option before it"));
        }
        *slot = Some(expr(option.value()?)?);
        self.first.get_or_insert_with(|| {
            let message = format!("`{}` needs `:ac`", option.key);
            Diagnostic::new(codes::USAGE, option.span, message)
        });
        Ok(true)
    }

    fn finish(self) -> Parsed<Option<Ac>> {
        match self.first {
            Some(error) if !self.on => Err(error),
            _ => Ok(self.on.then_some(self.ac)),
        }
    }
}

const AC: &str = ":cost, :unextractable, :ac, :unit, :annihilator";

fn variant(sexp: Sexp<'_, '_>) -> Parsed<Variant> {
    let (constructor, arguments) = call(sexp, "a constructor")?;
    let inputs = arguments.take_while(|sexp| !is_option(*sexp));
    let inputs = inputs.map(|sexp| name(sexp, "a sort")).collect::<Parsed<_>>()?;
    let mut cost = None;
    let mut unextractable = false;
    let mut ac = AcOptions::default();
    for option in options(arguments.skip_while(|sexp| !is_option(*sexp)))? {
        if ac.take(&option)? {
            continue;
        }
        match option.key {
            ":cost" => cost = Some(count(option.value()?, "the cost")?),
            ":unextractable" => {
                option.flag()?;
                unextractable = true;
            }
            _ => return Err(option.unknown("datatype", AC)),
        }
    }
    let ac = ac.finish()?;
    Ok(Variant { span: sexp.span(), name: constructor.into(), inputs, cost, unextractable, ac })
}

pub(super) fn datatype(form: Form<'_, '_>) -> Parsed<Command> {
    let ([sort], variants) = form.at_least("(datatype <name> <variant>*)")?;
    let sort = name(sort, "the name of the sort")?;
    Ok(Command::Datatype(form.span, sort, variants.map(variant).collect::<Parsed<_>>()?))
}

pub(super) fn datatypes(form: Form<'_, '_>) -> Parsed<Command> {
    let datatypes = form.arguments.map(|sexp| {
        let (head, arguments) = call(sexp, "a datatype")?;
        let span = sexp.span();
        if head.text == "sort" {
            let form = Form { span, arguments };
            let [sort, source] = form.exactly("(sort <name> (<container> <sort>*))")?;
            let body = DatatypeBody::Sort(sort_source(source)?);
            return Ok(Datatype { span, name: name(sort, "the name of the sort")?, body });
        }
        let body = DatatypeBody::Variants(arguments.map(variant).collect::<Parsed<_>>()?);
        Ok(Datatype { span, name: head.into(), body })
    });
    Ok(Command::Datatypes(form.span, datatypes.collect::<Parsed<_>>()?))
}

pub(super) fn function(form: Form<'_, '_>) -> Parsed<Command> {
    let ([function, inputs, output], rest) = form.at_least(FUNCTION)?;
    let mut merge = None;
    let [mut unextractable, mut hidden, mut let_binding] = [false; 3];
    for option in options(rest)? {
        match option.key {
            ":merge" | ":no-merge" if merge.is_some() => {
                return Err(option.conflict("the merge option before it"));
            }
            ":merge" => merge = Some(Merge::Expr(expr(option.value()?)?)),
            ":no-merge" => {
                option.flag()?;
                merge = Some(Merge::Conflict);
            }
            ":unextractable" => unextractable = true,
            ":internal-hidden" => hidden = true,
            ":internal-let" => let_binding = true,
            _ => return Err(option.unknown("function", ":merge, :no-merge, :unextractable")),
        }
    }
    let merge = merge.ok_or_else(|| {
        let message = "the function does not say what happens when a key gets a second value";
        Diagnostic::new(codes::USAGE, form.span, message)
            .hint("add `:merge <expr>` over `old` and `new`, or `:no-merge`")
    })?;
    Ok(Command::Function(Function {
        span: form.span,
        name: name(function, "the name of the function")?,
        inputs: names(list(inputs, "the sorts of the arguments")?, "a sort")?,
        output: name(output, "the sort of the value")?,
        merge,
        unextractable,
        hidden,
        let_binding,
    }))
}

pub(super) fn constructor(form: Form<'_, '_>) -> Parsed<Command> {
    let ([constructor, inputs, output], rest) = form.at_least(CONSTRUCTOR)?;
    let mut cost = None;
    let [mut unextractable, mut hidden, mut let_binding] = [false; 3];
    let mut ac = AcOptions::default();
    for option in options(rest)? {
        if ac.take(&option)? {
            continue;
        }
        match option.key {
            ":cost" => cost = Some(count(option.value()?, "the cost")?),
            ":unextractable" => unextractable = true,
            ":internal-hidden" => hidden = true,
            ":internal-let" => let_binding = true,
            _ => return Err(option.unknown("constructor", AC)),
        }
    }
    Ok(Command::Constructor(Constructor {
        span: form.span,
        name: name(constructor, "the name of the constructor")?,
        inputs: names(list(inputs, "the sorts of the operands")?, "a sort")?,
        output: name(output, "the sort of the term")?,
        cost,
        unextractable,
        hidden,
        let_binding,
        ac: ac.finish()?,
    }))
}

pub(super) fn relation(form: Form<'_, '_>) -> Parsed<Command> {
    let [relation, inputs] = form.exactly("(relation <name> (<sort>*))")?;
    let inputs = names(list(inputs, "the sorts of the arguments")?, "a sort")?;
    Ok(Command::Relation(form.span, name(relation, "the name of the relation")?, inputs))
}
