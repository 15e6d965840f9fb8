//! Python whose loops rules move, split and remove: the sum over a product of matrices.

use crate::engines::Forms;
use frontend_py::{Semantics, SourceFile};
use optimizer::Options;
use rvsdg::interp::{Limits, Prepared};
use rvsdg::{Arg, Array, Inputs, Run, Scalar};

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
        assert!(forms.report.e_nodes <= 600, "{} e-nodes", forms.report.e_nodes);
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
