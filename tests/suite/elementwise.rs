//! A scalar kernel in a loop over arrays, compiled through LLVM.

use crate::engines::{GEGLU, mlir_tools, python};
use backend_mlir::{BuildOptions, EmitOptions, emit_elementwise};
use optimizer::{Options, optimize};
use rvsdg::interp::{Limits, run};
use rvsdg::{Arg, Array, Buffer, Inputs, Scalar};

#[test]
fn the_loop_through_llvm_gives_the_interpreters_values() {
    let Some(tools) = mlir_tools() else { return };
    let exact = python(GEGLU, "geglu");
    let mut options = Options { max_error: Some(1e-6), ..Options::default() };
    options.domains.insert("a".to_owned(), (0.0, 1.0));
    let approximate = optimize(&exact, &options).expect("the options fit").function;
    for function in [exact, approximate] {
        let emit = EmitOptions { sites: true, ..EmitOptions::default() };
        let module = emit_elementwise(&function, &emit).expect("a scalar kernel");
        let library = tools.compile(&module, &BuildOptions::default()).expect("the text compiles");
        let points: Vec<f64> = (0..1003).map(|k| f64::from(k) / 1002.0).collect();
        let zeros = Array::f64(vec![0.0; points.len()]);
        let inputs = Inputs {
            args: vec![Arg::Array(0), Arg::Array(1)],
            arrays: vec![Array::f64(points.clone()), zeros],
        };
        let answer = library.call(1, &inputs).expect("the arguments fit");
        assert_eq!(answer.outcome, Ok(Vec::new()));
        let Buffer::F64(results) = &answer.arrays[1].data else { panic!("the results are f64") };
        for (point, result) in points.iter().zip(results) {
            let one = Inputs { args: vec![Arg::Scalar(Scalar::F64(*point))], arrays: vec![] };
            let expected = run(&function, &one, &Limits::default()).expect("defined").answer;
            assert_eq!(expected.outcome, Ok(vec![Scalar::F64(*result)]), "at {point}");
        }
    }
}
