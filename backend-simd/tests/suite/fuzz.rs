//! Random graphs: compiled code gives the bits of the replayed graph.
//!
//! `OVUM_VECTOR_DAGS=1000000 cargo test --release -p backend-simd fuzz` runs as many as it says;
//! `OVUM_VECTOR_DAGS=500000..600000` those in between.

use crate::random::{Random, check, graphs, random_dag, seeded};
use backend_simd::{Kernel, Options, Vectors};
use vecmath::{Op, Width};

#[test]
fn random_graphs_give_the_bits_of_the_scalar_path() {
    for seed in graphs(3000) {
        let (dag, uniform, count, mut random) = seeded(seed);
        let options = Options {
            copies: [None, Some(1), Some(2), Some(3), Some(4)][random.below(5)],
            portable: random.below(16) == 0,
            soft_roots: [None, Some(0), Some(1), Some(4)][random.below(4)],
            soft_quotients: [None, Some(0), Some(1), Some(4)][random.below(4)],
            stream_from: [None, Some(0)][random.below(2)],
            narrow_from: None,
            input_arrays: None,
            vectors: [Some(Vectors::Bits256), Some(Vectors::Bits512)][random.below(2)],
        };
        let kernel = Kernel::compile(&dag, &uniform, &options).expect("the graph fits");
        if let Err(what) = check(&kernel, count, &mut random) {
            panic!("seed {seed}, {:?}, {options:?}: {what}", dag.width);
        }
    }
}

#[test]
fn every_operation_occurs_in_the_random_graphs() {
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..300 {
        let mut random = Random::new(seed);
        let (dag, _) = random_dag(&mut random, Width::F64, 30, 100);
        seen.extend(dag.nodes.iter().map(|node| match node.op {
            Op::Input(_) => Op::Input(0),
            Op::Const(_) => Op::Const(0),
            Op::Shl(_) => Op::Shl(0),
            Op::Shr(_) => Op::Shr(0),
            op => op,
        }));
    }
    // 26 operations, 4 roundings, 4 functions, inputs and constants.
    assert_eq!(seen.len(), 36, "{seen:?}");
}
