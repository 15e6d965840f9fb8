//! Python whose loops rules move, split and remove: the sum over a product of matrices.

use crate::engines::Forms;
use crate::note;
use frontend_py::{Semantics, SourceFile};
use optimizer::Options;
use rvsdg::interp::{Limits, Prepared};
use rvsdg::{Arg, Array, Inputs, Run, Scalar};
use std::time::Instant;

/// Milliseconds that the function below may take, and the factor for loaded machines and builds
/// without optimisation.
const SMMM_MS: f64 = 50.0;
const SPARE: f64 = 3.0;

const SMMM: &str = "\
def smmm(a: 'array[f64, 2]', b: 'array[f64, 2]', ni: 'i64', nj: 'i64', nk: 'i64') -> 'f64':
    s = 0.0
    for k in range(nk):
        for i in range(ni):
            for j in range(nj):
                s += a[i, k] * b[k, j]
    return s
";

fn forms(semantics: Semantics) -> Forms {
    let file = SourceFile::parse("smmm.py", SMMM.to_owned()).expect("it parses");
    let options = frontend_py::Options { semantics, ..Default::default() };
    let function = frontend_py::compile(&file, "smmm", &options).expect("it compiles");
    let options = Options { fast_math: true, ..Options::default() };
    Forms::new(function, &options).expect("it optimises")
}

/// Whole numbers, so that sums do not round and their order does not matter.
fn inputs(shape: [usize; 3], counts: [i64; 3]) -> Inputs {
    let [rows, columns, inner] = shape;
    let matrix = |n: usize, m: usize| {
        let data = (0..n * m).map(|at| ((at * 7 + 3) % 11) as f64 - 5.0).collect();
        Array { shape: vec![n, m], ..Array::f64(data) }
    };
    let mut args = vec![Arg::Array(0), Arg::Array(1)];
    args.extend(counts.map(|count| Arg::Scalar(Scalar::I64(count))));
    Inputs { args, arrays: vec![matrix(rows, inner), matrix(inner, columns)] }
}

fn runs(forms: &Forms, inputs: &Inputs) -> (Run, Run) {
    let run = |function| {
        let prepared = Prepared::new(function).expect("it is legal");
        prepared.run(inputs, &Limits::default()).expect("it is defined")
    };
    (run(&forms.before), run(&forms.after))
}

#[test]
fn the_sum_over_a_product_of_matrices_is_factored() {
    for semantics in [Semantics::Fast, Semantics::Strict] {
        let forms = forms(semantics);
        let count = forms.report.e_nodes;
        note(&format!("the sum over a product of matrices, {semantics:?}: {count} e-nodes"));
        assert!(count <= 600, "{count} e-nodes");
        let (ni, nj, nk) = (9, 10, 8);
        let (before, after) = runs(&forms, &inputs([9, 10, 8], [ni, nj, nk]));
        assert!(before.answer.same(&after.answer), "{:?} {:?}", before.answer, after.answer);
        let executed = |run: &Run, op: &str| run.by_op.get(op).copied().unwrap_or(0) as i64;
        assert_eq!(executed(&before, "fmul"), nk * ni * nj);
        assert_eq!(executed(&after, "fmul"), nk);
        assert_eq!(executed(&after, "load"), nk * (ni + nj));
        assert_eq!(executed(&after, "guard"), 0);
    }
}

/// From Python's text to the optimised function and machine code of both forms, in processor time
/// of this thread where the system tells it: the least of five.
#[test]
fn the_sum_over_a_product_of_matrices_takes_little_time() {
    let start = Instant::now();
    let now = || {
        let spent = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
        let spent = spent.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
        spent.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds * 1e-9)
    };
    for semantics in [Semantics::Fast, Semantics::Strict] {
        let times = (0..5).map(|_| {
            let before = now();
            let _ = forms(semantics);
            now() - before
        });
        let least = times.fold(f64::INFINITY, f64::min) * 1e3;
        note(&format!("the sum over a product of matrices, {semantics:?}: {least:.1} ms"));
        assert!(least <= SMMM_MS * SPARE, "{least} ms");
    }
}

#[test]
fn factored_or_not_every_engine_gives_the_same_answer() {
    for semantics in [Semantics::Fast, Semantics::Strict] {
        let forms = forms(semantics);
        // In range; a bound too large for each extent in turn; empty loops; negative counts.
        for counts in [[3, 4, 5], [4, 4, 5], [3, 5, 5], [3, 4, 6], [0, 4, 5], [3, 0, 9], [3, 4, -1]]
        {
            let answers = forms.answers(&inputs([3, 4, 5], counts)).expect("it is defined");
            for (engine, answer) in &answers[1..] {
                assert!(answers[0].1.same(answer), "{engine}, {counts:?}: {answer:?}");
            }
        }
    }
}

fn python_forms(text: &str, name: &str, semantics: Semantics) -> Forms {
    let file = SourceFile::parse("sums.py", text.to_owned()).expect("it parses");
    let options = frontend_py::Options { semantics, ..Default::default() };
    let function = frontend_py::compile(&file, name, &options).expect("it compiles");
    Forms::new(function, &Options::default()).expect("it optimises")
}

#[test]
fn a_counted_sum_needs_few_nodes_and_no_loop() {
    let text = "def total(n: int) -> int:\n    c = 0\n    for i in range(n):\n        c += i\n    \
                return c\n";
    for semantics in [Semantics::Fast, Semantics::Strict] {
        let forms = python_forms(text, "total", semantics);
        let count = forms.report.e_nodes;
        note(&format!("a counted sum, {semantics:?}: {count} e-nodes"));
        assert!(count <= 80, "{count} e-nodes");
        assert!(!forms.after.to_string().contains("theta"), "{}", forms.after);
    }
}

#[test]
fn sums_of_polynomials_need_no_loop_in_python() {
    let text = "\
def squares(n: int, x: int) -> int:
    s = 0
    for i in range(n):
        s += i * i
    return s

def quartic(n: int, x: int) -> int:
    s = x
    for i in range(x, n):
        s -= (i * x + 3) * i ** 3
    return s

def down(n: int, x: int) -> int:
    s = 0
    t = 0
    for i in range(n, x, -1):
        t += i
        s += t
    return s
";
    for name in ["squares", "quartic", "down"] {
        for semantics in [Semantics::Fast, Semantics::Strict] {
            let forms = python_forms(text, name, semantics);
            assert!(!forms.after.to_string().contains("theta"), "{}", forms.after);
            for (n, x) in [(0, 0), (10, -7), (-5, 9), (9, -1000), (1234, 3), (-3, -9)] {
                let args = [n, x].map(|value| Arg::Scalar(Scalar::I64(value))).to_vec();
                let inputs = Inputs { args, arrays: Vec::new() };
                let answers = forms.answers(&inputs).expect("it is defined");
                for (engine, answer) in &answers[1..] {
                    assert!(answers[0].1.same(answer), "{name}, {engine}, {n} {x}: {answer:?}");
                }
            }
        }
    }
}
