//! `ovum extract`: one serialized e-graph, one algorithm, one answer.

use super::Console;
use super::extract_args::{ExtractArgs, ExtractCommand};
use crate::error::{Error, Result, codes};
use crate::json::Json;
use egraph_core::egglog::exec::Session;
use extract::runner::measured::{Done, Request, judge, measure};
use extract::runner::scaffold::scaffold;
use extract::runner::{Algorithm, RowStatus, process};
use extract::{
    Control, Diagnostic, Extractor, Loaded, Outcome, Problem, ReadOptions, Wanted, extractors,
};
use std::path::Path;
use std::time::{Duration, Instant};

/// Carries out the command and gives its exit code.
pub(crate) fn extract(args: &ExtractArgs, console: &mut Console<'_>) -> Result<i32> {
    if let Some(ExtractCommand::New { name }) = &args.command {
        return new(name, console);
    }
    if args.list {
        list(console);
        return Ok(0);
    }
    let Some(file) = &args.file else {
        return Err(Error::usage("FILE is missing: the e-graph to extract from"));
    };
    let mut algorithm = algorithm(&args.extractor)?;
    if let Some(bytes) = args.memory_limit
        && !process::limit_memory(bytes)
    {
        return Err(Error::usage("this system cannot limit the memory of a process"));
    }
    if args.measure {
        // The sweep kills the process group of this process as a whole.
        process::end_with_parent();
        if let Algorithm::Plugin(plugin) = &mut algorithm {
            plugin.same_group = true;
        }
        let read = read_options(args.repair_roots);
        let request = Request { file, read, time_limit: args.time_limit, seed: args.seed };
        measure(&algorithm, &request, &mut console.out);
        return Ok(0);
    }
    let egg = file.extension().is_some_and(|extension| extension == "egg");
    if !egg && !args.root.is_empty() {
        return Err(Error::usage("--root is for programs in the egglog language"));
    }
    let loaded = if egg { run_egg(file, &args.root)? } else { load(file, args.repair_roots)? };
    let Loaded { problem, diagnostics } = loaded;
    warn(&diagnostics, console);
    answer(args, &algorithm, &problem, console)
}

/// The algorithm of a name.
///
/// # Errors
/// If there is none: a misuse.
pub(crate) fn algorithm(name: &str) -> Result<Algorithm> {
    Algorithm::named(name).ok_or_else(|| {
        Error::usage(format!("there is no extractor `{name}`"))
            .hint("`ovum extract --list` lists them; `cmd:PROGRAM` runs a program")
    })
}

pub(crate) fn read_options(repair_roots: bool) -> ReadOptions {
    ReadOptions { drop_dangling_roots: repair_roots, ..ReadOptions::default() }
}

fn load(file: &Path, repair_roots: bool) -> Result<Loaded> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::input(codes::READ, format!("cannot read `{}`: {error}", file.display()))
    })?;
    Problem::load(&text, read_options(repair_roots)).map_err(|error| {
        let dangling = matches!(error, extract::ReadError::DanglingRoot(_));
        let error = Error::input(codes::PROBLEM, format!("`{}`: {error}", file.display()));
        if dangling { error.hint("`--repair-roots` drops roots that name no class") } else { error }
    })
}

/// Runs a program in the egglog language; the roots are the given terms, or the last global.
fn run_egg(file: &Path, roots: &[String]) -> Result<Loaded> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::input(codes::READ, format!("cannot read `{}`: {error}", file.display()))
    })?;
    let failed =
        |message: String| Error::input(codes::PROBLEM, format!("`{}`: {message}", file.display()));
    let mut session = Session::default();
    let done = session.run(&file.display().to_string(), &text, &mut Vec::new());
    done.map_err(|error| failed(session.render(&error)))?;
    let mut ids = Vec::new();
    for term in roots {
        let id = match session.global(term) {
            Some(id) => id,
            None => session.add(term).map_err(|error| failed(error.text))?,
        };
        ids.push(id);
    }
    let wanted = if roots.is_empty() { Wanted::LastGlobal } else { Wanted::Classes(&ids) };
    let problem = Problem::from_session(&session, wanted).map_err(|error| {
        failed(error.to_string())
            .hint("`--root TERM` says what is extracted, a global for instance")
    })?;
    Ok(Loaded { problem, diagnostics: Vec::new() })
}

/// How many warnings of a kind are spelled out.
const SPELLED: usize = 3;

fn warn(diagnostics: &[Diagnostic], console: &mut Console<'_>) {
    let mut kinds: Vec<(&str, usize)> = Vec::new();
    for diagnostic in diagnostics {
        let code = diagnostic.code();
        if kinds.last().is_none_or(|(last, _)| *last != code) {
            kinds.push((code, 0));
        }
        let count = kinds.last_mut().map_or(0, |(_, count)| {
            *count += 1;
            *count
        });
        if count <= SPELLED {
            console.say(&format!("warning[{code}]: {diagnostic}\n"));
        }
    }
    for (code, count) in kinds.iter().filter(|(_, count)| *count > SPELLED) {
        console.say(&format!("warning[{code}]: and {} more\n", count - SPELLED));
    }
}

