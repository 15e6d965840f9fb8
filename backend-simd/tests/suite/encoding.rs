//! A disassembler finds in the code what was meant: nothing undefined, every jump on an
//! instruction, every operation of the graph in the numbers expected.

use crate::random::{Random, random_dag};
use backend_simd::{FOLD_LANES, Kernel, Options, Vectors};
use iced_x86::{
    Decoder, DecoderOptions, FlowControl, Formatter, Instruction, IntelFormatter, Mnemonic,
    Register,
};
use std::collections::{BTreeMap, BTreeSet};
use vecmath::{Dag, Lanes, Op, Recorder, Rounding, Width};

fn instructions(kernel: &Kernel) -> Vec<Instruction> {
    let (_, entry) = kernel.code().expect("machine code");
    // The mapping ends with zeros up to a page.
    let is_code = |instruction: &Instruction| instruction.code() != iced_x86::Code::Add_rm8_r8;
    decoded(kernel, entry as u64).take_while(is_code).collect()
}

fn decoded(kernel: &Kernel, place: u64) -> impl Iterator<Item = Instruction> {
    let (bytes, _) = kernel.code().expect("machine code");
    let mut decoder = Decoder::with_ip(64, &bytes[place as usize..], place, DecoderOptions::NONE);
    std::iter::from_fn(move || decoder.can_decode().then(|| decoder.decode()))
        .inspect(|instruction| assert!(!instruction.is_invalid(), "at {:x}", instruction.ip()))
}

/// None if the processor has no such vectors.
fn kernel(dag: &Dag, uniform: &[bool], copies: u32, vectors: Vectors) -> Option<Kernel> {
    let options = Options { copies: Some(copies), vectors: Some(vectors), ..Options::default() };
    let kernel = Kernel::compile(dag, uniform, &options).expect("the graph fits");
    let bits = if vectors == Vectors::Bits512 { 512 } else { 256 };
    (kernel.statistics().vector_bits == bits).then_some(kernel)
}

#[test]
fn code_decodes_and_jumps_to_instructions() {
    for seed in 0..200 {
        let mut random = Random::new(seed);
        let width = if seed % 2 == 0 { Width::F64 } else { Width::F32 };
        let (dag, uniform) = random_dag(&mut random, width, 40, 120);
        let vectors = [Vectors::Bits256, Vectors::Bits512][seed as usize / 2 % 2];
        let Some(kernel) = kernel(&dag, &uniform, 1 + seed as u32 % 4, vectors) else { continue };
        let found = instructions(&kernel);
        let starts: BTreeSet<u64> = found.iter().map(Instruction::ip).collect();
        for instruction in &found {
            if matches!(
                instruction.flow_control(),
                FlowControl::ConditionalBranch | FlowControl::UnconditionalBranch
            ) {
                let target = instruction.near_branch_target();
                assert!(starts.contains(&target), "seed {seed}: {instruction:?}");
            }
        }
    }
}

/// Every form with low and high registers: the text of the fast loop's instructions.
#[test]
fn operations_are_the_ones_meant() {
    for width in [Width::F64, Width::F32] {
        for vectors in [Vectors::Bits256, Vectors::Bits512] {
            operations_in(width, vectors);
        }
    }
}

