//! How far code is from exact answers: the bounds that it relies on, and the error measured over
//! its domain.
//!
//! The reference is the interpreter on the function as it was written, which computes as CPython
//! does; for code on binary32 numbers it is given the function on binary64 numbers where it has that
//! form, so that the reference's own rounding does not count. In binary64 the reference is itself
//! rounded, by half a unit in the last place an operation and the C library's error.

use crate::bind::zeros;
use crate::elementwise::{Input, Kernel, Real};
use crate::engine::{Engine, violated};
use crate::error::{Error, Result, codes};
use crate::json::Json;
use crate::source::Source;
use frontend_py::{ParamType, Semantics};
use indexmap::IndexMap;
use rvsdg::interp::{Limits, Prepared};
use rvsdg::{Answer, Arg, Array, Elem, Function, Inputs, MathFn, NodeKind, Op, Scalar, Type};

/// Where a parameter is sampled that has no domain.
pub const DEFAULT_DOMAIN: (f64, f64) = (-8.0, 8.0);

/// Elements of an array argument, in each dimension of one and of two.
const EXTENTS: [usize; 2] = [1000, 32];

/// Steps of the interpreter after which a sample is given up.
const STEP_LIMIT: u64 = 20_000_000;

/// What computes the answers to be measured.
#[derive(Clone, Copy)]
pub enum Code<'a> {
    /// A kernel over arrays of floats.
    Vectors(&'a Kernel),
    /// Code that is called.
    Engine(&'a Engine),
    /// Code whose loops over arrays are vector code with functions of `vecmath`.
    Approximate(&'a Engine),
}

/// A largest error, and the arguments where it was found; none without an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Worst {
    /// The error; infinite if one of two numbers is finite and the other is not.
    pub error: f64,
    /// The scalar arguments.
    pub at: Vec<f64>,
}

/// What was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Accuracy {
    /// Elementary functions of vector code, each of its error in units in the last place
    /// of its own result (`vecmath`).
    pub functions: Vec<(&'static str, f64)>,
    /// Each parameter with the closed interval that it was sampled in.
    pub domain: Vec<(String, (f64, f64))>,
    /// Results that were compared; integers and truth values must be equal.
    pub samples: usize,
    /// Samples whose reference raises an exception or takes too long: they are not compared.
    pub skipped: usize,
    /// The largest difference.
    pub absolute: Worst,
    /// The largest difference in units in the last place of the reference.
    pub ulp: Worst,
}

/// The function that answers are held against: strict, and on binary64 numbers if the source leaves
/// the types open. `original` is the function as it was lowered.
pub fn reference(source: &Source, original: &Function) -> Function {
    let wide = |narrow: bool| -> Vec<ParamType> {
        let widened = |elem: Elem| if narrow && elem == Elem::F32 { Elem::F64 } else { elem };
        let params = original.params.iter().map(|param| match param.ty {
            Type::MemRef { elem, rank, .. } => ParamType::Array { elem: widened(elem), rank },
            Type::F32 if narrow => ParamType::Scalar(Type::F64),
            ty => ParamType::Scalar(ty),
        });
        params.collect()
    };
    let lower = |types: Vec<ParamType>| {
        let lowered = source.lower(&original.name, Semantics::Strict, Some(&types)).ok();
        lowered.filter(|f| f.params.len() == original.params.len())
    };
    lower(wide(true)).or_else(|| lower(wide(false))).unwrap_or_else(|| original.clone())
}

/// Measures code of `function` against the interpreter on `reference`, which has as many parameters,
/// of the same types or wider floats. `domains` are by parameter, as for the optimiser.
///
/// # Errors
/// If the function works on anything but numbers and arrays of them, or the code refuses arguments.
pub fn measure(
    function: &Function,
    reference: &Function,
    code: Code<'_>,
    domains: &IndexMap<String, (f64, f64)>,
    samples: usize,
) -> Result<Accuracy> {
    let domain: Vec<_> = function
        .params
        .iter()
        .map(|param| {
            let own = domains.get(&*param.name).copied();
            (param.name.to_string(), own.unwrap_or(DEFAULT_DOMAIN))
        })
        .collect();
    let mut accuracy = Accuracy { domain: domain.clone(), ..Accuracy::default() };
    if !matches!(code, Code::Engine(_)) {
        accuracy.functions = functions(function);
    }
    let points = Points::new(function, &domain);
    let runs = if points.has_arrays { samples.div_ceil(EXTENTS[0]) } else { samples };
    let exact = Prepared::new(reference).map_err(|violation| violated(&violation))?;
    let limits = Limits { time: None, steps: Some(STEP_LIMIT) };
    let kernel = match code {
        Code::Vectors(kernel) => Some(match vector_type(function)? {
            Type::F32 => run_kernel::<f32>(function, kernel, &points, runs)?,
            _ => run_kernel::<f64>(function, kernel, &points, runs)?,
        }),
        Code::Engine(_) | Code::Approximate(_) => None,
    };
    for number in 0..runs {
        let expected = exact.run(&points.inputs(reference, number)?, &limits);
        let expected = expected.map_err(|violation| violated(&violation))?.answer;
        if expected.outcome.is_err() {
            accuracy.skipped += 1;
            continue;
        }
        let found = match (&kernel, code) {
            (Some(columns), _) => {
                let row = columns.iter().map(|column| column[number]).collect();
                Answer { outcome: Ok(row), arrays: Vec::new() }
            }
            (None, Code::Engine(engine) | Code::Approximate(engine)) => {
                engine.call(&points.inputs(function, number)?, None)?
            }
            (None, Code::Vectors(_)) => unreachable!("a kernel was run over all samples"),
        };
        accuracy.compare(&expected, &found, &points.scalars(number));
    }
    Ok(accuracy)
}

impl Accuracy {
    fn compare(&mut self, expected: &Answer, found: &Answer, at: &[f64]) {
        let (Ok(expected_results), Ok(results)) = (&expected.outcome, &found.outcome) else {
            self.note(f64::INFINITY, f64::INFINITY, at);
            return;
        };
        for (exact, value) in expected_results.iter().zip(results) {
            self.number(*exact, *value, at);
        }
        for (exact, array) in expected.arrays.iter().zip(&found.arrays) {
            for k in 0..array.len() {
                if let (Some(exact), Some(value)) = (exact.get(k), array.get(k)) {
                    self.number(exact, value, at);
                }
            }
        }
    }

    fn number(&mut self, exact: Scalar, value: Scalar, at: &[f64]) {
        self.samples += 1;
        let (Some((exact, _)), Some((value, narrow))) = (float(exact), float(value)) else {
            if !exact.same(value) {
                self.note(f64::INFINITY, f64::INFINITY, at);
            }
            return;
        };
        let rounded = if narrow { f64::from(exact as f32) } else { exact };
        let error = if rounded == value || rounded.is_nan() && value.is_nan() {
            // Half a unit, or nothing.
            if rounded.is_finite() { (exact - value).abs() } else { 0.0 }
        } else if rounded.is_finite() && value.is_finite() {
            (exact - value).abs()
        } else {
            f64::INFINITY
        };
        self.note(error, error / unit(exact, narrow), at);
    }

    fn note(&mut self, error: f64, units: f64, at: &[f64]) {
        for (worst, error) in [(&mut self.absolute, error), (&mut self.ulp, units)] {
            if error > worst.error {
                *worst = Worst { error, at: at.to_vec() };
            }
        }
    }

    /// The machine-readable form.
    pub fn to_json(&self) -> Json {
        let functions = self.functions.iter().map(|(name, bound)| {
            let name = Json::Str((*name).to_owned());
            Json::object([("name", name), ("bound_ulp", Json::Float(*bound))])
        });
        let domain = self.domain.iter().map(|(name, (low, high))| {
            (name.clone(), Json::Array(vec![Json::Float(*low), Json::Float(*high)]))
        });
        let worst = |worst: &Worst| {
            let at = worst.at.iter().map(|x| Json::Float(*x)).collect();
            Json::object([("error", Json::Float(worst.error)), ("at", Json::Array(at))])
        };
        Json::object([
            ("functions", Json::Array(functions.collect())),
            ("domain", Json::Object(domain.collect())),
            ("samples", Json::count(self.samples)),
            ("skipped", Json::count(self.skipped)),
            ("absolute", worst(&self.absolute)),
            ("ulp", worst(&self.ulp)),
        ])
    }

    /// Lines for a person: the functions' bounds, and what was measured.
    pub fn to_text(&self) -> String {
        let functions: Vec<String> =
            self.functions.iter().map(|(name, bound)| format!("{name} <= {bound} ulp")).collect();
        let mut text = String::new();
        if !functions.is_empty() {
            text = format!("  vector functions: {}\n", functions.join(", "));
        }
        let domain: Vec<String> = (self.domain.iter())
            .map(|(name, (low, high))| format!("{name} in [{low:?}, {high:?}]"))
            .collect();
        let skipped = match self.skipped {
            0 => String::new(),
            more => format!(", {more} more raise"),
        };
        let (absolute, ulp) = (self.absolute.error, self.ulp.error);
        let results = crate::report::plural(self.samples, "result");
        let domain = domain.join(", ");
        let ulp = if ulp < 1000.0 { format!("{ulp:.2}") } else { format!("{ulp:.1e}") };
        let place = format!("  measured on {results} for {domain}{skipped}: ");
        text + &place + &format!("error <= {absolute:.3e}, <= {ulp} ulp\n")
    }
}

/// The float, and whether it is of 32 bits.
fn float(scalar: Scalar) -> Option<(f64, bool)> {
    match scalar {
        Scalar::F64(x) => Some((x, false)),
        Scalar::F32(x) => Some((f64::from(x), true)),
        _ => None,
    }
}

/// The distance from a number's magnitude to the next float of its format.
fn unit(x: f64, narrow: bool) -> f64 {
    if narrow {
        let x = (x.abs() as f32).min(f32::MAX.next_down());
        return f64::from(x.next_up()) - f64::from(x);
    }
    let x = x.abs().min(f64::MAX.next_down());
    x.next_up() - x
}

/// Whether vector code of a function can be measured: it is one of floats of one width.
pub fn has_measured_vectors(function: &Function) -> bool {
    vector_type(function).is_ok()
}

/// The one type of a function of floats.
fn vector_type(function: &Function) -> Result<Type> {
    let mut types = function.params.iter().map(|param| param.ty).chain(function.result_types());
    let first = types.next().filter(|ty| ty.is_float());
    first.filter(|first| types.all(|ty| ty == *first)).ok_or_else(|| {
        Error::input(codes::ARGUMENTS, "vector code is measured on floats of one width")
    })
}

/// The elementary functions that a function calls and `vecmath` approximates, with their bounds.
fn functions(function: &Function) -> Vec<(&'static str, f64)> {
    let mut found: Vec<(&'static str, f64)> = Vec::new();
    let mut regions = vec![function.body()];
    while let Some(region) = regions.pop() {
        for node in &function.region(region).nodes {
            match &function.node(*node).kind {
                NodeKind::Simple(Op::Math(f) | Op::Call(f)) => {
                    let name = if *f == MathFn::MathPow { "pow" } else { f.name() };
                    let known = vecmath::Function::from_name(name).filter(|f| f.bound() > 0.5);
                    if let Some(known) = known
                        && !found.iter().any(|(name, _)| *name == known.name())
                    {
                        found.push((known.name(), known.bound()));
                    }
                }
                NodeKind::Simple(_) => {}
                NodeKind::Gamma { arms } => regions.extend(arms),
                NodeKind::Theta { body } => regions.push(*body),
            }
        }
    }
    found
}

/// Runs a kernel over all samples: a column per result.
fn run_kernel<T: Real + Number>(
    function: &Function,
    kernel: &Kernel,
    points: &Points<'_>,
    count: usize,
) -> Result<Vec<Vec<Scalar>>> {
    let rows: Vec<Vec<f64>> = (0..count).map(|number| points.scalars(number)).collect();
    let columns: Vec<Vec<T>> = (0..function.params.len())
        .map(|k| rows.iter().map(|row| T::of(row[k])).collect())
        .collect();
    let inputs: Vec<Input<'_, T>> = columns.iter().map(|column| Input::Array(column)).collect();
    // Another output is the mask of elements that raise.
    let mut outputs = vec![vec![T::default(); count]; kernel.dag().outputs.len()];
    let mut slices: Vec<&mut [T]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    kernel
        .run(&inputs, &mut slices)
        .map_err(|error| Error::input(codes::ARGUMENTS, error.to_string()))?;
    outputs.truncate(function.result_values().len());
    Ok(outputs.into_iter().map(|column| column.into_iter().map(T::scalar).collect()).collect())
}

/// A float of a kernel.
trait Number {
    fn of(x: f64) -> Self;
    fn scalar(self) -> Scalar;
}

impl Number for f64 {
    fn of(x: f64) -> f64 {
        x
    }
    fn scalar(self) -> Scalar {
        Scalar::F64(self)
    }
}

impl Number for f32 {
    fn of(x: f64) -> f32 {
        x as f32
    }
    fn scalar(self) -> Scalar {
        Scalar::F32(self)
    }
}

/// Samples of a function's parameters.
struct Points<'a> {
    function: &'a Function,
    domain: &'a [(String, (f64, f64))],
    has_arrays: bool,
    /// Irrational steps, one per parameter: M. Roberts, "The unreasonable effectiveness of
    /// quasirandom sequences" (2018).
    steps: Vec<f64>,
}

impl<'a> Points<'a> {
    fn new(function: &'a Function, domain: &'a [(String, (f64, f64))]) -> Points<'a> {
        let array = |ty: Type| matches!(ty, Type::MemRef { .. });
        let has_arrays = function.params.iter().any(|param| array(param.ty));
        // The root of x^(d + 1) = x + 1.
        let d = domain.len() as f64;
        let root = (0..60).fold(1.5_f64, |x, _| (1.0 + x).powf(1.0 / (d + 1.0)));
        let steps = (1..=domain.len()).map(|k| root.powi(-(k as i32)).fract()).collect();
        Points { function, domain, has_arrays, steps }
    }

    /// A number of a parameter's domain, as its type can be: the first two are its ends.
    fn number(&self, param: usize, number: usize) -> f64 {
        let (low, high) = self.domain[param].1;
        let (low, high) = (low.max(-1e300), high.min(1e300));
        let share = (0.5 + self.steps[param] * number as f64).fract();
        let x = match number {
            0 => low,
            1 => high,
            _ => (low + (high - low) * share).clamp(low, high),
        };
        match scalar_type(self.function.params[param].ty) {
            Type::F32 => f64::from(x as f32),
            Type::F64 => x,
            _ => x.round(),
        }
    }

    /// The scalar arguments of a sample; 0 in place of arrays.
    fn scalars(&self, number: usize) -> Vec<f64> {
        let scalar = |k: usize| match self.function.params[k].ty {
            Type::MemRef { .. } => 0.0,
            _ => self.number(k, number),
        };
        (0..self.domain.len()).map(scalar).collect()
    }

    /// The arguments of a sample for a function with these or wider types.
    fn inputs(&self, function: &Function, number: usize) -> Result<Inputs> {
        let mut inputs = Inputs::default();
        for (k, param) in function.params.iter().enumerate() {
            if let Type::MemRef { elem, rank, .. } = param.ty {
                let extent = EXTENTS[usize::from(rank > 1)];
                let shape = vec![extent; usize::from(rank)];
                let count: usize = shape.iter().product();
                let mut array = Array { shape, data: zeros(elem, count) };
                for at in 0..count {
                    let value = self.number(k, number * count + at + 2);
                    array.set(at, scalar_of(elem.scalar(), value)?);
                }
                inputs.arrays.push(array);
                inputs.args.push(Arg::Array(inputs.arrays.len() - 1));
            } else {
                inputs.args.push(Arg::Scalar(scalar_of(param.ty, self.number(k, number))?));
            }
        }
        Ok(inputs)
    }
}

