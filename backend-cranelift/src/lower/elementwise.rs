//! A loop that applies a function of scalars to the elements of strided arrays.

use super::{Lowered, Lowerer, Output, POINTER, Repeats, part_types, slot_offset, theta};
use crate::error::CompileError;
use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{BlockArg, InstBuilder, MemFlagsData, Value, types};
use cranelift_module::Module;
use rvsdg::ValueId;

impl Lowerer<'_> {
    /// Lowers the function as the body of a loop over elements; the interface is that of
    /// [`crate::CompiledLoop`].
    pub(crate) fn run_elementwise(mut self) -> Lowered<Output> {
        let entry = self.b.create_block();
        self.b.append_block_params_for_function_params(entry);
        self.b.switch_to_block(entry);
        let &[pointers, count, steps, context] = self.b.block_params(entry) else {
            return Err(CompileError::Codegen("a loop's entry has four parameters".to_owned()));
        };
        self.context = context;
        if let Some(fuel) = self.fuel {
            let full = self.int(types::I64, theta::FUEL);
            self.b.def_var(fuel, full);
        }
        let params = self.f.param_values().to_vec();
        let results: Vec<ValueId> = self.f.result_values().to_vec();
        let operands = params.len() + results.len();
        let starts = self.table(pointers, operands)?;
        let steps = self.table(steps, operands)?;

        let header = self.b.create_block();
        let body = self.b.create_block();
        let done = self.b.create_block();
        let left = self.b.append_block_param(header, types::I64);
        let cursors: Vec<Value> =
            starts.iter().map(|_| self.b.append_block_param(header, POINTER)).collect();
        let args: Vec<BlockArg> =
            std::iter::once(count).chain(starts).map(BlockArg::from).collect();
        self.b.ins().jump(header, &args);
        self.b.switch_to_block(header);
        let more = self.b.ins().icmp_imm_s(IntCC::SignedGreaterThan, left, 0);
        self.b.ins().brif(more, body, &[], done, &[]);

        self.b.switch_to_block(body);
        for (param, cursor) in params.iter().zip(&cursors) {
            let [ty] = *part_types(self.f.ty(*param))? else {
                return Err(CompileError::Malformed(*param));
            };
            if self.live.value(*param) {
                let value = self.b.ins().load(ty, MemFlagsData::trusted(), *cursor, 0);
                self.define(*param, &[value]);
            }
        }
        self.region(self.f.body())?;
        for (result, cursor) in results.iter().zip(&cursors[params.len()..]) {
            let value = self.scalar(*result)?;
            self.b.ins().store(MemFlagsData::trusted(), value, *cursor, 0);
        }
        let mut next = vec![BlockArg::from(self.b.ins().iadd_imm_s(left, -1))];
        for (cursor, step) in cursors.iter().zip(&steps) {
            next.push(self.b.ins().iadd(*cursor, *step).into());
        }
        self.b.ins().jump(header, &next);

        self.b.switch_to_block(done);
        let ok = self.int(types::I32, 0);
        self.b.ins().return_(&[ok]);
        self.fill_raises();
        self.b.seal_all_blocks();
        let config = self.module.target_config();
        self.b.finalize(config);
        Ok(Output { sites: self.sites, repeats: Repeats::Loops, import_names: self.import_names })
    }

    /// Loads a table of 8-byte entries.
    fn table(&mut self, address: Value, entries: usize) -> Lowered<Vec<Value>> {
        let flags = MemFlagsData::trusted().with_readonly().with_can_move();
        (0..entries)
            .map(|at| Ok(self.b.ins().load(POINTER, flags, address, slot_offset(at)?)))
            .collect()
    }
}