fn operations_in(width: Width, vectors: Vectors) {
    let mut r = Recorder::new(width);
    let (x, y, z) = (r.input(), r.input(), r.input());
    let mut results = vec![
        r.add(x, y),
        r.sub(x, y),
        r.mul(x, y),
        r.div(x, y),
        r.sqrt(x),
        r.min(x, y),
        r.max(x, y),
        r.and(x, y),
        r.and_not(x, y),
        r.or(x, y),
        r.xor(x, y),
        r.int_add(x, y),
        r.int_sub(x, y),
        r.shl(x, 3),
        r.shr(x, 4),
        r.lt(x, y),
        r.le(x, y),
        r.eq(x, y),
        r.select(x, y, z),
        r.round(x, Rounding::Down),
    ];
    results.extend([r.fma(x, y, z), r.nfma(x, y, z), r.fms(x, y, z)]);
    let dag = r.finish(&results);
    let Some(kernel) = kernel(&dag, &[false; 3], 1, vectors) else { return };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for instruction in instructions(&kernel) {
        let mut text = String::new();
        IntelFormatter::new().format(&instruction, &mut text);
        let name = text.split_whitespace().next().expect("a mnemonic").to_owned();
        *counts.entry(name).or_default() += 1;
    }
    let wide = vectors == Vectors::Bits512;
    let (p, d) = if width == Width::F64 { ("pd", "q") } else { ("ps", "d") };
    let names = [
        "vadd",
        "vsub",
        "vmul",
        "vdiv",
        "vsqrt",
        "vmin",
        "vmax",
        "vand",
        "vandn",
        "vor",
        "vxor",
        "vcmplt_oq",
        "vcmple_oq",
        "vcmpeq",
        if wide { "vrndscale" } else { "vround" },
    ];
    let names = names.iter().map(|name| format!("{name}{p}"));
    let choice = if wide { format!("vpternlog{d}") } else { format!("vblendv{p}") };
    let integer = ["vpadd", "vpsub", "vpsll", "vpsrl"].iter().map(|name| format!("{name}{d}"));
    for name in names.chain(integer).chain([choice]) {
        // Once in each fast loop, once in the last one.
        assert_eq!(counts.get(&name), Some(&3), "{name}: {counts:?}");
    }
    for name in ["vfmadd", "vfnmadd", "vfmsub"] {
        let found: usize = ["132", "213", "231"]
            .iter()
            .filter_map(|form| counts.get(&format!("{name}{form}{p}")))
            .sum();
        assert_eq!(found, 3, "{name}: {counts:?}");
    }
    let outputs = dag.outputs.len();
    let [store, stream] = [format!("vmovu{p}"), format!("vmovnt{p}")];
    assert_eq!(counts.get(&stream), Some(&outputs), "{counts:?}");
    assert!(counts[&store] > outputs, "{counts:?}");
    assert_eq!(counts.get("sfence"), Some(&1), "{counts:?}");
    assert!(dag.nodes.iter().all(|node| !matches!(node.op, Op::Rare(_))));
}

/// Calls with enough numbers go to 256-bit code, the others to 512-bit code.
#[test]
fn long_folds_have_code_of_their_own() {
    for width in [Width::F64, Width::F32] {
        let mut r = Recorder::new(width);
        let (x, y, sum) = (r.input(), r.input(), r.input());
        let next = r.fma(x, y, sum);
        let dag = r.finish(&[next]);
        let options = Options { narrow_from: Some(1 << 20), ..Options::default() };
        let kernel = Kernel::compile_folds(&dag, &[false; 2], &options).expect("the graph fits");
        if kernel.statistics().vector_bits != 512 {
            return;
        }
        let [question, long, short] = instructions(&kernel)[..] else {
            panic!("a question and two jumps");
        };
        let numbers = (1 << 20) / 2 / width.bytes();
        assert_eq!((question.mnemonic(), long.mnemonic()), (Mnemonic::Cmp, Mnemonic::Jae));
        assert_eq!(
            (question.op0_register(), question.immediate(1)),
            (Register::RDI, numbers as u64)
        );
        for (jump, bytes) in [(long, 32), (short, 64)] {
            let fused: Vec<usize> = decoded(&kernel, jump.near_branch_target())
                .take_while(|i| i.mnemonic() != Mnemonic::Ret)
                .filter(|i| i.op0_register().is_vector_register() && i.op_count() == 3)
                .map(|i| i.op0_register().size())
                .collect();
            assert_eq!(fused, vec![bytes; FOLD_LANES * width.bytes() / bytes], "{width:?}");
        }
    }
}

#[test]
fn conditions_of_choices_stay_in_mask_registers() {
    for width in [Width::F64, Width::F32] {
        let mut r = Recorder::new(width);
        let (x, y, z) = (r.input(), r.input(), r.input());
        // More conditions at once than there are registers for them.
        let conditions: Vec<_> = [x, y, z]
            .into_iter()
            .flat_map(|a| [(a, x), (a, y), (a, z)])
            .filter(|(a, b)| a != b)
            .map(|(a, b)| r.lt(a, b))
            .collect();
        let sum = r.add(x, y);
        let sum = r.add(sum, z);
        let chosen = conditions.iter().fold(sum, |old, c| {
            let new = r.mul(old, y);
            r.select(*c, new, old)
        });
        let dag = r.finish(&[chosen]);
        for copies in [1, 2, 3] {
            let Some(kernel) = kernel(&dag, &[false; 3], copies, Vectors::Bits512) else { return };
            let text: Vec<String> = instructions(&kernel)
                .iter()
                .map(|instruction| {
                    let mut text = String::new();
                    IntelFormatter::new().format(instruction, &mut text);
                    text
                })
                .collect();
            let count = |name: &str| text.iter().filter(|line| line.starts_with(name)).count();
            let all = 6 * (2 * copies as usize + 1);
            assert_eq!(count("vblendm") + count("vpternlog"), all, "{text:#?}");
            assert_eq!(count("vpmovm2"), count("vpternlog"), "{text:#?}");
            assert!(count("vblendm") >= 18, "{text:#?}");
        }
    }
}