/// Extracts and prints.
fn answer(
    args: &ExtractArgs,
    algorithm: &Algorithm,
    problem: &Problem,
    console: &mut Console<'_>,
) -> Result<i32> {
    let start = Instant::now();
    let control = Control {
        deadline: args.time_limit.and_then(|limit| start.checked_add(limit)),
        seed: args.seed,
        ..Control::default()
    };
    let solved = algorithm.solve(problem, &control, &mut |_| {}).map_err(|error| {
        let code = match error.status() {
            RowStatus::Timeout => codes::TIME_LIMIT,
            _ => codes::EXTRACTOR,
        };
        Error::input(code, format!("`{}`: {error}", algorithm.name()))
    })?;
    let seconds = start.elapsed();
    if solved.killed {
        console.say("warning: the program was killed at the time limit, after this answer\n");
    }
    let done = judge(problem, &solved.outcome);
    if done.status == RowStatus::Invalid {
        let why = done.message.unwrap_or_default();
        let message = format!("the answer of `{}` is wrong: {why}", algorithm.name());
        return Err(Error::input(codes::EXTRACTOR, message));
    }
    let term = match args.term {
        Some(form) if done.status.is_answer() => {
            let term = problem.term(&solved.outcome.choices, form.into());
            Some(term.map_err(|error| Error::input(codes::EXTRACTOR, error.to_string()))?)
        }
        _ => None,
    };
    if console.json {
        let mut json = answer_json(algorithm.name(), problem, &solved.outcome, &done, seconds);
        if let Some(term) = term {
            json.push("term", Json::Str(term));
        }
        console.json(json);
        return Ok(0);
    }
    let text = answer_text(algorithm.name(), &done, seconds);
    match &term {
        Some(term) => {
            console.say(&text);
            console.data(term);
        }
        None => console.data(&text),
    }
    Ok(i32::from(!done.status.is_answer()))
}

fn answer_text(name: &str, done: &Done, seconds: Duration) -> String {
    let number = |cost: Option<f64>| cost.map_or_else(|| "-".to_owned(), |cost| cost.to_string());
    format!(
        "extractor  {name}\nstatus     {}\nDAG cost   {}\ntree cost  {}\nbound      {}\n\
         seconds    {:.6}\n",
        done.status.name(),
        number(done.dag_cost),
        number(done.tree_cost),
        number(done.bound),
        seconds.as_secs_f64(),
    )
}

fn answer_json(
    name: &str,
    problem: &Problem,
    outcome: &Outcome,
    done: &Done,
    seconds: Duration,
) -> Json {
    let number = |cost: Option<f64>| cost.map_or(Json::Null, Json::Float);
    let mut choices = Vec::new();
    let mut walks = Vec::new();
    if done.status.is_answer() {
        // With states the extractor gives choices for what is used and nothing else.
        let needed = match problem.effects() {
            Some(_) => problem.classes().collect(),
            None => problem.needed(&outcome.choices),
        };
        for class in needed {
            if let Some(node) = outcome.choices[class.index()] {
                let node = Json::Str(problem.node_name(node).to_owned());
                choices.push((problem.class_name(class).to_owned(), node));
            }
        }
        for steps in &outcome.walks {
            let steps = steps.iter().map(|node| Json::Str(problem.node_name(*node).to_owned()));
            walks.push(Json::Array(steps.collect()));
        }
    }
    let mut json = Json::object([
        ("extractor", Json::Str(name.to_owned())),
        ("status", Json::Str(done.status.name().to_owned())),
        ("dag_cost", number(done.dag_cost)),
        ("tree_cost", number(done.tree_cost)),
        ("bound", number(done.bound)),
        ("seconds", Json::Float(seconds.as_secs_f64())),
        ("choices", Json::Object(choices)),
    ]);
    if problem.effects().is_some() {
        json.push("walks", Json::Array(walks));
    }
    json
}

fn list(console: &mut Console<'_>) {
    let all = extractors();
    if console.json {
        let entries = all.iter().map(|extractor| {
            let caps = extractor.caps();
            Json::object([
                ("name", Json::Str(extractor.name().to_owned())),
                ("exact", Json::Bool(caps.exact)),
                ("anytime", Json::Bool(caps.anytime)),
                ("negative_costs", Json::Bool(caps.negative_costs)),
                ("states", Json::Bool(caps.states)),
                ("objective", Json::Str(objective(extractor.as_ref()).to_owned())),
            ])
        });
        return console.json(Json::object([("extractors", Json::Array(entries.collect()))]));
    }
    for extractor in &all {
        let caps = extractor.caps();
        let mut words = vec![objective(extractor.as_ref())];
        words.extend(caps.exact.then_some("exact"));
        words.extend(caps.anytime.then_some("anytime"));
        words.extend(caps.negative_costs.then_some("costs below zero"));
        words.extend(caps.states.then_some("states"));
        console.data(&format!("{:<20} {}", extractor.name(), words.join(", ")));
    }
}

fn objective(extractor: &dyn Extractor) -> &'static str {
    match extractor.caps().objective {
        extract::Objective::Dag => "DAG cost",
        extract::Objective::Tree => "tree cost",
    }
}

fn new(name: &str, console: &mut Console<'_>) -> Result<i32> {
    let folder = std::env::current_dir()
        .map_err(|error| Error::input(codes::READ, format!("the working folder: {error}")))?;
    let files = scaffold(&folder, name)
        .map_err(|error| Error::usage(format!("no extractor `{name}` was made: {error}")))?;
    for file in &files {
        let file = file.strip_prefix(&folder).unwrap_or(file);
        console.data(&file.display().to_string());
    }
    console.say(&format!(
        "the first is the new file, the others know it; try\n  cargo test -p extract {}\n  \
         cargo run --release -p ovum -- extract FILE.json --extractor {name}\n",
        name.replace('-', "_"),
    ));
    Ok(0)
}
