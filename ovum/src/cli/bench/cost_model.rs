//! `ovum bench cost-model`: the weights of the optimiser's cost model, measured on this machine.
//!
//! Each operation runs in a loop of machine code from Cranelift, without the optimiser: as one
//! chain, where each execution waits for the one before (latency), and as several chains side by
//! side (reciprocal throughput). The weight is the mean of the two, in units of an addition of
//! integers. What an operation needs around it so that it cannot be folded away is measured alone
//! and subtracted.

use super::super::Console;
use crate::engine::codegen;
use crate::error::{Error, Result, codes};
use crate::json::Json;
use clap::Args;
use optimizer::cost::CostModel;
use rvsdg::{Arg, Array, Inputs, MathFn, Scalar, Type};
use std::path::PathBuf;
use std::time::Instant;

/// Measure what operations cost in machine code, as a file for `--cost-model`.
#[derive(Args, Debug)]
pub(crate) struct CostModelArgs {
    /// Runs of each loop; the fastest counts
    #[arg(long, value_name = "N", default_value_t = 7)]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Where to write the file; without it to standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Executions in a chain in one iteration, and chains side by side.
const WIDTH: usize = 8;
/// Executions of an operation in one run.
const EXECUTIONS: usize = 400_000;
/// No weight is smaller: what the processor does for nothing beside other work still takes a place.
const LEAST: f64 = 0.25;
/// A conditional move overwrites an operand: in programs it needs a copy, in a chain it does not.
const COPY: f64 = 0.5;
/// No effect weighs less than this: it keeps its place among other effects, and the loop around it
/// out of vectors.
const LEAST_EFFECT: f64 = 2.0;

/// An operation in its surroundings. In the text, `{a}` is the value that goes through the chain,
/// `{t}` what comes out, `{u}` a prefix for names in between; `%x` and `%y` are parameters.
struct Probe {
    /// Names of weights that this measures.
    names: &'static [&'static str],
    ty: Type,
    text: String,
    /// What to subtract, by names.
    around: &'static [&'static str],
    x: f64,
    y: f64,
}

fn probe(names: &'static [&'static str], ty: Type, text: &str) -> Probe {
    let (x, y) = if ty == Type::I64 { (12_345.0, 7.0) } else { (0.7, 1.3) };
    Probe { names, ty, text: text.to_owned(), around: &[], x, y }
}

/// What is measured, in an order in which what is subtracted comes first.
fn probes() -> Vec<Probe> {
    use Type::{F64, I64};
    let int = |names, text: &str| probe(names, I64, text);
    let float = |names, text: &str| probe(names, F64, text);
    let mut all = vec![
        int(&["iadd"], "({t} = iadd {a} %x)"),
        int(
            &["ixor", "ior", "iand", "inot", "band", "bor", "bxor", "bnot"],
            "({u}s = ixor {a} %x) ({t} = iadd {u}s %y)",
        ),
        int(&["isub", "ineg"], "({t} = isub %x {a})"),
        int(&["imul"], "({t} = imul {a} %x)"),
        int(&["ishl", "ishr"], "({u}s = ishr {a} %y) ({t} = ixor {u}s %x)"),
        int(&["imin", "imax"], "({u}m = imin {a} %x) ({t} = iadd {u}m %y)"),
        int(&["iabs"], "({u}b = iabs {a}) ({t} = isub %y {u}b)"),
        int(
            &["icmp", "select", "ctl_is"],
            "({u}s = iadd {a} %y) ({u}c = icmp.lt {u}s %x) ({t} = select {u}c %x {u}s)",
        ),
        int(&["ifloordiv"], "({u}p = ixor {a} %x) ({t} = ifloordiv {u}p %y)"),
        int(&["imod"], "({u}p = ixor {a} %x) ({t} = imod {u}p %y)"),
        int(&["ipow"], "({u}p = ixor {a} %x) ({t} = ipow {u}p %y)"),
        float(&["fadd", "fsub"], "({t} = fadd {a} %x)"),
        float(&["fmul"], "({t} = fmul {a} %x)"),
        float(&["fdiv"], "({t} = fdiv %x {a})"),
        float(&["fneg", "fabs"], "({u}n = fneg {a}) ({t} = fadd {u}n %x)"),
        float(&["fmin", "fmax"], "({u}m = fmin {a} %x) ({t} = fadd {u}m %y)"),
        float(&["fcmp"], "({u}c = fcmp.lt {a} %x) ({t} = select {u}c %y {a})"),
        float(&["ffloordiv"], "({u}p = fadd {a} %x) ({t} = ffloordiv {u}p %y)"),
        float(&["fmod"], "({u}p = fadd {a} %x) ({t} = fmod {u}p %y)"),
        float(&["cast"], "({u}i = cast.i64 {a}) ({u}f = cast.f64 {u}i) ({t} = fadd {u}f %x)"),
        int(&["itruediv"], "({u}f = itruediv {a} %x) ({t} = cast.i64 {u}f)"),
        int(&["load", "len"], "({t} = load {m} %r {a})"),
        int(&["store"], "({w} = store {m} %r %y {a}) ({t} = iadd {a} %x)"),
        int(
            &["guard"],
            "({u}c = icmp.ne {a} %n) ({s} {u}v = guard {z} {m} {u}c {a} :raise ValueError \"x\") \
             ({t} = ixor {u}v %y)",
        ),
    ];
    let around = |all: &mut Vec<Probe>, name: &str, around: &'static [&'static str]| {
        let found = all.iter_mut().find(|probe| probe.names.contains(&name));
        found.expect("it was just listed").around = around;
    };
    for name in ["ishl", "ifloordiv", "imod", "ipow"] {
        around(&mut all, name, &["ixor"]);
    }
    for name in ["ixor", "icmp", "imin"] {
        around(&mut all, name, &["iadd"]);
    }
    around(&mut all, "iabs", &["isub"]);
    for name in ["fneg", "fmin", "ffloordiv", "fmod", "cast"] {
        around(&mut all, name, &["fadd"]);
    }
    around(&mut all, "fcmp", &["select"]);
    around(&mut all, "itruediv", &["cast"]);
    around(&mut all, "guard", &["icmp", "ixor"]);
    around(&mut all, "store", &["iadd"]);
    // Every element is zero, and so is every index that is loaded.
    let load = all.iter_mut().find(|probe| probe.names.contains(&"load"));
    load.expect("it was just listed").x = 0.0;
    all.extend(MathFn::ALL.iter().filter_map(|f| elementary(*f)));
    all
}

