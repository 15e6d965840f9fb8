//! `ovum opt`: optimise, print the function or what was made of it.

use super::Console;
use super::args::{Emit, OptArgs};
use super::output::write_atomically;
use crate::accuracy::{self, Accuracy, Code};
use crate::bind;
use crate::check::{self, Summary, Tolerance};
use crate::egraph::egraph_json;
use crate::engine::{Backend, Engine, codegen};
use crate::error::{Error, Result, codes};
use crate::json::Json;
use crate::pipeline::{Lowered, Pipeline};
use crate::report::{Style, plural};
use crate::source::Source;
use rvsdg::Function;
use std::path::Path;
use std::time::{Duration, Instant};

/// Carries out the command and gives its exit code.
pub(crate) fn opt(args: &OptArgs, console: &mut Console<'_>) -> Result<i32> {
    if args.list_rules {
        list_rules(console);
        return Ok(0);
    }
    let Some(path) = &args.input else {
        return Err(Error::usage("IN is missing: the file to optimise"));
    };
    if let Some(output) = &args.output
        && path.extension().is_some_and(|extension| extension == "py")
        && is_one_file(path, output)
    {
        let message = format!("-o would write over the source `{}`", path.display());
        return Err(Error::usage(message).hint("name another file"));
    }
    let start = Instant::now();
    let source = Source::read(path)?;
    let parse = start.elapsed();
    let functions = functions(args, &source)?;
    let mut outputs = Vec::new();
    let mut objects = Vec::new();
    for name in &functions {
        let (lowered, summary) = optimize(args, &source, name, parse)?;
        let measured = args.accuracy.map(|samples| accuracy(args, &source, &lowered, samples));
        let measured = measured.transpose()?;
        let error = measured.as_ref().map_or(String::new(), Accuracy::to_text);
        console.say(&(text(&lowered, summary, console.style) + &error));
        let mut object = Json::object([("report", lowered.report.to_json())]);
        if let Some(summary) = summary {
            object.push("check", summary_json(summary));
        }
        if let Some(measured) = measured {
            object.push("accuracy", measured.to_json());
        }
        objects.push((name.clone(), object));
        outputs.push(lowered);
    }
    let printed = print(&outputs, args)?;
    match &args.output {
        Some(path) => write_atomically(path, &printed)?,
        None if console.json => {}
        None => console.data(&printed),
    }
    if console.json {
        match objects.pop() {
            Some((_, object)) if objects.is_empty() => console.json(object),
            last => {
                objects.extend(last);
                console.json(Json::object([("functions", Json::Object(objects))]));
            }
        }
    }
    Ok(0)
}

fn is_one_file(a: &Path, b: &Path) -> bool {
    let behind_links = |path: &Path| std::fs::canonicalize(path).ok();
    behind_links(a).is_some_and(|a| Some(a) == behind_links(b))
}

/// The functions to optimise.
fn functions(args: &OptArgs, source: &Source) -> Result<Vec<String>> {
    if let Some(func) = &args.func {
        return Ok(vec![func.clone()]);
    }
    let names: Vec<String> = source.functions().into_iter().map(str::to_owned).collect();
    let file = source.text().name();
    if names.is_empty() {
        return Err(Error::input(codes::NOTHING_TO_RUN, format!("`{file}` defines no function")));
    }
    if names.len() > 1 && args.compile.types.is_some() {
        let message = format!("--types is for one function, and `{file}` defines {}", names.len());
        return Err(Error::usage(message).hint(format!("choose one: --func {}", names[0])));
    }
    if names.len() > 1 && args.emit == Emit::Egraph {
        let message =
            format!("an e-graph is of one function, and `{file}` defines {}", names.len());
        return Err(Error::usage(message).hint(format!("choose one: --func {}", names[0])));
    }
    Ok(names)
}

fn optimize(
    args: &OptArgs,
    source: &Source,
    name: &str,
    parse: Duration,
) -> Result<(Lowered, Option<Summary>)> {
    let pipeline = Pipeline {
        semantics: args.compile.semantics.into(),
        optimize: Some(args.compile.optimizer_options()?),
        ..Pipeline::default()
    };
    let types = args.compile.types.as_deref().map(bind::parse_types).transpose()?;
    let mut lowered = pipeline.lower(source, name, types.as_deref())?;
    lowered.report.phases.insert(0, ("parse", parse));
    let summary = match (args.check, &pipeline.optimize) {
        (Some(count), Some(options)) => {
            let tolerance = Tolerance::of(Some(options), lowered.report.optimizer.as_ref());
            let (before, after) = (&lowered.original, &lowered.function);
            let domains = &options.domains;
            let checked = check::before_against_after(before, after, domains, count, tolerance);
            Some(checked.map_err(|error| with_rules(error, before, options, count, tolerance))?)
        }
        _ => None,
    };
    Ok((lowered, summary))
}

