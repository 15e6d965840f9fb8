//! A recorded graph computes the same bits as the scalar function, and is small.

use vecmath::{Function, Lanes, Recorder, Scalar, Width};

#[test]
fn a_replayed_graph_gives_the_same_bits() {
    for function in Function::ALL {
        let (wide, narrow) = (function.dag(Width::F64), function.dag(Width::F32));
        for k in -300..300 {
            let args = [f64::from(k) * 0.37, f64::from(k % 7) + 0.5];
            let args = &args[..function.arity()];
            let got = wide.replay(&mut Scalar::<f64>::new(), args);
            let want = function.eval(args);
            let same = got[0].to_bits() == want.to_bits() || got[0].is_nan() && want.is_nan();
            assert!(same, "{}{args:?}: {got:?}, not {want}", function.name());
            let args: Vec<f32> = args.iter().map(|x| *x as f32).collect();
            let got = narrow.replay(&mut Scalar::<f32>::new(), &args);
            let want = function.eval_f32(&args);
            let same = got[0].to_bits() == want.to_bits() || got[0].is_nan() && want.is_nan();
            assert!(same, "{}{args:?}: {got:?}, not {want}", function.name());
        }
    }
}

#[test]
fn equal_nodes_are_one_and_unused_ones_go() {
    let mut r = Recorder::new(Width::F64);
    let x = r.input();
    let (a, b) = (r.add(x, x), r.add(x, x));
    assert_eq!(a, b);
    let unused = r.mul(x, a);
    let other = r.constant(2.0);
    let y = r.mul(a, other);
    let dag = r.finish(&[y]);
    assert_ne!(unused, y);
    assert_eq!(dag.nodes.len(), 4);
    assert_eq!(dag.replay(&mut Scalar::<f64>::new(), &[3.0]), [12.0]);
}

#[test]
fn a_known_range_saves_operations() {
    let size = |f: Function| {
        let dag = f.dag(Width::F64);
        dag.without_parts().unwrap_or(dag).nodes.len()
    };
    assert!(size(Function::ExpNormal) + 8 <= size(Function::Exp));
    assert!(size(Function::LogNormal) + 8 <= size(Function::Log));
    assert!(size(Function::NormalCdf) < size(Function::NormalCdfPrecise));
}

#[test]
fn names_are_unique() {
    for function in Function::ALL {
        assert_eq!(Function::from_name(function.name()), Some(*function));
    }
}