/// An elementary function of an argument in its domain that depends on the chain.
fn elementary(f: MathFn) -> Option<Probe> {
    if f.result(Type::F64) == Type::Bool {
        return None;
    }
    let second = if f.arity() == 2 { " %y" } else { "" };
    let name = f.name();
    let text = format!(
        "({{u}}p = fmul {{a}} 0.000000001) ({{u}}q = fadd {{u}}p %x) ({{t}} = math.{name} {{u}}q{second})"
    );
    let x = match f {
        MathFn::Acosh | MathFn::Gamma | MathFn::Lgamma => 2.3,
        _ => 0.7,
    };
    Some(Probe { names: &[], ty: Type::F64, text, around: &["fmul", "fadd"], x, y: 2.7 })
}

/// A loop around a number of chains of some length.
fn program(probe: &Probe, chains: usize, length: usize) -> String {
    let ty = probe.ty;
    let (mut body, mut names, mut next) = (String::new(), String::new(), String::new());
    let (mut io, mut memory) = ("%z0".to_owned(), "%m0".to_owned());
    for chain in 0..chains {
        let mut value = format!("%a{chain}");
        names.extend([" ", &value]);
        for at in 0..length {
            let [step, prefix, raised, written] =
                ["t", "u", "z", "m"].map(|kind| format!("%{kind}{chain}_{at}"));
            let text = probe.text.replace("{a}", &value).replace("{t}", &step);
            let text = text.replace("{u}", &prefix).replace("{z}", &io).replace("{m}", &memory);
            let text = text.replace("{s}", &raised).replace("{w}", &written);
            io = if probe.text.contains("{s}") { raised } else { io };
            memory = if probe.text.contains("{w}") { written } else { memory };
            body += &text;
            body += "\n";
            value = step;
        }
        next.extend([" ", &value]);
    }
    let starts = " %x".repeat(chains);
    let outs: Vec<String> = (0..chains).map(|chain| format!(" %o{chain}")).collect();
    let outs = outs.concat();
    let types = match chains {
        1 => ty.to_string(),
        _ => format!("({})", format!("{ty} ").repeat(chains)),
    };
    format!(
        "(lambda @probe [(%r memref<i64,1,0>) (%x {ty}) (%y {ty}) (%n i64)] [%io %mem] -> {types}
          (%io1 %mem1 %k{outs} = theta [%io %mem 0{starts}]
            (body [%z0 %m0 %i{names}]
              {body}
              (%j = iadd %i 1) (%go = icmp.lt %j %n)
              (results %go {io} {memory} %j{next})))
          (results{outs} %io1 %mem1))"
    )
}