/// The type, or that of an array's elements.
fn scalar_type(ty: Type) -> Type {
    match ty {
        Type::MemRef { elem, .. } => elem.scalar(),
        ty => ty,
    }
}

fn scalar_of(ty: Type, value: f64) -> Result<Scalar> {
    Ok(match ty {
        Type::F64 => Scalar::F64(value),
        Type::F32 => Scalar::F32(value as f32),
        Type::I64 => Scalar::I64(value as i64),
        Type::I32 => Scalar::I32(value as i32),
        Type::Bool => Scalar::Bool(value > 0.0),
        _ => return Err(Error::input(codes::ARGUMENTS, format!("samples of {ty} do not exist"))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elementwise::{LowerOptions, elementwise};
    use crate::{Backend, Pipeline};

    const TEXT: &str = "from math import exp, tanh\n\
        def near(x):\n    return tanh(x)\n\
        def sigmoid(x):\n    return 1.0 / (1.0 + exp(-x))\n\
        def total(a):\n    s = 0.0\n    for x in a:\n        s += x\n    return s\n";

    fn types(text: &str) -> Vec<ParamType> {
        crate::bind::parse_types(text).expect("types")
    }

    #[test]
    fn an_approximation_stays_within_its_bound() {
        let source = Source::python("f.py", TEXT.to_owned()).expect("it parses");
        let domains: IndexMap<_, _> = [("x".to_owned(), (-0.5, 0.5))].into_iter().collect();
        let options = optimizer::Options {
            max_error: Some(1e-5),
            domains: domains.clone(),
            ..optimizer::Options::default()
        };
        let pipeline = Pipeline { optimize: Some(options), ..Pipeline::default() };
        let program = pipeline.compile(&source, "near", Some(&types("f64"))).expect("it compiles");
        let bound = program.report.optimizer.and_then(|report| report.error_bound);
        let reference = reference(&source, &program.original);
        let code = Code::Engine(&program.engine);
        let measured = measure(&program.function, &reference, code, &domains, 500);
        let measured = measured.expect("it is measured");
        assert_eq!((measured.samples, measured.skipped), (500, 0));
        let error = measured.absolute.error;
        assert!(error > 0.0 && error <= bound.expect("an approximation"), "{measured:?}");
        assert!(measured.to_text().contains("500 results for x in [-0.5, 0.5]"));
    }

    #[test]
    fn functions_of_vectors_are_named() {
        let source = Source::python("f.py", TEXT.to_owned()).expect("it parses");
        let pipeline = Pipeline { semantics: Semantics::Fast, ..Pipeline::default() };
        for (ty, most) in [("f64", 4.0), ("f32", 4.0)] {
            let lowered = pipeline.lower(&source, "sigmoid", Some(&types(ty))).expect("it lowers");
            let options = LowerOptions { narrow: true, ..LowerOptions::default() };
            let kernel = elementwise(&lowered.function, &[false], &options).expect("a vector form");
            let reference = reference(&source, &lowered.original);
            assert_eq!(reference.params[0].ty, Type::F64);
            let code = Code::Vectors(&kernel);
            let measured = measure(&lowered.function, &reference, code, &IndexMap::new(), 500);
            let measured = measured.expect("it is measured");
            assert_eq!(measured.functions, [("exp", 2.0)]);
            assert!(measured.ulp.error > 0.0 && measured.ulp.error < most, "{ty}: {measured:?}");
        }
    }

    #[test]
    fn exact_code_has_no_error() {
        let source = Source::python("f.py", TEXT.to_owned()).expect("it parses");
        let program = Pipeline { backend: Backend::Cranelift, ..Pipeline::default() }
            .compile(&source, "total", Some(&types("array[f64, 1]")))
            .expect("it compiles");
        let code = Code::Engine(&program.engine);
        let measured = measure(&program.function, &program.original, code, &IndexMap::new(), 2000);
        let measured = measured.expect("it is measured");
        assert_eq!(measured.absolute, Worst::default());
        // Two sums, and the elements of two arrays.
        assert_eq!(measured.samples, 2 + 2000);
    }
}