/// The error of the code that `ovum run` would make.
fn accuracy(
    args: &OptArgs,
    source: &Source,
    lowered: &Lowered,
    samples: usize,
) -> Result<Accuracy> {
    let options = args.compile.optimizer_options()?;
    let pipeline = Pipeline { optimize: Some(options.clone()), ..Pipeline::default() };
    let (limits, vectors) = ((false, None), pipeline.vectors());
    let engine = Engine::with_vectors(&lowered.function, Backend::Cranelift, limits, vectors)?;
    let reference = accuracy::reference(source, &lowered.original);
    let array = |ty: rvsdg::Type| matches!(ty, rvsdg::Type::MemRef { .. });
    let loops = lowered.function.params.iter().any(|param| array(param.ty));
    let approximate = options.fast_math && loops;
    let code = if approximate { Code::Approximate(&engine) } else { Code::Engine(&engine) };
    accuracy::measure(&lowered.function, &reference, code, &options.domains, samples)
}

/// The same error, with the rules that the difference stems from if it is one.
fn with_rules(
    error: Error,
    before: &Function,
    options: &optimizer::Options,
    count: usize,
    tolerance: Tolerance,
) -> Error {
    if error.code() != codes::DISAGREE {
        return error;
    }
    match check::counterexample(before, options, count, tolerance) {
        Ok(Some(found)) => error.hint(check::blame_text(&found)),
        Ok(None) | Err(_) => error,
    }
}

/// What was made, as text.
fn print(outputs: &[Lowered], args: &OptArgs) -> Result<String> {
    if args.emit == Emit::Mlir {
        let functions: Vec<&Function> = outputs.iter().map(|output| &output.function).collect();
        let options = backend_mlir::EmitOptions::default();
        return Ok(backend_mlir::emit_module(&functions, &options).map_err(codegen)?.text);
    }
    let texts: Result<Vec<String>> = outputs
        .iter()
        .map(|Lowered { original, function, .. }| match args.emit {
            Emit::Rvsdg => Ok(rvsdg::text::print(function)),
            Emit::Egraph => {
                let options = args.compile.optimizer_options()?;
                Ok(egraph_json(original, &options)?.to_string())
            }
            Emit::Dot => Ok(rvsdg::dot::to_dot(function)),
            Emit::Clif => backend_cranelift::clif_text(function).map_err(codegen),
            Emit::Asm | Emit::Mlir => backend_cranelift::asm_text(function).map_err(codegen),
        })
        .collect();
    let mut printed = texts?.iter().map(|text| text.trim_end()).collect::<Vec<_>>().join("\n\n");
    printed.push('\n');
    Ok(printed)
}

/// The report for a person.
fn text(lowered: &Lowered, summary: Option<Summary>, style: Style) -> String {
    let title = style.bold(&bind::signature_text(&lowered.original));
    let road = lowered.report.to_text(style);
    format!("{title}\n{road}{}", summary.map_or(String::new(), summary_text))
}

fn summary_text(summary: Summary) -> String {
    let Summary { same, outside_contract, too_long } = summary;
    let wraps = match outside_contract {
        0 => String::new(),
        more => format!("; on {more} more, where an integer wraps"),
    };
    let given_up = match too_long {
        0 => String::new(),
        more => format!("; {more} given up as too long"),
    };
    format!("  check: the same answer on {}{wraps}{given_up}\n", plural(same, "input"))
}

fn summary_json(summary: Summary) -> Json {
    Json::object([
        ("same", Json::count(summary.same)),
        ("outside_contract", Json::count(summary.outside_contract)),
        ("too_long", Json::count(summary.too_long)),
    ])
}

fn list_rules(console: &mut Console<'_>) {
    let families = optimizer::FAMILIES;
    if console.json {
        let families = families.iter().map(|family| {
            let rules = family.rule_names().into_iter().map(Json::Str).collect();
            Json::object([
                ("name", Json::Str(family.name.to_owned())),
                ("law", Json::Str(family.law.name().to_owned())),
                ("summary", Json::Str(family.summary.to_owned())),
                ("rules", Json::Array(rules)),
            ])
        });
        let families = Json::Array(families.collect());
        console.json(Json::object([("families", families)]));
        return;
    }
    for family in families {
        console.data(&format!("{} ({}): {}", family.name, family.law.name(), family.summary));
        for rule in family.rule_names() {
            console.data(&format!("  {rule}"));
        }
    }
}