/// Nanoseconds of one execution of a probe's text: the fastest of some runs.
fn time(probe: &Probe, chains: usize, length: usize, rounds: u16) -> Result<f64> {
    let text = program(probe, chains, length);
    let function = rvsdg::text::parse(&text).expect("probes are well formed: a test runs them");
    let compiler = backend_cranelift::Compiler::new(backend_cranelift::Options::default());
    let compiled = compiler.map_err(codegen)?.compile(&function).map_err(codegen)?;
    let trips = EXECUTIONS / (chains * length);
    let scalar = |value: f64| match probe.ty {
        Type::I64 => Arg::Scalar(Scalar::I64(value as i64)),
        _ => Arg::Scalar(Scalar::F64(value)),
    };
    let args = vec![Arg::Array(0), scalar(probe.x), scalar(probe.y)];
    let trip_count = Arg::Scalar(Scalar::I64(trips as i64));
    let inputs = Inputs {
        args: args.into_iter().chain([trip_count]).collect(),
        arrays: vec![Array::i64(vec![0; 16])],
    };
    let mut best = f64::INFINITY;
    for _ in 0..rounds {
        let start = Instant::now();
        let answer = compiled.call(&inputs, None).map_err(|error| {
            Error::input(codes::TOOLCHAIN, format!("a measurement did not run: {error}"))
        })?;
        let elapsed = start.elapsed().as_secs_f64() * 1e9;
        if answer.outcome.is_err() {
            return Err(Error::input(codes::TOOLCHAIN, "a measurement raised".to_owned()));
        }
        best = best.min(elapsed);
    }
    Ok(best / (trips * chains * length) as f64)
}

/// Mean of latency and reciprocal throughput, in nanoseconds.
fn mean(probe: &Probe, rounds: u16) -> Result<f64> {
    Ok(f64::midpoint(time(probe, 1, WIDTH, rounds)?, time(probe, WIDTH, 1, rounds)?))
}

/// Measures every weight.
fn measure(rounds: u16, mut told: impl FnMut(&str, f64)) -> Result<CostModel> {
    let mut model = CostModel::clone(&CostModel::shipped());
    let probes = probes();
    let unit = mean(&probes[0], rounds)?;
    let functions = MathFn::ALL.iter().filter(|f| elementary(**f).is_some());
    let mut functions = functions.map(|f| format!("math.{}", f.name()));
    for probe in &probes {
        let around = probe.around.iter().filter_map(|name| model.get(name)).sum::<f64>();
        let whole = mean(probe, rounds)? / unit;
        // A comparison and what it selects share what they take together.
        let parts = if probe.names.contains(&"select") { 2.0 } else { 1.0 };
        let casts = if probe.names == ["cast"] { 2.0 } else { parts };
        let effect = probe.names == ["guard"] || probe.names == ["store"];
        let least = if effect { LEAST_EFFECT } else { LEAST };
        let weight = (((whole - around) / casts).max(least) * 100.0).round() / 100.0;
        let names: Vec<String> = match probe.names {
            [] => functions.next().into_iter().collect(),
            names => names.iter().map(|name| (*name).to_owned()).collect(),
        };
        for name in names {
            let weight = if name == "select" { weight + COPY } else { weight };
            told(&name, weight);
            model.set(&name, weight);
        }
    }
    // An iteration that does next to nothing: a counter, a comparison, a branch.
    let iteration = time(&probes[0], 1, 1, rounds)? / unit;
    let iteration = (iteration.max(1.0) * 100.0).round() / 100.0;
    told("instance", iteration);
    model.set("instance", iteration);
    Ok(model)
}

/// Carries out the command and gives its exit code.
pub(crate) fn cost_model(args: &CostModelArgs, console: &mut Console<'_>) -> Result<i32> {
    let model = measure(args.rounds, |name, weight| {
        console.say(&format!("{name:<16}{weight:>10.2}\n"));
    })?;
    let comment = format!(
        "What operations cost, in units of an addition of integers: the mean of latency and\n\
         reciprocal throughput of machine code from Cranelift. Measured by `ovum bench cost-model`,\n\
         the fastest of {} runs each, on {}.\n\
         `instance` is entering a branch or one iteration of a loop; `port`, carrying a variable\n\
         through an iteration, only breaks ties and is not measured.",
        args.rounds,
        std::env::consts::ARCH
    );
    let text = model.to_text(&comment);
    if console.json {
        let weight = |name: String| {
            let weight = model.get(&name).unwrap_or_default();
            (name, Json::Float(weight))
        };
        console.json(Json::object([(
            "weights",
            Json::Object(CostModel::names().map(weight).collect()),
        )]));
    }
    match &args.output {
        Some(path) => super::super::output::write_atomically(path, &text)?,
        None if console.json => {}
        None => console.data(&text),
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_probe_runs_and_every_operation_has_one() {
        let mut measured = vec!["instance".to_owned(), "port".to_owned()];
        for probe in probes() {
            for (chains, length) in [(1, 2), (2, 1)] {
                let text = program(&probe, chains, length);
                let function =
                    rvsdg::text::parse(&text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
                rvsdg::verify::verify(&function).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
            }
            assert!(time(&probe, 2, 2, 1).is_ok_and(|time| time > 0.0), "{}", probe.text);
            measured.extend(probe.names.iter().map(|name| (*name).to_owned()));
        }
        let functions = MathFn::ALL.iter().filter(|f| elementary(**f).is_some());
        measured.extend(functions.map(|f| format!("math.{}", f.name())));
        let missing: Vec<String> = CostModel::names()
            .filter(|name| !measured.contains(name) && !name.starts_with("math.is"))
            .collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
